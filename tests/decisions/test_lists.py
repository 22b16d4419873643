"""mend.csv, decisions.csv and the ZIP of the usable cut-outs."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
from reviewers import decisions, review, run_over, vote

from rmbg_eval import Run
from rmbg_eval.decisions.lists import (
    HEADS,
    MEND,
    TABLE,
    mend_csv,
    rows,
    table_csv,
    write_lists,
    write_zip,
)
from rmbg_eval.errors import OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import Risk, Sign


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose cut-outs are there."""
    plain = run_over(3)
    predictions = []
    for p in plain.predictions:
        path = tmp_path / p.cutout
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{p.model}{p.case}".encode())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        predictions.append(p.model_copy(update={"cutout_sha256": digest}))
    return plain.model_copy(
        update={
            "predictions": tuple(predictions),
            "settings": plain.settings.model_copy(update={"out": str(tmp_path)}),
        }
    )


def test_mend_csv_has_all_that_is_not_usable() -> None:
    some = decisions(
        review("c0", answer="mend", comment="=cmd|'/c calc'!A1", place=(3, 4)),
        review("c1", answer="mend"),
        review("c1", answer="usable", person="@Bo\n"),
        review("c2", answer="unusable"),
    )
    found = list(csv.DictReader(io.StringIO(mend_csv(run_over(3), some))))
    says = {row["case"]: row["says"] for row in found}
    assert says == {"c0": "mend", "c1": "disputed", "c2": "unusable"}
    assert found[0]["file"] == "cutouts/a/portrait/c0.png"
    assert (found[0]["x"], found[0]["y"]) == ("3", "4")
    assert found[0]["comments"] == "Ada: =cmd|'/c calc'!A1"
    assert found[1]["by"] == "'@Bo, Ada"


def test_mend_csv_is_in_the_order_of_the_cases() -> None:
    some = decisions(*(review(f"c{n}", answer="mend") for n in (10, 2, 1)))
    rows = csv.DictReader(io.StringIO(mend_csv(run_over(11), some)))
    assert [row["case"] for row in rows] == ["c1", "c2", "c10"]


def test_mend_csv_says_why_in_words_that_any_program_shows() -> None:
    text = Message("{share}\u00a0% of the subject is half see-through", share="12")
    sign = Sign(measure="soft_inside", text=text, weight=2)
    risk = Risk(category="portrait", case="c0", model="a", value=0.9, signs=(sign,))
    run = run_over(3).model_copy(update={"risks": (risk,)})
    (row,) = csv.DictReader(io.StringIO(mend_csv(run, decisions(review("c0", answer="mend")))))
    assert row["reasons"] == "12 % of the subject is half see-through"


def test_no_cell_is_a_formula() -> None:
    some = decisions(review(comment="=1+1", person="+x", answer="mend"), vote("c1", person="-y"))
    for text in (mend_csv(run_over(3), some), table_csv(run_over(3), some)):
        for row in csv.reader(io.StringIO(text)):
            assert not any(cell.startswith(tuple("=+-@")) for cell in row)


def test_rows_are_a_frame() -> None:
    some = decisions(review(place=(1, 2)), vote("c1", "right"))
    frame = [dict(zip(HEADS, row, strict=True)) for row in rows(run_over(3), some)]
    assert [row["says"] for row in frame] == ["usable", "b is better"]
    assert frame[1]["model"] == "a · b"


def seen(run: Run, case: str, model: str, answer: str = "usable") -> object:
    sha256 = next(p.cutout_sha256 for p in run.predictions if (p.case, p.model) == (case, model))
    return review(case, model, answer, cutout_sha256=sha256)


def test_the_zip_holds_the_usable_byte_for_byte(run: Run, tmp_path: Path) -> None:
    told: list[Message] = []
    some = decisions(seen(run, "c0", "a"), seen(run, "c1", "a", "mend"), seen(run, "c2", "b"))
    path = tmp_path / "z" / "usable.zip"
    assert write_zip(path, run, some, told.append) == 2
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["a/portrait/c0.png", "b/portrait/c2.png"]
        assert archive.read("b/portrait/c2.png") == b"bc2"
    assert not told
    assert write_zip(path, run, some, told.append) == 2  # over a ZIP


def test_names_in_the_zip_are_the_pictures_own_where_they_can_be(tmp_path: Path) -> None:
    names = ["White mug (1) #2", "a/../b", "..", "aux", "A?", "a*", "商品 1"]
    plain, predictions, some = run_over(len(names)), [], []
    those = [p for p in plain.predictions if p.model == "a"]
    for p, name in zip(those, names, strict=True):
        path = tmp_path / p.cutout
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(p.cutout.encode())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        predictions.append(p.model_copy(update={"case": name, "cutout_sha256": sha256}))
        some.append(review(name, p.model, "usable", cutout_sha256=sha256))
    run = plain.model_copy(
        update={"predictions": tuple(predictions),
                "settings": plain.settings.model_copy(update={"out": str(tmp_path)})}
    )  # fmt: skip
    assert write_zip(tmp_path / "u.zip", run, decisions(*some), lambda _: None) == len(names)
    with zipfile.ZipFile(tmp_path / "u.zip") as archive:
        assert [name.removeprefix("a/portrait/") for name in archive.namelist()] == [
            "White mug (1) #2.png", "a_.._b.png", "_.png", "_aux.png", "A_.png", "a_~.png",
            "商品 1.png",
        ]  # fmt: skip


def test_a_spreadsheet_knows_that_the_lists_are_utf_8(tmp_path: Path) -> None:
    write_lists(tmp_path, run_over(1), decisions(review("c0", answer="mend", comment="发丝缺失")))
    for name, column in ((MEND, "comments"), (TABLE, "comment")):
        assert (tmp_path / name).read_bytes().startswith(b"\xef\xbb\xbf")
        (row,) = csv.DictReader((tmp_path / name).open(encoding="utf-8-sig", newline=""))
        assert "发丝缺失" in row[column]


def test_a_file_that_was_changed_is_left_out_and_told(run: Run, tmp_path: Path) -> None:
    told: list[Message] = []
    (tmp_path / "cutouts/a/portrait/c0.png").write_bytes(b"other")
    some = decisions(seen(run, "c0", "a"), seen(run, "c1", "a"))
    assert write_zip(tmp_path / "u.zip", run, some, told.append) == 1
    assert [str(message) for message in told] == [
        "cutouts/a/portrait/c0.png is gone or was changed, and is left out"
    ]


def test_a_file_of_before_1980_goes_into_the_zip(run: Run, tmp_path: Path) -> None:
    os.utime(tmp_path / "cutouts/a/portrait/c0.png", (0, 0))
    assert write_zip(tmp_path / "u.zip", run, decisions(seen(run, "c0", "a")), print) == 1


def test_nothing_but_a_zip_is_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("dear to me")
    for path in (tmp_path / "mine.txt", tmp_path):
        with pytest.raises(OutputError, match="is no ZIP"):
            write_zip(path, run, decisions(), lambda _: None)
    assert (tmp_path / "mine.txt").read_text() == "dear to me"
    assert not list(tmp_path.glob(".new-*"))
