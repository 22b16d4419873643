"""Observation points: what case.toml may say of them, and what is refused with which words."""

from __future__ import annotations

import tomllib

import pytest
from pictures import HEIGHT, WIDTH, check_message, encode, picture, put

from rmbg_eval.cases.case import CaseFile
from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.errors import RmbgEvalError
from rmbg_eval.measure.kinds import KINDS, expectation
from rmbg_eval.measure.record import ObservationPoint, PointResult

REGIONS = {
    "box": "box = [1, 2, 3, 4]",
    "polygon": "polygon = [[1, 2], [3, 4], [1, 4]]",
    "lines": "lines = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]",
}


def point(kind: str, rest: str) -> ObservationPoint:
    toml = f'[[points]]\nid = "a"\nkind = "{kind}"\n{rest}\n'
    return CaseFile.model_validate(tomllib.loads(toml)).points[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("region", REGIONS)
def test_takes_the_regions_of_its_kind_and_no_other(kind, region):
    if region in KINDS[kind].regions:
        assert getattr(point(kind, REGIONS[region]), region)
    else:
        with pytest.raises(ValueError, match=f"point a: {kind} needs one of"):
            point(kind, REGIONS[region])


@pytest.mark.parametrize(
    ("kind", "rest", "words"),
    [
        ("opaque", "", "one of box, polygon and lines is needed, not nothing"),
        ("opaque", f"{REGIONS['box']}\n{REGIONS['lines']}", "not box, lines"),
        ("opaque", "box = [1, 2, 0, 4]", "the box is empty"),
        ("opaque", "box = [1, 2, 3, 0]", "the box is empty"),
        ("opaque", "box = [1.5, 2, 3, 4]", "valid integer"),
        ("opaque", "box = [-1, 2, 3, 4]", "greater than or equal to 0"),
        ("opaque", "polygon = [[1, 2], [3, 4]]", "at least 3"),
        ("unbroken", "lines = [[[1, 2]]]", "at least 2"),
        ("unbroken", "lines = []", "at least 1"),
        ("soft-band", "lines = [[[1, 2], [3, 4], [5, 6]]]", "straight lines, of two spots"),
        ("shiny", REGIONS["box"], "kind must be one of transparent, "),
        ("opaque", f"{REGIONS['box']}\nexpected = nan", "finite"),
        ("opaque", f"{REGIONS['box']}\ntolerance = -1", "greater than or equal to 0"),
        ("opaque", f"{REGIONS['box']}\nweight = 2", "unknown name 'points.0.weight' (allowed: id,"),
        ("opaque", f'{REGIONS["box"]}\n[[points]]\nid = "a"\nkind = "opaque"\n{REGIONS["box"]}',
         "two points are called a"),
        ("opaque", f'{REGIONS["box"]}\n[[points]]\nid = "Ä"\nkind = "opaque"\n{REGIONS["box"]}',
         "points.1.id"),
    ],
)  # fmt: skip
def test_a_mistake_is_a_failed_case_that_names_file_point_and_remedy(kind, rest, words, tmp_path):
    folder = tmp_path / "pet" / "rex"
    put(folder / "image.png", encode(picture(), "PNG"))
    put(folder / "case.toml", f'[[points]]\nid = "a"\nkind = "{kind}"\n{rest}\n')
    (case,) = load_cases(tmp_path).cases
    with pytest.raises(RmbgEvalError) as caught:
        check_case(case)
    check_message(caught.value, "rex/case.toml", words)


@pytest.mark.parametrize(
    ("region", "fits"),
    [
        (f"box = [0, 0, {WIDTH}, {HEIGHT}]", True),
        (f"box = [1, 0, {WIDTH}, {HEIGHT}]", False),
        (f"box = [0, 1, {WIDTH}, {HEIGHT}]", False),
        (f"polygon = [[0, 0], [{WIDTH}, 0], [0, {HEIGHT}]]", True),
        (f"polygon = [[0, 0], [{WIDTH + 1}, 0], [0, {HEIGHT}]]", False),
        (f"lines = [[[0, 0], [0, {HEIGHT + 1}]]]", False),
    ],
)
def test_a_region_that_leaves_the_picture_is_found_by_the_check(region, fits, tmp_path):
    folder = tmp_path / "pet" / "rex"
    put(folder / "image.png", encode(picture(), "PNG"))
    put(folder / "case.toml", f'[[points]]\nid = "a"\nkind = "opaque"\n{region}\n')
    (case,) = load_cases(tmp_path).cases
    if fits:
        check_case(case)
    else:
        with pytest.raises(RmbgEvalError) as caught:
            check_case(case)
        check_message(caught.value, "point a", f"{WIDTH}×{HEIGHT}")


def test_there_is_no_axis_for_what_no_picture_has() -> None:
    about = {"category": "a", "case": "b", "model": "m", "point": "p", "unit": "px"}
    for kind in KINDS.values():
        for far in ({"expected": 1e308, "tolerance": 1e308}, {"measured": 1e308}):
            seen = {"measured": 1.0, "expected": 1.0, "tolerance": 1.0, "passed": True, **far}
            assert expectation(PointResult(**about, **seen, kind=kind.name)) is None
