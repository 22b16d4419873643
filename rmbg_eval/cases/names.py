"""The names of cases and categories, and who has which."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import NamedTuple

from ..core.files import folded
from ..errors import printable


def name_of(text: str) -> str:
    """The name of a file or folder as a case or category has it: macOS writes é as e and accent."""
    return printable(unicodedata.normalize("NFC", text))


def id_in_shoot(shoot: str, stem: str) -> str:
    """What the picture `stem` is called in its category, which lies in the folder of a shoot."""
    return f"{shoot}-{stem}"


class Name(NamedTuple):
    """What a case is called within its category."""

    id: str
    second: bool
    """Whether another case has the id that it was to have."""
    alone: bool
    """Whether no case before it has a name that differs in nothing but case or Unicode form."""


class Names:
    """The names that are taken in a case set."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._again: Counter[str] = Counter()
        """How often a name was to be given once more."""
        self._alike: set[str] = set()
        """The same, folded: what a disk that ignores case has."""

    def take(self, category: str, id: str) -> Name:
        """A name that no case before has: of a second one with the same id, another."""
        full = wanted = f"{category}/{id}"
        second = full in self._taken
        while full in self._taken:
            full = f"{wanted}~{self._again[wanted] or ''}"
            self._again[wanted] += 1
        alone = (alike := folded(full)) not in self._alike
        self._taken.add(full)
        self._alike.add(alike)
        return Name(full[len(category) + 1 :], second, alone)
