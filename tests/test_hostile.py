"""A case set that means harm: nothing is executed, and nothing outside is read or written."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from comparisons import made
from fakes import FakeModel, save_picture
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from junit_reader import outcomes, read
from runs import run_of

from rmbg_eval import Settings, evaluate
from rmbg_eval.ci.junit import junit_of_comparison
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.ci.summary_md import summary_of_comparison
from rmbg_eval.compare.baseline import approve
from rmbg_eval.compare.runs import compare
from rmbg_eval.run.csv_files import csv_lines, plain_text, write_csv

NAMES = [
    "=cmd|'&calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "＝1",
    "<script>alert(1)<script>",
    "![x](javascript:alert(1))",
    "a | b ` c `` d",
    "control \x01\x1b[31m \u202e x",
    "&amp; ]]> <!--",
    "{{ 7*7 }} {% raw %}",
    "$(touch owned) `touch owned`; touch owned",
    "con",
    "发丝 杯 🥤",
]

TOML = {
    "climbs": 'image = "../../../outside.png"',
    "absolute": 'image = "{outside}"',
    "alpha": 'alpha = "../../../outside.png"',
    "foreground": 'foreground = "{outside}"',
    "link": 'image = "link.png"',
    "nul": 'image = "a\\u0000b.png"',
    "long": f'image = "{"x" * 5000}.png"',
    "absurd": "[[points]]\nid = 'x'\nkind = 'opaque'\nbox = [0, 0, 99999999999, 99999999999]",
    "negative": "[[points]]\nid = 'x'\nkind = 'opaque'\nbox = [-5, 0, 9, 9]",
    "source": 'source = "skimage:../../etc/passwd"',
    "title": 'title = {{ en = "=1+1\\n<script>alert(1)</script>| `x` ![y](data:,z)" }}',
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A case set of hostile names and case.tomls, beside a picture that is none of its business."""
    outside = save_picture(tmp_path / "outside.png", 50)
    folder = tmp_path / "cases"
    for seed, name in enumerate(NAMES):
        save_picture(folder / "=HYPERLINK(1)" / f"{name}.png", seed)
    for seed, (name, toml) in enumerate(TOML.items()):
        there = folder / "toml" / name
        save_picture(there / "image.png", 100 + seed)
        (there / "case.toml").write_text(toml.format(outside=outside), "utf-8")
    (folder / "toml" / "link" / "link.png").symlink_to(outside)
    return folder


@pytest.fixture
def settings(hostile: Path, tmp_path: Path, use_models: Callable[..., None]) -> Settings:
    use_models(FakeModel())
    return Settings(cases=str(hostile), models=["fake"], out=str(tmp_path / "in" / "out"))


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_nothing_is_read_or_written_outside(settings: Settings, tmp_path: Path) -> None:
    before = everything(tmp_path)
    run = evaluate(settings)
    approve(
        settings.out_folder,
        tmp_path / "in" / "baseline",
        {f"{p.category}/{p.case}" for p in run.failures},
    )
    assert {p for p in everything(tmp_path) - before if not p.startswith("in")} == set()
    failed = {p.case for p in run.failures if p.category == "toml"}
    assert failed == {
        "climbs", "absolute", "alpha", "foreground", "link", "nul", "long", "negative",
    }  # fmt: skip
    for p in run.predictions:
        if p.cutout:
            path = settings.out_folder / p.cutout
            assert path.resolve().is_relative_to(settings.out_folder.resolve())
            assert path.name.isprintable()
    reasons = {p.case: str(p.reason) for p in run.points}
    assert reasons["absurd"]


def test_no_cell_is_a_formula(settings: Settings) -> None:
    evaluate(settings)
    text = (settings.out_folder / "measurements.csv").read_text("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {8}
    assert {row[1] for row in rows[1:]} == {"'=HYPERLINK(1)", "toml"}
    for row in rows:
        for number, cell in enumerate(row):
            assert number == 4 or not cell.startswith(tuple("=+-@\t\r＝＋－＠")), cell
    values = [row[4] for row in rows[1:] if row[4]]
    assert values
    assert all(float(value) is not None for value in values)


@limits(max_examples=200)
@given(st.text(max_size=12))
def test_plain_text_is_the_text_or_begins_with_an_apostrophe(text: str) -> None:
    made = plain_text(text)
    assert made.replace("'", "") == text.replace("'", "")
    if made == text and text[:1] in tuple("=+-@＝＋－＠") and text:
        float(text)


@pytest.mark.parametrize("separator", [";", "\t"])
@limits(max_examples=200)
@given(st.text(st.sampled_from("a=+-@＝;\t\"' 1"), max_size=12))
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits(separator: str, text: str) -> None:
    (line,) = csv_lines([["pet", text, "x"]])
    for cell in next(csv.reader([line], delimiter=separator)):
        assert not cell.lstrip().startswith(tuple("=+-@＝")) or _number(text), line


def test_a_table_of_a_stranger_s_run_holds_no_control_characters(tmp_path: Path) -> None:
    write_csv(tmp_path / "m.csv", run_of(made(case="\x1b[31m", seconds={"infer": 1.0})))
    assert r"\x1b[31m" in (tmp_path / "m.csv").read_text("utf-8")


def _number(text: str) -> bool:
    try:
        return bool(float(text)) or True
    except ValueError:
        return False


def test_numbers_stay_numbers() -> None:
    for value in (-0.5, 1e-300, -1e22, 3.0, -7):
        assert float(plain_text(repr(value))) == value


def test_files_for_a_build_hold_no_markup_of_others(settings: Settings, tmp_path: Path) -> None:
    run = evaluate(settings, on_save=build_files)
    root = read((settings.out_folder / "junit.xml").read_text("utf-8"))
    assert len(outcomes(root)) == len(run.cases) == len(NAMES) + len(TOML)
    summary = (settings.out_folder / "summary.md").read_text("utf-8")
    outside_code = "".join(summary.split("`")[::2])
    for harm in ("<script", "javascript:", "data:", "\x1b", "\u202e"):
        assert harm not in outside_code
    approve(
        settings.out_folder,
        tmp_path / "in" / "baseline",
        {f"{p.category}/{p.case}" for p in run.failures},
    )
    found = compare(tmp_path / "in" / "baseline", settings.out_folder)
    assert {pair.state for pair in found.pairs} == {"same", "still-failed"}
    read(junit_of_comparison(found, "worse"))
    assert "<script" not in "".join(summary_of_comparison(found, "worse").split("`")[::2])


def test_a_link_in_place_of_the_run_folder_or_baseline_leads_where_its_owner_says(
    settings: Settings, tmp_path: Path
) -> None:
    """A person may link a folder of theirs; a file in its place is refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "real").mkdir()
    os.symlink(tmp_path / "in" / "real", tmp_path / "in" / "out")
    evaluate(settings)
    assert (tmp_path / "in" / "real" / "run.json").exists()
