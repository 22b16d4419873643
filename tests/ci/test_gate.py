"""What a build stops at: exit status, junit.xml and summary.md say the same, and say it right."""

from __future__ import annotations

from itertools import product

import pytest
from comparisons import failed, lacking, made, point, rule
from junit_reader import outcomes, read
from runs import run_of

from rmbg_eval import Prediction, Run, Settings
from rmbg_eval.ci.gate import exit_status, failed_alike, how_many_failed, kept_rules
from rmbg_eval.ci.junit import junit_of_run
from rmbg_eval.ci.summary_md import summary_of_run
from rmbg_eval.measure.record import PointResult, RuleResult

PREDICTIONS: tuple[tuple[Prediction, ...], ...] = (
    (made("a"), made("b")),
    (made("a"), failed("b")),
    (failed("a"), failed("b")),
    (),
)
RESULTS: tuple[PointResult | RuleResult | None, ...] = (
    None,
    *(
        of(passed, required=required)
        for of, passed, required in product((point, rule), (True, False, None), (True, False))
    ),
)


def run_with(
    predictions: tuple[Prediction, ...],
    result: PointResult | RuleResult | None,
    fail_on: str,
    complete: bool,
) -> Run:
    run = run_of(
        *predictions, complete=complete, settings=Settings(models=["a", "b"], fail_on=fail_on)
    )
    kind = "points" if isinstance(result, PointResult) else "rules"
    results = (result,) if result and predictions else ()
    return run.model_copy(update={kind: results, **({} if predictions else {"cases": ()})})


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("fail_on", ["required", "error", "point"])
def test_exit_status_junit_and_summary_are_of_one_decision(fail_on: str, complete: bool) -> None:
    for predictions, result in product(PREDICTIONS, RESULTS):
        run = run_with(predictions, result, fail_on, complete)
        failures = [p for p in predictions if p.failure]
        lost = [each for each in (result,) if each and predictions and each.passed is not True]
        if failures and len(failures) == len(predictions):
            status = 2
        elif not complete or any(each.required for each in lost):
            status = 1
        elif fail_on == "required":
            status = 0
        elif fail_on == "error":
            status = 1 if failures else 0
        else:
            status = 1 if failures or lost else 0
        assert exit_status(run) == status, (predictions, result)
        assert ("Stopped" in summary_of_run(run)) == bool(status)
        tags = {tag for own in outcomes(read(junit_of_run(run))).values() for tag in own}
        assert bool(tags & {"error", "failure"}) == bool(status), (predictions, result)


def test_of_a_prediction_that_failed_no_rule_is_kept_or_broken() -> None:
    rules = (rule(True), rule(False), rule(None), rule(None, model="b"), rule(True, model="b"))
    assert kept_rules(run_of(made("a"), made("b"), rules=rules)) == (2, 5)
    assert kept_rules(run_of(made("a"), failed("b"), rules=rules)) == (1, 3)


@pytest.mark.parametrize(
    ("predictions", "told"),
    [
        ((made("a"), failed("b")), "1 of 2 predictions failed"),
        ((made("a"), lacking("b")), "1 of 2 cut-outs is missing"),
        (
            (failed("a"), failed(case="bea"), lacking("b")),
            "2 of 3 cut-outs failed, 1 is missing",
        ),
    ],
)
def test_what_failed_and_what_is_missing_are_counted_apart(
    predictions: tuple[Prediction, ...], told: str
) -> None:
    assert str(how_many_failed(run_of(*predictions))) == told


def test_what_failed_alike_with_all_of_several_models_is_told_once() -> None:
    one, other = failed("a"), failed("b")
    assert failed_alike([one, other], 2) == [(True, [one])]
    assert failed_alike([one, other], 3) == [(False, [one]), (False, [other])]
    assert failed_alike([one], 1) == [(False, [one])]
