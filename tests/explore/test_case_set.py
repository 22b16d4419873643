"""Add to my case set: a case that is read back, under a name that nobody chose."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import save_picture

from rmbg_eval import load_cases
from rmbg_eval.errors import CaseError, OutputError
from rmbg_eval.explore.case_set import add_case

HOSTILE = '../../x"; rm -rf /\n\0\u202e<b>\\" = { }.png'


@pytest.mark.parametrize(
    "name", ["rex.png", "没有后缀", HOSTILE, "a.exe", "..", "\x7f\x80'''\"\"\".JPG"]
)
def test_what_was_added_is_a_case(tmp_path: Path, name: str) -> None:
    data = save_picture(tmp_path / "x.png", 1).read_bytes()
    folder = tmp_path / "mine"
    path = add_case(str(folder), "pet", name, data)
    (case,) = load_cases(folder).cases
    assert not case.failure
    assert case.name == f"pet/{path.name}"
    assert case.read() == data
    assert case.picture().size == (96, 64)
    assert {p.name for p in folder.rglob("*") if p.is_file()} <= {
        "case.toml",
        "image.png",
        "image.jpg",
    }
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "x.png"]


def test_twice_is_once_and_what_was_written_since_stays(tmp_path: Path) -> None:
    data = save_picture(tmp_path / "x.png", 1).read_bytes()
    first = add_case(str(tmp_path / "mine"), "pet", "a.png", data)
    with (first / "case.toml").open("a") as file:
        file.write('[[points]]\nid = "ear"\nkind = "opaque"\nbox = [1, 1, 9, 9]\n')
    assert add_case(str(tmp_path / "mine"), "pet", "b.jpg", data) == first
    case_set = load_cases(tmp_path / "mine")
    assert [[point.id for point in case.about.points] for case in case_set.cases] == [["ear"]]
    assert not case_set.skipped


@pytest.mark.parametrize("category", ["../pet", "", "boats", "_render"])
def test_only_categories_there_are(tmp_path: Path, category: str) -> None:
    with pytest.raises(CaseError, match="There is no category"):
        add_case(str(tmp_path / "mine"), category, "a.png", b"x")
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file"):
        add_case(str(tmp_path / "file" / "x"), "pet", "a.png", b"x")
