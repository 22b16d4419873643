"""The names of cases and categories, and who has which."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import NamedTuple

from ..core.files import folded
from ..errors import printable


def name_of(text: str) -> str:
    """The name of a file or folder as a case or category has it: macOS writes é as e and accent."""
    return printable(unicodedata.normalize("NFC", text))


def as_counted(name: str) -> str:
    """Sort key of names with numbers in them: p2 comes before p10.

    >>> sorted(["p10", "p2", "p1", "p02"], key=as_counted)
    ['p1', 'p02', 'p2', 'p10']

    One text, as a table has many; no name has the NUL before its end, which is the name itself.
    """
    return f"{_DIGITS.sub(_counted, name)}\0{name}"


def name_in(key: str) -> str:
    """The name that a key is of."""
    return key.rpartition("\0")[2]


_DIGITS = re.compile("[0-9]{1,999}")  # more only where somebody means harm


def _counted(digits: re.Match[str]) -> str:
    """A number after a character that says how long it is: of two, the longer is the larger."""
    number = digits[0].lstrip("0")
    return f"{chr(ord('0') + len(number))}{number}"


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
