"""The first screen: its answer, quality against time, and the worst findings first."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from urllib.parse import parse_qsl

import pytest
from comparisons import FAILED
from hypothesis import given
from hypothesis import strategies as st
from runs import KEY, run_of
from views import Presenter

from rmbg_eval import Prediction
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.core.key import Key
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.points import far_off
from rmbg_eval.measure.record import Measurement, ObservationPoint, PointResult
from rmbg_eval.report.frame import environment
from rmbg_eval.report.scatter import (
    LINE,
    NARROW,
    SMALLER,
    WIDE,
    Dot,
    Rectangle,
    overlap,
    scatter,
    width,
)
from rmbg_eval.report.views import DotView
from rmbg_eval.run.findings import Finding, findings
from rmbg_eval.run.gross import Gross
from rmbg_eval.run.previews import CasePreviews, Previews, Spot
from rmbg_eval.run.record import CaseRecord, ModelRun, Run
from rmbg_eval.run.shard import Shard
from rmbg_eval.run.statistics import copies_in


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
    worst = findings(run_with(*results), {})
    return [(each.case, each.point, each.models[0]) for each in worst]


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


def told_overview(run: Run, drawn: Previews | None = None):
    return Presenter(run, drawn or Previews({KEY: CasePreviews()})).overview()


def called(run: Run, name: str) -> ModelRun:
    """The first of its models under another name."""
    first = run.models[0]
    return first.model_copy(update={"info": first.info.model_copy(update={"name": name})})


def many(passed: dict[str, list[float]]) -> Run:
    """A run of as many cases as each model has values: of each, whether its one point passed."""
    return run_with(
        *(
            result(f"c{number}", "p", model, measured)
            for model, values in passed.items()
            for number, measured in enumerate(values)
        )
    )


def test_the_answer_names_the_best_model_and_who_cannot_be_told_from_it() -> None:
    view = told_overview(many({"a": [1.0] * 9 + [0.0], "b": [1.0] * 8 + [0.0] * 2}))
    assert view.answer == (
        "a passes the most points, 9 of 10.", "That is not clearly better than b (8).",
    )  # fmt: skip
    assert not any(cell.best for row in view.matrices[0].rows for cell in row.cells)


def test_the_answer_is_clear_where_models_are_equal_on_most_pictures() -> None:
    view = told_overview(many({"a": [1.0] * 40, "b": [1.0] * 24 + [0.0] * 16}))
    assert view.answer == ("a clearly passes the most points, 40 of 40.",)


def test_the_answer_is_clear_where_the_interval_is() -> None:
    view = told_overview(many({"a": [0.0] * 10, "b": [1.0] * 10}))
    assert view.answer == ("b clearly passes the most points, 10 of 10.",)
    assert view.few == "share of points passed, 95\N{NO-BREAK SPACE}% interval"
    few = told_overview(many({"a": [0.0] * 2, "b": [1.0] * 2})).few
    assert few == "no interval: fewer than 6 cases"
    a, b = view.matrices[0].rows
    assert [cell.best for cell in a.cells] == [False, False]
    assert [cell.best for cell in b.cells] == [True, True]


def test_too_few_cases_are_said_to_be() -> None:
    view = told_overview(many({"a": [1.0, 1.0], "b": [1.0, 0.0]}))
    assert view.answer == (
        "a passes the most points, 2 of 2.",
        "Whether that is better than b (1) cannot be told: 2 cases are too few.",
    )
    a, b = view.matrices[0].rows
    assert [(c.value, c.of, c.share) for c in a.cells] == [("2", "/2", "100.0")] * 2
    assert [(c.value, c.of, c.share) for c in b.cells] == [("1", "/2", "50.0")] * 2
    assert b.cells[0].words == "1 of 2 passed"


def test_too_few_shoots_are_not_called_cases() -> None:
    run = many({"a": [1.0] * 40, "b": [1.0] * 39 + [0.0]})
    cases = tuple(
        case.model_copy(update={"group": f"shoot {n % 3}"}) for n, case in enumerate(run.cases)
    )
    view = told_overview(run.model_copy(update={"cases": cases}))
    assert view.answer[1:] == (
        "Whether that is better than b (39) cannot be told: 3 shoots are too few.",
    )
    assert view.few == "no interval: fewer than 6 shoots"


def test_too_few_cases_of_one_model_are_not_those_of_another() -> None:
    """Of three that it could be measured on nothing is told, of ten it is, that it is not clear."""
    run = many({"a": [1.0] * 9 + [0.0], "b": [1.0] * 8 + [0.0] * 2, "c": [1.0] * 3})
    assert told_overview(
        run.model_copy(update={"models": (*run.models, called(run, "c"))})
    ).answer == (
        "a passes the most points, 9 of 10.",
        "Whether that is better than c (3/3) cannot be told: 3 cases are too few.",
        "That is not clearly better than b (8).",
    )


def test_what_the_best_is_not_better_than_is_this_or_that() -> None:
    run = many({"a": [1.0] * 9 + [0.0], "b": [1.0] * 8 + [0.0] * 2})
    points = tuple(p.model_copy(update={"model": "c"}) for p in run.points if p.model == "b")
    run = run.model_copy(
        update={"models": (*run.models, called(run, "c")), "points": (*run.points, *points)}
    )
    assert told_overview(run).answer[-1].endswith(" than b (8) or c (8).")


def test_models_that_are_alike_are_both_named() -> None:
    view = told_overview(many({"a": [1.0, 0.0], "b": [0.0, 1.0]}))
    assert view.answer == ("a and b pass the same number of points, 1 of 2.",)


def test_of_many_models_the_first_are_named_and_the_others_counted() -> None:
    passed = {name: [1.0, 0.0] for name in "abcd"} | {name: [0.0, 0.0] for name in "fghij"}
    run = many(passed)
    models = tuple(called(run, name) for name in passed)
    assert told_overview(run.model_copy(update={"models": models})).answer == (
        "a, b, c and d pass the same number of points, 1 of 2.",
        "Whether that is better than f (0), g (0), h (0) or 2 others cannot be told: 2 cases are "
        "too few.",
    )


def test_a_model_alone_is_no_best() -> None:
    run = many({"a": [1.0, 0.0]})
    run = run.model_copy(update={"models": run.models[:1]})
    view = told_overview(run)
    assert view.answer == ("a passes 1 of 2 points.",)
    assert view.more == ""


def test_what_all_models_do_well_and_badly_is_counted_by_kind() -> None:
    points = [
        result(f"c{number}", kind, model, 1.0 if kind == "opaque" else 0.0, kind=kind)
        for number in range(3)
        for model in "ab"
        for kind in ("opaque", "strands", "no-fringe")
    ]
    points = [p.model_copy(update={"passed": p.kind == "opaque"}) for p in points]
    view = told_overview(run_with(*points))
    assert view.more == (
        "Both models do well at solid parts (6 of 6 points). "
        "They do badly at single strands and clean edge colour (0 of 12 points)."
    )
    (kinds,) = (each for each in view.matrices if each.name == "kind")
    assert [column.title for column in kinds.columns] == [
        "All", "solid parts", "single strands", "clean edge colour"
    ]  # fmt: skip
    assert [cell.value for cell in kinds.rows[0].cells] == ["3", "3", "0", "0"]
    assert view.misses == "All misses: 12 in 3 pictures"
    run = run_with(*points)
    alone = told_overview(run.model_copy(update={"models": run.models[:1]}))
    assert alone.more == (
        "It does well at solid parts (3 of 3 points). "
        "It does badly at single strands and clean edge colour (0 of 6 points)."
    )
    of_c = tuple(p.model_copy(update={"model": "c"}) for p in points if p.model == "a")
    three = run.model_copy(
        update={"models": (*run.models, called(run, "c")), "points": (*points, *of_c)}
    )
    assert told_overview(three).more.startswith("All models do well at solid parts (9 of 9 points)")


def test_a_category_without_points_has_no_bars() -> None:
    run = many({"a": [1.0], "b": [0.0]})
    (ada,) = run.cases
    rex = ada.model_copy(update={"category": "pet", "id": "rex", "points": ()})
    run = run.model_copy(update={"cases": (ada, rex)})
    drawn = Previews(dict.fromkeys(run.index.cases, CasePreviews()))
    (by_category, _) = told_overview(run, drawn).matrices
    assert [column.title for column in by_category.columns] == ["All", "Portrait"]
    assert [len(row.cells) for row in by_category.rows] == [2, 2]


def test_in_chinese() -> None:
    run = many({"a": [1.0] * 9 + [0.0], "b": [1.0] * 8 + [0.0] * 2})
    run = run.model_copy(update={"settings": run.settings.model_copy(update={"lang": "zh"})})
    assert told_overview(run).answer == (
        "a 通过的观察点最多：9/10。", "与 b（8）相比优势不明显。",
    )  # fmt: skip
    alone = told_overview(run.model_copy(update={"models": run.models[:1]}))
    assert alone.key == "观察点通过率 90%（95% 区间 55% 至 100%），10 张图片。"


def test_without_points_nothing_is_scored() -> None:
    view = told_overview(run_of())
    assert view.answer == ("1 picture without points or truth: nothing is scored.",)
    assert view.charts == ()
    assert [(each.name, each.columns) for each in view.matrices] == [("model", ())]
    assert view.findings == ()


def test_without_points_a_truth_decides() -> None:
    values = [
        Measurement(
            category=KEY[0], case=KEY[1], model=model, metric="mad", value=value, unit="1",
            region="whole image", reason=None,
        )
        for model, value in (("a", 0.25), ("b", 0.125))
    ]  # fmt: skip
    view = told_overview(run_of(measurements=tuple(values)))
    assert view.answer == (
        "b is closest to the truth, with a mean error of 0.125.",
        "Whether that is better than a (0.25) cannot be told: 1 case is too few.",
    )
    assert view.more == ""
    (table,) = view.matrices
    assert [column.title for column in table.columns] == ["mean error"]
    assert [row.cells[0].value for row in table.rows] == ["0.25", "0.125"]


def measured(values: dict[str, list[float | None]]) -> Run:
    """A run of as many cases as each model has values of its mean error; None: it failed there."""
    return run_of(
        measurements=tuple(
            Measurement(
                category=KEY[0], case=f"c{number}", model=model, metric="mad", value=value,
                unit="1", region="whole image", reason=None if value else Message("failed"),
            )
            for model, own in values.items()
            for number, value in enumerate(own)
        )
    )  # fmt: skip


def test_a_model_alone_is_not_called_closest() -> None:
    view = told_overview(measured({"a": [0.25]}))
    assert view.answer == ("a has a mean error of 0.25.",)
    (matrix,) = view.matrices
    assert [row.cells[0].value for row in matrix.rows] == ["0.25", "–"]
    view = told_overview(measured({"a": [None], "b": [None]}))
    assert view.answer == ("1 picture without points or truth: nothing is scored.",)


def test_models_that_are_as_close_are_both_named() -> None:
    a, b = [0.25, 0.5, None], [0.5, 0.25, 0.125]
    for first, second in ((a, b), (b, a)):
        assert told_overview(measured({"a": first, "b": second})).answer == (
            "a and b are equally close to the truth, with a mean error of 0.375 over 2 pictures.",
        )


def test_a_model_that_fails_on_hard_pictures_is_not_closest_for_that() -> None:
    easy, hard = [0.03] * 8, [0.2] * 8
    view = told_overview(measured({"a": [0.05] * 8 + [None] * 8, "b": easy + hard}))
    assert view.answer == (
        "b is closest to the truth, with a mean error of 0.03 over the 8 pictures that all models "
        "have one of.",
    )
    assert told_overview(measured({"a": [0.05, None], "b": [None, 0.03]})).answer == (
        "There is no picture that all models have a mean error of.",
    )


def test_a_model_that_fails_says_on_how_many_beside_its_share() -> None:
    """Or a bar that is full would be half of the pictures."""
    run = many({"a": [1.0] * 2, "b": [1.0]})
    made = {"cutout": "x.png", "cutout_sha256": "0" * 64}
    lost = {"failure": Failure("ImageError", Message("It is gone"), Message("Get it"))}
    predictions = tuple(
        Prediction.model_validate({"category": KEY[0], "case": case, "model": model, **what})
        for case, model, what in (
            ("c0", "a", made), ("c1", "a", made), ("c0", "b", made), ("c1", "b", lost),
        )
    )  # fmt: skip
    for matrix in told_overview(run.model_copy(update={"predictions": predictions})).matrices:
        assert [row.failed for row in matrix.rows] == ["", "1 of 2 failed"]
    unscored = run.model_copy(update={"predictions": predictions, "points": ()})
    (matrix,) = told_overview(unscored).matrices
    assert [row.failed for row in matrix.rows] == ["", "1 of 2 failed"]


def test_a_model_that_fails_has_no_longer_bar_for_that() -> None:
    """Three of four are more than two of the three that it has."""
    run = many({"a": [1.0, 1.0, 1.0, 0.0], "b": [1.0, 1.0, 0.0]})
    lost = result("c3", model="b").model_copy(update={"measured": None, "passed": None})
    run = run.model_copy(update={"points": (*run.points, lost)})
    view = told_overview(run)
    for matrix in view.matrices:
        (a, *_), (b, *_) = (row.cells for row in matrix.rows)
        assert (a.value, a.of, a.share, a.lost) == ("3", "/4", "75.0", "")
        assert (b.value, b.of, b.share, b.lost) == ("2", "/3", "50.0", "75.0")
    assert "Dashed: could not be measured." in view.key


def test_the_largest_number_of_a_column_is_marked_be_it_clear_or_not() -> None:
    view = told_overview(many({"a": [1.0, 0.0], "b": [1.0, 1.0]}))
    assert [[cell.leads for cell in row.cells] for row in view.matrices[0].rows] == [
        [False, False], [True, True],
    ]  # fmt: skip
    assert view.key == "Bold: the best of its column."
    clear = told_overview(many({"a": [1.0] * 9, "b": [0.0] * 9}))
    assert any(cell.best for row in clear.matrices[0].rows for cell in row.cells)
    assert clear.key == "Bold: the best of its column. ★: clearly the best."
    alike = told_overview(many({"a": [1.0, 0.0], "b": [0.0, 1.0]}))
    assert not any(cell.leads for row in alike.matrices[0].rows for cell in row.cells)
    assert alike.key == ""


def test_of_models_with_as_many_points_none_has_the_most_whoever_comes_first() -> None:
    """A case of eight points that one misses is as many as eight cases of one."""
    eight = [result("c9", f"p{n}", model, float(model == "b")) for n in range(8) for model in "ab"]
    run = run_with(*many({"a": [1.0] * 8, "b": [0.0] * 8}).points, *eight)
    for models in (run.models, run.models[::-1]):
        view = told_overview(run.model_copy(update={"models": models}))
        assert view.answer[0].endswith(" pass the same number of points, 8 of 16.")
        assert not any(matrix.rows[n].cells[0].best for matrix in view.matrices for n in (0, 1))


def test_the_least_error_of_a_column_is_marked() -> None:
    (matrix,) = told_overview(measured({"a": [0.05] * 3, "b": [0.04] * 3})).matrices
    assert [[cell.leads for cell in row.cells] for row in matrix.rows] == [[False], [True]]


def test_a_model_that_is_better_on_most_pictures_is_said_to_be() -> None:
    view = told_overview(measured({"a": [0.05] * 10, "b": [0.04] * 9 + [0.5]}))
    assert view.answer == (
        "a is closest to the truth, with a mean error of 0.05.",
        "On more pictures, though, b (0.086) is better.",
    )


def test_a_model_that_is_better_on_most_shoots_is_not_said_to_be_on_most_pictures() -> None:
    """It is on ten shoots of one picture, and on none of the twelve of another."""
    run = measured({"a": [0.05] * 22, "b": [0.04] * 10 + [0.07] * 12})
    (case,) = run.cases
    cases = tuple(
        case.model_copy(update={"id": f"c{n}", "group": f"s{min(n, 10)}"}) for n in range(22)
    )
    view = told_overview(run.model_copy(update={"cases": cases}))
    assert view.answer[1] == "On more shoots, though, b (0.0564) is better."


def test_which_mean_is_best_is_said_to_be_over_what_all_models_have() -> None:
    """Of all its pictures a has the larger error, of those that b has too the smaller one."""
    view = told_overview(measured({"a": [0.01] * 3 + [0.9], "b": [0.02] * 3}))
    assert [row.cells[0].leads for row in view.matrices[0].rows] == [True, False]
    assert view.key.endswith("The best is over the pictures that all models have.")
    assert "over" not in told_overview(measured({"a": [0.01] * 3, "b": [0.02] * 3})).key


def timed(seconds: dict[str, float], finished: str = "") -> Run:
    run = many({model: [1.0, 0.0] * 4 for model in seconds})
    predictions = tuple(
        Prediction(
            category=KEY[0], case="c0", model=model, cutout="x.png", cutout_sha256="0" * 64,
            picture_sha256="0" * 64, width=8, height=8, seconds={"infer": spent},
        )
        for model, spent in seconds.items()
    )  # fmt: skip
    models = tuple(
        one.model_copy(
            update={
                "info": one.info.model_copy(
                    update={"runtime": "none" if one.info.name == finished else "Test 1"}
                )
            }
        )
        for one in run.models
    )
    return run.model_copy(update={"predictions": predictions, "models": models})


def test_quality_against_time_has_intervals_and_words_for_them() -> None:
    plot = told_overview(timed({"a": 1.0, "b": 4.0})).charts[0]
    assert [dot.name for dot in plot.dots] == ["a", "b"]
    assert [dot.best for dot in plot.dots] == [True, False]
    assert all(dot.whisker and dot.label for dot in plot.dots)
    assert plot.alt.replace("\u00a0", " ").startswith(
        "Share of points passed and seconds: a, 50 % (95 % interval 16 % to 84 %), 1 s, "
    )


def test_of_one_model_an_interval_and_both_tables_stand_in_place_of_a_chart() -> None:
    page = environment("en").get_template("overview.html.j2")
    run = timed({"a": 1.0})
    view = told_overview(run.model_copy(update={"models": run.models[:1]}))
    assert view.charts == ()
    assert str(view.key).replace("\u00a0", " ") == (
        "50 % (95 % interval 16 % to 84 %) of the points, over 8 pictures."
    )
    html = page.render(view=view)
    assert "points-by" not in html  # neither is chosen, so both are shown
    assert [part in html for part in ('class="by-category"', 'class="by-kind"')] == [True, True]
    assert "points-by" in page.render(view=told_overview(timed({"a": 1.0, "b": 4.0})))


def test_cut_outs_that_were_made_elsewhere_are_never_timed() -> None:
    run = timed({"a": 1.0, "b": 0.001}, finished="b")
    presenter = Presenter(run, Previews({KEY: CasePreviews()}))
    view = presenter.overview()
    assert [dot.name for dot in view.charts[0].dots] == ["a"]
    assert view.matrices[0].rows[1].about[0] == "finished cut-outs"
    (_, b) = presenter.more().models
    assert (b.infer, b.total, b.load, b.memory) == ("not timed",) * 4
    assert presenter.more().names == ("a",)


dots = st.builds(
    lambda name, seconds, share, reach: Dot(
        name, "CC BY-NC 4.0 · 99 %", seconds, share,
        max(0.0, share - reach), min(1.0, share + reach),
    ),
    st.text(min_size=1, max_size=40), st.floats(1e-3, 1e3), st.floats(0, 1), st.floats(0, 0.2),
)  # fmt: skip


def box_of(dot: DotView) -> Rectangle:
    x, baseline = map(float, dot.label[:2])
    wide = max(width(dot.name), width(dot.words, SMALLER))
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[dot.label[2]]
    return left + 0.1, baseline - LINE + 3.1, left + wide - 0.1, baseline + LINE + 2.9


@given(st.lists(dots, min_size=1, max_size=6), st.sampled_from([WIDE, NARROW]))
def test_labels_of_six_models_never_lie_on_each_other(models: list[Dot], across: int) -> None:
    plot = scatter(models, "", across)
    boxes = []
    for dot in plot.dots:
        assert dot.label is not None
        boxes.append(box_of(dot))
        assert boxes[-1][0] >= -0.1
        assert boxes[-1][2] <= across + 0.1
        assert 0 <= float(dot.label[1]) <= 190
        assert 42 <= float(dot.x) <= across - 8
        assert 9.9 <= float(dot.y) <= 190.1
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert 1 <= len(plot.down) <= 6
    assert 2 <= len(plot.across) <= 7


@pytest.mark.parametrize("across", [WIDE, NARROW])
def test_labels_of_few_models_lie_on_no_line(across: int) -> None:
    """The default report's three: names between two whiskers, and off the line of the best."""
    models = [
        Dot("isnet", "MIT · 67\u00a0%", 2.03, 98 / 147, 0.55, 0.76),
        Dot("isnet-matting", "MIT · 69\u00a0%", 2.9, 101 / 147, 0.58, 0.78),
        Dot("grabcut", "Apache-2.0 · 53\u00a0%", 0.86, 78 / 147, 0.39, 0.66),
    ]
    plot = scatter(models, "", across)
    x, y = [float(dot.x) for dot in plot.dots], [float(dot.y) for dot in plot.dots]
    ends = [tuple(map(float, dot.whisker)) for dot in plot.dots]
    lines = [(a, top, a, bottom) for a, (top, bottom) in zip(x, ends, strict=True)]
    lines += [(x[2], y[2] - 1, x[0], y[2] + 1), (x[0], y[0] - 1, x[1], y[0] + 1)]
    for dot in plot.dots:
        assert not any(overlap(box_of(dot), line) for line in lines)
        assert across == NARROW or not dot.line


def test_six_models_on_a_line_upwards_are_named_beside_their_dots() -> None:
    models = [
        Dot(name, "MIT · 70\u00a0%", seconds, share, share - 0.03, share + 0.03)
        for name, seconds, share in [
            ("isnet", 1.2, 0.66), ("isnet-matting", 1.8, 0.69), ("grabcut", 0.56, 0.55),
            ("birefnet-lite", 3.9, 0.8), ("rmbg-2.0", 11.0, 0.88), ("isnet-int8", 0.9, 0.65),
        ]
    ]  # fmt: skip
    plot = scatter(models, "")
    assert not any(dot.line for dot in plot.dots)
    assert plot.dots[4].label[2] == "end"  # at the right edge, its name ends at it


def test_a_dot_lies_at_its_time_and_share_and_its_whisker_at_the_interval() -> None:
    plot = scatter([Dot("a", "", 1.0, 0.5, 0.4, 0.6), Dot("b", "", 10.0, 0.8)], "")
    heights = {words.replace("\u00a0", " "): y for y, words in plot.across}
    places = {words.replace("\u00a0", " "): x for x, words in plot.down}
    a, b = plot.dots
    assert (a.x, a.y) == (places["1 s"], heights["50 %"])
    assert (b.x, b.y) == (places["10 s"], heights["80 %"])
    assert a.whisker == (heights["60 %"], heights["40 %"])
    assert b.whisker is None
    assert float(a.x) < float(b.x)
    assert float(a.y) > float(b.y)  # better is higher
    assert plot.best == f"M{a.x} 190V{a.y}H{b.x}V{b.y}H352"


def test_the_front_is_what_nothing_is_as_fast_and_as_good_as() -> None:
    models = [Dot(str(n), "", *at) for n, at in enumerate([(1, 0.5), (2, 0.4), (3, 0.6), (3, 0.6)])]
    plot = scatter(models, "")
    assert [dot.best for dot in plot.dots] == [True, False, True, False]
    assert plot.best.count("V") == 2


def place(amount: float) -> Gross:
    return Gross(amount=amount, box=(1, 2, 3, 4))


def strays(pixels: float) -> Measurement:
    return Measurement(
        category="portrait", case="bob", model="a", metric="island_pixels", value=pixels,
        unit="px²", region="whole image", reason=None,
    )  # fmt: skip


def test_what_anyone_sees_at_once_comes_before_a_soft_hem() -> None:
    run = run_with(result("ada", measured=0.0), result("bob", measured=0.0))
    run = run.model_copy(
        update={"predictions": run_of_one("bob"), "measurements": Measurements([strays(4)])}
    )
    key = Key("portrait", "bob", "a")
    first, *_ = findings(run, {key: {"crumbs": place(739)}})
    assert (first.case, first.kind, str(first.words)) == ("bob", "crumbs", "739 stray pieces")
    first, *_ = findings(run, {key: {"loss": place(0.5), "crumbs": place(739)}})
    assert str(first.words).replace("\u00a0", " ") == "50 % of the subject is gone"
    only = findings(run, {key: {"crumbs": place(5)}})
    assert [each.kind for each in only] == ["opaque", "opaque"]


def test_specks_that_nobody_sees_come_after_a_point_that_is_missed() -> None:
    run = run_with(result("ada", measured=0.0))
    bob = run.cases[0].model_copy(update={"id": "bob"})
    (large,) = run_of_one("bob")
    large = large.model_copy(update={"width": 1000, "height": 1000})
    run = run.model_copy(update={"cases": (*run.cases, bob), "predictions": (large,)})
    seen = {large.key: {"crumbs": place(51)}}
    for pixels, kinds in ((199, ["opaque", "crumbs"]), (5000, ["crumbs", "opaque"])):
        measured = run.model_copy(update={"measurements": (strays(pixels),)})
        assert [each.kind for each in findings(measured, seen)] == kinds


def test_small_things_are_shown_in_the_error_map_where_there_is_one() -> None:
    run = run_with(result("ada", "p", "a", 1.0))
    specks = Finding("portrait", "ada", ("a",), "crumbs", Message("x"), 1.0, place(51))
    drawn = Previews({KEY: CasePreviews()}, (Spot(specks, box=(10, 20, 90, 90)),))
    case = case_anchor(*KEY)
    (one,) = told_overview(run, drawn).findings
    assert one.href == f"#view={case}&at=55,65,4&a=result:a"
    true = run.cases[0].model_copy(update={"has_truth": True})
    (one,) = told_overview(run.model_copy(update={"cases": (true,)}), drawn).findings
    assert one.href == f"#view={case}&at=55,65,4&a=result:a&layer=error"


def test_what_every_model_leaves_is_most_likely_there() -> None:
    run = run_with(result("bob", measured=1.0))
    run = run.model_copy(
        update={
            "predictions": run_of_one("bob", "a") + run_of_one("bob", "b"),
            "cases": tuple(c.model_copy(update={"has_truth": False}) for c in run.cases),
        }
    )
    a, b = Key("portrait", "bob", "a"), Key("portrait", "bob", "b")
    assert findings(run, {a: {"crumbs": place(300)}, b: {"crumbs": place(290)}}) == []
    (one,) = findings(run, {a: {"crumbs": place(300)}, b: {"crumbs": place(10)}})
    assert (one.models, str(one.words)) == (("a",), "300 stray pieces")


def test_a_finding_leads_to_its_place_in_the_viewer() -> None:
    run = run_with(result("ada", "p", "a", 0.0), result("ada", "p", "b", 0.5))
    drawn = Previews({KEY: CasePreviews()}, tuple(map(Spot, findings(run, {}))))
    (one,) = told_overview(run, drawn).findings
    assert one.href == f"#view={case_anchor(*KEY)}&point=p&a=result:a"
    assert (one.words.replace("\u00a0", " "), one.who) == ("Nothing of it is solid", "both models")
    gone = Finding("portrait", "ada", ("b",), "loss", Message("x"), 1.0, place(1.0))
    drawn = Previews({KEY: CasePreviews()}, (Spot(gone, box=(10, 20, 90, 90)),))
    (one,) = told_overview(run, drawn).findings
    # The address says what is in the middle of the viewer.
    assert one.href == f"#view={case_anchor(*KEY)}&at=55,65,4&a=result:b"
    assert one.who == "b"
    alone = run.model_copy(update={"models": run.models[1:]})
    assert [each.who for each in told_overview(alone, drawn).findings] == [""]
    named = Finding("portrait", "ada", ("b & c#d",), "loss", Message("x"), 1.0, place(1.0))
    drawn = Previews({KEY: CasePreviews()}, (Spot(named, box=(10, 20, 90, 90)),))
    (one,) = told_overview(run, drawn).findings
    assert dict(parse_qsl(one.href.partition("#")[2]))["a"] == "result:b & c#d"


def run_of_one(case: str = "ada", model: str = "a") -> tuple:
    return (Prediction(
        category="portrait", case=case, model=model, cutout="x.png", cutout_sha256="0" * 64,
        picture_sha256="0" * 64, width=8, height=8,
    ),)  # fmt: skip


def test_a_shard_says_which_part_it_is() -> None:
    part = Shard(number=2, of=3, cases=9, listing_sha256="")
    note, *_ = Presenter(run_of(shard=part), Previews({KEY: CasePreviews()})).overview().notes
    assert str(note).startswith("This is shard 2 of 3: 1 of 9 cases.")


def test_pictures_that_are_copies_are_told_with_one_of_them() -> None:
    again = Prediction(category="portrait", case="bob", model="b", picture_sha256="0" * 64)
    run = run_of(*run_of_one(), *run_of_one(model="b"), again)
    *_, note = Presenter(run, Previews({KEY: CasePreviews()})).overview().notes
    assert str(note) == (
        "1 picture is a copy of another (portrait/bob of portrait/ada): both are in means and "
        "counts; where models are compared and in intervals, they are one shoot."
    )
    broken = tuple(again.model_copy(update={"case": name, "failure": FAILED}) for name in "xy")
    assert copies_in(run_of(*broken)) == {}
    other = again.model_copy(update={"picture_sha256": "1" * 64})
    run = run_of(*run_of_one(), *run_of_one(model="b"), other)
    assert not Presenter(run, Previews({KEY: CasePreviews()})).overview().notes


def test_the_table_of_more_than_seven_columns_is_named() -> None:
    view = told_overview(many({"a": [1.0], "b": [0.0]}))
    category, kind = view.matrices
    view = replace(view, matrices=(category, replace(kind, columns=kind.columns[:1] * 8)))
    html = environment("en").get_template("overview.html.j2").render(view=view)
    assert 'class="boards wide-kind"' in html.replace(" alone", "")
