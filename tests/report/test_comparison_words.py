"""What changed, in sentences: each number in its kind's unit, NEW first and BASE as it was."""

from __future__ import annotations

import pytest
from comparisons import comparison, one, point, run, value

from rmbg_eval.compare.alpha_change import NOTHING, AlphaChange
from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.compare.pair import Value
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.record import PointResult
from rmbg_eval.report.comparison_words import answer, counted, measure_title, sentence

NBSP = "\N{NO-BREAK SPACE}"


def of_kind(kind: str, passed: bool, measured: float) -> PointResult:
    return point(passed, measured, kind=kind, unit=KINDS[kind].unit, expected=4.0)


def change(was: PointResult, now: PointResult) -> Value:
    pair = one(run(points=(was,)), run(points=(now,), cutout="1"))
    return next(each for each in pair.values if each.kind == "point")


@pytest.mark.parametrize(
    ("kind", "before", "after", "was", "words"),
    [
        ("opaque", 0.9, 0.1, "90 %", "Only 10 % solid"),
        ("soft-band", 4.0, 9.0, "4 px", "Edge 9 px wide; 4 px in the photo"),
        ("strands", 4.0, 1.0, "4", "1 of 4 strands is recovered"),
        ("no-fringe", 4.0, 21.0, "ΔE 4", "The edge's colour is off by ΔE 21; 4 would be right"),
    ],
)
def test_a_points_numbers_have_their_unit(
    kind: str, before: float, after: float, was: str, words: str
) -> None:
    good, bad = of_kind(kind, True, before), of_kind(kind, False, after)
    said = str(sentence(change(good, bad), bad)).replace(NBSP, " ")
    assert said == f"{words}; {was} before"
    said = str(sentence(change(bad, good), good)).replace(NBSP, " ")
    assert said.startswith("passes now; ")
    assert said != f"passes now; {was} before"


def test_where_the_point_has_gone_or_has_no_number_it_is_described() -> None:
    good, bad = of_kind("opaque", True, 0.9), of_kind("opaque", False, 0.1)
    found = change(good, bad)
    for after in (None, bad.model_copy(update={"measured": None})):
        assert str(sentence(found, after)).startswith("point lens: passed → failed (0.9 → 0.1 ")


def test_a_measure_has_its_long_name_and_both_values() -> None:
    pair = one(run(value("mad", 0.125)), run(value("mad", 0.25), cutout="1"))
    by_name = {each.name: each for each in pair.values}
    assert str(sentence(by_name["mad"], None)) == ("mean error 0.25, 0.125 before; less is better")
    shapes = by_name["mad"].model_copy(update={"name": "iou"})
    assert str(sentence(shapes, None)).endswith("; more is better")
    assert str(measure_title(by_name["alpha_tile"])) == "how far alpha moved in the worst square"
    colour = by_name["mad"].model_copy(update={"name": "delta_e_white", "unit": "ΔE2000"})
    assert "ΔE 0.25, ΔE 0.125 before" in str(sentence(colour, None)).replace(NBSP, " ")
    rule = by_name["mad"].model_copy(update={"kind": "rule", "name": "fill"})
    assert str(measure_title(rule)) == "how far the subject fills the frame"
    unknown = rule.model_copy(update={"name": "of a version to come"})
    assert str(measure_title(unknown)) == "of a version to come"


def test_the_answer_counts_what_stops_the_gate_or_else_what_changed() -> None:
    found = comparison("worse", "worse", "better", "same", "new")
    assert str(answer(found, "worse")) == ("The gate stops: of 5 cut-outs, 2 got worse, 1 is new.")
    assert str(answer(found, "error")) == (
        "The gate lets this pass: of 5 cut-outs, 2 got worse, 1 is new, 1 got better."
    )
    same = comparison("same", "same")
    assert str(answer(same, "worse")) == "Nothing changed: 2 cut-outs are as they were."
    lone = comparison("worse")
    assert str(answer(lone, "worse")) == "The gate stops: of 1 cut-out, 1 got worse."
    assert [*map(str, counted(same.states))] == ["2 are the same"]


def test_the_answer_says_where_only_colours_changed() -> None:
    pairs = [
        one(run(value("mad", 0.1)), run(value("mad", mad), cutout="1"), change)
        for mad, change in ((0.2, NOTHING), (0.05, NOTHING), (0.05, AlphaChange(0.2, 0.5)))
    ]
    for shown, level, words in (
        (pairs[:2], "worse", "The gate stops: of 2 cut-outs, 1 got worse, in colours alone."),
        (pairs, "worse", "The gate stops: of 3 cut-outs, 1 got worse, in colours alone."),
        (pairs[1:2], "worse", "The gate lets this pass: of 1 cut-out, 1 got better, in colours …"),
        (pairs, "error", "The gate lets this pass: of 3 cut-outs, 1 got worse, 2 got better."),
    ):
        found = Comparison(base="a", new="b", notes=(), pairs=tuple(shown))
        assert str(answer(found, level)) == words.replace("…", "alone.")
