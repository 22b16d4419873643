"""Risk: monotone, in [0, 1], the sum that it says it is; and what it was fitted on."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from math import exp, inf, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from rmbg_eval.measure.agreement import apart, odd_one
from rmbg_eval.measure.risk import (
    GOOD_FROM,
    RISK,
    TERMS,
    coefficients,
    features,
    judge_risk,
    order_of,
)
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
    total = fit["intercept"] + sum(fit["weights"][t] * n for t, n in terms.items())
    judged = judge_risk(values)
    assert judged.value == pytest.approx(1 / (1 + exp(-total)))
    weights = [*judged.weights.values()]
    assert weights == sorted(weights, reverse=True)
    more = {TERMS[t][0]: fit["weights"][t] * (n - fit["ordinary"][t]) for t, n in terms.items()}
    assert judged.weights == {sign: weight for sign, weight in more.items() if weight > 0}


def test_an_ordinary_cut_out_has_no_reason_to_be_looked_at() -> None:
    fit = coefficients()["together"]
    back = {"soft_inside": 0.0, "kept": 0.3, "apart": 0.0, "edgeless": 0.0}
    assert not [w for w in judge_risk(back).weights.values() if w > 0.3]
    assert set(fit["weights"]) == set(fit["ordinary"]) == set(TERMS)
    assert set(coefficients()["alone"]["weights"]) == set(TERMS) - {"apart"}


@pytest.mark.parametrize("share", [0, 1])
def test_nothing_and_everything_are_no_cut_out(share: int) -> None:
    alpha = np.full((6, 8), share, np.float32)
    rgb = np.zeros((6, 8, 3), np.uint8)
    assert measure(Subject(alpha, rgb, rgb))["risk"] == (1.0, None)


def test_risk_is_called_an_order_and_no_chance() -> None:
    assert RISK[0].unit == "order, 0 to 1"
    assert "no chance" in str(RISK[0].explanation)


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
    assert odd_one({("c", "a"): 0.3, ("c", "b"): 0.3}) is None, "nor where two have no picture both"
    assert odd_one({pair: value / 10 for pair, value in near.items()}) is None, "too near"
    assert odd_one({}) is None


@given(st.integers(2, 4), st.lists(st.sampled_from([None, 0.01, 0.04, 0.05, 0.1, 0.11, 0.3]),
                                   min_size=6, max_size=6))  # fmt: skip
def test_the_one_that_stands_apart_is_far_from_what_is_alike_without_it(
    models: int, distances: list[float | None]
) -> None:
    pairs = dict(zip(combinations("abcd"[:models], 2), distances, strict=False))
    known = {pair: far for pair, far in pairs.items() if far is not None}
    names = {name for pair in known for name in pair}

    def nearest(model: str, without: str = "") -> float:
        own = [far for pair, far in known.items() if model in pair and without not in {*pair}]
        return min(own, default=inf)

    apart = [
        one for one in names
        if 0.05 <= nearest(one) < inf
        and all(nearest(one) > 2 * nearest(other, one) for other in names if other != one)
    ]  # fmt: skip
    assert odd_one(known) == (apart[0] if apart else None)


@pytest.fixture(scope="module")
def calibration():
    path = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
    spec = spec_from_file_location("calibration", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_coefficients_are_those_of_the_table(calibration) -> None:
    again, kept = calibration.model_of(calibration.read()), coefficients()
    for name in ("alone", "together"):
        for term, weight in kept[name]["weights"].items():
            assert again[name]["weights"][term] == pytest.approx(weight, abs=0.02), term
        for about in ("unseen_scene", "unseen_model", "unseen_both"):
            assert again[name][about]["auroc"] == pytest.approx(
                kept[name][about]["auroc"], abs=3e-3
            )
        assert again[name]["interval_models"] == pytest.approx(
            kept[name]["interval_models"], abs=3e-3
        )
        assert again[name]["no_sign_models"] == kept[name]["no_sign_models"]
        order = order_of("differ" if name == "together" else "none")
        assert order.auroc == kept[name]["unseen_scene"]["auroc_models"]
        assert order.low < order.auroc < order.high
        assert [order.silent, order.bad] == kept[name]["no_sign_models"]
    for name, found in again["together"]["alike"].items():
        assert kept["together"]["alike"][name] == pytest.approx(found, abs=3e-3), name
    assert (again["pictures"], again["scenes"]) == (kept["pictures"], kept["scenes"])


def test_what_is_too_little_to_be_told_is_no_sign_in_the_calibration_either(calibration) -> None:
    rows = [
        {"scene": scene, "variant": "plain", "model": "isnet", "soft_inside": soft, "edgeless": 0.0,
         "wrong": 0.1 * (soft > 0)}
        for scene in "abcd"
        for soft in (0.0, 0.0005, 0.01, 0.1)
    ]  # fmt: skip
    found = calibration.fitted(rows, ["soft_inside"], ("scene",))
    assert found["no_sign_models"] == [8, 4]  # the page says so of those with 0.05 %, too


def test_models_that_hardly_differ_order_hardly_better_than_one_alone(calibration) -> None:
    alike, differ = order_of("alike"), order_of("differ")
    assert alike.auroc < GOOD_FROM <= differ.auroc
    assert alike.bad / alike.silent > differ.bad / differ.silent
    assert abs(alike.auroc - order_of("none").auroc) < 0.05


def test_the_guide_says_how_good_it_is(calibration) -> None:
    assert calibration.guide(coefficients()) in calibration.GUIDE.read_text("utf-8")


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=12))
def test_auroc_counts_pairs(calibration, rows) -> None:
    good = [value for value, bad in rows if not bad]
    bad = [value for value, bad in rows if bad]
    if not (good and bad):
        return
    won = sum((b > g) + (b == g) / 2 for b in bad for g in good) / len(bad) / len(good)
    values, marks = (np.array(each, float) for each in zip(*rows, strict=True))
    assert calibration.auroc(values, marks) == pytest.approx(won, abs=1e-3)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_spearman_is_that_of_scipy(calibration, rows) -> None:
    one, other = (np.array(each, float) for each in zip(*rows, strict=True))
    if len({*one}) > 1 < len({*other}):
        expected = stats.spearmanr(one, other).statistic
        assert calibration.spearman(one, other) == pytest.approx(expected, abs=1e-3)
    else:
        assert calibration.spearman(one, other) is None


def test_log_odds_are_as_they_are_read() -> None:
    term, number = TERMS["soft_inside"]
    assert term == "soft_inside"
    assert number(1e-5) == 0
    assert number(0.01) == pytest.approx(log(100) / log(10))
