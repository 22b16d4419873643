"""Two runs → states: every way in which a case can differ, and nothing that passes silently."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from comparisons import comparison, failed, lacking, made, one, point, rule, run, value
from runs import KEY, run_of

from rmbg_eval import Prediction, Run
from rmbg_eval.compare.alpha_change import NOTHING, AlphaChange, alpha_change
from rmbg_eval.compare.comparison import describe, fails
from rmbg_eval.compare.excess import of_others
from rmbg_eval.compare.runs import compare_runs
from rmbg_eval.compare.tolerances import Tolerance, Tolerances
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import Delivery, ObservationPoint, PointResult, Rule, RuleResult
from rmbg_eval.models.folder import FINISHED
from rmbg_eval.report.comparison_words import sentence
from rmbg_eval.run.record import SCHEMA_VERSION
from rmbg_eval.run.shard import Shard

FAR = AlphaChange(0.2, 0.5, (0, 0, 16, 16))
NEAR = AlphaChange(0.0001, 0.001, (0, 0, 16, 16))


@pytest.mark.parametrize(
    ("metric", "before", "after", "state"),
    [
        ("mad_unknown", 0.1, 0.1, "same"),
        ("mad_unknown", 0.1, 0.104, "same"),
        ("mad_unknown", 0.1, 0.106, "worse"),
        ("mad_unknown", 0.1, 0.094, "better"),
        ("mad_unknown", 0.0, 0.0039, "same"),
        ("iou", 0.9, 0.896, "worse"),
        ("iou", 0.9, 0.904, "better"),
        ("iou", 0.9, 0.898, "same"),
        ("islands", 1, 99, "same"),
    ],
)
def test_a_measure_against_its_tolerance(
    metric: str, before: float, after: float, state: str
) -> None:
    pair = one(run(value("mad", 0.1), value(metric, before)),
               run(value("mad", 0.1), value(metric, after), cutout="1"), NEAR)  # fmt: skip
    no_score = [v.name for v in pair.values if str(v.reason) == "no score"]
    assert no_score == (["islands"] if metric == "islands" else [])
    assert pair.state == state
    if state != "same":
        assert metric in str(pair.why)
        assert f"{before:g}" in str(pair.why)


def test_a_pointer_whose_unit_has_another_name_is_the_same() -> None:
    was = value("risk", 0.4).model_copy(update={"unit": "chance, 0 to 1"})
    now = was.model_copy(update={"unit": "order, 0 to 1"})
    assert one(run(value("mad", 0.1), was), run(value("mad", 0.1), now)).state == "same"


def test_the_worst_decides_and_is_named_first() -> None:
    was = run(value("mad", 0.1), value("iou", 0.9), value("s_measure", 0.9))
    now = run(value("mad", 0.05), value("iou", 0.89), value("s_measure", 0.5), cutout="1")
    pair = one(was, now, FAR)
    assert pair.state == "worse"
    assert str(pair.why) == "iou 0.9 → 0.89 (allowed ±0.003), and 1 more"
    assert [v.name for v in pair.of("worse")] == ["iou", "s_measure"]
    assert [v.name for v in pair.of("better")] == ["mad"]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (NEAR, "same"),
        (FAR, "changed"),
        (AlphaChange(0.0001, 0.5), "changed"),
        (AlphaChange(0.002, 0.002), "changed"),
        (AlphaChange(0.25 / 255, 10 / 255), "same"),
        (AlphaChange(0.26 / 255, 10 / 255), "changed"),
        (AlphaChange(0.25 / 255, 10.3 / 255), "changed"),
        (AlphaChange(None, None, reason=Message("the sizes differ")), "changed"),
    ],
)
def test_without_a_truth_a_moved_alpha_is_changed(change: AlphaChange, state: str) -> None:
    was = run(value("mad", None), value("islands", 1))
    now = run(value("mad", None), value("islands", 1), cutout="1")
    pair = one(was, now, change)
    assert pair.state == state
    if state == "changed":
        assert "no measure says whether it is better" in str(pair.why)
    alphas = [v for v in pair.values if v.kind == "alpha"]
    assert {v.reason for v in alphas} == {change.reason}
    assert {(v.base, v.new) for v in alphas} == {(None, None)}
    assert all(v.tolerance for v in alphas)


def test_what_neither_run_could_measure_is_listed_only_where_their_reasons_differ() -> None:
    was = run(value("mad", None), value("sad", None, reason="no edge"), value("islands", 1))
    now = run(value("mad", None), value("sad", None), value("islands", 1), cutout="1")
    measures = [v for v in one(was, now, NEAR).values if v.kind == "measure"]
    assert [v.name for v in measures] == ["sad", "islands"]
    assert str(measures[0].reason) == "why"


@pytest.mark.parametrize(("mad", "state"), [(0.05, "better"), (0.2, "worse")])
def test_where_a_measure_against_a_truth_moved_it_judges_and_not_the_alpha(
    mad: float, state: str
) -> None:
    pair = one(run(value("mad", 0.1)), run(value("mad", mad), cutout="1"), FAR)
    assert pair.state == state
    alphas = [v for v in pair.values if v.kind == "alpha"]
    assert [v.verdict for v in alphas] == ["not judged"] * 2
    assert [v.difference for v in alphas] == [0.2, 0.5]
    assert all("shown, not judged" in str(v.reason) for v in alphas)
    assert {v.tolerance for v in alphas} == {None}


def test_a_speck_that_moves_no_measure_against_a_truth_is_no_rounding() -> None:
    runs = run(value("mad", 0.1)), run(value("mad", 0.1), cutout="1")
    pair = one(*runs, AlphaChange(0.0005, 1.0, (0, 0, 16, 16)))
    assert (pair.state, str(pair.why)) == (
        "changed",
        "alpha moved by 1 (worst 16 px square; allowed ±0.04); no measure says whether it is "
        "better",
    )
    assert one(*runs, NEAR).state == "same"


@pytest.mark.parametrize(("metric", "state"), [("mad", "worse"), ("islands", "changed")])
def test_what_can_no_longer_be_measured_is_worse_where_it_is_a_score(
    metric: str, state: str
) -> None:
    judged = {"islands": Tolerance(absolute=1, reason="few")}
    was, now = run(value(metric, 0.1)), run(value(metric, None, reason="no edge"), cutout="1")
    pair = one(was, now, NEAR, metric=judged)
    assert (pair.state, pair.excess) == (state, of_others(1))
    assert str(pair.why) == f"{metric}: it can no longer be measured: no edge"


def test_only_a_measure_against_a_truth_says_whether_a_moved_alpha_is_for_the_better() -> None:
    measured = value("mad", None), value("islands", 1)
    was = run(*measured, value("sad", None), points=(point(False, 0.5),))
    now = run(*measured, value("sad", None, reason="other"), points=(point(True),), cutout="1")
    assert one(was, now, NEAR).state == "better"
    assert one(was, now, FAR).state == "changed"


@pytest.mark.parametrize(
    ("change", "mad", "why"),
    [
        (NOTHING, 0.2, "mad 0.1 → 0.2 (allowed ±0.005); {colours}"),
        (NOTHING, 0.1, "within the tolerances; {colours}"),
        (NEAR, 0.1, "within the tolerances"),
        (AlphaChange(None, None, reason=Message("no size")), 0.1, "no size; no measure says …"),
    ],
)
def test_where_only_colours_can_differ_that_is_said(
    change: AlphaChange, mad: float, why: str
) -> None:
    pair = one(run(value("mad", 0.1)), run(value("mad", mad), cutout="1"), change)
    colours = "the same alpha in both: only colours can differ"
    assert str(pair.why) == why.format(colours=colours).replace("…", "whether it is better")
    assert pair.only_colours is ("{colours}" in why)
    assert not one(run(), run()).only_colours


def test_what_is_measured_for_the_first_time_is_changed() -> None:
    pair = one(run(value("mad", None)), run(value("mad", 0.1), cutout="1"), NEAR)
    assert (pair.state, str(pair.why)) == ("changed", "mad: not measured in BASE: why")


@pytest.mark.parametrize(
    ("was", "now", "state"),
    [
        (point(True, 0.01), point(True, 0.049), "same"),
        (point(True, 0.01), point(False, 0.06), "worse"),
        (point(True, 0.01), point(None), "worse"),
        (point(False, 0.5), point(True, 0.01), "better"),
        (point(None), point(True, 0.01), "better"),
        (point(None), point(False, 0.5), "worse"),
        (point(None), point(None), "same"),
        (point(False, 0.5), point(False, 0.52), "same"),
        (point(False, 0.5), point(False, 0.6), "worse"),
        (point(False, 0.5), point(False, 0.3), "better"),
        (None, point(True), "case-changed"),
        (None, point(False, 0.9), "case-changed"),
        (point(True), None, "case-changed"),
    ],
    ids=str,
)
def test_points(was: PointResult | None, now: PointResult | None, state: str) -> None:
    before = run(value("mad", 0.1), points=(was,) if was else ())
    after = run(value("mad", 0.1), points=(now,) if now else (), cutout="1")
    pair = one(before, after, NEAR)
    assert pair.state == state
    if state != "same":
        assert "lens" in str(pair.why)


@pytest.mark.parametrize(("of", "kind"), [(point, "points"), (rule, "rules")])
def test_of_a_point_and_a_rule_there_is_what_both_runs_have(
    of: Callable[..., PointResult | RuleResult], kind: str
) -> None:
    for was, now in permutations((None, of(None), of(True, 0.9), of(False, 0.7)), 2):
        before, after = (run(**{kind: (side,) if side else ()}) for side in (was, now))
        (found,) = (v for v in one(before, after).values if v.kind != "alpha")
        numbers = found.base, found.new
        assert numbers == (was and was.measured, now and now.measured)
        assert found.passed == (was and was.passed, now and now.passed)
        off = None if None in numbers else pytest.approx(numbers[1] - numbers[0])
        assert found.difference == off
        if was and now and now.reason:
            assert str(found.reason) == str(now.reason)
        before, after = (
            {True: "passed", False: "failed", None: "not measured"}[p] for p in found.passed
        )
        assert (f": {before} → {after} (" in str(describe(found))) is (before != after)


def with_point(passed: bool, mad: float = 0.1, **changes: object) -> Run:
    given = ObservationPoint(id="lens", kind="transparent", box=(0, 0, 9, 9))
    of = run(value("mad", mad), points=(point(passed, 0.5 * (not passed)),))
    points = (given.model_copy(update=changes),)
    return of.model_copy(update={"cases": (of.cases[0].model_copy(update={"points": points}),)})


@pytest.mark.parametrize("passed", [False, True])
def test_a_point_that_is_defined_otherwise_is_not_judged(passed: bool) -> None:
    pair = one(with_point(not passed), with_point(passed, box=(1, 0, 9, 9)))
    assert pair.state == "case-changed"
    assert "points of this case changed between the two runs: lens" in str(pair.why)
    (lens,) = [v for v in pair.values if v.kind == "point"]
    assert lens.verdict == "not judged"
    assert "defined otherwise" in str(lens.reason)


@pytest.mark.parametrize("passed", [True, False, None])
def test_a_required_point_that_is_new_and_missed_is_worse_also_of_a_new_picture(
    passed: bool | None,
) -> None:
    was, given = run(value("mad", 0.1)), point(passed, 0.5, required=True)
    now = run(value("mad", 0.1), points=(given,), cutout="1")
    assert one(was, now, NEAR).state == ("case-changed" if passed else "worse")
    pair = one(run_of(), run_of(made(), points=(given,)))
    assert pair.state == ("new" if passed else "worse")
    assert fails(pair, "point") == (not passed)
    assert passed or "lens" in str(pair.why)
    assert "colours" not in str(pair.why)


@pytest.mark.parametrize("before", [True, False])
def test_a_required_point_defined_otherwise_is_worse_where_it_is_lost(before: bool) -> None:
    was, now = with_point(before), with_point(False, box=(1, 0, 9, 9))
    required = tuple(each.model_copy(update={"required": True}) for each in now.points)
    pair = one(was, now.model_copy(update={"points": required}))
    assert pair.state == ("worse" if before else "case-changed")


def test_a_point_with_another_title_is_the_same() -> None:
    assert one(with_point(True), with_point(True, title={"en": "Lens"})).state == "same"


def test_what_got_worse_beside_a_point_defined_otherwise_is_worse() -> None:
    pair = one(with_point(True), with_point(False, mad=0.9, box=(1, 0, 9, 9)), NEAR)
    assert (pair.state, [v.name for v in pair.of("worse")]) == ("worse", ["mad"])


def with_truth(hashed: str | None, mad: float, cutout: str = "0", **changes: object) -> Run:
    of = run(value("mad", mad), points=(point(mad < 0.5, mad / 10),), cutout=cutout)
    update = {"truth_sha256": hashed, "has_truth": True}
    record = of.cases[0].model_copy(update={**update, **changes})
    return of.model_copy(update={"cases": (record,)})


@pytest.mark.parametrize("mads", [(0.1, 0.9), (0.9, 0.1)])
@pytest.mark.parametrize("cutout", ["0", "1"])
@pytest.mark.parametrize(
    ("was", "now"),
    [(("a", True), ("b", True)), ((None, False), ("a", True)), (("a", True), (None, False))],
)
def test_where_the_truth_changed_nothing_is_worse_or_better(
    was: tuple, now: tuple, mads: tuple, cutout: str
) -> None:
    before = with_truth(was[0], mads[0], has_truth=was[1])
    after = with_truth(now[0], mads[1], cutout, has_truth=now[1])
    pair = one(before, after, NEAR)
    assert pair.state == "case-changed"
    assert "the truth of this case changed between the two runs" in str(pair.why)
    assert ("same to the bit" in str(pair.why)) is (cutout == "0")
    assert {v.verdict for v in pair.values} == {"not judged"}
    assert all("truth of this case changed" in str(v.reason) for v in pair.values)
    assert {v.kind for v in pair.values} == {"alpha", "measure", "point"}
    _, notes = compare_runs(before, after, Tolerances(), lambda *_: NEAR)
    assert any(str(note).startswith("1 case changed between") for note in notes)


def test_of_the_same_truth_scores_are_judged() -> None:
    assert one(with_truth("a", 0.1), with_truth("a", 0.9), NEAR).state == "worse"


def test_a_run_from_before_truths_were_kept_is_judged() -> None:
    first = with_truth("a", 0.1).model_copy(update={"schema_version": 4})
    assert one(first, with_truth("b", 0.9), NEAR).state == "case-changed"
    old = with_truth(None, 0.1).model_copy(update={"schema_version": 3})
    assert one(with_truth("b", 0.9), old, NEAR).state == "better"
    pair = one(old, with_truth("b", 0.9), NEAR)
    assert pair.state == "worse"
    assert "the same to the bit, so the truth, the point, the rule or" in str(pair.why)


def test_a_damaged_cutout_is_said_also_where_the_truth_changed() -> None:
    gone = AlphaChange(None, None, None, Message("gone"), damaged=True)
    pair = one(with_truth("a", 0.1), with_truth("b", 0.1), gone)
    assert (pair.state, str(pair.why)) == ("changed", "gone")


@pytest.mark.parametrize(
    ("was", "now", "state", "words"),
    [
        (made(), failed(), "failed", "ada.png is empty. Copy it again."),
        (None, failed(), "failed", "ada.png is empty"),
        (made(), lacking(), "missing", "There is no cut-out of ada. Save it."),
        (lacking(), lacking(), "still-failed", "neither run has a cut-out: There is no cut-out"),
        (failed(), failed(), "still-failed", "neither run has a cut-out: ada.png is empty"),
        (failed(), made(), "better", "BASE has no cut-out: ada.png is empty"),
        (made(), None, "missing", "in BASE only"),
        (failed(), None, "still-failed", "not in NEW, and BASE has no cut-out: ada.png is empty"),
        (None, made(), "new", "in NEW only: approve"),
        (made(), made(picture_sha256="q" * 64), "case-changed", "the picture of this case changed"),
        (made(), made(), "same", "same to the bit"),
    ],
)
def test_states_of_predictions(
    was: Prediction | None, now: Prediction | None, state: str, words: str
) -> None:
    pair = one(run_of(*[was] if was else []), run_of(*[now] if now else []))
    assert pair.state == state
    assert words in str(pair.why)


@pytest.mark.parametrize(
    ("state", "stopped_by"),
    [
        ("failed", {"worse", "point", "error"}),
        ("missing", {"worse", "point", "error"}),
        ("worse", {"worse"}),
        ("changed", {"worse"}),
        ("case-changed", {"worse"}),
        ("new", {"worse"}),
        ("still-failed", set()),
        ("better", set()),
        ("same", set()),
    ],
)
def test_what_stops_a_gate(state: str, stopped_by: set[str]) -> None:
    levels = ("worse", "point", "error")
    assert {level for level in levels if comparison(state).failing(level)} == stopped_by


def test_a_worse_point_stops_at_point() -> None:
    found = comparison("worse", worse_point=True)
    assert [bool(found.failing(level)) for level in ("worse", "point", "error")] == [
        True,
        True,
        False,
    ]


def test_worst_first() -> None:
    was = run_of(made("a"), made("b"), failed(case="x"), made(case="y"), made(case="z"))
    now = run_of(failed("a"), made("b", cutout="1"), failed(case="x"), made(case="z"))
    pairs, _ = compare_runs(was, now, Tolerances(), lambda *_: FAR)
    assert [(p.case, p.model, p.state) for p in pairs] == [
        ("ada", "a", "failed"),
        ("y", "a", "missing"),
        ("ada", "b", "changed"),
        ("z", "a", "changed"),
        ("x", "a", "still-failed"),
    ]


@pytest.mark.parametrize("scored", [True, False])
def test_of_those_in_one_state_the_one_furthest_out_is_first_whatever_got_better(
    scored: bool,
) -> None:
    def moved(was: Prediction, now: Prediction) -> AlphaChange:
        assert (was.cutout_sha256, now.cutout_sha256) == ("0" * 64, "1" * 64)
        return AlphaChange(0.0, {"a": 0.3, "b": 0.5}[now.model])

    def run_of_two(cutout: str, mads: tuple, iou: float) -> Run:
        measured = [value("mad", mad, model) for mad, model in zip(mads, "ab", strict=True)]
        measured = [*measured, value("iou", iou, "a")] if scored else []
        return run_of(*(made(name, cutout=cutout) for name in "ab"), measurements=measured)

    was, now = run_of_two("0", (0.1, 0.1), 0.1), run_of_two("1", (0.2, 0.3), 0.9)
    pairs, _ = compare_runs(was, now, Tolerances(), moved)
    assert {pair.state for pair in pairs} == {"worse" if scored else "changed"}
    assert [pair.model for pair in pairs] == ["b", "a"]


def test_tolerances_of_what_is_there_are_no_strangers() -> None:
    each = Tolerance(absolute=1, reason="x")
    mad = {"mad": each}
    there = {"category": {"portrait": mad}, "case": {"portrait/ada": mad}}
    was, now = run(), with_point(True)  # the point is in one of them only
    for before, after in ((was, now), (now, was)):
        of = Tolerances(**there, point={"portrait/ada/lens": each})
        _, notes = compare_runs(before, after, of, lambda *_: NOTHING)
        assert not [note for note in notes if "tolerances" in str(note)]


def test_a_tolerance_of_a_case_decides_and_says_why() -> None:
    wide = Tolerance(absolute=1, reason="ada may move")
    pair = one(
        run(value("mad", 0.1)),
        run(value("mad", 0.9), cutout="1"),
        NEAR,
        case={"portrait/ada": {"mad": wide}},
    )
    assert pair.state == "same"
    (mad,) = [v for v in pair.values if v.name == "mad"]
    assert (mad.allowed, str(mad.tolerance)) == (1, "ada may move")


def test_a_pointer_with_a_tolerance_is_judged_as_changed() -> None:
    strict = Tolerance(absolute=2, reason="no dust")
    was, now = run(value("islands", 1)), run(value("islands", 9), cutout="1")
    shown = one(was, now, NEAR)
    assert (shown.state, str(shown.values[-1].reason)) == ("same", "no score")
    pair = one(was, now, NEAR, metric={"islands": strict})
    assert (pair.state, str(pair.why)) == ("changed", "islands 1 → 9 (allowed ±2)")


def test_how_the_runs_differ_is_said() -> None:
    was = run(value("mad", 0.1))
    machine = was.machine.model_copy(update={"cores": 64, "versions": {"numpy": "3", "x\x1b": "1"}})
    model = was.models[0].info.model_copy(update={"name": "c", "dtype": "fp32"})
    other = was.models[1].info.model_copy(update={"weights_sha256": "f" * 64, "title": "of v2"})
    now = was.model_copy(
        update={
            "complete": False,
            "schema_version": 1,
            "machine": machine,
            "models": tuple(
                m.model_copy(update={"info": info})
                for m, info in zip(was.models, (model, other), strict=True)
            ),
            "measurements": (value("iou", 1.0),),
        }
    )
    _, notes = compare_runs(was, now, Tolerances(), lambda *_: NOTHING)
    text = "\n".join(map(str, notes))
    for words in (
        "NEW was interrupted",
        f"BASE has schema version {SCHEMA_VERSION}, NEW 1",
        "1 model in BASE only: a\n1 model in NEW only: c\nA label keeps two versions of one model",
        "1 measure in BASE only: mad",
        "1 measure in NEW only: iou",
        "b · title: Model b → of v2",
        "b · weights_sha256: none → ffff",
        "cores: 2 → 64",
        "numpy: 2 → 3",
        "x\\x1b: none → 1",
        "rmbg_eval: 0.1.0 → none",
    ):
        assert words in text


def test_of_a_model_that_is_left_out_no_label_is_spoken() -> None:
    was = run_of(made())
    now = was.model_copy(update={"models": was.models[:1]})
    _, notes = compare_runs(was, now, Tolerances(), lambda *_: NOTHING)
    assert [*map(str, notes)] == ["1 model in BASE only: b"]


def run_with_cases(**pictures: str) -> Run:
    """A run of a model over cases, by name with the hash of the picture."""
    known = run_of().cases[0]
    predictions = (made(case=name, picture_sha256=sha * 64) for name, sha in pictures.items())
    cases = tuple(known.model_copy(update={"id": name}) for name in pictures)
    return run_of(*predictions, cases=cases)


def test_two_runs_with_nothing_in_common_are_compared_all_the_same() -> None:
    was, now = run_with_cases(old="1"), run_with_cases(young="2")
    pairs, notes = compare_runs(was, now, Tolerances(), lambda *_: NOTHING)
    assert [(p.case, p.state) for p in pairs] == [("old", "missing"), ("young", "new")]
    only = ["1 case in BASE only: portrait/old", "1 case in NEW only: portrait/young"]
    assert [str(note) for note in notes] == only


def test_a_case_of_another_name_is_compared_where_its_picture_is_the_same() -> None:
    def measured(mad: float, name: str, **others: str) -> Run:
        values = Measurements([value("mad", mad).model_copy(update={"case": name})])
        update = {"points": (point(True, case=name),), "measurements": values}
        return run_with_cases(**{name: "1"}, **others).model_copy(update=update)

    was = measured(0.1, "old", ada="2", x="3", y="3")
    now = measured(0.2, "young", ada="2", copy="2", z="3")
    pairs, notes = compare_runs(was, now, Tolerances(), lambda *_: NOTHING)
    assert {p.case: p.state for p in pairs} == {
        "young": "worse", "ada": "same", "copy": "new", "x": "missing", "y": "missing", "z": "new",
    }  # fmt: skip
    (young,) = (p for p in pairs if p.case == "young")
    assert young.base.case == "old"
    assert {v.name for v in young.values} >= {"mad", "lens"}
    assert str(notes[0]) == (
        "1 case has another name in NEW, and the same picture: portrait/old → portrait/young"
    )
    assert str(notes[1]) == "2 cases in BASE only: portrait/x, portrait/y"


def run_with(*infos: tuple[str, str | None]) -> Run:
    """A run of models by name and weights."""
    of = run_of(*(made(model=name) for name, _ in infos))
    blank = of.models[0]
    models = tuple(
        blank.model_copy(
            update={"info": blank.info.model_copy(update={"name": name, "weights_sha256": weights})}
        )
        for name, weights in infos
    )
    measured = tuple(value("mad", 0.1, name) for name, _ in infos)
    return of.model_copy(update={"models": models, "measurements": measured})


@pytest.mark.parametrize(
    ("was", "now", "pairs"),
    [
        ([("a", "1")], [("b", "2")], {"b": "same"}),
        ([("a", None)], [("b", None)], {"b": "same"}),
        ([("a", "1"), ("b", "2")], [("b", "2"), ("c", "1")], {"b": "same", "c": "same"}),
        ([("a", "1"), ("b", "2")], [("b", "1"), ("a", "2")], {"a": "same", "b": "same"}),
        (
            [("a", "1"), ("b", "2")],
            [("b", "2"), ("c", "3")],
            {"a": "missing", "b": "same", "c": "new"},
        ),
        (
            [("a", None), ("b", "2")],
            [("b", "2"), ("c", None)],
            {"a": "missing", "b": "same", "c": "new"},
        ),
        (
            [("a", "1"), ("b", "1")],
            [("c", "1"), ("d", "1")],
            {"a": "missing", "b": "missing", "c": "new", "d": "new"},
        ),
    ],
)
def test_a_model_of_another_name_is_compared_where_there_is_no_doubt(
    was: list, now: list, pairs: dict[str, str]
) -> None:
    compared, notes = compare_runs(run_with(*was), run_with(*now), Tolerances(), lambda *_: NOTHING)
    assert {p.model: p.state for p in compared} == pairs
    assert all(p.of("same") for p in compared if p.state == "same" and p.base and p.new)
    renamed = [p for p in compared if p.base and p.new and p.base.model != p.new.model]
    for pair, note in zip(renamed, notes, strict=False):
        assert str(note) == f"{pair.base.model} in BASE is compared with {pair.model} in NEW"
    alone = "No model is in both runs: no cut-out is compared with another"
    assert (alone in map(str, notes)) == ("same" not in pairs.values())


@pytest.mark.parametrize(
    ("title", "state"), [("Cut-outs in studio", "same"), ("Cut-outs in b", "new")]
)
def test_a_folder_of_cut_outs_is_known_by_its_own_name_wherever_it_lies(
    title: str, state: str
) -> None:
    def run_of_two(path: str, title: str) -> Run:
        run = run_with(("isnet", "1"), (f"folder:{path}", None))
        info = run.models[1].info.model_copy(
            update={"title": title, "pipeline": FINISHED, "licence": "not stated"}
        )
        models = run.models[0], run.models[1].model_copy(update={"info": info})
        return run.model_copy(update={"models": models})

    was, now = run_of_two("/a/studio", "Cut-outs in studio"), run_of_two("/b/studio", title)
    pairs, _ = compare_runs(was, now, Tolerances(), lambda *_: NOTHING)
    assert {p.model: p.state for p in pairs if p.new} == {
        "isnet": "same",
        "folder:/b/studio": state,
    }


def test_a_shard_beside_a_whole_run_is_said_to_be_one() -> None:
    shard = Shard(number=2, of=3, cases=9, listing_sha256="")
    part, whole = run(shard=shard), run()
    found = [
        "\n".join(map(str, compare_runs(was, now, Tolerances(), lambda *_: NOTHING)[1]))
        for was, now in ((whole, part), (part, whole), (part, part))
    ]
    assert "NEW is shard 2/3, of 9 cases: merge all shards" in found[0]
    assert "BASE is shard 2/3" in found[1]
    assert "shard" not in found[2]


def test_an_empty_run_is_compared_too() -> None:
    assert compare_runs(run_of(), run_of(), Tolerances(), lambda *_: NOTHING) == ((), ())


def test_what_is_equal_but_for_rounding_is_the_same() -> None:
    pair = one(run(value("iou", 0.9)), run(value("iou", 0.9 - 0.003 - 1e-12), cutout="1"), NEAR)
    assert pair.state == "same"
    assert KEY == ("portrait", "ada")
    fifth = float(np.float32(51) / np.float32(255))  # as a cut-out's alpha is read: above 0.2
    near = [point(True, 0.0, tolerance=0.2)], [point(True, fifth, tolerance=0.2)]
    assert one(*(run(points=tuple(each)) for each in near)).state == "same"
    moved = alpha_change(np.zeros((9, 9), np.float32), np.full((9, 9), fifth, np.float32))
    wide = dict.fromkeys(("alpha_mean", "alpha_tile"), Tolerance(absolute=0.2, reason="dim"))
    assert one(run(), run(cutout="1"), moved, metric=wide).state == "same"


def with_rules(*rules: RuleResult, cutout: str = "0", background: str = "#ffffff") -> Run:
    asked = {each.rule: Rule(least=each.least, most=each.most) for each in rules}
    delivery = Delivery(name="Shop", background=background, rules=asked) if rules else None
    return run(cutout=cutout, rules=rules, delivery=delivery)


@pytest.mark.parametrize(
    ("was", "now", "state"),
    [
        (rule(True, 0.9), rule(False, 0.7), "worse"),
        (rule(True, 0.9), rule(None), "worse"),
        (rule(False, 0.7), rule(True, 0.9), "better"),
        (rule(False, 0.7), rule(False, 0.1), "same"),
        (rule(True, 0.9), rule(True, 0.8), "same"),
    ],
)
def test_a_delivery_rule_is_judged_by_whether_it_passes(
    was: RuleResult, now: RuleResult, state: str
) -> None:
    pair = one(with_rules(was), with_rules(now, cutout="1"), NEAR)
    assert pair.state == state
    assert fails(pair, "point") is (state == "worse")
    (found,) = (v for v in pair.values if v.kind == "rule")
    assert found.passed == (was.passed, now.passed)
    if now.passed is False and state == "worse":
        assert str(pair.why) == (
            "delivery rule fill: passed → failed (0.9 → 0.7 share of the frame; "
            "at least 0.8 is asked for)"
        )
        assert str(sentence(found, now)) == (
            "how far the subject fills the frame is 0.7 share of the frame, "
            "at least 0.8 is asked for; 0.9 before"
        )


@pytest.mark.parametrize(
    ("was", "reason"),
    [
        (with_rules(), "the delivery rule is new"),
        (with_rules(rule(True, 0.7, least=0.6)), "asks for something else than in BASE"),
        (with_rules(rule(True), background="#000000"), "asks for something else than in BASE"),
    ],
)
def test_another_delivery_rule_is_not_judged_unless_a_required_one_is_broken(
    was: Run, reason: str
) -> None:
    """A build goes by the comparison alone: what `run` stops at newly must stop it too."""
    for now, state in (
        (rule(False), "same"),
        (rule(True, required=True), "same"),
        (rule(False, required=True), "worse"),
        (rule(None, required=True), "worse"),
    ):
        pair = one(was, with_rules(now))
        assert pair.state == state
        assert fails(pair, "point") is (state == "worse")
        (found,) = (v for v in pair.values if v.kind == "rule")
        assert found.verdict == ("worse" if state == "worse" else "not judged")
        assert reason in str(found.reason) or now.passed is None


def test_a_required_rule_that_was_broken_before_stops_nothing_whatever_it_asked_for() -> None:
    was = with_rules(rule(False, 0.5, least=0.6, required=True))
    assert one(was, with_rules(rule(False, required=True))).state == "same"


def test_a_comparison_and_a_pair_are_printed_as_one_line() -> None:
    found = comparison("worse", "same")
    assert repr(found) == str(found) == "<Comparison of base and new: 1 worse, 1 same>"
    assert repr(found.failing()) == "(<c/worse, m: worse, because>,)"
