"""Records in a file are those that were written, from whichever side one comes to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from rmbg_eval.core import records as module
from rmbg_eval.core.records import (
    RecordFile,
    Records,
    Shape,
    Stored,
    Writer,
    arrow_types,
    columns,
    having,
    without,
    writing,
)
from rmbg_eval.errors import OutputError

COUNT = 103


class Nested(BaseModel):
    """What a row has as JSON."""

    size: tuple[int, int]
    texts: dict[str, str] = {}


class Thing(BaseModel):
    """A record with a field of each kind."""

    name: str
    number: int | None
    share: float | None
    flag: bool
    by_name: dict[str, float] = {}
    nested: Nested | None = None


def thing(at: int) -> Thing:
    return Thing(
        name=f"发丝 {at}",
        number=None if at % 7 == 0 else at,
        share=None if at % 5 == 0 else at / 8,
        flag=at % 3 == 0,
        by_name={"infer": at / 4, "load": 0.0} if at % 2 else {},
        # Some are alike, and some are too long to be kept.
        nested=Nested(size=(at % 4, 2), texts={"en": "x" * (2000 if at % 11 == 0 else 3)})
        if at % 13
        else None,
    )


THINGS = tuple(map(thing, range(COUNT)))
SHAPE = Shape(Thing)


@pytest.fixture(scope="module", params=[1, 40, COUNT, 1000], ids=lambda most: f"{most} a group")
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Records:
    folder: Path = tmp_path_factory.mktemp("records")
    with writing(folder, "things", arrow_types(SHAPE.columns), request.param) as writer:
        for each in THINGS:
            writer.add(SHAPE.row(each))
    return Records(Stored(folder, "things", written(writer), SHAPE.columns), SHAPE)


def written(writer: Writer) -> RecordFile:
    assert writer.file
    assert writer.file.rows == COUNT
    return writer.file


def test_they_are_those_that_were_written(records: Records) -> None:
    assert len(records) == COUNT
    assert (*records,) == THINGS
    assert records == THINGS
    assert records != THINGS[:-1]
    assert records != (*THINGS[:-1], THINGS[0])
    assert [records[at] for at in range(-COUNT, COUNT)] == [*THINGS, *THINGS]
    for place in (COUNT, -COUNT - 1):
        with pytest.raises(IndexError):
            records[place]


@settings(max_examples=40)
@given(data=st.data())
def test_some_of_them_are_those_of_the_tuple(records: Records, data: st.DataObject) -> None:
    start, stop = (data.draw(st.integers(0, COUNT)) for _ in "ab")
    assert [*records.between(start, stop)] == [*THINGS[start:stop]]
    part = data.draw(st.slices(COUNT))
    assert records[part] == THINGS[part]


def test_those_with_and_without_something_are_found(records: Records) -> None:
    for name in ("number", "share", "nested"):
        assert [*having(records, name)] == [*having(THINGS, name)]
    for name in ("number", "flag", "nested"):
        assert [*without(records, name)] == [*without(THINGS, name)]
    names = ("flag", "name", "by_name", "nested", "share")
    assert [*columns(records, *names)] == [*columns(THINGS, *names)]


@pytest.mark.parametrize("field", ["name", "by_name", "nested"])
def test_a_long_text_that_a_file_has_once_and_a_group_in_each_row_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """Of a kilobyte there would be gigabytes in memory."""
    long = "x" * 50_000
    values = {
        "name": long,
        "by_name": {long: 1.0},
        "nested": Nested(size=(1, 1), texts={"en": long}),
    }
    bomb = THINGS[0].model_copy(update={field: values[field]})
    with writing(tmp_path, "things", arrow_types(SHAPE.columns), COUNT) as writer:
        for _ in range(COUNT):
            writer.add(SHAPE.row(bomb))
    file = written(writer)
    assert file.path(tmp_path, "things").stat().st_size < 10_000
    stored = Stored(tmp_path, "things", file, SHAPE.columns)
    assert Records(stored, SHAPE)[0] == bomb
    monkeypatch.setattr(module, "_BYTES_MOST", COUNT * len(long) - 1)
    with pytest.raises(OutputError, match="is not the file of records"):
        Records(stored, SHAPE)[0]


def test_one_that_does_not_hold_to_what_is_asked_ends_with_a_message(records: Records) -> None:
    strict = Records(records.stored, SHAPE, lambda each: each.name != THINGS[50].name)
    assert strict[0] == THINGS[0]
    with pytest.raises(OutputError, match="is not the file of records"):
        strict[50]
    with pytest.raises(OutputError, match="is not the file of records"):
        list(strict)
