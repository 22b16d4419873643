"""A part of a case set: which cases are in it, and what merging needs of it beside its run.

Loads with pydantic alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

from pydantic import Field, FiniteFloat, model_validator

from ..core.frozen import Frozen
from ..core.key import CaseKey, Keyed, OfCase
from ..core.records import OrRecords
from ..errors import SettingsError, printable
from ..i18n import Message
from ..measure.record import Box
from ..models.info import ModelInfo

DONE = "done"
"""The file of a shard's folder that is there while its run is complete."""


class Part(NamedTuple):
    """The third of eight parts, and the like."""

    number: int
    """From 1."""
    of: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """`3/8` as a part; SettingsError if it is none."""
        match = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
        part = cls(int(match[1]), int(match[2])) if match else cls(0, 0)
        if not 1 <= part.number <= part.of:
            raise SettingsError(
                Message("{text} is no shard", text=repr(printable(text)[:80])),
                Message("Give its number, from 1, and how many there are: --shard 3/8."),
            )
        return part

    @staticmethod
    def number_of(category: str, case: str, of: int) -> int:
        """In which of so many parts a case is: a hash of its names decides, so that it is the same
        on every machine, whatever other cases there are."""
        hashed = hashlib.sha256(f"{category}\0{case}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(hashed[:8], "big") % of + 1

    def has(self, category: str, case: str) -> bool:
        """Whether a case is in it."""
        return self.number_of(category, case, self.of) == self.number

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def listing_sha256(names: Iterable[CaseKey]) -> str:
    """The hash of a case set's categories and ids, in its order."""
    hashed = hashlib.sha256()
    for name in names:
        hashed.update(_line(name))
    return hashed.hexdigest()


def _line(name: CaseKey) -> bytes:
    return json.dumps(name).encode() + b"\n"


class SignPlaces(Keyed):
    """Where signs of a cut-out are: left, top, width and height in pixels, by measure."""

    places: dict[str, Box]


class PairDistance(OfCase):
    """How far two models' cut-outs of a case are from each other, as `run.agreement` has it."""

    one: str
    other: str
    difference: FiniteFloat
    apart: FiniteFloat
    place: Box | None


class Shard(Frozen):
    """That a run is a part of one over a larger case set."""

    number: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]
    cases: Annotated[int, Field(ge=1)]
    """Of the whole set."""
    listing_sha256: str
    """Of the whole set: parts of another do not merge."""
    models: tuple[ModelInfo, ...] = ()
    """As they began: short memory may have changed how they went on."""
    places: Annotated[tuple[SignPlaces, ...], OrRecords()] = ()
    pairs: Annotated[tuple[PairDistance, ...], OrRecords()] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_versions_before(cls, data: Any) -> Any:
        """Run schema 7 to 9 had each case's difference from fp32 here."""
        return (
            {k: v for k, v in data.items() if k != "precision"} if isinstance(data, dict) else data
        )

    @property
    def part(self) -> Part:
        return Part(self.number, self.of)


class Listing:
    """Goes along where a case set is listed, and keeps of it what a shard says of the whole."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.cases = 0
        self._hash = hashlib.sha256()

    def has(self, category: str, case: str) -> bool:
        """Whether the next case is in the part."""
        self.cases += 1
        self._hash.update(_line((category, case)))
        return self.part.has(category, case)

    @property
    def shard(self) -> Shard:
        """What says in a run that it is that part of the cases so far."""
        return Shard(
            number=self.part.number,
            of=self.part.of,
            cases=self.cases,
            listing_sha256=self._hash.hexdigest(),
        )
