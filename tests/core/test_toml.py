"""A person's TOML file becomes what it should be, or one refusal that names it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import make_pipe
from pydantic import BaseModel, ConfigDict

from rmbg_eval.core.files import MAX_TOML
from rmbg_eval.core.toml import read_toml
from rmbg_eval.errors import SettingsError


class Leg(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    length: int


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = ""
    legs: dict[str, Leg] = {}


def read(path: Path) -> Table:
    return read_toml(path, "table.toml", Table, Leg, SettingsError)


def test_reads_what_is_good(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('name = "oak"\nlegs.left = { length = 3 }', "utf-8-sig")
    assert read(path) == Table(name="oak", legs={"left": Leg(length=3)})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('nam = "oak"', "table.toml: unknown name 'nam' (allowed: name, legs)"),
        (
            "legs.left = { length = 3, width = 2 }",
            "table.toml: unknown name 'legs.left.width' (allowed: length)",
        ),
        ("legs.left = {}", "table.toml: legs.left.length is missing"),
        ("name = 3", "table.toml: name: input should be a valid string, received 3"),
        ("name = oak", "table.toml is not TOML: Invalid value (at line 1, column 8)"),
        ("a = " + "[" * 9999, "table.toml is not TOML: maximum recursion depth exceeded"),
        ("a = " + "9" * 9999, "table.toml is not TOML: Exceeds the limit (4300 digits)"),
        ("[" + "a." * 99 + "a]", "table.toml is not TOML: a key has a hundred parts (at line 1)"),
        ("b={x=1, 'a'" + ' . "a\\""' * 99 + "=1}", "table.toml is not TOML: a key has a hundred"),
        ("#" * (MAX_TOML + 1), "table.toml is larger than 1 MiB"),
    ],
    ids=range(10),
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a"
    path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        read(path)
    assert str(raised.value.problem).startswith(problem)


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, b: bytes) -> None:
    path = tmp_path_factory.mktemp("toml") / "a"
    path.write_bytes(b)
    try:
        assert isinstance(read(path), Table)
    except SettingsError as refusal:
        assert str(refusal.problem).startswith("table.toml")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    make_pipe(tmp_path / "pipe")
    for path, problem in (
        (tmp_path, "table.toml is not a regular file"),
        (tmp_path / "pipe", "table.toml is not a regular file"),
        (tmp_path / "none", "There is no file table.toml"),
    ):
        with pytest.raises(SettingsError) as raised:
            read(path)
        assert str(raised.value.problem) == problem


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read every file")
def test_what_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch(0o000)
    with pytest.raises(SettingsError, match="Permission denied"):
        read(path)
