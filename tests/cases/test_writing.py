"""Points that are written to a case.toml: read back as they were, and all else as it stood."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from fakes import save_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from systems import links

from rmbg_eval import load_cases
from rmbg_eval.cases.case import CaseFile
from rmbg_eval.cases.writing import with_point, write_point
from rmbg_eval.errors import CaseError
from rmbg_eval.measure.record import ObservationPoint

BOX = ObservationPoint(id="lens", kind="transparent", box=(1, 2, 3, 4))
MINE = '''# what the shop asked for
title = { en = "Rex [[points]]", zh = """
[[points]]
雷克斯""" }   # two lines
[[points]]
id = "nose"  # cold
kind = 'opaque'
  # the tip alone
box = [
  5, 5,  # [left, top
  9, 9]
tolerance = 0.1     # agreed

# about the lens
[[points]]
id = "lens"
kind = "transparent"
title = { en = "# clear" } # say it
polygon = [[1, 1], [9, 1],
[9, 9]]
required = true
# the end'''

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
spot = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
number = st.none() | st.floats(0, 1e9)


@st.composite
def points(draw: st.DrawFn) -> ObservationPoint:
    region = draw(st.sampled_from(["box", "polygon", "lines"]))
    where = {
        "box": st.tuples(*[st.integers(1, 10**6)] * 4),
        "polygon": st.lists(spot, min_size=3, max_size=5).map(tuple),
        "lines": st.lists(st.tuples(spot, spot), min_size=1, max_size=3).map(tuple),
    }[region]
    return ObservationPoint.model_validate(
        {
            "id": draw(st.sampled_from(["nose", "lens", "new"])),
            "kind": draw(st.sampled_from(["opaque", "transparent"])),
            "title": draw(st.dictionaries(st.sampled_from(["en", "zh"]), text)),
            region: draw(where),
            "expected": draw(number),
            "tolerance": draw(number),
            "required": draw(st.booleans()),
        }
    )


@settings(max_examples=40)
@given(st.lists(points(), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read_and_nothing_else_changes(
    new: list[ObservationPoint], line_end: str
) -> None:
    before = MINE.replace("\n", line_end)
    there = {point.id: point for point in CaseFile(**tomllib.loads(before)).points}
    after = before
    for point in new:
        after = with_point(after, point, there.get(point.id))
        there[point.id] = point
    about = CaseFile.model_validate(tomllib.loads(after))
    assert about.points == tuple(there.values())
    assert about.title == CaseFile(**tomllib.loads(before)).title
    for comment in ("# what the shop", "# two lines", "# cold", "# the tip", "# about the lens"):
        assert after.count(comment) == 1
    assert after.replace("\r\n", "\n").count("\n") == after.count(line_end)


def test_a_point_that_moves_keeps_the_lines_that_say_the_same() -> None:
    moved = ObservationPoint(
        id="nose", kind="opaque", box=(6, 6, 9, 9), tolerance=0.1, title={"en": "Cold"}
    )
    start, end = MINE.index("box = ["), MINE.index("tolerance")
    rest = f"{MINE[end:]}\n".replace("# agreed\n", '# agreed\ntitle = { en = "Cold" }\n')
    nose, lens = CaseFile(**tomllib.loads(MINE)).points
    assert with_point(MINE, moved, nose) == f"{MINE[:start]}box = [6, 6, 9, 9]\n{rest}"
    assert with_point(MINE, lens, lens) == f"{MINE}\n"


def test_what_another_hand_has_changed_since_stays() -> None:
    """Somebody moves a point that had other values, and other places, when it was looked at."""
    nose, lens = CaseFile(**tomllib.loads(MINE)).points
    newer = MINE.replace("0.1 ", "0.02").replace("[[1, 1]", "[[2, 2]").replace("true", "false")
    moved = nose.model_copy(update={"box": (6, 6, 9, 9), "required": True})
    named = lens.model_copy(update={"title": {"en": "Lens"}})
    after = with_point(with_point(newer, moved, nose), named, lens)
    assert CaseFile(**tomllib.loads(after)).points == (
        moved.model_copy(update={"tolerance": 0.02}),
        named.model_copy(update={"polygon": ((2, 2), (9, 1), (9, 9)), "required": False}),
    )
    boxed = ObservationPoint(id="lens", kind="transparent", title=lens.title, box=(1, 1, 2, 2))
    assert CaseFile(**tomllib.loads(with_point(newer, boxed, lens))).points[1].box == (1, 1, 2, 2)


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ('[[points]]\nid = "lens"\nkind = "opaque"\nbox = [1, 1, 2, 2]\n', "already"),
        ('points = [{ id = "a", kind = "opaque", box = [1, 1, 2, 2] }]\n', "plain tables"),
        ("title = ", "Invalid"),
        ("a = " + "[" * 5000, "written"),
    ],
    ids=["twice", "in a list", "no TOML", "deep"],
)
def test_what_cannot_be_written_to_stays(tmp_path: Path, there: str, why: str) -> None:
    folder = tmp_path / "pet" / "rex"
    save_picture(folder / "image.png", 1)
    (case,) = load_cases(tmp_path).cases
    (folder / "case.toml").write_bytes(there.encode())
    with pytest.raises(CaseError, match=why):
        write_point(case, BOX)
    assert (folder / "case.toml").read_bytes() == there.encode()


def test_a_case_toml_that_is_no_file_is_told_in_words(tmp_path: Path) -> None:
    save_picture(tmp_path / "pet" / "rex" / "image.png", 1)
    (case,) = load_cases(tmp_path).cases
    (tmp_path / "pet" / "rex" / "case.toml").mkdir()
    with pytest.raises(CaseError, match=r"rex/case\.toml is not a regular file\. Copy the point"):
        write_point(case, BOX)


@links
def test_only_a_case_with_a_folder_of_its_own_inside_the_set_is_written_to(tmp_path: Path) -> None:
    cases, outside = tmp_path / "cases", tmp_path / "outside"
    save_picture(cases / "pet" / "bare.png", 1)
    save_picture(cases / "pet" / "rex" / "image.png", 2)
    outside.mkdir()
    (outside / "image.png").symlink_to(cases / "pet" / "bare.png")
    (cases / "pet" / "sly").symlink_to(outside)
    bare, rex, sly = load_cases(cases).cases
    for case in (bare, sly):
        with pytest.raises(CaseError):
            write_point(case, BOX)
    assert [path.name for path in outside.iterdir()] == ["image.png"]
    assert write_point(rex, BOX) == cases / "pet" / "rex" / "case.toml"
    assert load_cases(cases).cases[1].about.points == (BOX,)


def test_a_byte_order_mark_stays(tmp_path: Path) -> None:
    save_picture(tmp_path / "pet" / "rex" / "image.png", 1)
    path = tmp_path / "pet" / "rex" / "case.toml"
    path.write_text(MINE, "utf-8-sig")
    (case,) = load_cases(tmp_path).cases
    write_point(case, BOX, case.about.points[1])
    assert path.read_bytes().startswith("\ufeff# what the shop asked for".encode())
    assert load_cases(tmp_path).cases[0].about.points[1] == BOX
