"""Which shard is to be worked on next, where workers die: no clock, no process, no engine.

A shard whose worker died is given out again. Where it dies once more and had come no farther, the
shard is given out to be isolated: each model in a process of its own, which finds the picture that
does it (`predictions.isolation`). Where the worker dies all the same, the shard is given up, and
the others are done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

PATIENCE = 5
"""How often an isolated shard's worker may die without coming farther."""


@dataclass
class _Tries:
    farthest: int = -1
    """Steps that the best worker so far has taken."""
    stuck: int = 0
    """Deaths since, in a row, that came no farther."""
    isolated: bool = False
    raised: int = 0


class Schedule:
    """The shards that are left, by number, in the order in which they are given out."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._left = deque(numbers)
        self._tries = {number: _Tries() for number in self._left}
        self._out: set[int] = set()
        self.total = len(self._left)
        self.done: list[int] = []
        self.lost: list[int] = []

    @property
    def finished(self) -> bool:
        """Whether nothing is left, and nothing given out."""
        return not self._left and not self._out

    def take(self) -> int | None:
        """The next shard, given out; None where none is left for now."""
        if not self._left:
            return None
        number = self._left.popleft()
        self._out.add(number)
        return number

    def isolated(self, number: int) -> bool:
        """Whether a shard is to be done by processes that may die."""
        return self._tries[number].isolated

    def end(self, number: int) -> None:
        """A shard is done."""
        self._out.remove(number)
        self.done.append(number)

    def died(self, number: int, steps: int) -> None:
        """The worker of a shard has ended without a word, or hung, after so many steps."""
        self._out.remove(number)
        tries = self._tries[number]
        if steps > tries.farthest:
            tries.farthest, tries.stuck = steps, 0
        else:
            tries.stuck, tries.isolated = tries.stuck + 1, True
        if tries.stuck > PATIENCE:
            self.lost.append(number)
        else:
            self._left.append(number)

    def raised(self, number: int) -> bool:
        """A worker could not do a shard, and said why; whether another may try."""
        self._out.remove(number)
        self._left.append(number)
        self._tries[number].raised += 1
        return self._tries[number].raised < 2
