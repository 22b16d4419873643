"""A run's records by what they are about, whether they are in memory or lie in files.

Loads with pydantic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ..core.key import CaseKey, Key, Keyed
from ..core.lookup import Keys, Lookup, by_case, by_key
from ..core.records import ByKey, Records, Stored
from ..measure.record import Measurement, PointResult, Risk, RuleResult
from ..measure.stored import StoredMeasurements
from ..predictions.prediction import Prediction
from .case_record import CaseRecord

if TYPE_CHECKING:
    from .record import ModelRun, Run

T = TypeVar("T", bound=Keyed)


@dataclass(frozen=True)
class Index:
    """A run's records, by what they are about; each in the run's own order. Of those that lie in
    files, rows are read where they are asked for."""

    models: dict[str, ModelRun]
    """By name."""
    cases: Mapping[CaseKey, CaseRecord]
    """By category and id."""
    predictions: Mapping[Key, Prediction]
    by_case: Mapping[CaseKey, tuple[Prediction, ...]]
    """The predictions of every model, by category and case; only cases that have one."""
    measurements: Mapping[Key, Mapping[str, Measurement]]
    """By case and model, then by metric."""
    points: Mapping[Key, dict[str, PointResult]]
    """By case and model, then by the point's id."""
    rules: Mapping[Key, dict[str, RuleResult]]
    """By case and model, then by the rule's name."""
    risks: Mapping[Key, Risk]

    @classmethod
    def of(cls, run: Run) -> Index:
        measured = run.measurements
        find = measured.find if isinstance(measured, StoredMeasurements) else Keys().rows
        predictions = _each(run.predictions, find)
        return cls(
            models={model.info.name: model for model in run.models},
            cases=_cases(run.cases),
            predictions=predictions,
            by_case=_by_case(run.predictions, predictions),
            measurements=measured.by_key,
            points=_groups(run.points, "point"),
            rules=_groups(run.rules, "rule"),
            risks=_each(run.risks, find),
        )


def _cases(records: Sequence[CaseRecord]) -> Mapping[CaseKey, CaseRecord]:
    if not isinstance(records, Records):
        return {case.key: case for case in records}
    rows = by_case(records.stored)
    if len(rows) != len(records):
        raise records.stored.other()
    return ByKey(records, rows)


def _each(records: Sequence[T], find: Callable[[Stored], Mapping[Key, int]]) -> Mapping[Key, T]:
    """Records of which a key has one; `find`: where each key of a file is."""
    if isinstance(records, Records):
        return ByKey(records, find(records.stored))
    return {record.key: record for record in records}


def _groups(records: Sequence[T], name: str) -> Mapping[Key, dict[str, T]]:
    """Records of which a key has several, each with a `name` of its own."""
    if isinstance(records, Records):
        return Groups(records, by_key(records.stored), name)
    groups: dict[Key, dict[str, T]] = {}
    for record in records:
        groups.setdefault(record.key, {})[getattr(record, name)] = record
    return groups


def _by_case(
    records: Sequence[Prediction], by_key: Mapping[Key, Prediction]
) -> Mapping[CaseKey, tuple[Prediction, ...]]:
    if isinstance(records, Records) and isinstance(by_key, ByKey):
        return _ByCase(records, by_key.rows)
    cases: dict[CaseKey, tuple[Prediction, ...]] = {}
    for prediction in records:
        about = prediction.case_key
        cases[about] = (*cases.get(about, ()), prediction)
    return cases


@dataclass(frozen=True)
class Groups(Mapping[Key, dict[str, T]], Generic[T]):
    """By key and then by name, records of a file of which a key has several, one after the
    other."""

    records: Records[T]
    lookup: Lookup[Key]
    name: str

    def __getitem__(self, key: Key) -> dict[str, T]:
        some = (self.records[row] for row in self.lookup.rows(key))
        return {getattr(each, self.name): each for each in some}

    def __contains__(self, key: object) -> bool:
        return key in self.lookup

    def __iter__(self) -> Iterator[Key]:
        return iter(self.lookup)

    def __len__(self) -> int:
        return len(self.lookup)


class _ByCase(Mapping[CaseKey, tuple[Prediction, ...]]):
    """The predictions of a file by case, every model's in the order of the models."""

    def __init__(self, predictions: Records[Prediction], rows: Mapping[Key, int]) -> None:
        self._predictions = predictions
        self._rows = rows
        self._models = [*dict.fromkeys(key.model for key in rows)]

    def __getitem__(self, about: CaseKey) -> tuple[Prediction, ...]:
        keys = (Key(*about, model) for model in self._models)
        own = sorted(row for key in keys if (row := self._rows.get(key)) is not None)
        if not own:
            raise KeyError(about)
        return tuple(self._predictions[row] for row in own)

    def __iter__(self) -> Iterator[CaseKey]:
        for row, key in enumerate(self._rows):
            others = (key._replace(model=model) for model in self._models if model != key.model)
            if all(self._rows.get(other, row) >= row for other in others):
                yield key.category, key.case

    def __len__(self) -> int:
        return sum(1 for _ in self)
