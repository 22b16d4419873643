"""Means that say what they leave out, best values, differences that are clear, points."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import KEY, run_of

from rmbg_eval import Prediction
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Measurement, PointResult
from rmbg_eval.measure.subject import TRIMAP, UNKNOWN
from rmbg_eval.measure.table import TABLE
from rmbg_eval.run.arrays import Values
from rmbg_eval.run.intervals import FEWEST, middle_interval, share_interval
from rmbg_eval.run.record import CaseRecord, Run
from rmbg_eval.run.statistics import (
    ALL,
    MIXED,
    ROUNDING,
    Mean,
    difference_between,
    over_shared,
    shoots_of,
    summarise,
)


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
    assert a.left_out == (
        (Message("the case has no truth"), 2),
        (Message("the prediction failed"), 1),
    )
    assert (b.value, b.scored, b.best) == (None, 0, False)
    assert row.differences == ()


CASES = tuple("123456")


def scored(model, value, metric="mad", cases=CASES) -> list[Measurement]:
    return [measurement(model, case, value + int(case) / 100, metric) for case in cases]


def marked(*measurements, metric="mad") -> list[bool]:
    return [m.best for m in summarise(run_with(*measurements)).row(metric).means]


def test_best_is_marked_only_where_models_are_scored_on_the_same_cases():
    fair = [*scored("a", 0.1), *scored("b", 0.2)]
    assert marked(*fair) == [True, False]
    assert not any(marked(*fair, measurement("a", "7", 0.0)))
    assert not any(marked(*scored("a", 0.1), *scored("b", 0.1)))
    higher = [*scored("a", 0.1, "iou"), *scored("b", 0.9, "iou")]
    assert marked(*higher, metric="iou") == [False, True]
    pointer = [*scored("a", 0.1, "halo"), *scored("b", 0.9, "halo")]
    assert not any(marked(*pointer, metric="halo"))


def test_best_is_marked_only_where_it_is_clearly_better():
    five = CASES[:5]
    assert not any(marked(*scored("a", 0.1, cases=five), *scored("b", 0.2, cases=five)))
    mixed = [measurement("b", case, 0.5 if case == "1" else 0.01) for case in CASES]
    assert not any(marked(*scored("a", 0.05), *mixed))  # the best mean, but not mostly better
    run = run_with(*scored("a", 0.1), *scored("b", 0.2))
    record = run.cases[1]
    cases = [record.model_copy(update={"id": case, "group": "a shoot"}) for case in CASES]
    row = summarise(run.model_copy(update={"cases": tuple(cases)})).row("mad")
    assert not any(m.best for m in row.means)
    assert [(d.cases, d.groups) for d in row.differences] == [(6, 1)]


def test_of_equal_means_none_is_best_though_one_is_lower_on_more_pictures():
    cases = [str(number) for number in range(12)]
    mixed = [measurement("a", case, 0.21 if case == "7" else 0.09) for case in cases]
    for value, best in ((0.101, [True, False]), (0.1, [False, False])):
        assert marked(*mixed, *(measurement("b", case, value) for case in cases)) == best


def test_categories_are_apart_and_together():
    run = run_with(measurement("a", "1", 0.1), measurement("a", "2", 0.5, category="portrait"))
    found = {c: summarise(run).row("mad", c).means[0].value for c in (ALL, "pet", "portrait")}
    assert found == {ALL: pytest.approx(0.3), "pet": 0.1, "portrait": 0.5}
    assert summarise(run).row("mse") is None


def mean_of(model, values) -> Mean:
    numbers = np.array(values, float)
    values = Values([*map(str, range(99))], np.arange(len(numbers)), numbers)
    return Mean(model, 0.0, len(values), (), values=values)


def test_without_equal_values_a_difference_is_clear_where_its_interval_leaves_out_zero():
    base = np.linspace(0, 1, 20)
    noise = np.random.default_rng(1).normal(0, 0.01, 20)
    clear = difference_between(mean_of("a", base), mean_of("b", base + 0.1 + noise))
    assert clear.clear
    assert clear.low <= clear.middle <= clear.high < 0
    level = difference_between(mean_of("a", base), mean_of("b", base + noise - np.median(noise)))
    assert not level.clear
    few = difference_between(mean_of("a", base[:5]), mean_of("b", base[:5] + 1))
    assert (few.low, few.high, few.clear, few.mean) == (None, None, False, pytest.approx(-1))
    assert difference_between(mean_of("a", []), mean_of("b", base)) is None


@pytest.mark.parametrize(
    ("higher", "lower", "clear"),
    [(16, 0, True), (13, 1, True), (6, 0, True), (5, 0, False), (9, 1, True), (8, 2, False)],
)
def test_where_models_are_mostly_equal_those_cases_count_on_which_they_differ(higher, lower, clear):
    values = [0.3] * higher + [-0.1] * lower + [0.0] * 24
    found = difference_between(mean_of("a", values), mean_of("b", [0.0] * len(values)))
    assert (found.higher, found.lower, found.clear) == (higher, lower, clear)
    assert found.low <= 0 <= found.high


def test_of_a_shoot_what_adds_up_to_nothing_is_no_difference():
    values = [0.1, 0.2, -0.3]
    assert sum(values) > 0
    one, other = mean_of("a", values), mean_of("b", [0.0] * 3)
    found = difference_between(one, other, dict.fromkeys("012", "shoot"))
    assert (found.groups, found.higher, found.lower) == (1, 0, 0)


def test_pictures_of_one_shoot_count_as_one():
    values = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 7.0, 9.0]
    one, other = mean_of("a", values), mean_of("b", [0.0] * 8)
    found = difference_between(one, other, {"6": "shoot", "7": "shoot"})
    assert (found.cases, found.groups) == (8, 7)
    assert (found.mean, found.middle, found.low, found.high) == (np.mean(values), 0.6, 0, 8)
    assert (found.higher, found.lower) == (6, 0)
    # A case that happens to be called like a shoot is not of it.
    assert difference_between(one, other, {"6": "0", "7": "0"}).groups == 7
    assert difference_between(one, other, dict.fromkeys("01234567", "shoot")).low is None


def of_pictures(pictures: str, shoots: str) -> Run:
    """A case of each letter: which picture it has, and which shoot it is from, if it is of one."""
    run = run_of()
    cases = [
        run.cases[0].model_copy(update={"id": str(n), "group": shoot.strip() or None})
        for n, shoot in enumerate(shoots)
    ]
    predictions = [
        Prediction(category=KEY[0], case=str(n), model=model, picture_sha256=picture)
        for model in "ab"
        for n, picture in enumerate(pictures)
    ]
    return run.model_copy(update={"cases": tuple(cases), "predictions": tuple(predictions)})


@pytest.mark.parametrize(
    ("pictures", "shoots", "together"),
    [
        ("pqr", "   ", []),
        ("pqpp", "    ", ["023"]),
        ("pqpqr", "     ", ["02", "13"]),
        ("pqrp", "SS  ", ["013"]),
        ("pqrpst", "SSTTT ", ["01234"]),
        ("pqqrrs", "ABCDEF", ["12", "34"]),
        ("pqqrrp", "AABBCC", ["012345"]),
        ("pqrqps", "AABBCC", ["012345"]),
    ],
)
def test_copies_of_a_picture_are_of_one_shoot_and_join_those_that_they_are_from(
    pictures: str, shoots: str, together: list[str]
) -> None:
    of = shoots_of(of_pictures(pictures, shoots))
    by_shoot: dict[str, str] = {}
    for n in range(len(pictures)):
        shoot = of.get((KEY[0], str(n)))
        if shoot is not None:
            by_shoot[shoot] = by_shoot.get(shoot, "") + str(n)
    assert sorted(each for each in by_shoot.values() if len(each) > 1) == together


def test_copies_make_no_difference_clear_and_no_interval_short() -> None:
    """Five pictures twice are five pictures."""
    names = "0123456789"
    points = [
        PointResult(
            category=KEY[0], case=name, model=model, point="p", kind="opaque", measured=1.0,
            expected=1.0, tolerance=0.05, unit="alpha, 0 to 1", passed=model == "a",
        )
        for name in names for model in "ab"
    ]  # fmt: skip
    for pictures, clear in (("pqrstpqrst", False), ("pqrstuvwxy", True)):
        run = of_pictures(pictures, " " * 10).model_copy(update={"points": tuple(points)})
        a, _ = summarise(run).points[:2]
        assert (a.passed, a.best, a.low is not None) == (10, clear, clear)


@given(st.lists(st.floats(-1, 1), min_size=FEWEST, max_size=12))
def test_an_interval_is_between_values_and_mirrored_for_the_other(values):
    one, other = mean_of("a", values), mean_of("b", [0.0] * len(values))
    found, back = difference_between(one, other), difference_between(other, one)
    assert {found.low, found.high} <= set(values)
    assert found.low <= found.middle <= found.high
    assert (back.low, back.high) == (-found.high, -found.low)
    assert (back.higher, back.lower, back.clear) == (found.lower, found.higher, found.clear)


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


def test_a_model_passes_clearly_more_only_where_it_does_so_on_most_cases():
    def results(model, passed):
        return [point(each, case=c, model=model) for c, each in zip(CASES, passed, strict=True)]

    weak = results("b", [False] * 6)
    for passed, best in (([True] * 6, [True, False]), ([True] * 5 + [False], [False, False])):
        found = summarise(run_with(points=(*results("a", passed), *weak))).points
        assert [p.best for p in found[:2]] == best


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


_CASES = [(category, case) for category in ("pet", "zoo") for case in "123456"]
_SEEN = st.tuples(
    st.sampled_from(_CASES), st.sampled_from("ab"), st.sampled_from(["opaque", "edge"]),
    st.sampled_from([True, False, None]),
)  # fmt: skip


def _cases(first: str | None) -> tuple[CaseRecord, ...]:
    """All of `_CASES`: one shoot of the ids in `first` and one of the others; without, none."""
    like = run_of().cases[0]
    return tuple(
        like.model_copy(
            update={
                "category": category,
                "id": id_,
                "group": None if first is None else f"g{id_ in first}",
            }
        )
        for category, id_ in _CASES
    )


@settings(max_examples=40)
@given(st.lists(_SEEN, max_size=60), st.booleans())
def test_points_are_counted_as_one_by_one(
    seen: list[tuple[tuple[str, str], str, str, bool | None]], shoots: bool
) -> None:
    """In whatever order they are."""
    points = tuple(
        point(passed, category=about[0], case=about[1], model=model, kind=kind, point=f"p{number}")
        for number, (about, model, kind, passed) in enumerate(seen)
    )
    cases = _cases("12" if shoots else None)
    groups = {(case.category, case.id): case.group for case in cases}
    summary = summarise(run_of(cases=cases, points=points))
    wanted = [
        (model, name, [p for p in points if name in (ALL, getattr(p, field)) and p.model == model])
        for field, names in (
            (
                "category",
                [n for n in (ALL, "pet", "zoo") if n in (ALL, *(p.category for p in points))],
            ),
            ("kind", [*dict.fromkeys(p.kind for p in points)]),
        )
        for name in (names if points else ())
        for model in "ab"
    ]
    assert len(wanted) == len(summary.points) + len(summary.kinds)
    for (model, name, own), each in zip(wanted, (*summary.points, *summary.kinds), strict=True):
        assert (each.model, each.category) == (model, name)
        counted = [sum(p.passed is outcome for p in own) for outcome in (True, False, None)]
        assert [each.passed, each.failed, each.unmeasured] == counted
        shares: dict[tuple[str, str], list[bool]] = {}
        for p in own:
            if p.passed is not None:
                shares.setdefault((p.category, p.case), []).append(p.passed)
        # A case comes where its first point does, be it measured or not.
        order = [
            about for about in dict.fromkeys((p.category, p.case) for p in own) if about in shares
        ]
        assert [*each.values] == [
            ("/".join(about), sum(shares[about]) / len(shares[about])) for about in order
        ]
        by_group: dict[object, list[bool]] = {}
        for about in order:
            by_group.setdefault(groups[about] or about, []).extend(shares[about])
        bounds = share_interval([(sum(some), len(some)) for some in by_group.values()])
        assert (each.low, each.high) == (bounds or (None, None))


_MEASURED = st.tuples(
    st.sampled_from(_CASES), st.sampled_from("ab"), st.sampled_from([UNKNOWN, TRIMAP, None]),
    st.sampled_from([0.0, 0.125, 0.5, 1.0, None]), st.sampled_from(["no truth", "no edge"]),
)  # fmt: skip


@settings(max_examples=60)
@given(st.lists(_MEASURED, unique_by=lambda row: row[:2], max_size=24), st.booleans())
def test_means_are_those_of_each_case_by_itself(rows: list, shoots: bool) -> None:
    """Some pictures have a trimap, and of some another measure alone is known."""
    some = [
        measurement(
            model, case, value, "mad_unknown" if region else "iou", category=category,
            region=region or "whole image", reason=why if value is None else None,
        )
        for (category, case), model, region, value, why in rows
    ]  # fmt: skip
    cases = _cases("123" if shoots else None)
    summary = summarise(run_of(cases=cases, measurements=some))
    for category in (ALL, "pet", "zoo"):
        own = [m for m in some if m.metric == "mad_unknown" and category in (ALL, m.category)]
        row = summary.row("mad_unknown", category)
        assert (row is None) == (summary.row("mad_unknown") is None)
        if row is None:
            continue
        regions = {m.region for m in own}
        assert row.region == (MIXED if len(regions) == 2 else min(regions, default=UNKNOWN))
        plain: list[list[tuple[str, float]]] = []
        for mean in row.means:
            of_model = [m for m in own if m.model == mean.model]
            values = [(m.name, m.value) for m in of_model if m.value is not None]
            assert [*mean.values] == values
            assert (mean.value, mean.scored) == mean_over(values)
            lacking = Counter(m.reason for m in of_model if m.value is None)
            assert mean.left_out == tuple(lacking.most_common())
            plain.append(values)
        of_other = dict(plain[1])
        apart = {case: value - of_other[case] for case, value in plain[0] if case in of_other}
        assert bool(row.differences) == bool(apart)
        for found in row.differences:
            assert found.cases == len(apart)
            assert found.mean == pytest.approx(np.mean([*apart.values()]))
            by_shoot: dict[object, list[float]] = {}
            for case, difference in apart.items():
                by_shoot.setdefault(summary.groups.get(case, (case,)), []).append(difference)
            middles = [*map(np.mean, by_shoot.values())]
            assert (found.groups, found.middle) == (len(middles), np.median(middles))
            interval = middle_interval(np.array(middles)) or (None, None)
            assert (found.low, found.high) == interval
            assert found.higher == sum(middle > ROUNDING for middle in middles)
            assert found.lower == sum(middle < -ROUNDING for middle in middles)
        for fair, own in zip(over_shared(row.means), plain, strict=True):
            values = [each for each in own if each[0] in apart]
            assert [*fair.values] == values
            assert (fair.value, fair.scored) == mean_over(values)


def mean_over(values: list[tuple[str, float]]) -> tuple[object, int]:
    numbers = [value for _, value in values]
    return pytest.approx(math.fsum(numbers) / len(numbers)) if numbers else None, len(numbers)


def test_values_are_equal_where_each_of_them_is() -> None:
    one, other = (Values(["a", "b"], np.arange(2), np.array([0.5, x])) for x in (0.25, 0.75))
    assert one == [("a", 0.5), ("b", 0.25)]
    assert one != other
