"""Points, measures and the summary as the page shows them, in both languages."""

from __future__ import annotations

import pytest
from comparisons import failed, rule
from runs import KEY, run_of
from test_overview import measured
from views import Presenter

from rmbg_eval import Settings
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import Delivery, Measurement, ObservationPoint, PointResult
from rmbg_eval.measure.subject import TRIMAP, Metric
from rmbg_eval.measure.table import FAMILIES, TABLE
from rmbg_eval.run.measurements import no_prediction
from rmbg_eval.run.previews import (
    CasePreviews,
    DisagreementMap,
    Plot,
    Preview,
    Previews,
)
from rmbg_eval.run.record import Run

DRAWN = Previews({KEY: CasePreviews()})
SHOWN = Preview(path="assets/x.webp", width=10, height=5)
POINT = ObservationPoint.model_validate(
    {
        "id": "nose",
        "kind": "opaque",
        "title": {"en": "The nose is there", "zh": "鼻头完整"},
        "box": [1, 1, 2, 2],
        "required": True,
    }
)


def result(model: str, passed: bool | None, measured: float | None = 0.5) -> PointResult:
    return PointResult(
        category=KEY[0], case=KEY[1], model=model, point="nose", kind="opaque",
        measured=measured, expected=1.0, tolerance=0.05, unit="alpha, 0 to 1", passed=passed,
        reason=None if measured is not None else "the prediction failed", required=True,
    )  # fmt: skip


def measurement(model: str, value: float | None, metric: str = "mad") -> Measurement:
    row = next(each for each in TABLE if each.name == metric)
    return Measurement(
        category=KEY[0], case=KEY[1], model=model, metric=metric, value=value, unit=row.unit,
        region=row.region, reason=None if value is not None else "the case has no truth",
    )  # fmt: skip


def run_with(**changes: object) -> Run:
    run = run_of()
    case = run.cases[0].model_copy(update={"points": (POINT,)})
    return run.model_copy(update={"cases": (case,), **changes})


def found(run: Run, **drawn: object):
    presenter = Presenter(run, Previews({KEY: CasePreviews(**drawn)}))
    return presenter.category(KEY[0]).cases[0].drawer.measures, presenter


def test_a_point_has_a_mark_that_is_no_colour_alone() -> None:
    case, _ = found(run_with(points=(result("a", True, 0.99), result("b", False))))
    (row,) = case.points.points
    assert row.title == "The nose is there"
    assert "required" in row.kind
    assert row.missed
    assert [(mark.model, mark.state) for mark in row.marks] == [("a", "passed"), ("b", "failed")]
    assert [mark.value for mark in row.marks] == ["99\u00a0%", "50\u00a0%"]
    assert row.marks[1].words == "Only 50\u00a0% solid"
    assert row.expected == "≥\u00a095\u00a0%"
    assert (row.band, row.marks[1].place) == ((95, 5), 50)
    assert case.points.count == "1 missed of 1"


def test_what_was_not_measured_says_why_and_does_not_count() -> None:
    case, presenter = found(run_with(points=(result("a", None, None), result("b", True, 1.0))))
    (row,) = case.points.points
    assert (row.missed, row.detailed) == (False, True)
    mark = row.marks[0]
    assert (mark.state, mark.value, mark.words) == ("unmeasured", "–", "the prediction failed")
    cells = [row.cells[0] for row in presenter.overview().matrices[0].rows]
    assert [(c.value, c.words) for c in cells] == [("–", "no points"), ("1", "1 of 1 passed")]


def test_in_chinese() -> None:
    run = run_with(
        settings=Settings(models=["a", "b"], lang="zh"),
        points=(result("a", True), result("b", False)),
        measurements=(measurement("a", 0.1), measurement("b", 0.2)),
    )
    case, presenter = found(run)
    (row,) = case.points.points
    assert row.title == "鼻头完整"
    assert row.marks[1].words == "只有 50% 不透明"
    assert presenter.more().measures[0].title == "不透明度与真值"


def test_means_say_how_many_they_are_over_and_the_best_is_marked() -> None:
    run = run_with(measurements=(measurement("a", 0.1), measurement("b", 0.2)))
    case, presenter = found(run)
    more = presenter.more()
    (table,) = more.measures
    assert [row.title for row in table.rows] == ["mean error", "mean error · Portrait"]
    assert [row.code for row in table.rows] == ["mad", ""]
    assert "whole image" in table.rows[0].note
    assert "lower is better" in table.rows[0].note
    cells = table.rows[0].cells
    assert [(c.text, c.state, c.note) for c in cells] == [("0.1", "", ""), ("0.2", "", "")]
    assert str(table.rows[0].note).endswith(" · over 1"), "said once: it is the same of both"
    assert str(table.rows[1].note) == "over 1"
    assert [(row.title, row.code) for row in case.tables[0].rows] == [("mean error", "mad")]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (([0.5], [0.25]), ["too few cases to say", "+0.25", "+0.25", "1", "0", "0"]),
        (([0.5] * 2, [0.25] * 2), ["too few cases to say", "+0.25", "+0.25", "2", "0", "0"]),
        (
            ([0.05] * 10, [0.04] * 9 + [0.5]),
            ["b is better in clearly more", "−0.036", "+0.01", "9", "1", "0"],
        ),
        (
            ([0.04] * 9 + [0.5], [0.05] * 10),
            ["a is better in clearly more", "+0.036", "−0.01", "1", "9", "0"],
        ),
        (
            ([0.05, 0.06] * 5, [0.06, 0.05] * 5),
            ["no clear difference", "+0", "+0", "5", "5", "0"],
        ),
        (
            ([0.05] * 20, [0.04] * 8 + [0.05] * 12),
            ["b is better in clearly more", "+0.004", "+0", "8", "0", "12"],
        ),
    ],
)
def test_how_two_models_differ_is_told_with_its_sign(
    values: tuple[list[float], list[float]], told: list[str]
) -> None:
    table = Presenter(measured(dict(zip("ab", values, strict=True))), DRAWN).more().differences
    (row,) = table.rows
    assert [str(cell.text) for cell in row.cells] == told
    assert [*map(str, table.heads)][3:] == ["Higher in", "Lower in", "Equal in"]
    count = len(values[0])
    assert str(row.note) == f"a − b · alpha, 0 to 1, whole image · lower is better · over {count}"
    assert (row.title, row.code) == ("mean error", "mad")


def test_the_middle_difference_has_its_interval() -> None:
    values = {"a": [0.05, 0.06] * 5, "b": [0.06, 0.05] * 5}
    (row,) = Presenter(measured(values), DRAWN).more().differences.rows
    assert [cell.note for cell in row.cells] == ["", "", "−0.01 … +0.01", "", "", ""]
    few = Presenter(measured({"a": [0.5], "b": [0.25]}), DRAWN).more().differences.rows
    assert not any(cell.note for cell in few[0].cells)


def test_where_higher_is_better_the_higher_is_the_better() -> None:
    run = run_with(
        cases=tuple(run_of().cases[0].model_copy(update={"id": f"c{n}"}) for n in range(9)),
        measurements=tuple(
            measurement(model, value, "weighted_f").model_copy(update={"case": f"c{n}"})
            for n in range(9)
            for model, value in (("a", 0.9), ("b", 0.8))
        ),
    )
    (row,) = Presenter(run, DRAWN).more().differences.rows
    assert str(row.cells[0].text) == "a is better in clearly more"


def test_one_model_differs_from_none() -> None:
    assert Presenter(measured({"a": [0.5]}), DRAWN).more().differences is None


def test_of_several_pictures_of_one_shoot_the_shoots_are_counted() -> None:
    run = measured({"a": [0.5] * 4, "b": [0.25] * 4})
    cases = [
        run.cases[0].model_copy(update={"id": f"c{n}", "group": f"shoot {n // 2}"})
        for n in range(4)
    ]
    view = Presenter(
        run.model_copy(update={"cases": tuple(cases)}),
        Previews({("portrait", case.id): CasePreviews() for case in cases}),
    ).more()
    (row,) = view.differences.rows
    assert str(row.note).endswith("over 4 cases of 2 shoots")
    assert str(row.cells[0].text) == "too few cases to say"


def test_a_mean_says_what_is_left_out_and_a_measure_what_it_is() -> None:
    more = Presenter(measured({"a": [0.25, None], "b": [None, None]}), DRAWN).more()
    a, b = more.measures[0].rows[0].cells
    assert (a.text, a.state, a.note) == ("0.25", "", "over 1; 1 left out: failed")
    assert (b.text, b.state, b.note) == ("–", "unmeasured", "over 0; 2 left out: failed")
    both = (measurement("a", 0.1, "disagreement"), measurement("a", 0.9, "iou"))
    case, presenter = found(run_with(measurements=both))
    notes = {row.code: row.note for table in presenter.more().measures for row in table.rows}
    assert notes["disagreement"] == (
        "alpha, 0 to 1, whole image · no score · Mean difference from other models; they can "
        "agree and be wrong"
    )
    assert "· higher is better" in notes["iou"]
    cells = next(row.cells for t in case.tables for row in t.rows if row.code == "disagreement")
    assert [(each.text, each.state, each.note) for each in cells] == [
        ("0.1", "", ""), ("–", "unmeasured", "not measured"),
    ]  # fmt: skip


def test_why_each_picture_failed_is_not_told_with_each_measure() -> None:
    run = measured({"a": [0.25, 0.5, 0.75], "b": [0.25, None, None]})
    lost = [
        each.model_copy(update={"reason": no_prediction(failed(case=each.case))})
        if each.value is None
        else each
        for each in run.measurements
    ]
    more = Presenter(run.model_copy(update={"measurements": Measurements(lost)}), DRAWN).more()
    assert more.measures[0].rows[0].cells[1].note == "over 1; 2 left out: no cut-out"
    both = tuple(lost[n].model_copy(update={"case": KEY[1]}) for n in (0, -1))
    case, _ = found(run_with(measurements=both))
    assert [cell.note for cell in case.tables[0].rows[0].cells] == ["", "no cut-out"]


def test_without_any_value_there_is_no_table() -> None:
    run = run_with(measurements=(measurement("a", None), measurement("b", None)), points=())
    case, presenter = found(run)
    assert presenter.more().measures == case.tables == ()


def test_charts_and_the_map_are_in_the_drawer() -> None:
    histogram = {"a": (0.1,)}
    disagreement = DisagreementMap(picture=SHOWN, mean=0.0123, far=0.5)
    case, _ = found(run_with(), histogram=histogram, disagreement=disagreement)
    assert case.histogram.top == "10\u00a0%"
    words = "0.012 apart on average, and by more than 0.5 in 50.00% of the pixels"
    assert case.disagreement.words == words
    assert str(case.disagreement.image.alt).endswith(f"differ: {words}")
    assert case.disagreement.image.src == SHOWN.path
    assert not case.plots


def test_pictures_of_versions_before_are_described_by_what_they_show() -> None:
    plots = [
        Plot(kind="profile", picture=SHOWN, facts={"a": 3.25, "truth": None}, point="nose"),
        Plot(kind="histogram", picture=SHOWN, facts={"a": 0.25, "truth": 0.5}),
        Plot(kind="disagreement", picture=SHOWN, facts={"mean": 0.0125, "far": 0.5}),
    ]
    case, _ = found(run_with(), plots=plots)
    profile, histogram, apart = [plot.alt for plot in case.plots]
    assert "The nose is there" in profile
    assert "a falls from 0.92 to 0.08 over 3.2 px; truth does not fall" in profile
    assert "a 25.0%; truth 50.0%" in histogram
    assert "0.013 apart" in apart or "0.012 apart" in apart


def test_families_hold_every_measure_once() -> None:
    names = [metric.name for metrics in FAMILIES.values() for metric in metrics]
    assert sorted(names) == sorted(metric.name for metric in TABLE)


@pytest.mark.parametrize("metric", [m for m in TABLE if m.higher_is_better is None])
def test_what_is_no_score_is_explained_in_a_sentence(metric: Metric) -> None:
    assert metric.explanation


def test_the_delivery_rules_are_on_the_page_and_each_in_its_pictures_drawer() -> None:
    broken = rule(False, 0.7)
    run = run_with(rules=(broken, rule(None, model="b")), delivery=Delivery(name="Shop"))
    case, presenter = found(run)
    assert presenter.overview().notes == (
        "Delivery rules Shop: 0 of 2 passed. Each picture's drawer has its own.",
    )
    (table,) = case.tables
    assert (table.title, table.note) == ("Delivery rules", "Shop")
    (row,) = table.rows
    assert row.note == "share of the frame, at least 0.8"
    assert [(cell.text, cell.state) for cell in row.cells] == [
        ("✕ 0.7", "failed"),
        ("–", "unmeasured"),
    ]


def test_a_case_with_a_trimap_says_that_its_measures_are_over_that() -> None:
    one = measurement("a", 0.1, "mad_unknown").model_copy(update={"region": TRIMAP})
    case, _ = found(run_with(measurements=(one, measurement("a", 0.2))))
    notes = {row.code: row.note for row in case.tables[0].rows}
    assert notes == {
        "mad": "alpha, 0 to 1, whole image",
        "mad_unknown": "alpha, 0 to 1, unknown region (the data set's trimap)",
    }
    assert "its data set's trimap" in case.tables[0].note
