"""No point of the reference cases lets a matte pass that is false where it looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from measure.false_mattes import MUST_FAIL, RAW, judged, with_raw_colours

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.points import judge

DOC = Path(__file__).parents[2] / "docs" / "false-mattes.md"
CASES = [case for case in load_cases(resource("cases")).cases if case.foreground]


def test_every_kind_has_mattes_that_must_fail_it():
    assert MUST_FAIL.keys() == KINDS.keys()
    literal = {"transparent": "all 0", "opaque": "all 1"}
    for kind, names in MUST_FAIL.items():
        constant = {"all 0", "all 0.5", "all 1"} - {literal.get(kind)}
        assert constant <= set(names)


def test_how_often_the_truth_shows_a_fringe_in_raw_colours_is_told():
    passed = [
        judge(point, subject).passed is True
        for case in CASES
        for point in case.about.points
        if point.kind == "no-fringe"
        for subject in [with_raw_colours(case)]
    ]
    assert not all(passed)
    told = DOC.read_text("utf-8")
    head, row = (
        next(line for line in told.splitlines() if line.startswith(first)).split(" | ")
        for first in ("| kind |", "| `no-fringe`")
    )
    assert row[head.index(RAW)] == f"{sum(passed)} of {len(passed)}"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_right_passes_and_what_is_false_fails(case):
    right = "truth", "solved"
    asked = judged(case, lambda name, point: name in (*right, *MUST_FAIL[point.kind]))
    answered_wrongly = [
        (name, point.id, seen)
        for name, point, seen in asked
        if bool(seen.passed) is not (name in right)
    ]
    assert answered_wrongly == []
