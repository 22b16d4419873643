"""The reference case set: whole, exact, documented, and without a truth that a model could read."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from rmbg_eval.cases.categories import CATEGORIES
from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.points import judge
from rmbg_eval.measure.subject import Subject

FOLDER = resource("cases")
REFERENCE = load_cases(FOLDER).cases
RENDERED = [case for case in REFERENCE if case.alpha]
PHOTOGRAPHS = [case for case in REFERENCE if not case.alpha]
MEGABYTE = 1_000_000


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


def test_two_scenes_or_more_of_every_category_and_four_photographs():
    scenes = Counter(case.category for case in RENDERED)
    assert scenes.keys() == set(CATEGORIES)
    assert min(scenes.values()) >= 2
    assert {case.name for case in PHOTOGRAPHS} == {
        "portrait/astronaut",
        "pet/chelsea",
        "product/coffee",
        "low-quality/coffee-phone",
    }
    assert load_cases(FOLDER).skipped == ()


@named(REFERENCE)
def test_is_whole_and_says_whose_it_is(case):
    size, _ = check_case(case)
    assert min(size) >= 300
    assert case.about.licence
    assert case.about.author
    assert case.about.title.keys() == {"en", "zh"}
    assert case.about.sha256 == hashlib.sha256(case.image.read_bytes()).hexdigest()
    assert len(case.about.points) >= 3
    assert all(point.title.keys() == {"en", "zh"} for point in case.about.points)


@named(REFERENCE)
def test_no_file_that_a_model_reads_has_an_alpha_channel(case):
    with Image.open(case.image) as image:
        assert image.mode == "RGB"
        assert "transparency" not in image.info


@named(RENDERED)
def test_a_scene_is_stored_as_photographs_are_and_its_truth_without_loss(case):
    phone = case.category == "low-quality"
    with Image.open(case.image) as image, Image.open(case.alpha) as truth:
        assert image.format == "JPEG"
        assert image.size == truth.size
        assert max(image.size) == 1200 if phone else 1600 <= max(image.size) <= 2000
        # The first coefficient's step is 16 at quality 50 and 3 at 92.
        assert phone or image.quantization[0][0] <= 3
        assert (truth.format, truth.mode) == ("PNG", "L")
        assert not image.getexif()


@named(RENDERED)
def test_truth_foreground_and_picture_belong_together(case):
    """Where nothing of the background shows, the true foreground is the picture; a truth that
    is shifted by a few pixels is not."""
    picture = case.picture().rgb.astype(np.float32)
    truth = case.truth()
    with Image.open(case.foreground) as image:
        foreground = np.asarray(image.convert("RGB"), np.float32)
    assert foreground.shape == picture.shape
    opaque = truth == 1
    assert 0.05 < opaque.mean() < 0.9
    assert (truth == 0).mean() > 0.1
    assert ((truth > 0) & (truth < 1)).any()
    if case.category == "low-quality":  # its noise, sharpening and colours are the camera's
        picture, foreground = (gaussian_filter(x, (4, 4, 0)) for x in (picture, foreground))
    apart = np.abs(foreground - picture).mean(axis=2)
    assert apart[opaque].mean() < 8
    shifted = np.abs(np.roll(foreground, 40, axis=1) - picture).mean(axis=2)
    assert apart[opaque].mean() < 0.7 * shifted[opaque].mean()


@named(RENDERED)
def test_the_truth_passes_every_point_of_its_case(case):
    """With the true colours as well: what fails or cannot be measured here is a wrong point."""
    truth, foreground = case.truth(), case.true_foreground()
    subject = Subject(
        rgb=foreground,
        alpha=truth,
        picture=case.picture().rgb,
        truth=truth,
        foreground=foreground,
    )
    found = {point.id: judge(point, subject) for point in case.about.points}
    assert {id: result for id, result in found.items() if not result.passed} == {}


def test_the_set_is_small_enough_to_clone():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files if path.suffix != ".pyc") < 30 * MEGABYTE


def test_its_readme_lists_every_case_with_licence_and_points():
    text = (FOLDER / "README.md").read_text("utf-8")
    rows = {
        row[0].strip("`"): row[1:]
        for row in (
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in re.findall(r"^\| `.*$", text, re.MULTILINE)
        )
    }
    assert rows.keys() == {case.name for case in REFERENCE}
    for case in REFERENCE:
        title, truth, points, licence = rows[case.name]
        assert title == case.about.title["en"]
        assert truth == ("layers" if case.alpha else "none")
        assert points == str(len(case.about.points))
        assert licence == case.about.licence


def test_the_phone_camera_makes_its_reference_picture_again(tmp_path):
    import runpy

    from skimage import data

    camera = runpy.run_path(str(resource("cases", "_render", "phone_camera.py")))
    camera["save"](camera["photograph"](data.coffee()), tmp_path / "again.jpg")
    again = np.asarray(Image.open(tmp_path / "again.jpg"), np.float32)
    kept = next(case for case in REFERENCE if case.id == "coffee-phone").picture().rgb
    assert again.shape == kept.shape == (900, 1200, 3)
    assert np.abs(again - kept).mean() < 0.5
    other = camera["photograph"](data.coffee(), seed=1)
    assert np.abs(np.asarray(other, np.float32) - kept).mean() > 0.5, "the bound can be missed"
