"""Measurements that lie in a file say what those in memory say, however they are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmbg_eval.core.key import Key, Names
from rmbg_eval.core.lookup import Keys
from rmbg_eval.core.records import Row, arrow_types, writing
from rmbg_eval.errors import OutputError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements, Reason
from rmbg_eval.measure.record import Measurement
from rmbg_eval.measure.stored import (
    _LACKING,
    REASONS,
    REGIONS,
    StoredMeasurements,
    columns_of,
    row_of,
)

KEYS = [Key("pet", case, model) for case in ("c0", "c1", "c2") for model in "ab"]
METRICS = ("mad", "mad_unknown", "grad")
CELLS = st.none() | st.tuples(
    st.sampled_from([0.0, 0.25, -1.0, "no truth", "it failed"]),
    st.sampled_from(["whole", "trimap"]),
)
TABLES = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=6, max_size=6)


def measured(table: list[list[tuple[float | str, str] | None]]) -> Measurements:
    """What a table of a value or a reason, and a region, says of each key and metric."""
    return Measurements(
        Measurement(
            **key._asdict(),
            metric=metric,
            value=None if isinstance(cell[0], str) else cell[0],
            reason=Message(cell[0]) if isinstance(cell[0], str) else None,
            unit="alpha",
            region=cell[1],
        )
        for key, row in zip(KEYS, table, strict=True)
        for metric, cell in zip(METRICS, row, strict=True)
        if cell
    )


def stored(folder: Path, plain: Measurements) -> StoredMeasurements:
    """The same in a file."""
    return written(folder, plain, (row_of(row, plain.metrics()) for row in plain.rows()))


def written(folder: Path, of: Measurements, rows: Iterable[Row]) -> StoredMeasurements:
    """Rows in a file, two a group, that is said to have the columns of others."""
    schema = arrow_types(columns_of(of.metrics()))
    with writing(folder, "measurements", schema, 2) as writer:
        for row in rows:
            writer.add(row)
    assert writer.file
    return StoredMeasurements(folder, writer.file, of.columns(), Keys().rows)


@settings(max_examples=60)
@given(TABLES, st.permutations(KEYS))
def test_what_is_stored_says_the_same(
    table: list[list[tuple[float | str, str] | None]], order: list[Key]
) -> None:
    plain = measured(table)
    with TemporaryDirectory() as folder:
        kept = stored(Path(folder), plain)
        assert [*kept] == [*plain]
        assert kept == plain
        assert len(kept) == len(plain)
        assert kept.metrics() == plain.metrics()
        assert kept.scored() == plain.scored()
        for key in order:
            assert kept.values_of(key) == plain.values_of(key)
            if key in plain.by_key:
                assert [*kept.of_key(key)] == [*plain.of_key(key)]
        names = Names({"a": "new"})
        one, other = kept.renamed(names), plain.renamed(names)
        assert [*one] == [*other]
        assert one.metrics() == other.metrics()
        assert one.values_of(KEYS[0]) == {}
        assert one.values_of(KEYS[0]._replace(model="new")) == plain.values_of(KEYS[0])
        for metric in METRICS:
            assert [*kept.of(metric)] == [*plain.of(metric)]


@settings(max_examples=60)
@given(TABLES)
def test_its_arrays_have_a_row_each_with_value_reason_and_region(
    table: list[list[tuple[float | str, str] | None]],
) -> None:
    plain = measured(table)
    with TemporaryDirectory() as folder:
        kept = stored(Path(folder), plain)
        for metric in plain.metrics():
            values, why, reasons, where, regions = kept.arrays(metric)
            for at, key in enumerate(plain.by_key):
                found = plain.by_key[key].get(metric)
                value = None if np.isnan(values[at]) else values[at]
                assert value == (found and found.value)
                assert (None if why[at] < 0 else reasons[why[at]]) == (found and found.reason)
                assert (None if where[at] < 0 else regions[where[at]]) == (found and found.region)


REASON = '[{"reason":{"text":"no truth"},"metrics":["mad"]}]'


@pytest.mark.parametrize("wrong", [{"mad": float("nan")}, {REASONS: REASON}, {REGIONS: "[]"}])
@pytest.mark.parametrize(
    "ask",
    [
        lambda kept: kept.arrays("mad"),
        lambda kept: [*kept],
        lambda kept: [*kept.of("mad")],
        lambda kept: [kept.values_of(key) for key in KEYS],
    ],
)
def test_a_row_that_no_measurement_has_is_refused(
    wrong: dict[str, float | str], ask: Callable[[StoredMeasurements], object], tmp_path: Path
) -> None:
    plain = measured([[(0.25, "whole"), None, None]] * 6)
    rows = [row_of(row, plain.metrics()) for row in plain.rows()]
    ask(written(tmp_path, plain, rows))
    with pytest.raises(OutputError, match="is not the file of records"):
        ask(written(tmp_path, plain, [*rows[:3], {**rows[3], **wrong}, *rows[4:]]))


def test_why_failures_have_no_value_is_read_once_for_all_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = stored(tmp_path, measured([[(f"it failed {n}", "whole")] * 3 for n in range(6)]))
    read: list[str] = []

    def validate_json(text: str) -> tuple[Reason, ...]:
        read.append(text)
        return _LACKING.validate_json(text)

    reader = SimpleNamespace(validate_json=validate_json)
    monkeypatch.setattr("rmbg_eval.measure.stored._LACKING", reader)
    for metric in METRICS:
        assert [*map(str, kept.arrays(metric)[2])] == [f"it failed {n}" for n in range(6)]
    assert len(read) == 6
