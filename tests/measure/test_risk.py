"""Risk: monotone, in [0, 1], the sum that it says it is; and what it was fitted on."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.measure.agreement import apart, odd_one
from rmbg_eval.measure.risk import TERMS, coefficients, features, judge_risk
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure

SIGNS = {sign for sign, _ in TERMS.values()}
VALUES = st.fixed_dictionaries(
    {sign: st.floats(0, 1) for sign in SIGNS - {"kept", "apart"}}
    | {"kept": st.floats(0.01, 0.99), "apart": st.floats(0, 1) | st.none()}
)


@given(VALUES, st.sampled_from(sorted(SIGNS - {"kept"})), st.floats(0, 1))
def test_more_of_a_sign_is_never_less_risk(values, sign, more) -> None:
    before = judge_risk(values).value
    assert 0 <= before <= 1
    if values[sign] is not None:
        after = judge_risk(values | {sign: values[sign] + more}).value
        assert after >= before - 1e-12


@given(VALUES)
def test_it_is_the_sum_of_its_terms(values) -> None:
    fit = coefficients()["alone" if values["apart"] is None else "together"]
    terms = features(values)
    total = fit["intercept"] + sum(fit["weights"].get(t, 0) * n for t, n in terms.items())
    judged = judge_risk(values)
    assert judged.value == pytest.approx(1 / (1 + exp(-total)))
    weights = [*judged.weights.values()]
    assert weights == sorted(weights, reverse=True)
    assert all(weight > 0 for weight in weights)


def test_an_ordinary_cut_out_has_no_reason_to_be_looked_at() -> None:
    fit = coefficients()["together"]
    back = {"soft_inside": 0.0, "kept": 0.3, "apart": 0.0, "doubt": 0.0, "edgeless": 0.0}
    assert not [w for w in judge_risk(back).weights.values() if w > 0.3]
    assert set(fit["weights"]) == set(fit["ordinary"]) == set(TERMS)
    assert set(coefficients()["alone"]["weights"]) == set(TERMS) - {"apart"}


@pytest.mark.parametrize("share", [0, 1])
def test_nothing_and_everything_are_no_cut_out(share: int) -> None:
    alpha = np.full((6, 8), share, np.float32)
    rgb = np.zeros((6, 8, 3), np.uint8)
    assert measure(Subject(alpha, rgb, rgb))["risk"] == (1.0, None)


def test_without_its_signs_there_is_no_risk() -> None:
    with pytest.raises(Undefined):
        judge_risk({})


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)),
       arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)))  # fmt: skip
def test_apart_is_that_of_a_slow_version(one: np.ndarray, other: np.ndarray) -> None:
    pairs = [(float(a), float(b)) for a, b in zip(one.flat, other.flat, strict=True)]
    whole = sum(max(pair) for pair in pairs)
    expected = sum(abs(a - b) for a, b in pairs) / whole if whole else 0
    assert apart(one, other) == pytest.approx(expected, abs=1e-6)
    assert 0 <= apart(one, other) == apart(other, one) <= 1


def test_one_model_stands_apart_or_none() -> None:
    near = {("a", "b"): 0.02, ("a", "c"): 0.3, ("b", "c"): 0.31}
    assert odd_one(near) == "c"
    assert odd_one(near | {("a", "b"): 0.2}) is None, "none is alike"
    assert odd_one({("a", "b"): 0.3}) is None, "of two neither"
    assert odd_one({pair: value / 10 for pair, value in near.items()}) is None, "too near"
    assert odd_one({}) is None


def test_log_odds_are_as_they_are_read() -> None:
    term, number = TERMS["soft_inside"]
    assert term == "soft_inside"
    assert number(1e-5) == 0
    assert number(0.01) == pytest.approx(log(100) / log(10))
