"""The measurements of a run, by case and model, in the memory that their numbers need.

One by one they are records; a run has forty of them a prediction. Loads with pydantic alone.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from pydantic import Field, FiniteFloat, TypeAdapter

from ..core.frozen import Frozen
from ..core.key import Key, Keyed, Names
from ..i18n import Message
from .record import Measurement

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

_TAKEN = 4096
"""Kinds of rows of which it is remembered how they are taken."""

Value = tuple[float | None, Message | None]
"""The value, or None and the reason."""


class Column(Frozen):
    """What a number of every prediction is."""

    metric: str
    unit: str
    region: str
    """Which pixels it is over."""


@lru_cache(maxsize=1024)
def _shared(column: Column) -> Column:
    """The same object for the same column: each of hundreds of shards has all of them."""
    return column


class Numbers(NamedTuple):
    """Of one prediction. Rows that lack the same for the same reasons share two of the three."""

    columns: tuple[int, ...]
    """Which of the run's, ascending."""
    values: array[float]
    """0 where there is a reason instead."""
    reasons: tuple[Message | None, ...]


class Reason(Frozen):
    """Why metrics have no value."""

    reason: Message
    metrics: tuple[str, ...]


class Row(Keyed):
    """What was measured of one prediction."""

    values: dict[str, FiniteFloat]
    """By metric."""
    reasons: tuple[Reason, ...] = ()
    """Those of the metrics that have none."""
    regions: dict[str, str] = Field(default={})
    """By metric, where it is not the first of its name among the metrics."""


class Table(Frozen):
    """Measurements as run.json keeps them."""

    metrics: tuple[Column, ...]
    """One may be there for several regions."""
    rows: tuple[Row, ...]


class Measurements(Collection[Measurement]):
    """Every measurement of a run, which come by case and model and then by metric."""

    def __init__(self, measurements: Iterable[Measurement] = ()) -> None:
        self._columns: list[Column] = []
        self._numbers: dict[Column, int] = {}
        self._first: dict[str, Column] = {}
        self._rows: dict[Key, Numbers] = {}
        self._shared: dict[Any, Any] = {}
        self._taken: dict[object, tuple[Measurements, tuple[int, ...], list[int]]] = {}
        """Of another's rows that are alike, what is taken: those columns here, from these places
        there."""
        groups: dict[Key, list[Measurement]] = {}
        for measurement in measurements:
            groups.setdefault(measurement.key, []).append(measurement)
        for key, group in groups.items():
            columns = [Column(metric=m.metric, unit=m.unit, region=m.region) for m in group]
            self.add(key, columns, [(m.value, m.reason) for m in group])

    def add(self, key: Key, columns: Sequence[Column], values: Sequence[Value]) -> None:
        """Add numbers of one prediction to those that there are of it."""
        before = self._rows.get(key)
        numbers = [*before.columns] if before else []
        reals = before.values[:] if before else array("d")
        reasons = [*before.reasons] if before else []
        for column, (value, reason) in zip(columns, values, strict=True):
            number = self._number(column)
            at = bisect_left(numbers, number)
            if at == len(numbers) or numbers[at] != number:
                numbers.insert(at, number)
                reals.insert(at, 0.0)
                reasons.insert(at, None)
            reals[at], reasons[at] = value or 0.0, reason
        self._put(key, tuple(numbers), reals, tuple(reasons))

    def _put(
        self,
        key: Key,
        columns: tuple[int, ...],
        values: array[float],
        reasons: tuple[Message | None, ...],
    ) -> None:
        self._rows[key] = Numbers(
            self._shared.setdefault(columns, columns),
            values,
            self._shared.setdefault(reasons, reasons),
        )

    def _number(self, column: Column) -> int:
        column = _shared(column)
        number = self._numbers.setdefault(column, len(self._columns))
        if number == len(self._columns):
            first = self._first.setdefault(column.metric, column)
            if first.unit != column.unit:
                raise ValueError(f"{column.metric} has one unit")
            self._columns.append(column)
        return number

    def take(self, other: Measurements, key: Key, metrics: Iterable[str], row: Numbers) -> None:
        """Add of another's row those of `metrics` that it has, in the order of `metrics`."""
        about = id(other), row.columns, tuple(metrics)
        if about not in self._taken:
            own = {other._columns[number].metric: place for place, number in enumerate(row.columns)}
            places = [own[name] for name in about[2] if name in own]
            numbers = [self._number(other._columns[row.columns[place]]) for place in places]
            if len(self._taken) > _TAKEN:
                self._taken.clear()
            both = sorted(zip(numbers, places, strict=True))
            self._taken[about] = other, tuple(n for n, _ in both), [place for _, place in both]
        _, columns, places = self._taken[about]
        if key in self._rows:
            self.add(
                key,
                [self._columns[number] for number in columns],
                [_value(row.values[place], row.reasons[place]) for place in places],
            )
            return
        values = array("d", [row.values[place] for place in places])
        self._put(key, columns, values, tuple([row.reasons[place] for place in places]))

    def numbers(self) -> Iterator[tuple[Key, Numbers]]:
        """Each row as it is kept."""
        return iter(self._rows.items())

    @staticmethod
    def of_columns(columns: Iterable[Column]) -> Measurements:
        """No rows, and what each number of one will be."""
        made = Measurements()
        for column in columns:
            made._number(column)
        return made

    def columns(self) -> list[Column]:
        """What each number of a row is."""
        return [*self._columns]

    def copy(self) -> Measurements:
        """Another of the same rows."""
        return self.renamed(Names())

    def renamed(self, names: Names) -> Measurements:
        """The same by other names."""
        other = Measurements()
        other._columns, other._numbers = [*self._columns], {**self._numbers}
        other._first, other._shared = {**self._first}, {**self._shared}
        other._rows = {names.of(key): row for key, row in self._rows.items()}
        return other

    def only(self, keys: Iterable[Key]) -> Measurements:
        """Those of some predictions."""
        other = Measurements.of_columns(self._columns)
        other._rows = {key: self._rows[key] for key in keys if key in self._rows}
        return other

    def clear(self) -> None:
        """Forget the rows, and keep the columns."""
        self._rows = {}

    @property
    def by_key(self) -> Mapping[Key, dict[str, Measurement]]:
        """By case and model, then by metric."""
        return _ByKey(self)

    def metrics(self) -> list[str]:
        """The names of what was measured or should have been."""
        return [*self._first]

    def scored(self) -> set[str]:
        """The names of the metrics that have a value somewhere."""
        names = [column.metric for column in self._columns]
        found: set[int] = set()
        for columns, _, reasons in self._rows.values():
            if len(found) == len(names):
                break
            found.update(c for c, reason in zip(columns, reasons, strict=True) if reason is None)
        return {names[number] for number in found}

    def column(self, metric: str) -> Iterator[tuple[Key, Column, float | None, Message | None]]:
        """Of one metric: key, what it is, and value or reason; without making a record of each."""
        numbers = [n for n, column in enumerate(self._columns) if column.metric == metric]
        for key, row in self._rows.items() if numbers else ():
            for number in numbers:
                if number in row.columns:
                    place = row.columns.index(number)
                    value = _value(row.values[place], row.reasons[place])
                    yield key, self._columns[number], *value

    def of(self, metric: str) -> Iterator[Measurement]:
        """The measurements of one metric."""
        return (_measurement(*each) for each in self.column(metric))

    def values_of(self, key: Key) -> dict[str, float | None]:
        """By metric, the values of one prediction, None where there is a reason instead; without
        making a record of each. Nothing where it has none."""
        row = self._rows.get(key)
        if row is None:
            return {}
        values = zip(row.columns, _values(row), strict=True)
        return {self._columns[number].metric: value for number, (value, _) in values}

    def of_key(self, key: Key) -> Iterator[Measurement]:
        """The measurements of one prediction; KeyError where it has none."""
        return self._of_row(key, self._rows[key])

    def _of_row(self, key: Key, row: Numbers) -> Iterator[Measurement]:
        for number, value in zip(row.columns, _values(row), strict=True):
            yield _measurement(key, self._columns[number], *value)

    def __iter__(self) -> Iterator[Measurement]:
        for key, row in self._rows.items():
            yield from self._of_row(key, row)

    @overload
    def __getitem__(self, place: int) -> Measurement: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Measurement, ...]: ...
    def __getitem__(self, place: int | slice) -> Measurement | tuple[Measurement, ...]:
        """The one at that place, or those of a slice, in the order in which they come; IndexError
        where there is none. Those of a cut-out are faster by `of_key`."""
        if isinstance(place, slice):
            return tuple(self)[place]
        place = place + len(self) if place < 0 else place
        for found in islice(self, place, None) if place >= 0 else ():
            return found
        raise IndexError(place)

    def __len__(self) -> int:
        return sum(len(row.columns) for row in self._rows.values())

    def __contains__(self, measurement: object) -> bool:
        return (
            isinstance(measurement, Measurement)
            and measurement.key in self._rows
            and measurement in self.of_key(measurement.key)
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Measurements):
            return NotImplemented
        return self._columns == other._columns and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} measurements of {len(self._rows)} predictions>"

    def rows(self) -> Iterator[dict[str, Any]]:
        """As JSON, a prediction at a time."""
        columns = self._columns
        for key, row in self._rows.items():
            values: dict[str, float] = {}
            lacking: dict[Message, list[str]] = {}
            for number, (value, reason) in zip(row.columns, _values(row), strict=True):
                if reason is None:
                    assert value is not None
                    values[columns[number].metric] = value
                else:
                    lacking.setdefault(reason, []).append(columns[number].metric)
            reasons = [{"reason": r.data(), "metrics": m} for r, m in lacking.items()]
            own = [columns[number] for number in row.columns]
            regions = {c.metric: c.region for c in own if c is not self._first[c.metric]}
            yield {**key._asdict(), "values": values, "reasons": reasons, "regions": regions}

    @classmethod
    def _load(cls, data: object) -> Measurements:
        """From JSON; a list, before schema version 6, has each measurement by itself."""
        if isinstance(data, Measurements):
            return data
        if isinstance(data, list | tuple):
            return cls(TypeAdapter(list[Measurement]).validate_python(data))
        table = Table.model_validate(data)
        made = cls.of_columns(table.metrics)
        columns = made._first
        for row in table.rows:
            values: dict[str, Value] = {name: (value, None) for name, value in row.values.items()}
            for each in row.reasons:
                values |= dict.fromkeys(each.metrics, (None, each.reason))
            if not values.keys() <= columns.keys():
                raise ValueError("a metric that is measured is not among the metrics")
            own = [
                Column(metric=name, unit=columns[name].unit, region=row.regions[name])
                if name in row.regions
                else columns[name]
                for name in values
            ]
            made.add(row.key, own, list(values.values()))
        return made

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls._load,
            serialization=core_schema.plain_serializer_function_ser_schema(_data),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(Table.__pydantic_core_schema__)


class _ByKey(Mapping[Key, dict[str, Measurement]]):
    def __init__(self, measurements: Measurements) -> None:
        self._all = measurements

    def __getitem__(self, key: Key) -> dict[str, Measurement]:
        return {m.metric: m for m in self._all.of_key(key)}

    def __iter__(self) -> Iterator[Key]:
        return iter(self._all._rows)

    def __len__(self) -> int:
        return len(self._all._rows)


def _data(measurements: Measurements) -> dict[str, Any]:
    metrics = [column.model_dump() for column in measurements.columns()]
    return {"metrics": metrics, "rows": list(measurements.rows())}


def _value(number: float, reason: Message | None) -> Value:
    return (number, None) if reason is None else (None, reason)


def _values(row: Numbers) -> Iterator[Value]:
    return map(_value, row.values, row.reasons)


def _measurement(
    key: Key, column: Column, value: float | None, reason: Message | None
) -> Measurement:
    return Measurement(
        **key._asdict(),
        metric=column.metric,
        value=value,
        unit=column.unit,
        region=column.region,
        reason=reason,
    )
