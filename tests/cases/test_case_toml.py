"""case.toml: what it may say, and that a mistake in it is a failed case with file and remedy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from pictures import (
    HEIGHT,
    WIDTH,
    colourful,
    encode,
    half_transparent,
    make_pipe,
    picture,
    put,
    refused,
    time_limit,
)
from systems import links

from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import CaseFile, load_cases
from rmbg_eval.errors import RmbgEvalError

PNG = encode(picture(), "PNG")
POINT = '[[points]]\nid = "a"\nkind = "soft-band"\nlines = [[[1, 1], [9, 9]]]\n'


def case_of(folder, toml, **files):
    """The case `pet/rex` of a set that also has a good case and a file outside of it."""
    put(folder / "outside.png")
    put(folder / "set" / "pet" / "good.png")
    put(folder / "set" / "pet" / "rex" / "image.png", PNG)
    put(folder / "set" / "pet" / "rex" / "case.toml", toml)
    for name, data in files.items():
        put(folder / "set" / "pet" / "rex" / f"{name}.png", data)
    with time_limit(10):
        good, rex = load_cases(folder / "set").cases
    assert check_case(good) == ((WIDTH, HEIGHT), None), "the others are none the worse"
    return rex


def test_says_everything_that_is_known_of_a_case(tmp_path):
    toml = f'''
title = {{ en = "Rex", zh = "雷克斯" }}
image = "dog.png"
alpha = "cut.png"
foreground = "colours.png"
source = "taken by us"
licence = "CC0-1.0"
author = "A. Nonymous"
sha256 = "{hashlib.sha256(PNG).hexdigest()}"
'''
    matte = encode(half_transparent(), "PNG")
    case = case_of(tmp_path, toml, dog=PNG, cut=matte, colours=PNG)
    assert case.failure is None
    assert case.about.title == {"en": "Rex", "zh": "雷克斯"}
    assert (case.about.licence, case.about.author) == ("CC0-1.0", "A. Nonymous")
    assert [path.name for path in (case.image, case.alpha, case.foreground)] == [
        "dog.png",
        "cut.png",
        "colours.png",
    ]
    size, truth = check_case(case)
    assert size == (WIDTH, HEIGHT)
    assert truth is not None
    assert np.array_equal(case.picture().rgb, colourful())
    assert case.picture().name == "pet/rex"


def test_finds_alpha_and_foreground_by_their_usual_names(tmp_path):
    case = case_of(tmp_path, "", alpha=encode(half_transparent(), "PNG"), foreground=PNG)
    assert (case.alpha.name, case.foreground.name) == ("alpha.png", "foreground.png")
    case = case_of(tmp_path / "bare", "")
    assert (case.alpha, case.foreground) == (None, None)


# (case.toml, words that the message must have besides rex/case.toml)
MISTAKES = {
    "unknown-key": ('license = "CC0"', ["'license'", *CaseFile.model_fields]),
    "unknown-key-with-escapes": ('"a\\u001b[31m\\n" = 1', ["\\x1b"]),
    "unknown-language": ('title = { fr = "Chien" }', ["title", "'en' or 'zh'"]),
    "title-as-text": ('title = "Rex"', ["title", '{ en = "…" }', "'Rex'"]),
    "number-for-text": ("licence = 7", ["licence", "7"]),
    "date-for-text": ("author = 2026-01-01", ["author"]),
    "list-for-text": ('image = ["a.png"]', ["image"]),
    "short-sha256": ('sha256 = "abc"', ["sha256", "'abc'"]),
    "table-for-text": ("[alpha]\nx = 1", ["alpha"]),
    "no-toml": ("title: Rex", ["TOML"]),
    "key-twice": ('author = "a"\nauthor = "b"', ["TOML"]),
    "not-utf-8": (b'author = "caf\xe9"', ["TOML"]),
    "utf-16": ('author = "a"'.encode("utf-16"), ["TOML"]),
    "nul-bytes": (bytes(999), ["TOML"]),
    "nested-deeply": ("x = " + "[" * 5000 + "]" * 5000, ["rex"]),
    "nested-title": ("title = " + "[" * 300 + "]" * 300, ["title"]),
    "number-too-long": ("x = " + "9" * 5000, ["rex"]),
    "huge": ("# " + "x" * (1 << 20), ["1 MiB"]),
    "very-many-keys": ("\n".join(f"k{i} = 1" for i in range(50_000)), ["'k0'"]),
    "very-long-key": ("k" * 500_000 + " = 1", ["kkk"]),
    "deep-keys": ("licence." + "a." * 3000 + "a = 1", ["TOML", "a hundred parts", "line 1)"]),
    "far-expected": (POINT + "expected = 1e308", ["points.0.expected", "1000000000", "1e+308"]),
    "far-tolerance": (POINT + "tolerance = 1e10", ["points.0.tolerance", "1000000000"]),
    "impossible-date": ("author = 2026-02-31", ["TOML"]),
}


@pytest.mark.parametrize(("toml", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_failed_case_that_says_what_and_where(toml, words, tmp_path):
    case = case_of(tmp_path, toml)
    assert case.name == "pet/rex"
    with refused(RmbgEvalError, "rex/case.toml", *words):
        check_case(case)


# (case.toml, words that the message must have)
BAD_PATHS = {
    "image-above": ('image = "../../../outside.png"', ["outside.png", "out of the case set"]),
    "alpha-above": ('alpha = "../../../outside.png"', ["outside.png", "out of the case set"]),
    "foreground-above": ('foreground = "../../../outside.png"', ["outside.png"]),
    "absolute": ('image = "/etc/passwd"', ["passwd", "out of the case set"]),
    "home": ('image = "~/x.png"', ["x.png", "does not exist"]),
    "device": ('alpha = "/dev/zero"', ["zero", "out of the case set"]),
    "nul": ('image = "a\\u0000b.png"', ["b.png"]),
    "nul-in-alpha": ('alpha = "a\\u0000b.png"', ["b.png"]),
    "line-break": ('image = "a\\nb.png"', ["a\\nb.png"]),
    "missing": ('image = "other.png"', ["other.png", "does not exist"]),
    "missing-alpha": ('alpha = "other.png"', ["other.png", "does not exist"]),
    "folder": ('image = "."', ["not a regular file"]),
    "itself": ('image = "case.toml"', ["case.toml", "not a picture"]),
    "too-long": (f'image = "{"n" * 300}.png"', ["nnn"]),
}


@pytest.mark.parametrize(("toml", "words"), BAD_PATHS.values(), ids=BAD_PATHS)
def test_a_path_that_cannot_be_read_is_a_failed_case(toml, words, tmp_path):
    with refused(RmbgEvalError, *words):
        check_case(case_of(tmp_path, toml))


def test_a_nul_is_found_where_the_system_resolves_it(tmp_path, monkeypatch):
    """As Windows does."""
    monkeypatch.setattr(Path, "resolve", lambda path, strict=False: path.absolute())
    case = case_of(tmp_path, 'image = "a\\u0000b.png"')
    assert "leads out of the case set" in str(case.failure.problem)


def test_an_editor_may_put_a_byte_order_mark_first(tmp_path):
    case = case_of(tmp_path, '\ufefflicence = "CC0-1.0"')
    assert check_case(case)
    assert case.about.licence == "CC0-1.0"


def test_a_path_may_lead_elsewhere_within_the_set(tmp_path):
    assert check_case(case_of(tmp_path, 'image = "../good.png"'))[0] == (WIDTH, HEIGHT)


def test_another_content_than_the_sha256_says_is_a_failed_case(tmp_path):
    case = case_of(tmp_path, f'sha256 = "{"0" * 64}"')
    with refused(RmbgEvalError, "image.png", "sha256"):
        check_case(case)


@pytest.mark.parametrize("make", ["folder", "pipe", pytest.param("link-out", marks=links)])
def test_a_case_toml_that_is_no_file_of_the_set_is_a_failed_case(make, tmp_path):
    put(tmp_path / "secret.toml", 'licence = "secret"')
    put(tmp_path / "set" / "pet" / "rex" / "image.png")
    path = tmp_path / "set" / "pet" / "rex" / "case.toml"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        make_pipe(path)
    else:
        path.symlink_to(tmp_path / "secret.toml")
    with time_limit(5):
        (case,) = load_cases(tmp_path / "set").cases
    with refused(RmbgEvalError, "case.toml"):
        check_case(case)
    assert case.about.licence is None


def test_a_case_without_any_picture_is_a_failed_case(tmp_path):
    put(tmp_path / "pet" / "rex" / "case.toml", 'author = "me"')
    (case,) = load_cases(tmp_path).cases
    with refused(RmbgEvalError, "image.jpg"):
        check_case(case)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_takes_pictures_packaged_with_scikit_image(name, tmp_path):
    from skimage import data

    put(tmp_path / "pet" / "rex" / "case.toml", f'source = "skimage:{name}"')
    (case,) = load_cases(tmp_path).cases
    assert np.array_equal(case.picture().rgb, getattr(data, name)())


@pytest.mark.parametrize(
    "name",
    ["unknown", "a" * 300, "../x", "../data/coffee", "", "/etc/passwd", "coffee.png", "a\\u0000",
     "x y"],
)  # fmt: skip
def test_an_unknown_packaged_picture_is_a_failed_case(name, tmp_path):
    put(tmp_path / "pet" / "rex" / "case.toml", f'source = "skimage:{name}"')
    (case,) = load_cases(tmp_path).cases
    with refused(RmbgEvalError, "skimage:", "skimage:astronaut"):
        check_case(case)


def test_a_picture_beside_case_toml_wins_over_the_packaged_one(tmp_path):
    case = case_of(tmp_path, 'source = "skimage:coffee"')
    assert case.picture().size == (WIDTH, HEIGHT)


def test_pictures_in_a_folder_of_a_category_are_of_one_shoot(tmp_path):
    for file in ("pet/monday/a.png", "pet/monday/b.png", "pet/monday/deep/c.png", "pet/d.png"):
        put(tmp_path / file)
    put(tmp_path / "pet" / "rex" / "image.png")
    put(tmp_path / "pet" / "rex" / "case.toml", 'group = "the park"')
    put(tmp_path / "pet" / "none" / "words.txt", "words")
    found = load_cases(tmp_path)
    assert {case.id: case.about.group for case in found.cases} == {
        "d": None,
        "monday-a": "pet/monday",
        "monday-b": "pet/monday",
        "rex": "the park",
    }
    assert sorted(str(line).partition(": ")[0] for line in found.skipped) == [
        "pet/monday/deep",
        "pet/none",
        "pet/none/words.txt",
    ]
