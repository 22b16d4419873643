"""The report of pictures without truth and points: the riskiest first, reasons, agreement."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from run.test_risks import risk, run_with, sign
from views import Presenter

from rmbg_eval import Report
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import Agreement, Measurement
from rmbg_eval.measure.risk import GOOD_FROM, coefficients, order_of
from rmbg_eval.report.frame import render
from rmbg_eval.run.agreement import others_of
from rmbg_eval.run.findings import findings
from rmbg_eval.run.previews import CasePreviews, Preview, Previews, Spot
from rmbg_eval.run.record import Run

FAR = tuple(
    Agreement(one=one, other=other, cases=2, apart=far)
    for one, other, far in (("a", "b", 0.005), ("a", "c", 0.4), ("b", "c", 0.39))
)


def own() -> Run:
    crumbs, pores = sign("crumbs", 2.0, (10, 20, 8, 8)), sign("detached", 1.0)
    return run_with(
        risk("ada", "a", 0.3, crumbs), risk("ada", "b", 0.25, pores),
        risk("bob", "a", 0.9, crumbs, pores), risk("bob", "b", 0.1),
        risk("eve", "a", 0.05), risk("eve", "b", None),
    )  # fmt: skip


def presenter(run: Run) -> Presenter:
    return Presenter(run, Previews({key: CasePreviews() for key in run.index.cases}))


def test_the_first_sentence_counts_what_needs_a_look() -> None:
    view = presenter(own()).overview()
    assert view.answer == ("2 of 3 pictures need a look, 1 of them first.",)
    assert view.unscored
    assert "no truth here, so nothing is scored" in view.more
    assert "ordered by risk." in view.more
    made_of = str(dict(presenter(own()).more().details)["What makes risk"])
    assert made_of.startswith("soft patches in the subject and around it, stray pieces")
    named = ("soft_inside", "soft_outside", "crumbs", "edge_beside", "little")
    assert all(
        coefficients()[fit]["weights"][n] > 0 for fit in ("alone", "together") for n in named
    )
    assert "AUROC" not in view.more
    found = order_of("none")
    assert "bad all the same: of test photographs," in view.more
    assert f", {found.bad} of {found.silent} were." in view.more


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            [0.1, 0.0],
            "No sign of a fault was found in any of 2 pictures; a piece that is cleanly gone "
            "leaves none.",
        ),
        ([0.3], "The picture is worth a look."),
        ([0.9], "The picture needs a look."),
        ([0.3, 0.0], "1 of 2 pictures is worth a look."),
        ([0.9, 0.0], "1 of 2 pictures needs a look."),
    ],
)
def test_what_it_says_of_few(values: list[float], words: str) -> None:
    why = sign("crumbs", 2.0)
    run = run_with(
        *(risk(f"c{n}", "a", value, *[why][: value > 0.2]) for n, value in enumerate(values))
    )
    assert presenter(run).overview().answer == (words,)


@pytest.mark.parametrize("apart", [None, 0.011, 0.3])
def test_the_order_is_called_rough_unless_the_models_that_count_differ(apart: float | None) -> None:
    far = () if apart is None else (Agreement(one="a", other="b", cases=2, apart=apart),)
    run = own().model_copy(update={"agreements": far})
    made, others = presenter(run), others_of(run)
    more, order = str(made.overview().more), order_of(others)
    assert ("roughly" in more) is (order.auroc < GOOD_FROM)
    assert ("hardly differ" in more) is (others == "alike")
    assert f"{order.bad} of {order.silent} were" in more
    words = {
        "none": "no other network",
        "alike": "hardly differ, each as if alone,",
        "differ": "that differ,",
    }
    details = dict(made.more().details)
    assert words[others] in details["Risk"]
    assert f"AUROC of {order.auroc} " in details["Risk"]
    assert f", of {order.scenes} on scenes" in details["Risk"]
    assert f", and of {order.networks} by networks" in details["Risk"]
    assert all(
        f"{fifth['unacceptable']} of {fifth['rows']} not"
        in details["Calibration of risk, on these photographs"]
        for fifth in order.calibration
    )


def with_an_odd_one() -> Run:
    """`own`, and a model c that stands apart."""
    run = own()
    third = run.models[0].model_copy(
        update={"info": run.models[0].info.model_copy(update={"name": "c"})}
    )
    return run.model_copy(update={"models": (*run.models, third), "agreements": FAR})


def test_cases_are_put_in_order_by_the_risk_that_the_queue_has() -> None:
    about = {"category": "portrait", "case": "ada", "unit": "share", "region": "whole image"}
    odd = Measurement(**about, model="c", metric="risk", value=0.99)
    run = with_an_odd_one().model_copy(update={"measurements": (odd,)})
    values = presenter(run).bar().facts["values"]
    assert values["risk"] == [[0.3, 0.9, 0.05], [0.25, 0.1, None], [None] * 3]


def test_models_differ_where_those_do_that_tell_of_each_other() -> None:
    about = {"category": "portrait", "unit": "share", "region": "whole image"}
    values = {("ada", "a"): 0.02, ("ada", "c"): 0.4, ("bob", "a"): 0.001, ("bob", "c"): 0.4}
    measured = tuple(
        Measurement(**about, case=case, model=model, metric=metric, value=each)
        for (case, model), value in values.items()
        for metric, each in (("apart", value), ("disagreement", 0.2))
    )
    run = with_an_odd_one().model_copy(update={"measurements": measured})
    assert presenter(run).bar().facts["flags"]["differ"] == [0]


def test_models_agree_by_what_they_have_in_common_and_the_odd_one_is_named() -> None:
    view = presenter(with_an_odd_one()).overview()
    rows = [(model, [cell.value for cell in cells]) for model, cells in view.agreement.rows]
    assert rows == [("a", []), ("b", ["99.5"]), ("c", ["60", "61"])]
    assert str(view.agreement.note) == "c stands apart. Over 2 pictures."
    assert "c stands apart and is left out of the queue." in view.more
    assert presenter(own()).overview().agreement is None


def test_models_of_the_same_weights_are_told_to_say_nothing_and_stand_apart_together() -> None:
    run = with_an_odd_one()
    names, weights = "abcd", (None, None, "x" * 64, "x" * 64)
    of = [run.models[0].info.model_copy(update={"name": n, "weights_sha256": w})
          for n, w in zip(names, weights, strict=True)]  # fmt: skip
    models = [run.models[0].model_copy(update={"info": info}) for info in of]
    far = (*FAR, *(each.model_copy(update={"other": "d"}) for each in FAR[1:]),
           FAR[0].model_copy(update={"one": "c", "other": "d"}))  # fmt: skip
    view = presenter(run.model_copy(update={"models": (*models,), "agreements": far})).overview()
    assert str(view.agreement.note) == (
        "c and d stand apart. That models of the same weights agree says nothing. Over 2 pictures."
    )
    assert "c and d stand apart and are left out of the queue." in view.more


def test_where_models_have_other_pictures_in_common_least_and_most_are_said() -> None:
    run = with_an_odd_one()
    few = (*FAR[:2], FAR[2].model_copy(update={"cases": 1}))
    view = presenter(run.model_copy(update={"agreements": few})).overview()
    said = "Over 1 to 2 pictures: those that both have."
    assert str(view.agreement.note) == f"c stands apart. {said}"


def test_rows_are_found_by_reason_and_say_it() -> None:
    made = presenter(own())
    bar = made.bar()
    assert [each.value for each in bar.flags] == ["first", "worth", "fine"]
    assert [(each.value, each.words) for each in bar.kinds] == [
        ("crumbs", "crumbs"), ("detached", "detached pieces"),
    ]  # fmt: skip
    assert bar.facts["kinds"] == {"crumbs": [0, 1], "detached": [0, 1]}
    assert bar.facts["flags"] == {"worth": [0], "first": [1], "fine": [2]}
    ada, bob, eve = made.category("portrait").cases
    assert (ada.level, bob.level, eve.level) == ("worth", "first", "fine")
    assert [(each.model, each.text) for each in ada.reasons] == [
        ("a", "The outline is frayed"), ("b", "The outline is frayed"),
    ]  # fmt: skip
    assert "&at=14,24," in ada.reasons[0].href
    assert ada.reasons[1].href == f"#view={ada.anchor}&a=result:b"  # a sign of no place
    assert not eve.reasons


def test_what_a_row_says_of_the_only_model_is_without_its_name() -> None:
    run = run_with(risk("ada", "a", 0.6, sign("crumbs", 1.0)))
    alone = run.model_copy(update={"models": run.models[:1]})
    (ada,) = presenter(alone).category("portrait").cases
    assert [(each.model, each.text) for each in ada.reasons] == [("", "The outline is frayed")]


def test_what_a_row_says_of_two_models_names_neither_before_it() -> None:
    far, crumbs = sign("apart", 2.0), sign("crumbs", 1.0)
    run = run_with(risk("ada", "a", 0.6, far, crumbs), risk("ada", "b", 0.5, far))
    category = presenter(run).category("portrait")
    (ada,) = category.cases
    assert [each.model for each in ada.reasons] == ["", "a"]
    html = render("sheet", category, "en")
    rows = re.findall(r"<li>(.*)</li>", html)
    said = "The outline is frayed"
    assert [re.sub("<[^>]*>", "", row) for row in rows] == [said, f"a {said}"]
    assert f">{said}</a>" in rows[0]


def test_a_run_with_a_truth_has_none_of_it() -> None:
    run = own()
    first, *rest = run.cases
    run = run.model_copy(update={"cases": (first.model_copy(update={"has_truth": True}), *rest)})
    view = presenter(run).overview()
    assert not view.unscored
    assert view.agreement is None
    assert not presenter(run).bar().by_reason


def test_on_what_risk_was_fitted_is_told_with_how_well_it_orders() -> None:
    rows = dict(presenter(own()).more().details)
    found = coefficients()
    fit, order = found["alone"], order_of("none")
    said = rows["Risk"]
    assert said.startswith(
        f"fitted on {fit['rows']} cut-outs of {found['photographs']} photographs of people and "
        f"horses and of {found['pictures']} pictures of {found['scenes']} rendered scenes; "
    )
    assert said.endswith(
        f"with no other network to compare with, with an AUROC of {order.auroc} "
        f"(95\N{NO-BREAK SPACE}%: {order.low} to {order.high}) on the photographs of a data set "
        f"that was not learnt from, of {order.scenes} on scenes that were not, and of "
        f"{order.networks} by networks that were not"
    )
    first = order.calibration[0]
    parts = rows["Calibration of risk, on these photographs"].split("; ")
    assert len(parts) == len(order.calibration)
    assert parts[0] == (
        f"{first['from']} to {first['to']}: {first['unacceptable']} of {first['rows']} not "
        "acceptable"
    )


def test_beyond_so_many_cases_the_riskiest_have_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rmbg_eval.report.MOST_CASES", 1)
    settings = own().settings.model_copy(update={"out": str(tmp_path)})
    report = Report(own().model_copy(update={"settings": settings}))
    shown = report.category("portrait").plain
    assert [name in shown for name in ("ada", "bob", "eve")] == [False, True, False]
    assert "the 1 cases with the most risk; it has all 3" in report.bar().plain


def test_in_a_notebook_no_heading_and_no_name_is_there_twice(tmp_path: Path) -> None:
    settings = own().settings.model_copy(update={"out": str(tmp_path)})
    bare = tuple(case.model_copy(update={"title": {}}) for case in own().cases)
    report = Report(own().model_copy(update={"settings": settings, "cases": bare}))
    names = re.findall(r">(ada|bob|eve)\b", report.category("portrait").plain)
    assert names == ["ada", "bob", "eve"]
    titles = re.findall(r"<h[23]>(.+?)</h[23]>", report.overview().plain)
    assert titles[0] == "Models"
    assert len({*titles}) == len(titles)


def test_where_two_models_differ_both_results_are_shown_by_name() -> None:
    differ = sign("apart", 1.0, (10, 20, 8, 8))
    run = run_with(risk("ada", "a", 0.8, differ), risk("ada", "b", 0.9, differ))
    about = {"category": "portrait", "case": "ada", "unit": "share", "region": "subject"}
    apart = (Measurement(**about, model="b", metric="apart", value=0.618),)
    run = run.model_copy(update={"measurements": Measurements(apart)})
    shown = Preview(path="assets/x.webp", width=10, height=10)
    (found,) = findings(run, {})
    drawn = CasePreviews()
    spot = Spot(found, (0, 0, 10, 10), shown, shown, shown)
    view = Presenter(run, Previews({found.case_key: drawn}, (spot,))).overview()
    (one,) = view.findings
    assert [(model, image.alt) for model, image in one.both] == [
        ("a", "Ada, what a left there"), ("b", "Ada, what b left there"),
    ]  # fmt: skip
    assert str(one.words) == "They differ on 62\u00a0% of the subject"
    assert view.about_findings == "Riskiest first."
    alone = Spot(found, (0, 0, 10, 10), shown, shown)
    view = Presenter(run, Previews({found.case_key: drawn}, (alone,))).overview()
    assert view.findings[0].both == ()
    assert str(view.findings[0].words) == str(differ.text)
    assert "or both" not in view.about_findings
    view = Presenter(run, Previews({found.case_key: drawn}, (spot, alone))).overview()
    assert view.about_findings.endswith("Original, then the result that stands out; or both.")
