"""The rows of a shard in the order of the whole run, one at a time, and what takes merged ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from ..cases.categories import CaseOrder, case_order
from ..core.key import Key, Keyed
from ..core.records import stored_in
from ..measure import stability
from ..measure.agreement import FLIP
from ..measure.columns import Column, Measurements, Numbers
from ..measure.record import Box, PointResult, RuleResult
from ..predictions.prediction import Prediction
from ..run.agreement import OfCase, Pair
from ..run.parts import Kind
from ..run.plan import metrics_of
from ..run.record import CaseKey, Run
from ..run.shard import PairDistance

T = TypeVar("T", bound=Keyed)

Place = tuple[int, int, CaseOrder, int]
"""When a run first has a column: model, the pass over its cases, case, and place in a row."""


class Sink(Protocol):
    """What takes the records of a merged run, in their order."""

    def add(self, kind: Kind, records: Iterable[BaseModel], /) -> None: ...

    def measured(self, measurements: Measurements, /) -> None: ...


class InMemory:
    """Takes them into memory."""

    def __init__(self) -> None:
        self.records: dict[Kind, list[Any]] = {
            "predictions": [], "points": [], "rules": [], "risks": [],
        }  # fmt: skip

    def add(self, kind: Kind, records: Iterable[BaseModel]) -> None:
        """Some records of one kind."""
        self.records[kind] += records

    def measured(self, measurements: Measurements) -> None:
        """They are where they are added."""


@dataclass(frozen=True)
class ShardRow:
    """A prediction, and what the shard knows of it."""

    of: ShardRows
    order: CaseOrder
    prediction: Prediction
    numbers: Numbers
    points: list[PointResult] = field(default_factory=list)
    rules: list[RuleResult] = field(default_factory=list)
    places: dict[str, Box] = field(default_factory=dict)


class ShardRows:
    """A shard, gone through row by row."""

    def __init__(self, run: Run) -> None:
        self.run = run
        again = FLIP if run.settings.flip else ()
        again = (*again, *stability.METRICS[: run.settings.stability])
        first = [metric.name for metric in metrics_of(run.settings)]
        self.metrics = [*first, *(metric.name for metric in again)]
        """Those that a shard knows by itself, in the order of a row."""
        self._pass = {name: (0, place) for place, name in enumerate(first)}
        self._pass |= {metric.name: (number, 0) for number, metric in enumerate(again, 1)}

    def rows(self) -> Iterator[ShardRow]:
        """Model by model, each in the order of the cases; ValueError where what is there is not
        that."""
        run = self.run
        assert run.shard is not None
        predictions, numbers = iter(run.predictions), run.measurements.numbers()
        points, rules = _Ahead(run.points), _Ahead(run.rules)
        places = _Ahead(run.shard.places)
        for info in run.shard.models:
            for record in run.cases:
                key = Key(*record.key, info.name)
                prediction, (measured, row) = next(predictions), next(numbers)
                if not key == prediction.key == measured:
                    raise ValueError(key)
                boxes = [each.places for each in places.of(key)]
                yield ShardRow(
                    self, case_order(*record.key), prediction, row, points.of(key), rules.of(key),
                    boxes[0] if boxes else {},
                )  # fmt: skip
        if any(next(left, None) is not None for left in (predictions, numbers)):
            raise ValueError("more rows than cases")
        if not (points.over and rules.over and places.over):
            raise ValueError("records of no row")

    def check(self) -> dict[Column, Place]:
        """Where each column is first; ValueError where the shard does not fit together."""
        run, shard = self.run, self.run.shard
        assert shard is not None
        before: CaseOrder | None = None
        for record in run.cases:
            order = case_order(*record.key)
            if not shard.part.has(*record.key) or (before and order <= before):
                raise ValueError(record.id)
            before = order
        names = [info.name for info in shard.models]
        if names != [model.info.name for model in run.models]:
            raise ValueError("other models")
        columns = run.measurements.columns()
        first: dict[Column, Place] = {}
        seen: set[tuple[int, ...]] = set()
        try:
            for row in self.rows():
                if row.numbers.columns in seen:
                    continue
                seen.add(row.numbers.columns)
                for number in row.numbers.columns:
                    column = columns[number]
                    if column.metric in self._pass:
                        turn, place = self._pass[column.metric]
                        model = names.index(row.prediction.model)
                        first.setdefault(column, (model, turn, row.order, place))
            left = iter(run.cases)
            for about, _ in self.pairs():
                if not any(record.key == about for record in left):
                    raise ValueError(about)
        except (StopIteration, RuntimeError):  # of a generator that meets the former
            raise ValueError("fewer rows than cases") from None
        return first

    def pairs(self) -> Iterator[tuple[CaseKey, OfCase]]:
        """What each two cut-outs of a case are, in the order of the cases."""
        assert self.run.shard is not None
        distances: Iterable[PairDistance] = self.run.shard.pairs
        if stored_in(distances) is None:  # of a run of before, they may be in another order
            place = {record.key: n for n, record in enumerate(self.run.cases)}
            distances = sorted(distances, key=lambda p: place.get(p.case_key, -1))
        for about, own in groupby(distances, key=lambda p: p.case_key):
            yield about, {(p.one, p.other): Pair(p.difference, p.apart, p.place) for p in own}

    def by_case(self) -> Iterator[tuple[Prediction, ...]]:
        """The predictions of each case."""
        count, models = len(self.run.cases), len(self.run.models)
        stored = stored_in(self.run.predictions)
        streams: Sequence[Iterator[Prediction]] = [
            iter(self.run.predictions[count * n : count * (n + 1)])
            if stored is None
            else stored.between(count * n, count * (n + 1))
            for n in range(models)
        ]
        return zip(*streams, strict=True) if streams else iter([()] * count)


class _Ahead(Generic[T]):
    """Records by key, which come in the order that they are asked for in."""

    def __init__(self, records: Iterable[T]) -> None:
        self._left = iter(records)
        self._next = next(self._left, None)

    def of(self, key: Key) -> list[T]:
        """Those of a key that come next."""
        own: list[T] = []
        while self._next is not None and self._next.key == key:
            own.append(self._next)
            self._next = next(self._left, None)
        return own

    @property
    def over(self) -> bool:
        """Whether all were asked for."""
        return self._next is None
