"""The observation points of a case as its list has them: numbers, ranges, shapes, profiles."""

from __future__ import annotations

import pytest
from runs import KEY, run_of

from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.record import ObservationPoint, PointResult
from rmbg_eval.report import frame
from rmbg_eval.report.context import Context
from rmbg_eval.report.points import point_view, points_view, shape_paths
from rmbg_eval.report.views import PointsView
from rmbg_eval.run.previews import CasePreviews, EdgeProfile, Previews

RIM = {"id": "p", "lines": [[[2, 3], [12, 3]]]}


def result(
    model: str, kind: str, measured: float, expected: float, tolerance: float
) -> PointResult:
    return PointResult(
        category=KEY[0],
        case=KEY[1],
        model=model,
        point="p",
        kind=kind,
        measured=measured,
        expected=expected,
        tolerance=tolerance,
        unit=KINDS[kind].unit if kind in KINDS else "",
        passed=abs(measured - expected) <= tolerance,
    )


def view_of(*results: PointResult, profiles: tuple[EdgeProfile, ...] = ()) -> PointsView:
    run = run_of()
    kinds = {each.kind for each in results}
    point = ObservationPoint.model_validate({**RIM, "kind": kinds.pop()})
    case = run.cases[0].model_copy(update={"points": (point,)})
    run = run.model_copy(update={"cases": (case,), "points": results})
    return points_view(Context(run, Previews({KEY: CasePreviews(profiles=profiles)})), case)


@pytest.mark.parametrize(
    ("kind", "measured", "expected", "tolerance", "words", "value"),
    [
        ("transparent", 0.87, 0, 0.05, "≤ 5 %", "87 %"),
        ("opaque", 0.949, 1, 0.05, "≥ 95 %", "94.9 %"),  # not 95 %, which would have passed
        ("opaque", 0.9, 1, 0.05, "≥ 95 %", "90 %"),
        ("transparent", 0.2, 0.05, 0.05, "≤ 10 %", "20 %"),
        ("soft-band", 11, 3, 2, "3 ± 2 px", "11.0 px"),
        ("strands", 8, 18, 1, "18 ± 1", "8"),
        ("unbroken", 3, 0, 0, "0", "3"),
        ("no-fringe", 36.04, 0, 3, "ΔE ≤ 3", "ΔE 36.0"),
        ("of a version to come", 7, 3, 2, "3 ± 2", "7.0"),
    ],
)
def test_numbers_are_in_the_kinds_unit(
    kind: str, measured: float, expected: float, tolerance: float, words: str, value: str
) -> None:
    (row,) = view_of(result("a", kind, measured, expected, tolerance)).points
    assert row.expected.replace("\u00a0", " ") == words
    assert row.marks[0].value.replace("\u00a0", " ") == value


def test_what_was_measured_and_what_passes_stand_on_one_axis() -> None:
    (row,) = view_of(result("a", "soft-band", 20, 6, 2), result("b", "soft-band", 5, 6, 2)).points
    (start, width), places = row.band, [mark.place for mark in row.marks]
    assert start <= places[1] <= start + width < places[0] <= 100
    assert [mark.state for mark in row.marks] == ["failed", "passed"]


def test_what_models_have_alike_at_a_point_is_shown_once() -> None:
    macro = frame.environment("en").get_template("points.html.j2").module.points
    one = result("a", "strands", 0, 4, 1)
    alike = macro(view_of(one, result("b", "strands", 0, 4, 1)))
    apart = macro(view_of(one, result("b", "strands", 1, 4, 1)))
    assert [html.count('class="sentence"') for html in (alike, apart)] == [1, 2]
    assert alike.count('class="sentence reader-only"') == 1


def test_without_a_result_nothing_is_said_to_be_expected() -> None:
    point = ObservationPoint.model_validate({**RIM, "kind": "soft-band"})
    row = point_view(point, ["a"], [None])
    assert (row.expected, row.band, row.missed) == ("", None, False)
    assert [(mark.state, mark.place) for mark in row.marks] == [("unmeasured", None)]


def test_a_region_is_a_path_in_the_pictures_pixels() -> None:
    def paths(**region: object) -> list[str]:
        return [*shape_paths(ObservationPoint.model_validate({"id": "p", "kind": "x", **region}))]

    assert paths(box=[1, 2, 3, 4]) == ["M1,2L4,2L4,6L1,6Z"]
    assert paths(polygon=[[0, 0], [5, 0], [0, 5]]) == ["M0,0L5,0L0,5Z"]
    assert paths(lines=[[[0, 1], [2, 3]], [[4, 5], [6, 7]]]) == ["M0,1L2,3", "M4,5L6,7"]


def test_a_point_across_an_edge_has_its_profile() -> None:
    profile = EdgeProfile(point="p", length=10, courses={"a": (1, 0)}, widths={"a": 4.25})
    results = result("a", "soft-band", 20, 6, 2)
    (row,) = view_of(results, profiles=(profile,)).points
    assert [course.name for course in row.profile.courses] == ["a"]
    (row,) = view_of(results, profiles=(profile.model_copy(update={"point": "q"}),)).points
    assert row.profile is None


def test_a_case_without_points_has_no_list() -> None:
    run = run_of()
    assert points_view(Context(run, Previews({KEY: CasePreviews()})), run.cases[0]) is None
