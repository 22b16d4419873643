"""What is taken for a case, what is left out, and that one bad case never costs the others."""

from __future__ import annotations

import os
import re
import tomllib
import unicodedata
from dataclasses import replace

import numpy as np
import pytest
from pictures import (
    HEIC_TURNED,
    HEIGHT,
    WIDTH,
    check_message,
    encode,
    half_transparent,
    make_pipe,
    ordinary_user,
    picture,
    public_folder,
    put,
    refused,
    time_limit,
)
from PIL import Image
from systems import WINDOWS, file_names, links, rights

from rmbg_eval.cases.categories import CATEGORIES, Category
from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import CaseFile, load_cases, new_case_set
from rmbg_eval.errors import CaseError, RmbgEvalError, printable
from rmbg_eval.predictions.stages import cutout_path
from rmbg_eval.settings import Settings


def names(folder, *categories):
    return [case.name for case in load_cases(folder, categories).cases]


def the_case(folder):
    (case,) = load_cases(folder).cases
    return case


def matte(path, value=255, size=(WIDTH, HEIGHT)):
    return put(path, encode(Image.new("L", size, value), "PNG"))


def failure_of(case):
    """What `check_case` raises, which is what a run would meet."""
    with time_limit(10), refused(RmbgEvalError) as caught:
        check_case(case)
    return caught.value


def test_heif_is_a_picture_as_cameras_name_it(tmp_path):
    put(tmp_path / "pet" / "DSC00001.HIF", HEIC_TURNED)
    assert check_case(the_case(tmp_path)) == ((32, 48), None)


# (files, the cases they are)
LAYOUTS = {
    "loose-pictures": (["b.png", "a.jpg"], ["pictures/a", "pictures/b"]),
    "sub-folders": (["pet/b.png", "pet/a.jpg", "cars/c.webp"], ["pet/a", "pet/b", "cars/c"]),
    "image-in-a-folder": (["pet/rex/image.png"], ["pet/rex"]),
    "all-at-once": (["a.png", "pet/b.png", "pet/c/image.jpg"], ["pet/b", "pet/c", "pictures/a"]),
    "capital-suffix": (["pet/a.JPG"], ["pet/a"]),
    "no-pictures-beside": (["pet/a.png", "pet/notes.txt", "pet/README.md"], ["pet/a"]),
    "underscore-and-dot-folders": (["pet/a.png", "_render/b.png", ".git/c.png"], ["pet/a"]),
    "underscored-case": (["pet/a.png", "pet/_old/image.png"], ["pet/a"]),
    "truth-is-no-case": (["pet/a.png", "pet/a.alpha.png", "pet/gt/a.png"], ["pet/a"]),
    "truth-at-the-top": (["a.png", "gt/a.png", "alpha/a.png"], ["pictures/a"]),
    "dots-in-the-name": (["pet/a.b.c.png"], ["pet/a.b.c"]),
    "mac-resource-fork": (["pet/a.png", "pet/._a.png"], ["pet/a"]),
    "shoots": (["pet/a/x.png", "pet/a/gt/x.png", "pet/b/x.png"], ["pet/a-x", "pet/b-x"]),
    "matte-in-a-case-folder": (["pet/rex/image.png", "pet/rex/image.alpha.png"], ["pet/rex"]),
}


@pytest.mark.parametrize(("files", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_finds_the_cases_of_a_folder(files, expected, tmp_path):
    for file in files:
        truth = "alpha" in file or "gt/" in file
        put(tmp_path / file, encode(picture().convert("L"), "PNG") if truth else None)
    found = load_cases(tmp_path)
    assert [case.name for case in found.cases] == expected
    assert [case.failure for case in found.cases] == [None] * len(expected)
    assert [check_case(case)[0] for case in found.cases] == [(WIDTH, HEIGHT)] * len(expected)
    assert not any(".alpha." in case.image.name for case in found.cases)


def test_a_truth_by_another_name_is_said_not_to_be_used(tmp_path):
    for case, files in {
        "a": ["truth.png"], "b": ["alpha.png", "mask.png"], "c": ["alpha.webp", "plate.jpg"],
        "d": ["image_matte.png", "._mask.png", "mask.txt"], "e": ["image.alpha.png"],
    }.items():  # fmt: skip
        for file in ("image.png", *files):
            put(tmp_path / "pet" / case / file)
    put(tmp_path / "pet" / "f" / "case.toml", 'image = "face-mask.png"')
    put(tmp_path / "pet" / "f" / "face-mask.png")
    found = load_cases(tmp_path)
    assert [case.alpha is not None for case in found.cases] == [False, True, *[False] * 4]
    assert [*map(str, found.skipped)] == [
        f"pet/{name}: not used; a truth here is called alpha.png"
        for name in ("a/truth.png", "c/alpha.webp", "d/image_matte.png", "e/image.alpha.png")
    ]


def test_the_six_categories_come_first_and_in_their_order(tmp_path):
    for category in ("anything", *sorted(CATEGORIES)):
        put(tmp_path / category / "a.png")
    found = load_cases(tmp_path)
    assert found.categories == (*CATEGORIES, "anything")
    assert repr(found) == f"<CaseSet of {len(CATEGORIES) + 1} cases: {tmp_path}>"
    assert repr(found.cases[-1]) == f"<Case anything/a: {tmp_path / 'anything' / 'a.png'}>"


@pytest.mark.parametrize("category", CATEGORIES.values(), ids=CATEGORIES)
def test_what_is_said_of_a_category_is_of_no_one_picture(category: Category) -> None:
    """It stands over anybody's pictures in a folder of that name."""
    said = f"{category.difficulty} {category.look}".lower()
    assert not re.findall(r"\b(?:apple|carpet|cup|dog|dress|mug|wood)\b", said)


def test_reads_only_the_categories_that_are_named(tmp_path):
    for category in ("pet", "product", "cars"):
        put(tmp_path / category / "a.png")
    assert names(tmp_path, "cars", "pet") == ["pet/a", "cars/a"]
    assert load_cases(tmp_path, "pet").categories == ("pet",)
    with refused(CaseError, "'pets'", "product, pet, cars"):
        load_cases(tmp_path, ["pets"])


def test_no_folder_is_that_of_the_reference_cases_as_for_a_run():
    assert load_cases(Settings().cases) == load_cases(Settings().cases_folder)


@pytest.mark.parametrize("broken", [False, True], ids=["empty", "only-words"])
def test_a_set_without_pictures_is_an_error(broken, tmp_path):
    if broken:
        put(tmp_path / "pet" / "notes.txt", "words")
    with refused(CaseError, tmp_path.name):
        load_cases(tmp_path)


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_set_that_is_no_folder_is_an_error(kind, tmp_path):
    folder = tmp_path / ("set" if WINDOWS else "set\n")
    if kind == "file":
        put(folder, "words")
    words = "is a file, .*the folder that it is in" if kind == "file" else "There is no folder"
    with refused(CaseError, printable(folder.name)) as caught:
        load_cases(folder)
    assert re.search(words, str(caught.value))


def test_a_set_is_named_as_in_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("USERPROFILE" if WINDOWS else "HOME", str(tmp_path))
    put(tmp_path / "set" / "pet" / "rex.png")
    assert [case.name for case in load_cases("~/set", ["pet"]).cases] == ["pet/rex"]
    for given in ((3,), ("~/set", 3), ("~/set", [3]), ("~/set", (), 3)):
        with pytest.raises(CaseError) as caught:
            load_cases(*given)
        check_message(caught.value, "3")


def test_says_what_it_leaves_out_and_why(tmp_path):
    for file in ("pet/a.png", "pet/gt/b.png", "pet/c.alpha.png", "pet/deep/down/d.png"):
        put(tmp_path / file)
    notes = "notes.txt" if WINDOWS else "notes\x1b.txt"
    put(tmp_path / "pet" / notes, "words")
    skipped = [str(line) for line in load_cases(tmp_path).skipped]
    assert all(line.isprintable() for line in skipped)
    assert sorted(line.partition(": ")[0] for line in skipped) == [
        "pet/c.alpha.png",
        "pet/deep",
        "pet/gt/b.png",
        f"pet/{printable(notes)}",
    ]
    (deep,) = (line for line in skipped if line.startswith("pet/deep: "))
    assert deep.endswith("too deep for a case; a table of cases takes it")


def test_a_report_kept_among_its_pictures_is_none_of_them(tmp_path):
    put(tmp_path / "a.png")
    for folder, written in {"report": "run.json", "reports/latest": "comparison.json"}.items():
        put(tmp_path / folder / written, "{}")
        put(tmp_path / folder / "image.png")
    found = load_cases(tmp_path)
    assert [case.name for case in found.cases] == ["pictures/a"]
    assert sorted(str(line).partition(": ")[0] for line in found.skipped) == [
        "report",
        "reports/latest",
    ]


@pytest.mark.parametrize("written", ["run.json", "comparison.json"])
def test_a_run_folder_is_no_folder_of_pictures(written, tmp_path):
    put(tmp_path / written, "{}")
    put(tmp_path / "cutouts" / "isnet" / "a.png")
    with pytest.raises(CaseError, match="is what a run or a comparison wrote") as told:
        load_cases(tmp_path)
    assert "rmbg-eval serve RUN" in str(told.value.remedy)


# (the truth's file, what it holds)
TRUTHS = {
    "beside": "pet/a.alpha.png",
    "gt": "pet/gt/a.png",
    "alpha": "pet/alpha/a.png",
    "gt-of-another-kind": "pet/gt/a.webp",
}


@pytest.mark.parametrize("file", TRUTHS.values(), ids=TRUTHS)
@pytest.mark.parametrize("kind", ["matte", "cutout"])
def test_finds_the_truth_of_a_bare_picture(file, kind, tmp_path):
    put(tmp_path / "pet" / "a.jpg")
    put(tmp_path / "pet" / "other.jpg")
    image = half_transparent() if kind == "cutout" else half_transparent().getchannel("A")
    put(tmp_path / file, encode(image, "PNG" if file.endswith("png") else "WEBP", lossless=True))
    first, other = load_cases(tmp_path).cases
    truth = check_case(first)[1]
    assert truth is not None
    assert truth.dtype == np.float32
    assert truth[:, : WIDTH // 2].max() == 0
    assert truth[:, WIDTH // 2 :].min() == 1
    assert check_case(other)[1] is None


def test_a_matte_with_an_opaque_alpha_channel_is_a_truth_and_a_trimap(tmp_path):
    put(tmp_path / "pet" / "a.png")
    image = half_transparent().getchannel("A")
    put(tmp_path / "pet" / "a.alpha.png", encode(image.convert("RGBA"), "PNG"))
    put(tmp_path / "grey.png", encode(image.point(lambda v: v // 2).convert("LA"), "PNG"))
    case = next(case for case in load_cases(tmp_path).cases if case.alpha)
    assert np.array_equal(case.truth() * 255, image)
    unknown = replace(case, trimap=tmp_path / "grey.png").unknown()
    assert np.array_equal(unknown, np.asarray(image) > 0)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("file", ["gt/{}.png", "{}.alpha.png"])
def test_a_truths_name_may_be_written_as_macos_does(file, form, tmp_path):
    put(tmp_path / "pet" / f"{unicodedata.normalize('NFC', 'é')}.jpg")
    matte(tmp_path / "pet" / file.format(unicodedata.normalize(form, "é")))
    assert the_case(tmp_path).truth() is not None


def test_a_second_truth_and_a_second_image_are_told(tmp_path):
    put(tmp_path / "pet" / "a.jpg")
    put(tmp_path / "pet" / "b" / "image.jpg")
    put(tmp_path / "pet" / "b" / "image.png")
    for name in ("gt/a.png", "gt/a.webp", "a.alpha.png", "a.alpha.tif"):
        matte(tmp_path / "pet" / name)
    told = sorted(map(str, load_cases(tmp_path).skipped))
    assert told == [
        "pet/a.alpha.png: not used; another truth has its name",
        "pet/b/image.png: not used; another picture of the case is called image",
        "pet/gt/a.png: not used; another truth has its name",
    ]


def test_the_truth_beside_a_picture_wins_over_gt_and_gt_over_alpha(tmp_path):
    for stem, files in {"a": ("alpha", "gt", "beside"), "b": ("alpha", "gt")}.items():
        put(tmp_path / "pet" / f"{stem}.png")
        for value, file in enumerate(files):
            name = f"{stem}.alpha.png" if file == "beside" else f"{file}/{stem}.png"
            matte(tmp_path / "pet" / name, value * 51)
    values = [round(float(case.truth().mean()) * 5) for case in load_cases(tmp_path).cases]
    assert values == [2, 1]


def test_a_truth_of_another_size_is_refused_never_resized(tmp_path):
    put(tmp_path / "pet" / "a.png")
    matte(tmp_path / "pet" / "a.alpha.png", size=(HEIGHT, WIDTH))
    message = str(failure_of(the_case(tmp_path)))
    assert "48×64" in message
    assert "64×48" in message
    assert "a.alpha.png" in message or "pet/a" in message


@pytest.mark.parametrize(
    ("kind", "words"), [("foreground", "true foreground"), ("trimap", "trimap")]
)
def test_nor_are_a_true_foreground_and_a_trimap(kind, words, tmp_path):
    put(tmp_path / "pet" / "a.png")
    matte(tmp_path / "_other" / "b.png", size=(HEIGHT, WIDTH))
    case = replace(the_case(tmp_path), **{kind: tmp_path / "_other" / "b.png"})
    check_message(failure_of(case), f"The {words} b.png has 48×64 pixels, the picture 64×48")


def test_a_truth_that_cannot_be_read_is_named(tmp_path):
    put(tmp_path / "pet" / "a.png")
    put(tmp_path / "pet" / "a.alpha.png", "words")
    assert "a.alpha.png" in str(failure_of(the_case(tmp_path)).problem)


def test_a_truth_of_0_and_1_is_refused_never_stretched(tmp_path):
    put(tmp_path / "pet" / "a.png")
    mask = half_transparent().getchannel("A").point(lambda value: value and 1)
    put(tmp_path / "pet" / "a.alpha.png", encode(mask, "PNG"))
    check_message(failure_of(the_case(tmp_path)), "a.alpha.png", "255 is opaque")
    put(tmp_path / "pet" / "a.alpha.png", encode(mask.point(lambda value: 0), "PNG"))
    assert not the_case(tmp_path).truth().any(), "of a picture without a subject"


def test_the_second_case_with_an_id_fails_and_says_so(tmp_path):
    for file in ("pet/a.jpg", "pet/a.png", "pet/a/image.webp", "pet/b.png"):
        put(tmp_path / file)
    cases = load_cases(tmp_path).cases
    assert len({case.name for case in cases}) == 4, "names are unique in spite of it"
    failed = [case for case in cases if case.failure]
    assert len(failed) == 2
    for case in failed:
        check_message(failure_of(case), case.image.name, "second case with the id pet/a")


def test_a_folder_called_pictures_and_loose_pictures_are_one_category(tmp_path):
    put(tmp_path / "a.png")
    put(tmp_path / "pictures" / "a.png")
    assert [bool(case.failure) for case in load_cases(tmp_path).cases] == [False, True]


STRANGE = {
    "quotes": 'it\'s "quoted"',
    "markup": "<img src=x onerror=alert(1)>&amp;",
    "brackets": "[red]x[bold]",
    "line-break": "two\nlines",
    "terminal-escape": "\x1b[31mred\x1b]0;title\x07",
    "direction-override": "gpj\u202eexe",
    "chinese": "发丝 半透明",
    "not-utf-8": "caf\udce9",
    "dash": "-rf",
    "longest": "n" * (60 if WINDOWS else 251),  # where a path has 260 characters in all
}


@pytest.mark.parametrize("stem", file_names(*STRANGE.values()), ids=STRANGE)
def test_strange_names_are_cases_with_printable_names(stem, tmp_path):
    put(tmp_path / "pet" / f"{stem}.png", encode(picture(), "PNG"))
    put(tmp_path / stem / "x" / "image.png", encode(picture(), "PNG"))
    cases = load_cases(tmp_path).cases
    for case in cases:
        assert case.name.isprintable()
        assert check_case(case) == ((WIDTH, HEIGHT), None)
    assert (cases[0].id == stem) == stem.isprintable()
    assert (cases[1].category == stem) == stem.isprintable()


@links
def test_links_inside_the_set_are_followed_and_so_is_one_to_the_set(tmp_path):
    put(tmp_path / "set" / "pet" / "a.png")
    (tmp_path / "set" / "pet" / "b.png").symlink_to("a.png")
    (tmp_path / "link").symlink_to("set")
    for case in load_cases(tmp_path / "link").cases:
        assert check_case(case) == ((WIDTH, HEIGHT), None)
    assert names(tmp_path / "link") == ["pet/a", "pet/b"]


@links
@pytest.mark.parametrize(
    ("link", "target"),
    [("pet/self", "."), ("pet/up", ".."), ("all", "."), ("pet/gt", ".")],
)
def test_a_link_in_a_circle_lists_no_picture_twice_and_is_told(link, target, tmp_path):
    put(tmp_path / "pet" / "a.png")
    put(tmp_path / "pet" / "shoot" / "b.png")
    (tmp_path / link).symlink_to(target)
    cases = load_cases(tmp_path)
    assert [case.name for case in cases.cases] == ["pet/a", "pet/shoot-b"]
    assert not any(case.alpha for case in cases.cases)
    assert any(str(line).startswith(f"{link}: ") for line in cases.skipped)


# (where a link is, where it leads, the case that fails and the file it names)
ESCAPES = {
    "picture": ("pet/x.png", "secret.png", "pet/x", "x.png"),
    "picture-by-two-links": ("pet/x.png", "hop.png", "pet/x", "x.png"),
    "truth": ("pet/good.alpha.png", "secret.png", "pet/good", "good.alpha.png"),
    "truth-folder": ("pet/gt", "outside", "pet/good", "good.png"),
    "category": ("cars", "outside", "cars/good", "good.png"),
    "case-folder": ("pet/x", "outside/case", "pet/x", "case.toml"),
    "loop": ("pet/x.png", "set/pet/x.png", "pet/x", "x.png"),
    "nowhere": ("pet/x.png", "set/pet/nothing.png", "pet/x", "x.png"),
}


@links
@pytest.mark.parametrize(("link", "target", "failed", "named"), ESCAPES.values(), ids=ESCAPES)
def test_no_link_leads_out_of_the_set(link, target, failed, named, tmp_path):
    put(tmp_path / "secret.png")
    (tmp_path / "hop.png").symlink_to("secret.png")
    put(tmp_path / "outside" / "good.png")
    put(tmp_path / "outside" / "case" / "case.toml", "")
    put(tmp_path / "outside" / "case" / "image.png")
    put(tmp_path / "set" / "pet" / "good.png")
    put(tmp_path / "set" / "pet" / "fine.png")
    (tmp_path / "set" / link).symlink_to(tmp_path / target)
    cases = {case.name: case for case in load_cases(tmp_path / "set").cases}
    check_message(failure_of(cases[failed]), named)
    assert check_case(cases["pet/fine"]) == ((WIDTH, HEIGHT), None)


@links
def test_what_else_a_link_leads_to_is_not_listed(tmp_path):
    put(tmp_path / "set" / "pet" / "good.png")
    for name in ("passwords.txt", "keys.txt"):
        put(tmp_path / "outside" / name, b"")
    for link in ("cars", "pet/x"):
        (tmp_path / "set" / link).symlink_to(tmp_path / "outside")
    told = [str(line) for line in load_cases(tmp_path / "set").skipped]
    assert told == [
        "cars: leads out of the case set",
        "pet/x: leads out of the case set",
        "pet/x: a folder inside a category needs a case.toml or pictures",
    ]


@rights
@pytest.mark.parametrize("what", ["pet/bad.png", "pet/bad", "pet/bad/image.png", "cars"])
def test_what_may_not_be_read_fails_alone_and_by_name(what):
    with public_folder() as folder:
        put(folder / "pet" / "good.png")
        put(folder / "cars" / "bad" / "image.png")
        closed = folder / what
        put(closed if closed.suffix else closed / "image.png")
        closed.chmod(0)
        with ordinary_user():
            found = load_cases(folder)
            told = [str(line) for line in found.skipped]
            for case in found.cases:
                try:
                    check_case(case)
                except RmbgEvalError as error:
                    check_message(error)
                    told.append(f"{case.name}: {error}")
    assert len(told) == 1
    assert closed.name in told[0]


@rights
@pytest.mark.parametrize(
    ("pictures", "closed"),
    [("pet", "pet/gt"), ("", "alpha"), ("pet/shoot", "pet/shoot/alpha"), ("pet/image", "pet/matte"),
     ("image", "matte"), ("original", "trimap")],
)  # fmt: skip
def test_a_truth_that_may_not_be_read_is_left_out_by_name(pictures, closed):
    with public_folder() as folder:
        for place in [pictures, closed, *(["mask"] if closed == "trimap" else [])]:
            put(folder / place / "a.png")
        (folder / closed).chmod(0)
        with ordinary_user():
            found = load_cases(folder)
        (folder / closed).chmod(0o755)
    assert [case.image.name for case in found.cases] == ["a.png"]
    assert [*map(str, found.skipped)] == [f"{closed}: may not be read; check its permissions"]


@pytest.mark.parametrize("inner", ["closed", "closed/set"])
def test_a_set_that_may_not_be_entered_is_an_error_with_a_remedy(inner):
    with public_folder() as folder:
        put(folder / "closed" / "set" / "a.png")
        (folder / "closed").chmod(0)
        with ordinary_user(), refused(CaseError, "closed"):
            load_cases(folder / inner)


@pytest.mark.parametrize("make", [os.mkdir, make_pipe], ids=["folder", "pipe"])
def test_a_picture_that_is_no_file_does_not_hang(make, tmp_path):
    put(tmp_path / "pet" / "good.png")
    make(tmp_path / "pet" / "x.jpg")
    with time_limit(5):
        found = load_cases(tmp_path)
    told = [str(failure_of(case)) for case in found.cases if case.id == "x"]
    assert any("x.jpg" in line for line in [*told, *map(str, found.skipped)])


def test_a_new_case_set_has_a_readme_its_categories_and_an_example_that_works(tmp_path):
    folder = tmp_path / "mine"
    new_case_set(folder)
    assert "rmbg-eval cases check" in (folder / "README.md").read_text("utf-8")
    assert all((folder / category).is_dir() for category in CATEGORIES)
    with pytest.raises(CaseError):
        load_cases(folder)
    example = (folder / "_example" / "case.toml").read_text("utf-8")
    put(folder / "product" / "cup" / "case.toml", example)
    put(folder / "product" / "cup" / "image.jpg")
    assert load_cases(folder).skipped == ()
    case = the_case(folder)
    assert case.failure is None
    assert case.about.licence
    point = re.sub("^# ", "", example.partition("begin:\n")[2], flags=re.MULTILINE)
    assert [p.id for p in CaseFile.model_validate(tomllib.loads(point)).points] == ["handle-gap"]
    assert set(CaseFile.model_fields) <= set(re.findall(r"\w+", example)), (
        "the example shows every key"
    )


def test_a_new_case_set_fills_an_empty_folder_and_no_other(tmp_path):
    (tmp_path / "empty").mkdir()
    new_case_set(tmp_path / "empty")
    assert (tmp_path / "empty" / "pet").is_dir()
    put(tmp_path / "full" / "thesis.txt", "words")
    put(tmp_path / "file", "words")
    for name in ("full", "file", "empty"):
        before = sorted(tmp_path.rglob("*"))
        with refused(CaseError, name):
            new_case_set(tmp_path / name)
        assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("where", ["closed/new", "read-only", "read-only/new"])
def test_a_new_case_set_where_nothing_may_be_written_is_an_error(where):
    with public_folder() as folder:
        for name, mode in (("closed", 0), ("read-only", 0o555)):
            (folder / name).mkdir()
            (folder / name).chmod(mode)
        with ordinary_user(), refused(CaseError, where):
            new_case_set(folder / where)


def test_names_that_some_disk_takes_for_one_have_files_of_their_own(tmp_path):
    for name in ("Rex.jpg", "rex.png", "REX/image.png", "tom.png", "gt/._tom.png"):
        put(tmp_path / "pet" / name)
    found = load_cases(tmp_path)
    paths = {c.id: cutout_path("m", c.category, c.id, c.alone) for c in found.cases}
    assert [*paths] == ["REX", "Rex", "rex", "tom"]
    assert len({path.lower() for path in paths.values()}) == 4
    assert paths["REX"] == "cutouts/m/pet/REX.png"
    assert paths["tom"] == "cutouts/m/pet/tom.png"
    assert found.skipped == ()  # what macOS puts beside a picture is none


def test_a_name_in_parts_as_macos_writes_it_is_the_same_name(tmp_path):
    put(tmp_path / unicodedata.normalize("NFD", "café") / unicodedata.normalize("NFD", "é.png"))
    (case,) = load_cases(tmp_path, ["café"]).cases
    assert case.name == "café/é"
    assert check_case(case) == ((WIDTH, HEIGHT), None)
