"""Means that say what they leave out, best values, differences that are clear, points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import KEY, run_of

from rmbg_eval.measure import TABLE, Measurement
from rmbg_eval.measure.points import PointResult
from rmbg_eval.run.record import Run
from rmbg_eval.run.statistics import ALL, Mean, compare, summarise


def measurement(model, case, value, metric="mad", **changes) -> Measurement:
    reason = None if value is not None else "the case has no truth"
    row = {"category": "pet", "unit": "alpha, 0 to 1", "region": "whole image", "reason": reason}
    return Measurement(model=model, case=case, metric=metric, value=value, **(row | changes))


def run_with(*measurements: Measurement, **changes) -> Run:
    run = run_of()
    record = run.cases[0].model_copy(update={"category": "pet", "id": "rex"})
    return run.model_copy(
        update={"cases": (*run.cases, record), "measurements": measurements, **changes}
    )


def test_a_mean_is_over_what_has_a_value_and_says_what_has_none():
    run = run_with(
        measurement("a", "1", 0.1),
        measurement("a", "2", 0.3),
        measurement("a", "3", None),
        measurement("a", "4", None, reason="the prediction failed"),
        measurement("a", "5", None),
    )
    row = summarise(run).row("mad")
    (a, b) = row.means
    assert (a.value, a.scored) == (pytest.approx(0.2), 2)
    assert a.left_out == (("the case has no truth", 2), ("the prediction failed", 1))
    assert (b.value, b.scored, b.best) == (None, 0, False)
    assert row.differences == ()


def test_best_is_marked_only_where_models_are_scored_on_the_same_cases():
    fair = [measurement(m, c, v) for m, c, v in [("a", "1", 0.1), ("b", "1", 0.2)]]
    assert [m.best for m in summarise(run_with(*fair)).row("mad").means] == [True, False]
    unfair = [*fair, measurement("a", "2", 0.0)]
    assert not any(m.best for m in summarise(run_with(*unfair)).row("mad").means)
    equal = [measurement(m, "1", 0.1) for m in "ab"]
    assert not any(m.best for m in summarise(run_with(*equal)).row("mad").means)
    higher = [measurement(m, "1", v, "iou") for m, v in (("a", 0.1), ("b", 0.9))]
    assert [m.best for m in summarise(run_with(*higher)).row("iou").means] == [False, True]
    pointer = [measurement(m, "1", v, "halo") for m, v in (("a", 0.1), ("b", 0.9))]
    assert not any(m.best for m in summarise(run_with(*pointer)).row("halo").means)


def test_categories_are_apart_and_together():
    run = run_with(measurement("a", "1", 0.1), measurement("a", "2", 0.5, category="portrait"))
    found = {c: summarise(run).row("mad", c).means[0].value for c in (ALL, "pet", "portrait")}
    assert found == {ALL: pytest.approx(0.3), "pet": 0.1, "portrait": 0.5}
    assert summarise(run).row("mse") is None


def mean_of(model, values) -> Mean:
    return Mean(
        model, 0.0, len(values), (), values=tuple((str(i), v) for i, v in enumerate(values))
    )


def test_a_difference_is_clear_only_where_its_interval_leaves_out_zero():
    base = np.linspace(0, 1, 20)
    noise = np.random.default_rng(1).normal(0, 0.01, 20)
    clear = compare(mean_of("a", base), mean_of("b", base + 0.1 + noise))
    assert clear.clear
    assert clear.low <= clear.mean <= clear.high < 0
    level = compare(mean_of("a", base), mean_of("b", base + noise - noise.mean()))
    assert not level.clear
    few = compare(mean_of("a", base[:4]), mean_of("b", base[:4] + 1))
    assert (few.low, few.high, few.clear, few.mean) == (None, None, False, pytest.approx(-1))
    assert compare(mean_of("a", []), mean_of("b", base)) is None


@given(st.lists(st.floats(-1, 1), min_size=5, max_size=12))
def test_resampling_is_the_same_every_time_and_mirrored_for_the_other(values):
    one, other = mean_of("a", values), mean_of("b", [0.0] * len(values))
    found, again, back = compare(one, other), compare(one, other), compare(other, one)
    assert found == again
    assert min(values) - 1e-12 <= found.low <= found.high <= max(values) + 1e-12
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def point(passed, **changes) -> PointResult:
    row = {
        "category": KEY[0], "case": KEY[1], "model": "a", "point": "p", "kind": "opaque",
        "measured": None if passed is None else 0.5, "expected": 1.0, "tolerance": 0.05,
        "unit": "alpha, 0 to 1", "passed": passed, "reason": "no truth" if passed is None else None,
    }  # fmt: skip
    return PointResult(**(row | changes))


def test_points_are_counted_and_what_was_not_measured_is_not_passed():
    run = run_with(points=(point(True), point(True), point(False), point(None)))
    total, _, portrait, _ = summarise(run).points
    assert (total.passed, total.failed, total.unmeasured, total.measured) == (2, 1, 1, 3)
    assert (portrait.category, portrait.passed) == ("portrait", 2)
    assert [p for p in run.missed] == []
    required = run_with(points=(point(True, required=True), point(None, required=True)))
    assert [p.passed for p in required.missed] == [None]


def test_a_model_judged_on_its_own_training_data_is_named():
    run = run_of()
    info = run.models[0].info.model_copy(update={"trained_on": ("P3M-500",)})
    model = run.models[0].model_copy(update={"info": info})
    case = run.cases[0].model_copy(update={"source": "P3M-500-NP, p_01.jpg"})
    run = run.model_copy(update={"models": (model, run.models[1]), "cases": (case, *run.cases)})
    assert summarise(run).flattered == (("a", "P3M-500", 1),)


def test_every_measure_of_the_table_can_be_summarised():
    run = run_with(*(measurement("a", "1", 1.0, metric.name) for metric in TABLE))
    assert {row.metric for row in summarise(run).rows} == {metric.name for metric in TABLE}
