"""The pairs of a comparison of many cases, in a Parquet file beside its comparison.json."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..core.records import RecordFile, Records, Shape, Stored, arrow_types, writing
from .comparison import STATES, Pair

_ROWS = 128
"""Of a group: a pair's measures are some 15 kB of text."""


class WorstFirst(Records[Pair]):
    """Pairs that are read as they are asked for: the worst first, although the file has them by
    category, case and model."""

    FEW, GROUPS = 1, 3

    def __init__(self, folder: Path, file: RecordFile) -> None:
        import numpy as np

        shape = Shape(Pair)
        super().__init__(Stored(folder, "pairs", file, shape.columns), shape)
        self.file = file
        state, excess = np.empty(len(self), np.uint8), np.empty(len(self))
        with self.stored.errors():
            for row, (name, far) in enumerate(self.columns("state", "excess")):
                state[row], excess[row] = STATES.index(name), far
        self._order = np.lexsort((-excess, state)).astype(np.uint32)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return super().__getitem__(place)
        return self.at(int(self._order[place]))


def write(folder: Path, pairs: Iterable[Pair]) -> WorstFirst:
    """The pairs, which come by category, case and model, once they are in their file in `folder`;
    OutputError where that cannot be."""
    shape = Shape(Pair)
    with writing(folder, "pairs", arrow_types(shape.columns), _ROWS) as writer:
        for pair in pairs:
            writer.add(shape.row(pair))
    assert writer.file
    return WorstFirst(folder, writer.file)
