"""Pictures in memory become cases, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import disc
from PIL import Image

from rmbg_eval import Picture, Settings, evaluate, load_cases
from rmbg_eval.cases.in_memory import write_pictures
from rmbg_eval.errors import SettingsError

RGB, TRUTH = disc(3, (64, 48))


def test_what_was_given_is_read_again(tmp_path: Path) -> None:
    other = Image.fromarray(RGB[::-1])
    given = {"pet/rex": (RGB, TRUTH / 255), "b": other, 7: (Picture("c", RGB), TRUTH > 9)}
    folder = write_pictures(tmp_path, given)
    cases = {case.name: case for case in load_cases(folder).cases}
    assert {*cases} == {"pet/rex", "pictures/b", "pictures/7"}
    assert np.array_equal(cases["pictures/7"].picture().rgb, RGB)
    assert np.array_equal(cases["pictures/7"].truth(), TRUTH > 9)
    assert np.array_equal(cases["pet/rex"].picture().rgb, RGB)
    assert np.array_equal(cases["pet/rex"].truth(), TRUTH / np.float32(255))
    assert np.array_equal(cases["pictures/b"].picture().rgb, RGB[::-1])
    assert cases["pictures/b"].truth() is None
    assert write_pictures(tmp_path, {"pet/rex": RGB}) != folder


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("../x", RGB, "cannot be named"),
        ("a/b/c", RGB, "cannot be named"),
        ("a/", RGB, "cannot be named"),
        ("a/x", RGB[..., 0], "a/x: RGB must be"),
        ("a/x", RGB.astype(float), "RGB must be"),
        ("a/x", Image.new("RGBA", (4, 4)), "transparent"),
        ("a/x", (RGB, TRUTH[1:]), "Alpha must be"),
        ("a/x", (RGB, TRUTH / 100), r"Alpha must lie in \[0, 1\]"),
        ("a/x", "rex.jpg", "a/x: A str is no array.*Give arrays"),
        ("a/x", (RGB, TRUTH, TRUTH), "a/x: A tuple is no array.*a tuple"),
        ("a/x", (RGB,), "a/x: RGB must be"),
        ("a/x", [RGB, TRUTH], "a/x: A list is no array.*a tuple"),
        ("a/x", (RGB, Path("x.png")), "a/x: A .*Path is no array"),
        ("a/x", np.full(RGB.shape, "x"), r"a/x: RGB must be .*received \(48, 64, 3\) <U1"),
        ("a/x", (RGB, (TRUTH > 9).astype(np.uint8)), "a/x: The truth is uint8 of 0 and 1.*bool"),
    ],
)
def test_what_is_none_is_named(tmp_path: Path, name: str, given: object, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        write_pictures(tmp_path, {name: given})
    assert not [*tmp_path.iterdir()]


def test_pictures_without_names_are_refused(tmp_path: Path) -> None:
    for given in ([RGB], RGB):
        with pytest.raises(SettingsError, match=r"a (list|ndarray) has none.*category/name"):
            write_pictures(tmp_path, given)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("one", "other"),
    [("rex", "pictures/rex"), ("pet/Rex", "pet/rex"), ("x/_rex", "x/rex"), ("_x/rex", "x/rex"),
     ("gt/a", "pet/a"), ("alpha/a", "pet/a"), ("mask", "image"), ("pet/run.json", "x/a")],
)  # fmt: skip
def test_what_would_be_no_case_of_its_own_is_refused(tmp_path: Path, one: str, other: str) -> None:
    for names in ((one, other), (other, one)):
        with pytest.raises(SettingsError, match=r"cannot be named '.*as no other picture"):
            write_pictures(tmp_path, {name: RGB for name in names})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_run_over_them_can_be_repeated(tmp_path: Path) -> None:
    settings = Settings(out=str(tmp_path / "out"))
    models = {"red": lambda rgb: rgb[..., 0] / 255}
    run = evaluate(settings, models=models, pictures={"pet/rex": (RGB, TRUTH)})
    assert [p.name for p in run.predictions] == ["pet/rex"]
    assert run.measurements.of("mad")
    again = evaluate(run.settings, models=models)
    assert [p.cutout_sha256 for p in again.predictions] == [
        p.cutout_sha256 for p in run.predictions
    ]


def test_pictures_of_the_run_before_go(tmp_path: Path) -> None:
    settings = Settings(out=str(tmp_path / "out"))
    for seed in (1, 2):
        rgb, alpha = disc(seed, (64, 48))
        run = evaluate(settings, models={"a": lambda _: TRUTH / 255}, pictures={"a": (rgb, alpha)})
    kept = [path.parent.name for path in (tmp_path / "out" / "pictures").rglob("*.png")]
    assert kept == ["a", "a"]
    assert len(load_cases(run.settings.cases_folder).cases) == 1
