"""The pairs of a comparison of many cases, in a Parquet file beside its comparison.json."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..core.records import RecordFile, Records, Shape, Stored, arrow_types, writing
from .pair import STATES, Pair

_ROWS = 128
"""Of a group: a pair's measures are some 15 kB of text."""


@lru_cache(maxsize=1)
def _shape() -> Shape[Pair]:
    return Shape(Pair)


class WorstFirst(Records[Pair]):
    """Pairs that are read as they are asked for: the worst first, although the file has them by
    category, case and model."""

    FEW, GROUPS = 1, 3

    def __init__(self, folder: Path, file: RecordFile) -> None:
        super().__init__(Stored(folder, "pairs", file, _shape().columns), _shape())
        self.file = file
        state, excess = array("B"), array("d")
        with self.stored.errors():
            for name, far in self.columns("state", "excess"):
                state.append(STATES.index(name))
                excess.append(far)
        worst = sorted(range(len(state)), key=lambda row: (state[row], -excess[row]))
        self._order = array("I", worst)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return super().__getitem__(place)
        return self.at(self._order[place])


def write(folder: Path, pairs: Iterable[Pair]) -> WorstFirst:
    """The pairs, which come by category, case and model, once they are in their file in `folder`;
    OutputError where that cannot be."""
    with writing(folder, "pairs", arrow_types(_shape().columns), _ROWS) as writer:
        for pair in pairs:
            writer.add(_shape().row(pair))
    assert writer.file
    return WorstFirst(folder, writer.file)
