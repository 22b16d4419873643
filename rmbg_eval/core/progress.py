"""Where a long piece of work stands: told through one callback, shown by whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A position within one task.

    >>> from rmbg_eval import Step
    >>> Step("pages", 3, 18)
    Step(text='pages', done=3, total=18)
    """

    text: str
    done: int = 0
    total: int = 0
    """0 where it is not known how long this takes."""


OnStep = Callable[[Step], None]


def ignore(step: Step) -> None:
    """Show no progress."""
