"""The figures of one case, as a notebook's cell has them: of each model its own, in their order."""

from __future__ import annotations

from runs import KEY, run_of
from test_overview import result, run_with
from test_present import done, failed
from test_sheet import measured

from rmbg_eval.measure.subject import TRIMAP
from rmbg_eval.measure.table import TABLE
from rmbg_eval.report.figures import case_figures


def test_each_model_has_its_points_and_the_measures_that_lead_to_cases_first() -> None:
    run = run_with(
        result(measured=1.0), result(point="q"), result(model="long"),
        predictions=(done("a"), done("long")),
        measurements=(
            measured("weighted_f", 0.9), measured("disagreement", 0.5),
            measured("mad_unknown", 0.25, "long"), measured("islands", 3.0),
        ),
    )  # fmt: skip
    found = case_figures(run, KEY, ["long", "a"])
    assert found.text.splitlines() == [
        "portrait/ada",
        "  long  0 of 1 points, mad_unknown 0.25",
        "  a     1 of 2 points, mad_unknown –",
    ]
    about = {metric.name: metric for metric in TABLE}
    shown = ("mad_unknown", "disagreement", "weighted_f")
    assert [row[0] for row in found.rows] == [about[name].title for name in shown]
    assert [row[2] for row in found.rows] == [("0.25", "–"), ("–", "0.5"), ("–", "0.9")]


def test_a_measure_over_a_trimap_says_so() -> None:
    one = measured("mad_unknown", 0.25).model_copy(update={"region": TRIMAP})
    ((_, where, _),) = case_figures(run_of(done("a"), measurements=(one,)), KEY, ["a"]).rows
    assert where == "-, unknown region (the data set's trimap)"


def test_a_model_without_figures_says_why() -> None:
    text = case_figures(run_of(failed("a")), KEY, ["a", "b"]).text
    assert text == "portrait/ada\n  a  failed\n  b  not there"
    text = case_figures(run_of(done("a")), KEY, ["a"]).text
    assert text == "portrait/ada\n  a  nothing measured"
    assert case_figures(run_of(), KEY, []).text == "portrait/ada"
