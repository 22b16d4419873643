"""No point of the reference cases lets a matte pass that is false where it looks."""

from __future__ import annotations

import numpy as np
import pytest
from measure.false_mattes import MUST_FAIL, passed, solved
from PIL import Image

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.points import judge
from rmbg_eval.measure.region import near_edge
from rmbg_eval.measure.subject import Subject

CASES = [case for case in load_cases(resource("cases")).cases if case.foreground]


def test_every_kind_has_mattes_that_must_fail_it():
    assert MUST_FAIL.keys() == KINDS.keys()
    literal = {"transparent": "all 0", "opaque": "all 1"}
    for kind, names in MUST_FAIL.items():
        constant = {"all 0", "all 0.5", "all 1"} - {literal.get(kind)}
        assert constant <= set(names)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_truth_passes_and_what_is_false_fails(case):
    found = list(passed(case))
    assert [point for name, point, _, passes in found if name == "truth" and not passes] == []
    wrong = [
        (name, point) for name, point, kind, passes in found if passes and name in MUST_FAIL[kind]
    ]
    assert wrong == []


LAYERED = [
    case
    for case in CASES
    if case.category != "low-quality"  # a phone's camera stands between layers and picture
    and case.image.with_name("plate.jpg").exists()
]


@pytest.mark.parametrize("case", LAYERED, ids=[case.name for case in LAYERED])
def test_a_matte_solved_from_picture_and_layers_passes_every_point(case):
    picture, truth, foreground = case.picture().rgb, case.truth(), case.true_foreground()
    with Image.open(case.image.with_name("plate.jpg")) as image:
        plate = np.asarray(image.convert("RGB"))
    alpha = np.where(near_edge(truth, 10), solved(picture, foreground, plate), truth)
    subject = Subject(alpha, foreground, picture, truth, foreground)
    seen = {point.id: judge(point, subject) for point in case.about.points}
    assert {id: result for id, result in seen.items() if not result.passed} == {}
