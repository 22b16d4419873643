"""The worst findings first, and the verdict of the first screen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from runs import KEY, run_of
from views import Presenter

from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.points import far_off
from rmbg_eval.measure.record import Measurement, ObservationPoint, PointResult
from rmbg_eval.run.previews import CasePreviews, Previews, around
from rmbg_eval.run.record import CaseRecord, Run
from rmbg_eval.run.statistics import worst_points


def result(
    case: str = "ada", point: str = "p", model: str = "a", measured: float = 0.0, **changes: object
) -> PointResult:
    made = PointResult(
        category="portrait", case=case, model=model, point=point, kind="opaque",
        measured=measured, expected=1.0, tolerance=0.05, unit="alpha, 0 to 1",
        passed=measured > 0.95,
    )  # fmt: skip
    return made.model_copy(update=changes)


def run_with(*results: PointResult, **changes: object) -> Run:
    run = run_of()
    names = dict.fromkeys(r.case for r in results) or {"ada": None}
    ids = dict.fromkeys(r.point for r in results)
    points = tuple(
        ObservationPoint.model_validate({"id": id_, "kind": "opaque", "box": [1, 1, 4, 2]})
        for id_ in ids
    )
    cases = tuple(
        CaseRecord.model_validate({**run.cases[0].model_dump(), "id": name, "points": points})
        for name in names
    )
    return run.model_copy(update={"cases": cases, "points": results, **changes})


def order(*results: PointResult) -> list[tuple[str, str, str]]:
    return [(r.case, r.point, r.model) for r, _ in worst_points(run_with(*results))]


def test_farthest_off_first_and_each_case_once_before_any_twice() -> None:
    assert order(
        result("ada", "p", measured=0.0),
        result("ada", "q", measured=0.1),
        result("bob", "p", measured=0.8),
        result("eve", "p", measured=1.0),
    ) == [("ada", "p", "a"), ("bob", "p", "a"), ("ada", "q", "a")]


def test_a_point_of_two_models_is_named_for_the_one_that_is_farther_off() -> None:
    assert order(result(model="a", measured=0.5), result(model="b", measured=0.2)) == [
        ("ada", "p", "b")
    ]


def test_required_points_come_first() -> None:
    assert order(
        result("ada", measured=0.0), result("bob", measured=0.9, required=True)
    ) == [("bob", "p", "a"), ("ada", "p", "a")]  # fmt: skip


@given(
    kind=st.sampled_from(sorted(KINDS)),
    measured=st.floats(0, 1e4) | st.none(),
    expected=st.floats(0, 1e4),
)
def test_how_far_off_is_a_share(kind: str, measured: float | None, expected: float) -> None:
    point = result().model_copy(
        update={"kind": kind, "measured": measured, "expected": expected, "reason": "no edge"}
    )
    assert 0 <= far_off(point) <= 1
    same = point.model_copy(update={"measured": expected})
    assert far_off(same) == 0


@given(
    x=st.integers(0, 90), y=st.integers(0, 50), width=st.integers(1, 10), height=st.integers(1, 10)
)
def test_the_place_shown_is_inside_and_holds_the_point(
    x: int, y: int, width: int, height: int
) -> None:
    point = ObservationPoint.model_validate(
        {"id": "p", "kind": "opaque", "box": [x, y, width, height]}
    )
    left, top, right, bottom = around(point, 100, 60)
    assert 0 <= left <= x
    assert x + width <= right <= 100
    assert 0 <= top <= y
    assert y + height <= bottom <= 60


def test_the_verdict_names_the_best_model_and_its_weakest_category() -> None:
    run = run_with(
        result("ada", "p", "a", 1.0), result("ada", "q", "a", 0.0),
        result("ada", "p", "b", 1.0), result("ada", "q", "b", 1.0),
    )  # fmt: skip
    view = Presenter(run, Previews({KEY: CasePreviews()})).header().verdict
    assert view.words[0] == "b passes the most observation points: 2 of 2."
    (a, b) = view.rows
    assert [cell.text for cell in a.cells] == ["✕ 1 of 2", "✕ 1 of 2"]
    assert [cell.text for cell in b.cells] == ["✓ 2 of 2", "✓ 2 of 2"]  # of one case: not clear
    assert (a.cells[0].state, b.cells[0].state) == ("failed", "passed")


def test_models_that_are_alike_are_both_named() -> None:
    run = run_with(result(model="a", measured=1.0), result(model="b", measured=1.0))
    view = Presenter(run, Previews({KEY: CasePreviews()})).header().verdict
    assert view.words[0].startswith("a and b pass the same share")
    assert "★" not in view.rows[0].cells[0].text


def test_without_points_it_says_where_to_look_first() -> None:
    measured = Measurement(
        category=KEY[0], case=KEY[1], model="a", metric="in_between_share", value=0.25,
        unit="share", region="whole image", reason=None,
    )  # fmt: skip
    run = run_of(measurements=(measured,))
    view = Presenter(run, Previews({KEY: CasePreviews()})).header().verdict
    assert "no observation points" in view.words[0]
    (first,) = view.worst
    assert (first.case, first.model, first.note) == ("Ada", "a", "0.25 share")
    assert view.rows[0].cells[0].state == "unmeasured"
