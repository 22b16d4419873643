"""What a run measured as arrays: the values of a measure by case, in the memory that their numbers
need.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.key import Key
from ..core.lookup import Lookup
from ..i18n import Message
from ..measure.stored import StoredMeasurements
from .index import Groups
from .record import Run

Whole = NDArray[np.integer[Any]]


class Values(Sequence[tuple[str, float]]):
    """By case, `category/id`: a value; in the memory that its number needs."""

    def __init__(self, names: Sequence[str], cases: Whole, numbers: NDArray[np.float64]) -> None:
        """`names` are of all cases, `cases` the numbers of those that have a value."""
        self.names, self.cases, self.numbers = names, cases, numbers

    @classmethod
    def none(cls) -> Values:
        """Of no case."""
        return cls([], np.empty(0, np.intc), np.empty(0))

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        return self.names[self.cases[place]], float(self.numbers[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]


class Names(Sequence[str]):
    """Texts, one after the other in one piece of memory."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])

    def append(self, name: str) -> None:
        """One more."""
        self._text += name.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        start, end = self._ends[place], self._ends[place + 1]
        return self._text[start:end].decode("utf-8", "surrogatepass")


class CaseNumbers:
    """The cases of keys, numbered as they come, without a list of them all beside the keys."""

    def __init__(self, keys: Mapping[Key, object]) -> None:
        lookup = keys.lookup if isinstance(keys, Groups) else keys
        self._place: Callable[[Key], int | None] = (
            lookup.place
            if isinstance(lookup, Lookup)
            else {key: place for place, key in enumerate(keys)}.get
        )
        self.names = Names()
        """`category/id` of each."""
        self._numbers = array("i")
        models: dict[str, None] = {}
        for place, key in enumerate(keys):
            number = -1
            for model in models:
                before = self._place(key._replace(model=model)) if model != key.model else None
                if before is not None and before < place:
                    number = self._numbers[before]
                    break
            if number < 0:
                number = len(self.names)
                self.names.append(key.name)
            models[key.model] = None
            self._numbers.append(number)

    @property
    def numbers(self) -> Whole:
        """Of each key, its case."""
        return np.frombuffer(self._numbers, np.intc) if self._numbers else np.empty(0, np.intc)

    def number(self, key: Key) -> int:
        """The case of a key that is there."""
        place = self._place(key)
        assert place is not None
        return self._numbers[place]


class Column(NamedTuple):
    """A measure, of each row of the measurements; see `StoredMeasurements.arrays`."""

    values: NDArray[np.float64]
    why: Whole
    reasons: list[Message]
    where: Whole
    regions: list[str]
    names: Sequence[str]
    """Of all cases."""
    cases: Whole
    """Of each row, the number of its case."""


class RunArrays:
    """Which rows of a run's measurements are of which model, category and case."""

    def __init__(self, run: Run, models: Sequence[str], categories: Sequence[str]) -> None:
        self._measured = run.measurements
        keys: Mapping[Key, object] = self._measured.by_key
        if isinstance(self._measured, StoredMeasurements):
            keys = self._measured.find(self._measured.stored)
        cases = CaseNumbers(keys)
        self._names, self._cases = cases.names, cases.numbers
        number = {category: place for place, category in enumerate(categories)}
        codes = np.fromiter((number.get(key.category, -1) for key in keys), np.intc, len(keys))
        model = {name: place for place, name in enumerate(models)}
        of_model = np.fromiter((model.get(key.model, -1) for key in keys), np.intc, len(keys))
        self.rows: dict[tuple[str, str], Whole] = {}
        for name, place in model.items():
            own = np.flatnonzero(of_model == place).astype(np.uint32)
            order = own[np.argsort(codes[own], kind="stable")]
            ends = np.searchsorted(codes[order], np.arange(len(categories)), "right")
            for category, at in number.items():
                self.rows[name, category] = order[ends[at - 1] : ends[at]] if at else own

    @cached_property
    def _at(self) -> dict[Key, int]:
        """The row of each key, where rows are not in a file's order anyway."""
        return {key: place for place, key in enumerate(self._measured.by_key)}

    def column(self, metric: str) -> Column | None:
        """Of one measure; None where the run does not have it."""
        if metric not in self._measured.metrics():
            return None
        if isinstance(self._measured, StoredMeasurements):
            return Column(*self._measured.arrays(metric), self._names, self._cases)
        count = len(self._cases)
        values, why, where = np.full(count, np.nan), np.full(count, -1), np.full(count, -1)
        reasons: dict[Message, int] = {}
        regions: dict[str, int] = {}
        for key, column, value, reason in self._measured.column(metric):
            place = self._at[key]
            where[place] = regions.setdefault(column.region, len(regions))
            if value is not None:
                values[place] = value
            elif reason is not None:
                why[place] = reasons.setdefault(reason, len(reasons))
        return Column(values, why, [*reasons], where, [*regions], self._names, self._cases)
