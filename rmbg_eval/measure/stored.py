"""The measurements of a run in a Parquet file: a row a prediction, a column a metric.

Loads with pydantic alone; numpy and pyarrow are there once such a file is read.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from ..core.key import Key, Names
from ..core.lookup import Renamed
from ..core.records import RecordFile, Row, Stored, keep
from ..i18n import Message
from .columns import Column, Measurements, Numbers, Reason

T = TypeVar("T")
REASONS, REGIONS = "reasons", "regions"
"""The columns after the metrics': JSON, or nothing where there is none."""
_KEPT = 12
"""Groups that are kept where single rows are asked for."""
_LACKING = TypeAdapter(tuple[Reason, ...])
_ELSEWHERE = TypeAdapter(dict[str, str])


def columns_of(metrics: Iterable[str]) -> dict[str, str]:
    """The columns of the file and their kinds."""
    return {
        **dict.fromkeys(Key._fields, "text"),
        **dict.fromkeys(metrics, "real"),
        REASONS: "json",
        REGIONS: "json",
    }


def row_of(row: dict[str, Any], metrics: Sequence[str]) -> Row:
    """A row of `Measurements.rows` as one of the file."""
    values = row["values"]
    return {
        **{name: row[name] for name in Key._fields},
        **{name: values.get(name) for name in metrics},
        REASONS: _text(row["reasons"]),
        REGIONS: _text(row["regions"]),
    }


def _text(value: Any) -> str | None:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None


class StoredMeasurements(Measurements):
    """Measurements that are read where they are asked for."""

    def __init__(
        self,
        folder: Path,
        file: RecordFile,
        columns: Iterable[Column],
        find: Callable[[Stored], Mapping[Key, int]],
    ) -> None:
        """`columns`: as run.json has them; `find`: where each key of a file is."""
        super().__init__()
        for column in columns:
            self._number(column)
        self.stored = Stored(folder, "measurements", file, columns_of(self._first))
        self.find = find
        self._coded: dict[str, tuple[Any, list[Any]]] = {}
        self._alike: dict[frozenset[str], frozenset[str]] = {}
        self._rows = _Rows(self)  # type: ignore[assignment]

    def renamed(self, names: Names) -> Measurements:
        if not any(names):
            return self
        other = Measurements()
        other._columns, other._numbers = self._columns, self._numbers
        other._first = self._first
        other._rows = Renamed(self._rows, names)  # type: ignore[assignment]
        return other

    def scored(self) -> set[str]:
        metadata = self.stored.metadata
        found: set[str] = set()
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            for place in range(len(Key._fields), len(Key._fields) + len(self._first)):
                column = group.column(place)
                known = column.statistics
                if known is None or known.null_count < group.num_rows:
                    found.add(column.path_in_schema)
        return found

    def arrays(self, metric: str) -> tuple[Any, Any, list[Message], Any, list[str]]:
        """Of one metric and every row of the file, in its order: values `(N,) float64`, NaN where
        there is none; by number the reason why, or −1, and the reasons; likewise the region."""
        import numpy as np

        with self.stored.errors():
            values = np.empty(self.stored.starts[-1])
            for start, column in self._pieces(metric):
                values[start : start + len(column)] = self.reals(column)
            known = np.isfinite(values)
            codes, lacking = self._read(REASONS, self._reasons)
            reasons: dict[Message, int] = {}
            table = np.full(len(lacking) + 1, -1, np.int32)
            for number, some in enumerate(lacking):
                for reason, metrics in some:
                    if metric in metrics:
                        table[number] = reasons.setdefault(reason, len(reasons))
            why = table[codes]
            if (known & (why >= 0)).any():
                raise self.stored.other()  # a value and a reason
            codes, elsewhere = self._read(REGIONS, _ELSEWHERE.validate_json)
            regions = {self._first[metric].region: 0}
            table = np.zeros(len(elsewhere) + 1, np.int32)
            for number, named in enumerate(elsewhere):
                region = named.get(metric)
                if region is not None:
                    table[number] = regions.setdefault(region, len(regions))
            where = np.where(known | (why >= 0), table[codes], np.int32(-1))
        return values, why, [*reasons], where, [*regions]

    def _pieces(self, name: str) -> Iterator[tuple[int, Any]]:
        """A column, a group of rows at a time, each with its first row."""
        for start, table in zip(self.stored.starts, self.stored.groups([name]), strict=False):
            yield start, table.column(name)

    def reals(self, column: Any) -> Any:
        """The numbers of a metric's column, NaN where there is none: all others are finite."""
        import numpy as np

        numbers = column.to_numpy()
        if np.count_nonzero(np.isfinite(numbers)) + column.null_count != len(column):
            raise self.stored.other()
        return numbers

    def _reasons(self, text: str) -> tuple[tuple[Message, frozenset[str]], ...]:
        """The reasons that a text says, each with the metrics that it is of."""
        lacking = ((each.reason, frozenset(each.metrics)) for each in _LACKING.validate_json(text))
        return tuple((why, self._alike.setdefault(metrics, metrics)) for why, metrics in lacking)

    def _read(self, column: str, read: Callable[[str], T]) -> tuple[Any, list[T]]:
        """Of each row the number of its text among all that are different, or −1 without one; and
        what those say, which is read once for all metrics: each failure has a text of its own."""
        if column not in self._coded:
            import numpy as np

            numbers: dict[str | None, int] = {None: -1}
            codes = np.empty(self.stored.starts[-1], np.int32)
            for start, some in self._pieces(column):
                codes[start : start + len(some)] = [
                    numbers.setdefault(text, len(numbers) - 1) for text in some.to_pylist()
                ]
            codes = codes.astype(np.min_scalar_type(-len(numbers)))
            self._coded[column] = codes, [read(text) for text in numbers if text is not None]
        return self._coded[column]

    def column(self, metric: str) -> Iterator[tuple[Key, Column, float | None, Message | None]]:
        if metric not in self._first:
            return
        rows = _Decoded(self, [metric])
        for table in self.stored.groups(rows.columns):
            for key, row in rows.keyed(table):
                for at, value, reason in zip(row.columns, row.values, row.reasons, strict=True):
                    column = self._columns[at]
                    if column.metric == metric:
                        yield key, column, None if reason else value, reason


class _Decoded:
    """Rows of the file as numbers: of all metrics, or of some."""

    def __init__(self, of: StoredMeasurements, metrics: Sequence[str]) -> None:
        self._of = of
        self._metrics = metrics
        self._shapes: dict[object, tuple[Any, tuple[int, ...], tuple[Message | None, ...]]] = {}

    def keyed(self, table: Any) -> Iterator[tuple[Key, Numbers]]:
        """Each row of a table, with its key."""
        keys = [*zip(*(table.column(name).to_pylist() for name in Key._fields), strict=True)]
        rows = self.rows(table)
        del table  # merging has hundreds of them, which are larger than what is made of them
        for (_, row), key in zip(rows, keys, strict=True):
            yield Key(*key), row

    @property
    def columns(self) -> list[str]:
        """Those of the file that are needed."""
        return [*Key._fields, *self._metrics, REASONS, REGIONS]

    def table(self, number: int) -> Any:
        """A group of rows."""
        return self._of.stored.group(number, self.columns)

    def rows(self, table: Any, only: int | None = None) -> Iterator[tuple[int, Numbers]]:
        """The rows of a table, or `only` one, with their places."""
        import numpy as np

        of = self._of
        with of.stored.errors():
            if only is not None:
                table = table.slice(only, 1)
            matrix = np.empty((table.num_rows, len(self._metrics)))
            for number, name in enumerate(self._metrics):
                matrix[:, number] = of.reals(table.column(name))
            there = np.isfinite(matrix)
            matrix[~there] = 0
            texts = [table.column(name).to_pylist() for name in (REASONS, REGIONS)]
            del table
            for at in range(len(matrix)):
                about = there[at].tobytes(), texts[0][at], texts[1][at]
                if about not in self._shapes:
                    if len(self._shapes) > 4096:
                        self._shapes.clear()
                    self._shapes[about] = self._shape(there[at], *about[1:])
                take, columns, reasons = self._shapes[about]
                values = array("d", matrix[at, take].tobytes())
                yield at, Numbers(columns, values, reasons)

    def _shape(
        self, there: Any, lacking: str | None, elsewhere: str | None
    ) -> tuple[Any, tuple[int, ...], tuple[Message | None, ...]]:
        """Which of the values a row has, in the order of the run's columns, and why not others."""
        import numpy as np

        of = self._of
        reasons = {
            name: each.reason
            for each in (_LACKING.validate_json(lacking) if lacking else ())
            for name in each.metrics
        }
        regions = _ELSEWHERE.validate_json(elsewhere) if elsewhere else {}
        found: list[tuple[int, int, Message | None]] = []
        for place, name in enumerate(self._metrics):
            if bool(there[place]) == (name in reasons):
                if there[place]:
                    raise of.stored.other()  # a value and a reason
                continue
            column = of._first[name]
            if name in regions:
                column = Column(metric=name, unit=column.unit, region=regions[name])
            if column not in of._numbers:
                raise of.stored.other()
            found.append((of._numbers[column], place, reasons.get(name)))
        found.sort(key=lambda each: each[0])
        return (
            np.array([place for _, place, _ in found], dtype=int),
            tuple(number for number, _, _ in found),
            tuple(reason for _, _, reason in found),
        )


class _Rows(Mapping[Key, Numbers]):
    """By key, a row of the file; it is read where it is asked for."""

    def __init__(self, of: StoredMeasurements) -> None:
        self._of = of
        self._tables: dict[int, Any] = {}

    @cached_property
    def _decoded(self) -> _Decoded:
        return _Decoded(self._of, [*self._of._first])

    @cached_property
    def _at(self) -> Mapping[Key, int]:
        return self._of.find(self._of.stored)

    def __getitem__(self, key: Key) -> Numbers:
        number, place = self._of.stored.place(self._at[key])
        table = keep(self._tables, number, _KEPT, lambda: self._decoded.table(number))
        ((_, row),) = self._decoded.rows(table, place)
        return row

    def __iter__(self) -> Iterator[Key]:
        return iter(self._at)

    def __len__(self) -> int:
        return self._of.stored.starts[-1]

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def items(self) -> Any:
        """In the order of the file, which is read once."""
        for number in range(len(self._of.stored.counts)):
            yield from self._decoded.keyed(self._decoded.table(number))

    def values(self) -> Any:
        return (row for _, row in self.items())
