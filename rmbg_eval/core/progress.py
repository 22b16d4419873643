"""Where a long piece of work stands: told through one callback, shown by whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .numbers import duration


@dataclass(frozen=True)
class Step:
    """A position within one task.

    >>> from rmbg_eval import Step
    >>> Step("pages", 3, 18)
    Step(text='pages', done=3, total=18, cached=False)
    """

    text: str
    done: int = 0
    total: int = 0
    """0 where it is not known how long this takes."""
    cached: bool = False
    """Whether what was done last came from the cache: no others will be as fast."""


OnStep = Callable[[Step], None]


def ignore(step: Step) -> None:
    """Show no progress."""


_STEPS, _SECONDS = 10, 5
"""That the pace is taken from, at least."""
_UNLIKE = 1.5
"""Times by which the pace of their two halves may differ, at most."""
_AHEAD = 30
"""Times the seconds that the pace is taken from, at most, are told ahead."""
_FEW = 10
"""Seconds left that are not worth telling."""
_MARKS = 200
"""Kept of one task, at about the most."""


class Pace:
    """How long what is left of a task takes, at the pace of now.

    That of the latter half of the time so far, without what at first came from the cache: before it
    a model may have been loaded. Nothing is told until that half is long enough and steady.
    """

    def __init__(self) -> None:
        self._step = Step("")
        self._began = 0.0
        self._marks: list[tuple[float, int]] = []
        """When how much was done, in the latter half of the time."""

    def take(self, step: Step, now: float) -> None:
        """Where the work stands at `now`, in seconds of any clock."""
        another = step.total != self._step.total or step.done < self._step.done
        self._step, marks = step, self._marks
        if not marks or another or (step.cached and len(marks) < 2):
            self._began, marks[:] = now, [(now, step.done)]
            return
        elapsed = now - self._began
        if step.done > marks[-1][1] and now - marks[-1][0] >= elapsed / _MARKS:
            marks.append((now, step.done))
        while len(marks) > 2 and marks[1][0] <= now - elapsed / 2:
            del marks[0]

    def left(self, now: float) -> float | None:
        """Seconds; None where they are few, or cannot be told."""
        marks = [*self._marks]  # a bar asks from a thread of its own
        if len(marks) <= _STEPS:
            return None
        (start, before), (middle, between), (_, done) = marks[0], marks[len(marks) // 2], marks[-1]
        seconds = now - start
        left = (self._step.total - self._step.done) * seconds / (done - before)
        earlier, later = (middle - start) / (between - before), (now - middle) / (done - between)
        steady = max(earlier, later) <= _UNLIKE * min(earlier, later)
        told = steady and seconds >= _SECONDS and _FEW <= left <= _AHEAD * seconds
        return left if told else None

    def count(self, now: float) -> str:
        """How many are done of how many, and about how long the others take; empty where it is not
        known how many there are."""
        if not self._step.total:
            return ""
        left = self.left(now)
        more = "" if left is None else f", about {duration(round(left, -1))} left"
        return f"{self._step.done}/{self._step.total}{more}"
