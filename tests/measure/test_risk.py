"""Risk: monotone, in [0, 1], the sum that it says it is; and what it was fitted on."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from math import exp, inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.measure.agreement import apart, differing, odd_ones
from rmbg_eval.measure.region import densest
from rmbg_eval.measure.risk import (
    RISK,
    TERMS,
    coefficients,
    features,
    judge_risk,
    order_of,
)
from rmbg_eval.measure.signs import METRICS
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure
from rmbg_eval.run.agreement import DIFFER_FROM

SIGNS = {sign for sign, _ in TERMS.values()}
VALUES = st.fixed_dictionaries(
    {sign: st.floats(0, 1) for sign in SIGNS - {"kept", "apart"}}
    | {"kept": st.floats(0.01, 0.99), "apart": st.floats(0, 1) | st.none()}
)


@given(VALUES, st.sampled_from(sorted(SIGNS - {"kept"})), st.floats(0, 1), st.booleans())
def test_more_of_a_sign_is_never_less_risk(values, sign, more, alike) -> None:
    before = judge_risk(values, alike).value
    assert 0 <= before <= 1
    if values[sign] is not None:
        after = judge_risk(values | {sign: values[sign] + more}, alike).value
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
    found = measure(Subject(alpha, rgb, rgb), METRICS)
    assert judge_risk({name: value for name, (value, _) in found.items()}).value == 1


def test_risk_is_called_an_order_and_no_chance() -> None:
    assert RISK[0].unit == "order, 0 to 1"
    assert "no chance" in str(RISK[0].explanation)


def test_without_its_signs_there_is_no_risk() -> None:
    with pytest.raises(Undefined):
        judge_risk({})


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_apart_is_that_of_a_slow_version(seed: int, share: float) -> None:
    chance = np.random.default_rng(seed)
    one, other = chance.random((2, 9, 12), np.float32)
    other = np.where(chance.random(one.shape) < share, one, other)
    other[:6, 3:10] = 1 - np.rint(one[:6, 3:10])
    off = {at for at in np.ndindex(one.shape) if abs(one[at] - other[at]) > 0.25}
    seen = set()
    for row, column in np.ndindex(one.shape):
        square = {
            (r, c)
            for r in range(max(0, row - 2), min(9, row + 3))
            for c in range(max(0, column - 2), min(12, column + 3))
        }
        seen |= square if square <= off else set()
    subject = {at for at in np.ndindex(one.shape) if max(one[at], other[at]) >= 0.5}
    expected = len(seen) / len(seen | subject) if seen | subject else 0
    assert apart(one, other) == pytest.approx(expected)
    assert 0 <= apart(one, other) == apart(other, one) <= 1


def test_apart_is_of_what_is_seen_and_the_same_at_any_size() -> None:
    """A hole, but no edge that is softer in one."""
    one, soft = np.zeros((2, 400, 500), np.float32)
    one[100:300, 100:400] = 1
    soft[98:302, 98:402] = 0.5
    soft[102:298, 102:398] = 1
    assert apart(one, soft) == 0
    holed = one.copy()
    holed[150:200, 150:270] = 0
    assert apart(one, holed) == pytest.approx(0.1)
    large = [np.kron(each, np.ones((4, 4), np.float32)) for each in (one, holed)]
    assert apart(*large) == pytest.approx(0.1, abs=0.01)
    left, top, width, height = densest(differing(*large).where, large[0].shape)
    assert 600 <= left + width / 2 <= 1080
    assert 600 <= top + height / 2 <= 800
    assert apart(np.zeros((9, 9), np.float32), np.zeros((9, 9), np.float32)) == 0


@pytest.mark.parametrize("shape", [(1, 1), (11, 13), (1, 5000), (5000, 3), (1003, 3000)])
def test_where_pictures_of_any_shape_differ_is_inside_them(shape: tuple[int, int]) -> None:
    empty, full = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    assert apart(empty, empty) == apart(full, full) == 0
    assert densest(differing(full, full).where, shape) is None
    full[:, : shape[1] // 2] = 0
    full[: shape[0] // 2] = 0
    assert apart(full, empty) == 1
    left, top, width, height = densest(differing(full, empty).where, shape)
    assert min(left, top) >= 0
    assert left + width <= shape[1]
    assert top + height <= shape[0]
    assert width == height > 0


def test_one_model_stands_apart_or_none() -> None:
    near = {("a", "b"): 0.02, ("a", "c"): 0.3, ("b", "c"): 0.31}
    assert odd_ones(near) == ("c",)
    assert odd_ones(near | {("a", "b"): 0.2}) == (), "none is alike"
    assert odd_ones({("a", "b"): 0.3}) == (), "of two neither"
    assert odd_ones({("c", "a"): 0.3, ("c", "b"): 0.3}) == (), "nor where two have no picture both"
    assert odd_ones({pair: value / 10 for pair, value in near.items()}) == (), "too near"
    assert odd_ones({}) == ()


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
    assert odd_ones(known) == (*apart,)


@pytest.fixture(scope="module")
def calibration():
    path = Path(__file__).parents[2] / "benchmarks" / "calibration.py"
    spec = spec_from_file_location("calibration", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_coefficients_are_those_of_the_table(calibration) -> None:
    again = calibration.model_of(calibration.read(), ("scene", "network"))
    kept = coefficients()
    for name in ("alone", "together"):
        for term, weight in kept[name]["weights"].items():
            assert again[name]["weights"][term] == pytest.approx(weight, abs=0.02), term
    for others, new, old in (
        ("none", again["alone"], kept["alone"]),
        ("differ", again["together"], kept["together"]),
    ):
        for about in ("unseen_scene", "unseen_network"):
            for figure, found in new[about].items():
                assert old[about][figure] == pytest.approx(found, abs=3e-3), figure
        seen, order = old["photographs"], order_of(others)
        assert new["photographs"]["auroc"] == pytest.approx(seen["auroc"], abs=3e-3)
        assert new["photographs"]["sets"].keys() == seen["sets"].keys()
        assert (order.auroc, [order.low, order.high]) == (seen["auroc"], seen["interval"])
        assert order.low < order.auroc < order.high
        assert [order.silent, order.bad] == seen["levels"]["fine"]
        assert order.calibration == seen["calibration"]
        assert order.scenes == old["unseen_scene"]["auroc"]
        assert order.networks == old["unseen_network"]["auroc"]
    for count in ("pictures", "scenes", "photographs"):
        assert again[count] == kept[count]


def test_photographs_are_judged_by_what_has_not_seen_their_set(calibration) -> None:
    """Against a slow version."""
    rows = calibration.read()
    rows = [row for row in rows if row["scene"] not in calibration.SETS] + [
        row for row in rows if row["scene"] in calibration.SETS
    ][::7]
    terms = ["soft_inside", "edgeless"]
    fits = calibration.Fits(rows, terms)
    found = calibration.of_photographs(fits, terms)
    won, bad = [], 0
    for name in calibration.SETS:
        some = [n for n, row in enumerate(fits.rows) if row["scene"] != name]
        weights, _ = calibration.fit(fits.x[some] / fits.x.std(0), fits.y[some])
        own = [n for n, row in enumerate(fits.rows) if row["scene"] == name]
        risk = fits.x @ (weights / fits.x.std(0))
        off = [n for n in own if fits.rows[n]["wrong"] > 0.02]
        bad += len(off)
        won += [(1 + np.sign(risk[n] - risk[m])) / 2 for n in off for m in own if m not in off]
    assert found["auroc"] == pytest.approx(np.mean(won), abs=1e-3)
    assert sum(fifth["rows"] for fifth in found["calibration"]) == fits.photo.sum()
    assert sum(fifth["unacceptable"] for fifth in found["calibration"]) == bad


def test_what_is_off_beside_an_outline_drawn_by_hand_is_not_called_wrong(calibration) -> None:
    truth = np.zeros((60, 60), np.float32)
    truth[20:40, 20:40] = 1
    wider, gone = np.zeros((2, 60, 60), np.float32)
    wider[16:44, 16:44] = 1
    gone[20:40, 30:40] = 1
    assert calibration.wrong(wider, truth) == pytest.approx((28 * 28 - 400) / 400)
    assert calibration.wrong(wider, truth, drawn=4) == 0
    assert calibration.wrong(gone, truth, drawn=4) == pytest.approx(6 * 12 / 400)


def test_what_is_too_little_to_be_told_is_no_sign_in_the_calibration_either(calibration) -> None:
    rows = [
        {"scene": scene, "variant": "plain", "model": "isnet", "network": "isnet",
         "soft_inside": soft, "edgeless": 0.0, "wrong": 0.1 * (soft > 0)}
        for scene in "abcd"
        for soft in (0.0, 0.0005, 0.01, 0.1)
    ]  # fmt: skip
    found = calibration.fitted(rows, ["soft_inside"], ("scene",))
    assert found["unseen_scene"]["no_sign"] == [8, 4]  # the page says so of those with 0.05 %, too


def test_models_that_hardly_differ_tell_of_each_other_only_where_they_do() -> None:
    values = dict.fromkeys(SIGNS, 0.02) | {"kept": 0.3}
    alone = judge_risk(values | {"apart": None})
    assert judge_risk(values | {"apart": 0.0}, alike=True) == alone
    assert judge_risk(values | {"apart": 0.0}).value != alone.value
    far = judge_risk(values | {"apart": 0.5}, alike=True)
    assert far.value > alone.value
    assert far.weights.keys() - alone.weights.keys() == {"apart"}
    assert order_of("alike") == order_of("none")
    assert order_of("none").auroc < order_of("differ").auroc


@pytest.mark.parametrize("photographs", ["people", "horses"])
def test_what_orders_photographs_with_several_models_is_what_a_run_of_them_has(
    calibration, photographs
) -> None:
    far = [row["apart"] for row in calibration.read() if row["scene"] == photographs]
    assert np.mean(far) >= DIFFER_FROM


def test_guide_and_readme_say_how_good_it_is(calibration) -> None:
    assert calibration.guide(coefficients()) in calibration.GUIDE.read_text("utf-8")
    levels = coefficients()["together"]["photographs"]["levels"]
    (first, bad), (fine, missed) = levels["first"], levels["fine"]
    readme = (calibration.HERE.parent / "README.md").read_text("utf-8")
    assert f"{coefficients()['photographs']} test photographs, {bad} of the {first} " in readme
    assert f"{missed} of the {fine} without a sign" in readme
    assert f"{first} 张抠图里有 {bad} 张不可接受，没有迹象的 {fine} 张里有 {missed} 张" in readme


def test_where_a_network_is_not_learnt_from_neither_is_what_was_made_of_it(calibration) -> None:
    """Its sibling's cut-outs, and damaged mattes of it."""
    rows = calibration.read()
    fits = calibration.Fits(rows, ["edgeless", "apart"])
    some = [row for row in rows if row["model"] in ("u2netp", "grabcut", "truth")]
    some += [row for row in rows if row["model"][:7] == "damaged" and row["network"] == "truth"]
    own = calibration.Fits(some, ["edgeless", "apart"])
    own._spread = fits._spread
    weights, intercept, _ = fits.without("isnet")
    expected, other, _ = own.without()
    assert weights == pytest.approx(expected, abs=1e-4)
    assert intercept == pytest.approx(other, abs=1e-4)


@pytest.mark.parametrize("about", ["scene", "network"])
def test_the_order_is_of_pairs_that_what_was_fitted_has_not_seen(calibration, about) -> None:
    """By a slow version, which fits anew for each two cut-outs."""
    chance = np.random.default_rng(5)
    rows = [
        {"scene": scene, "variant": "plain", "model": model, "network": model[:5],
         "edgeless": 0.0, "soft_inside": soft, "wrong": 0.03 * soft + 0.03 * chance.random() ** 2}
        for scene in "abcd" for model in ("isnet", "isnet-quint8", "u2netp", "truth")
        for soft in (0.001 * chance.random(), 0.5 * chance.random())
    ]  # fmt: skip
    fits = calibration.Fits(rows, ["soft_inside"])
    found = calibration.order_of(fits, about)
    own = [n for n, row in enumerate(rows) if row["model"] != "truth"]
    won, agree = [], []
    for one, other in combinations(own, 2):
        left_out = {rows[one][about], rows[other][about]}
        some = [n for n, row in enumerate(rows) if row[about] not in left_out]
        spread = fits.x.std(0) + 1e-12
        (weight,), _ = calibration.fit(fits.x[some] / spread, fits.y[some])
        more = np.sign(weight * (fits.x[one, 0] - fits.x[other, 0]))
        agree.append(more * np.sign(rows[one]["wrong"] - rows[other]["wrong"]))
        if fits.y[one] != fits.y[other]:
            won.append((more * (1 if fits.y[one] else -1) + 1) / 2)
    assert won
    assert found["auroc"] == pytest.approx(np.mean(won), abs=1e-3)
    assert found["tau"] == pytest.approx(np.mean(agree), abs=1e-3)
    if about == "scene":
        low, high = found["interval"]
        assert low <= found["auroc"] <= high
