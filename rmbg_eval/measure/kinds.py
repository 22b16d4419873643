"""Observation points: places in a picture where one looks, and what should be seen there.

They are part of case.toml, as `[[points]]`. See GUIDE.md, "Observation points".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

Region = Literal["box", "polygon", "lines"]


@dataclass(frozen=True)
class Kind:
    """What a kind of point measures, and where."""

    measures: str
    unit: str
    regions: tuple[Region, ...]
    expected: float | None
    """What is expected where the point does not say; None: what the truth has."""
    tolerance: float
    """How far off the measured value may be where the point does not say."""
    needs: Literal["nothing", "truth", "foreground"] = "nothing"
    """What the case must have for it to be measurable at all."""


_AREA: tuple[Region, ...] = ("box", "polygon")
_ANY: tuple[Region, ...] = ("box", "polygon", "lines")
_LINES: tuple[Region, ...] = ("lines",)

KINDS: dict[str, Kind] = {
    "transparent": Kind("mean alpha", "alpha, 0 to 1", _ANY, 0.0, 0.05),
    "opaque": Kind("mean alpha", "alpha, 0 to 1", _ANY, 1.0, 0.05),
    "semi-transparent": Kind("mean alpha", "alpha, 0 to 1", _AREA, None, 0.15),
    "soft-band": Kind("median width from alpha 0.92 to 0.08", "px", _LINES, None, 2.0),
    "smooth-fall": Kind("largest rise on the way out", "alpha, 0 to 1", _LINES, 0.0, 0.1),
    "in-between": Kind(
        "share of the truth's in-between pixels that are in-between",
        "share, 0 to 1",
        _AREA,
        1.0,
        0.5,
        "truth",
    ),
    "unbroken": Kind("breaks, where alpha is below 0.5", "count", _LINES, 0.0, 0.0),
    "strands": Kind("lines that are recovered", "count", _LINES, None, 0.0, "truth"),
    "no-fringe": Kind("colour difference at the edge", "ΔE2000", _AREA, 0.0, 3.0, "foreground"),
}

# case.toml is strict (a "1" is no number), but TOML has only lists where these are tuples.
_Count = Annotated[int, Field(ge=0)]
_Spot = Annotated[tuple[_Count, _Count], Field(strict=False)]
_Line = Annotated[tuple[_Spot, ...], Field(strict=False, min_length=2)]


class ObservationPoint(BaseModel):
    """A place to look at: pixels of the picture, x to the right and y down from its corner.

    Exactly one of `box`, `polygon` and `lines` is given.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: dict[Literal["en", "zh"], str] = {}
    kind: Literal[
        "transparent",
        "opaque",
        "semi-transparent",
        "soft-band",
        "smooth-fall",
        "in-between",
        "unbroken",
        "strands",
        "no-fringe",
    ]
    box: Annotated[tuple[_Count, _Count, _Count, _Count], Field(strict=False)] | None = None
    """Left, top, width, height."""
    polygon: Annotated[tuple[_Spot, ...], Field(strict=False, min_length=3)] | None = None
    lines: Annotated[tuple[_Line, ...], Field(strict=False, min_length=1)] | None = None
    """Each a path of two or more spots."""
    expected: Annotated[FiniteFloat, Field(ge=0)] | None = None
    """By default what the kind says, or what the truth has."""
    tolerance: Annotated[FiniteFloat, Field(ge=0)] | None = None
    """In the kind's unit; by default the kind's."""
    required: bool = False
    """Whether a run fails (exit status 1) where this point does."""

    @model_validator(mode="after")
    def _one_region_of_its_kind(self) -> ObservationPoint:
        given = [name for name in _ANY if getattr(self, name) is not None]
        allowed = KINDS[self.kind].regions
        if len(given) != 1 or given[0] not in allowed:
            raise ValueError(
                f"point {self.id}: {self.kind} needs one of {', '.join(allowed)}, "
                f"not {' and '.join(given) or 'nothing'}"
            )
        if self.box and not (self.box[2] and self.box[3]):
            raise ValueError(f"point {self.id}: the box is empty")
        across = self.kind in ("soft-band", "smooth-fall")
        if across and any(len(line) != 2 for line in self.lines or ()):
            raise ValueError(f"point {self.id}: {self.kind} needs straight lines, of two spots")
        return self

    @property
    def spots(self) -> Iterator[tuple[int, int]]:
        """The corners of its region."""
        if self.box:
            x, y, width, height = self.box
            return iter([(x, y), (x + width, y + height)])
        return chain(self.polygon or (), *(self.lines or ()))

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether the region is wholly inside a picture of this width and height."""
        return all(x <= size[0] and y <= size[1] for x, y in self.spots)
