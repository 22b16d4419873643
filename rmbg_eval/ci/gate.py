"""What of a run a build stops at: decided once, for exit status, junit.xml and summary.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ..core.key import CaseKey, Key
from ..core.numbers import figures
from ..core.records import columns, without
from ..errors import printable
from ..i18n import Message
from ..measure.delivery import RULES, bounds
from ..measure.record import PointResult, RuleResult
from ..predictions.prediction import Prediction
from ..run.record import Result, Run, lost


def stops_at(run: Run, result: PointResult | RuleResult) -> bool:
    """Whether a build stops at a point or a delivery rule, by the settings' `fail_on`."""
    return not result.passed and (result.required or run.settings.fail_on == "point")


def failing(run: Run, results: Sequence[Result]) -> Iterator[Result]:
    """Those of its points, or of its delivery rules, at which a build stops."""
    return (each for each in without(results, "passed") if stops_at(run, each))


def all_failed(run: Run) -> bool:
    """Whether nothing succeeded. A shard may have no cases at all, and is fine."""
    return bool(run.predictions) and len(run.failures) == len(run.predictions)


def stops_at_failures(run: Run) -> bool:
    """Whether a build stops at any prediction that failed, by the settings' `fail_on`; where
    nothing succeeded it always does."""
    return run.settings.fail_on != "required" or all_failed(run)


def stops(run: Run) -> bool:
    """Whether a build stops at `run`: `point` includes `error`, and all include `required`."""
    return (
        (bool(run.failures) and stops_at_failures(run))
        or not run.complete
        or any(failing(run, run.points))
        or any(failing(run, run.rules))
    )


def exit_status(run: Run) -> int:
    """How a command ends that made `run`: 2 if nothing succeeded, 1 if a build stops at it."""
    return 2 if all_failed(run) else int(stops(run))


def kept_rules(run: Run) -> tuple[int, int]:
    """How many delivery rules the cut-outs keep to, and of how many: a prediction that failed has
    no cut-out that could break one."""
    failed = {prediction.key for prediction in run.failures}
    counts = Counter(
        passed
        for *about, passed in columns(run.rules, "category", "case", "model", "passed")
        if not failed or Key(*about) not in failed
    )
    return counts[True], counts.total()


def missing(failures: Iterable[Prediction]) -> list[Prediction]:
    """Of the failures, those that a folder of finished cut-outs merely lacks."""
    return [p for p in failures if p.failure and p.failure.state == "missing"]


def how_many_failed(run: Run) -> Message:
    """In words, of all predictions; and how many are missing, if any."""
    lacking, n = len(missing(run.failures)), len(run.predictions)
    failed = len(run.failures) - lacking
    if not lacking:
        return Message(
            "{failed} of {n} prediction failed",
            many="{failed} of {n} predictions failed",
            failed=failed,
            n=n,
        )
    if not failed:
        return Message(
            "{n} of {all} cut-outs is missing",
            many="{n} of {all} cut-outs are missing",
            n=lacking,
            all=n,
        )
    return Message(
        "{failed} of {all} cut-outs failed, {n} is missing",
        many="{failed} of {all} cut-outs failed, {n} are missing",
        failed=failed,
        n=lacking,
        all=n,
    )


MOST_FAILURES = 100
"""Failures that are told one by one; of more, those that are alike are told together."""


def all_failed_alike(failed: Sequence[Prediction], of: int) -> bool:
    """Whether the failures of a case are those of all `of` models, several, for one reason."""
    return 1 < len(failed) == of and len({str(p.failure) for p in failed}) == 1


def failed_alike(
    failures: Iterable[Prediction], models: int
) -> list[tuple[bool, list[Prediction]]]:
    """The failures of a run, those of one reason together, whatever picture it names; and whether
    every model failed so: then one prediction is there for all of a case."""
    by_case: dict[CaseKey, list[Prediction]] = {}
    for prediction in failures:
        by_case.setdefault(prediction.case_key, []).append(prediction)
    alike: dict[tuple[str | None, str], list[Prediction]] = {}
    for failed in by_case.values():
        same = all_failed_alike(failed, models)
        for p in failed[:1] if same else failed:
            reason = p.failure.problem.text if p.failure else ""
            alike.setdefault((None if same else p.model, reason), []).append(p)
    return [(model is None, together) for (model, _), together in alike.items()]


def count_lost(results: Sequence[Result]) -> int:
    """How many required points or delivery rules did not pass, or could not be measured, as where
    a prediction failed: a build stops at any."""
    return sum(1 for _ in lost(results))


def rules_name(run: Run) -> str:
    """What its delivery rules are called, and of when they are."""
    if not run.delivery:
        return ""
    name = run.delivery.name or run.settings.rules
    return printable(" · ".join(filter(None, [name, run.delivery.date])))


def why_broken(rule: RuleResult) -> Message:
    """What a delivery rule asks for and what there is, in words."""
    if rule.measured is None:
        return rule.reason or Message("not measured")
    kind = RULES.get(rule.rule)
    return Message(
        "{what} is {measured} {unit}, {allowed} is asked for",
        what=Message(kind.title) if kind else rule.rule,
        measured=figures(rule.measured),
        unit=Message(rule.unit),
        allowed=bounds(rule),
    )


def why(point: PointResult) -> Message:
    """What was seen at a point, in words."""
    if point.measured is None or point.expected is None:
        return point.reason or Message("not measured")
    return Message(
        "measured {measured} {unit}, expected {expected} ± {tolerance}",
        measured=figures(point.measured),
        unit=Message(point.unit),
        expected=figures(point.expected),
        tolerance=figures(point.tolerance),
    )
