"""Where each key is in a file of records, in twelve bytes of memory a key at most.

What is kept of a key is a hash and its row; the key itself is read where it is asked for, so that
keys of one hash stay apart. Loads with pydantic alone; numpy is there once such a file is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .key import CaseKey, Key, Names
from .records import Stored, keep

K = TypeVar("K", bound=tuple[str, ...])
V = TypeVar("V")

_GROUPS = 12
"""Groups of which the keys are kept as they are in the file."""


def _hash(key: object) -> int:
    return hash(key) & 0xFFFFFFFF


class Lookup(Mapping[K, int]):
    """By key, the first row that has it, in the order of the file.

    OutputError where a key returns after another one, or is not whole.
    """

    def __init__(self, stored: Stored, columns: Sequence[str], key: Callable[..., K]) -> None:
        """`columns`: those that a key is made of by `key`."""
        import numpy as np

        self.stored = stored
        self.columns = [*columns]
        self._key_of = key
        self._tables: dict[int, Any] = {}
        hashes = np.empty(stored.starts[-1], np.uint32)
        firsts = np.empty(stored.starts[-1], np.uint32)
        count = 0
        for row, own in self._firsts():
            hashes[count], firsts[count] = _hash(own), row
            count += 1
        hashes = hashes[:count]
        self._numbers = np.argsort(hashes, kind="stable").astype(np.uint32)
        self._hashes = hashes[self._numbers]
        self._first = None if count == stored.starts[-1] else firsts[:count].copy()
        """The first row of each key, where there are more rows than keys."""
        for at in np.flatnonzero(self._hashes[1:] == self._hashes[:-1]).tolist():
            # Of those with one hash, any two may be the same key.
            before = at
            while before >= 0 and self._hashes[before] == self._hashes[at + 1]:
                if self._key(before) == self._key(at + 1):
                    raise stored.other()
                before -= 1

    def _firsts(self) -> Iterator[tuple[int, K]]:
        """Each key once for each time that it is there after another one, and its row."""
        before: K | None = None
        row = 0
        for group in self.stored.groups(self.columns):
            table = self._whole(group)
            for values in zip(*(column.to_pylist() for column in table.columns), strict=True):
                own = self._key_of(*values)
                if own != before:
                    yield row, own
                before = own
                row += 1

    def _whole(self, table: Any) -> Any:
        """The columns of a key in their order; OutputError where one is not whole."""
        table = table.select(self.columns)
        if any(column.null_count for column in table.columns):
            raise self.stored.other()
        return table

    def _key(self, at: int) -> K:
        """That of a place among the hashes."""
        number, row = self.stored.place(self._row(int(self._numbers[at])))

        def group() -> Any:
            return self._whole(self.stored.group(number, self.columns))

        table = keep(self._tables, number, _GROUPS, group)
        return self._key_of(*(column[row].as_py() for column in table.columns))

    def place(self, key: object) -> int | None:
        """How many keys are before this one in the file; None where it is not there."""
        import numpy as np

        hashed = np.uint32(_hash(key))
        at = int(np.searchsorted(self._hashes, hashed))
        while at < len(self._hashes) and self._hashes[at] == hashed:
            if self._key(at) == key:
                return int(self._numbers[at])
            at += 1
        return None

    def rows(self, key: K) -> range:
        """All that have it; KeyError where none has."""
        number = self.place(key)
        if number is None:
            raise KeyError(key)
        return range(self._row(number), self._row(number + 1))

    def _row(self, number: int) -> int:
        """The first of a key, by how many keys are before it."""
        if self._first is None:
            return number
        return int(self._first[number]) if number < len(self) else self.stored.starts[-1]

    def same(self, stored: Stored) -> bool:
        """Whether another file has the same keys in the same groups of rows."""
        return stored.counts == self.stored.counts and all(
            one.equals(other)
            for one, other in zip(
                stored.groups(self.columns), self.stored.groups(self.columns), strict=True
            )
        )

    def __getitem__(self, key: K) -> int:
        return self.rows(key).start

    def __contains__(self, key: object) -> bool:
        return self.place(key) is not None

    def __iter__(self) -> Iterator[K]:
        return (key for _, key in self._firsts())

    def __len__(self) -> int:
        return len(self._hashes)


class Keys:
    """Of files of a row a key, where each key is; of files with the same keys, once."""

    def __init__(self) -> None:
        self._lookups: list[Lookup[Key]] = []

    def rows(self, stored: Stored) -> Lookup[Key]:
        """Of one file; OutputError where two of its rows have one key."""
        for lookup in self._lookups:
            if lookup.same(stored):
                return lookup
        lookup = by_key(stored)
        if len(lookup) != stored.starts[-1]:
            raise stored.other()
        self._lookups.append(lookup)
        return lookup


def by_key(stored: Stored) -> Lookup[Key]:
    """Of a file with rows by case and model."""
    return Lookup(stored, Key._fields, Key)


def by_case(stored: Stored) -> Lookup[CaseKey]:
    """Of the file of cases."""
    return Lookup(stored, ("category", "id"), lambda category, case: (category, case))


class Renamed(Mapping[Key, V]):
    """What `found` holds, by other names."""

    def __init__(self, found: Mapping[Key, V], names: Names) -> None:
        self._found = found
        self._names = names
        self._before = names.reversed()

    def __getitem__(self, key: Key) -> V:
        before = self._before.of(key)
        if self._names.of(before) != key:
            raise KeyError(key)
        return self._found[before]

    def __iter__(self) -> Iterator[Key]:
        return map(self._names.of, self._found)

    def __len__(self) -> int:
        return len(self._found)

    def items(self) -> Any:
        """In the order of what it holds, which is gone through once."""
        return ((self._names.of(key), value) for key, value in self._found.items())
