"""junit.xml: one test for each case × model, as Jenkins, GitLab and GitHub's actions read it.

The format has no standard of its own; what is written keeps to the schema of Jenkins' xUnit plugin
(junit-10.xsd, jenkinsci/xunit-plugin): `testsuites > testsuite > testcase`, each with at most one
of `failure`, `error`, `skipped`, which is all that GitLab shows, then `system-out`.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from tempfile import SpooledTemporaryFile
from typing import Literal
from xml.etree import ElementTree

from ..compare.comparison import Comparison, describe, fails
from ..compare.pair import Pair
from ..core.anchors import case_anchor, pair_anchor
from ..core.key import Key
from ..decisions.acceptance import Acceptance, acceptances, percent
from ..decisions.applying import saying
from ..decisions.ranking import ranking_of
from ..decisions.record import Decisions, Review
from ..i18n import Message
from ..measure.record import PointResult, RuleResult
from ..run.record import Run
from ..run.statistics import ALL
from ..settings import CompareFailOn as FailOn
from .gate import stops_at, stops_at_failures, why, why_broken
from .outputs import Output

Outcome = Literal["passed", "failure", "error", "skipped"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (section 2.2, Char), not even as a reference."""
_LONGEST = 10_000


@dataclass(frozen=True)
class Checked:
    """A case × model, as a test."""

    suite: str
    category: str
    case: str
    outcome: Outcome = "passed"
    kind: str = ""
    message: str = ""
    """One line."""
    text: str = ""
    """All of it, with the link."""
    out: str = ""
    """What is said of a test whatever its outcome."""
    seconds: float = 0.0


def junit_of_run(
    run: Run, decisions: Decisions = Decisions(), unreadable: Message | None = None
) -> Iterator[str]:
    """The XML of a run, in pieces; `decisions` are those about its own content. That they are
    `unreadable`, summary.md says."""
    tests = chain(_tests_of_run(run, decisions), _tests_by_eye(run, decisions))
    return junit(tests, "rmbg_eval")


def junit_of_comparison(comparison: Comparison, fail_on: FailOn) -> Iterator[str]:
    """The XML of a comparison, in pieces; a failure is what the gate stops at."""
    tests = (_test_of_pair(pair, fail_on) for pair in comparison.by_model())
    return junit(tests, "rmbg_eval compare")


def junit(tests: Iterable[Checked], name: str) -> Iterator[str]:
    """The XML of tests, which come sorted by suite; in pieces, each a line at least.

    What stands first counts those that follow: these wait in a file where they are many.
    """
    totals = {"tests": 0, "failures": 0, "errors": 0}
    suites: list[tuple[str, int]] = []
    with SpooledTemporaryFile(_SPOOLED) as waiting:
        for suite, group in groupby(tests, key=lambda test: test.suite):
            counts, seconds, size = Counter[str](), array("d"), 0
            for test in group:
                counts[test.outcome] += 1
                seconds.append(test.seconds)
                size += waiting.write(_testcase(test).encode())
            about = {
                "tests": len(seconds), "failures": counts["failure"], "errors": counts["error"],
            }  # fmt: skip
            for key, count in about.items():
                totals[key] += count
            start = _start(
                "testsuite",
                name=suite,
                **about,
                skipped=counts["skipped"],
                time=f"{sum(seconds):.3f}",
            )
            suites.append((start, size))
        yield _HEAD
        start = _start("testsuites", name=name, **totals)
        yield f"{start}>\n" if suites else f"{start} />\n"
        waiting.seek(0)
        for start, size in suites:
            yield f"  {start}>\n"
            while size > 0:
                line = waiting.readline()
                size -= len(line)
                yield line.decode()
            yield "  </testsuite>\n"
        if suites:
            yield "</testsuites>\n"


_SPOOLED = 1 << 22
"""Bytes of tests that are in memory."""
_HEAD = "<?xml version='1.0' encoding='utf-8'?>\n"


def _start(tag: str, **about: object) -> str:
    """An element's start, without its end."""
    element = ElementTree.Element(tag, {key: xml_text(str(v)) for key, v in about.items()})
    return ElementTree.tostring(element, "unicode").removesuffix(" />")


def xml_text(text: str) -> str:
    r"""`text` with every character that XML forbids replaced by U+FFFD, and cut where it is absurd.

    >>> xml_text('a\x00b')
    'a�b'
    """
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return _FORBIDDEN.sub("�", cut)


def link(category: str, case: str) -> str:
    """Where a case is in the report's page."""
    return f"index.html#{case_anchor(category, case)}"


def pair_link(pair: Pair) -> str:
    """Where a case × model is in the comparison's page."""
    return f"index.html#{pair_anchor(*pair.key)}"


def _testcase(test: Checked) -> str:
    element = ElementTree.Element(
        "testcase",
        classname=xml_text(f"{test.suite}.{test.category}"),
        name=xml_text(test.case),
        time=f"{test.seconds:.3f}",
    )
    if test.outcome != "passed":
        about = {"message": xml_text(test.message)}
        if test.kind:
            about["type"] = xml_text(test.kind)
        ElementTree.SubElement(element, test.outcome, about).text = xml_text(test.text)
    if test.out:
        ElementTree.SubElement(element, "system-out").text = xml_text(test.out)
    ElementTree.indent(element, level=2)
    return f"    {ElementTree.tostring(element, 'unicode')}\n"


def is_weighted(each: Acceptance) -> bool:
    """Whether the share is another than that of those decided, as shown: there are more cut-outs of
    some risk than of another."""
    return each.share is not None and percent(each.share) != percent(each.usable / each.decided)


def share_of(each: Acceptance) -> str:
    """The share usable in words."""
    return percent(each.share) + (", weighted by risk" if is_weighted(each) else "")


def _tests_by_eye(run: Run, decisions: Decisions) -> Iterator[Checked]:
    """The share usable and the ranking, as tests that pass: so that a build's page shows them."""
    if decisions.reviews:
        for each in acceptances(run, decisions):
            if each.category == ALL:
                text = f"{each.usable} of {each.decided} usable ({share_of(each)})"
                if each.low is not None:
                    bounds = f"{percent(each.low)} to {percent(each.high)}"
                    text += f"; {bounds} of all pictures like these"
                more = f"\n{each.reason}" if each.reason else ""
                yield Checked("by eye", "acceptance", each.model, out=text + more)
    if decisions.votes:
        ranking = ranking_of(run, decisions)
        for one in ranking.models:
            text = f"rank {one.ranks}: would win {percent(one.share)}"
            text = "no rank" if one.best_rank is None else text
            counts = f"{one.won} won, {one.lost} lost, {one.equal} equal"
            more = f"\n{ranking.reason}" if ranking.reason else ""
            yield Checked("by eye", "ranking", one.model, out=f"{text}; {counts}{more}")


def _tests_of_run(run: Run, decisions: Decisions) -> Iterator[Checked]:
    names = [model.info.name for model in run.models] or run.settings.models
    at_failures = stops_at_failures(run)
    reviews: dict[Key, list[Review]] = {}
    for review in decisions.reviews:
        reviews.setdefault(review.key, []).append(review)
    if not run.complete:  # also where each case has its cut-out: not all of them is judged
        why_not = "The run was interrupted: what is here is partial"
        yield Checked("run", "status", "complete", "error", "Interrupted", why_not, why_not)
    for model in names:
        for record in run.cases:
            key = model, record.category, record.id
            at = f"See {link(*record.key)}"
            about = Key(*record.key, model)
            prediction = run.index.predictions.get(about)
            if prediction is None:
                why_not = "The run was interrupted before this case"
                yield Checked(*key, "error", "Interrupted", why_not, why_not)
                continue
            seconds = prediction.total_seconds
            judged: list[PointResult | RuleResult] = [*run.index.points.get(about, {}).values()]
            judged += run.index.rules.get(about, {}).values()
            failing = [each for each in judged if stops_at(run, each)]
            if prediction.failure:
                failure = prediction.failure
                problem, text = str(failure.problem), f"{failure}\n{at}"
                if at_failures or failing:
                    yield Checked(*key, "error", failure.kind, problem, text, seconds=seconds)
                else:
                    problem = f"{failure.state}, which --fail-on required lets pass: {problem}"
                    yield Checked(*key, "skipped", failure.kind, problem, text, seconds=seconds)
                continue
            noted = "\n".join(
                _line(each) for each in judged if not each.passed and not stops_at(run, each)
            )
            out = f"Points and rules that did not pass:\n{noted}\n{at}" if noted else ""
            eye = "\n".join(f"{r.who}: {saying(r)}. {r.comment}" for r in reviews.get(about, ()))
            out = "\n".join(filter(None, [out, eye and f"By eye:\n{eye}"]))
            if not failing:
                yield Checked(*key, out=out, seconds=seconds)
                continue
            more = f" and {len(failing) - 1} more" if len(failing) > 1 else ""
            text = "\n".join([*map(_line, failing), at])
            rule = isinstance(failing[0], RuleResult)
            message = f"{'Delivery rule' if rule else 'Point'} {_line(failing[0])}{more}"
            kind = "DeliveryRule" if rule else "ObservationPoint"
            yield Checked(*key, "failure", kind, message, text, out, seconds)


def _line(result: PointResult | RuleResult) -> str:
    """A point or a delivery rule that did not pass, and why."""
    if isinstance(result, RuleResult):
        return f"{result.rule} ({'required' if result.required else 'rule'}): {why_broken(result)}"
    return f"{result.point} ({'required' if result.required else result.kind}): {why(result)}"


def _test_of_pair(pair: Pair, fail_on: FailOn) -> Checked:
    key = pair.model, pair.category, pair.case
    if pair.state == "same":
        return Checked(*key)
    lines = [f"{verdict}: {describe(value)}" for verdict in ("worse", "changed")
             for value in pair.of(verdict)]  # fmt: skip
    text = "\n".join([f"{pair.state}: {pair.why}", *lines, f"See {pair_link(pair)}"])
    message = f"{pair.state}: {pair.why}"
    if fails(pair, fail_on):
        outcome: Outcome = "error" if pair.state == "failed" else "failure"
        return Checked(*key, outcome, pair.state, message, text)
    if pair.state == "still-failed":
        return Checked(*key, "skipped", pair.state, message, text)
    return Checked(*key, out=text)


OUTPUT = Output("junit.xml", junit_of_run, junit_of_comparison)
