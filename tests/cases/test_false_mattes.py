"""No point of the reference cases lets a matte pass that is false where it looks."""

from __future__ import annotations

import pytest
from measure.false_mattes import MUST_FAIL, passed

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.kinds import KINDS

CASES = [case for case in load_cases(resource("cases")).cases if case.foreground]


def test_every_kind_has_mattes_that_must_fail_it():
    assert MUST_FAIL.keys() == KINDS.keys()
    literal = {"transparent": "all 0", "opaque": "all 1"}
    for kind, names in MUST_FAIL.items():
        constant = {"all 0", "all 0.5", "all 1"} - {literal.get(kind)}
        assert constant <= set(names)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_is_right_passes_and_what_is_false_fails(case):
    found = list(passed(case))
    assert [point for name, point, _, passes in found if name == "truth" and not passes] == []
    wrong = [
        (name, point) for name, point, kind, passes in found if passes and name in MUST_FAIL[kind]
    ]
    assert wrong == []
    assert [point for name, point, _, passes in found if name == "solved" and not passes] == []
