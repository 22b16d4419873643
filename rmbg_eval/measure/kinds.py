"""Observation points: places in a picture where one looks, and what should be seen there.

They are part of case.toml, as `[[points]]`. See GUIDE.md, "Observation points".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .record import ObservationPoint, Region


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


def check(point: ObservationPoint) -> ObservationPoint:
    """`point`, if its kind exists and is measured over such a region; ValueError says what is."""
    kind = KINDS.get(point.kind)
    if kind is None:
        raise ValueError(f"point {point.id}: kind must be one of {', '.join(KINDS)}")
    if point.region not in kind.regions:
        raise ValueError(
            f"point {point.id}: {point.kind} needs one of {', '.join(kind.regions)}, "
            f"not {point.region}"
        )
    across = point.kind in ("soft-band", "smooth-fall")
    if across and any(len(line) != 2 for line in point.lines or ()):
        raise ValueError(f"point {point.id}: {point.kind} needs straight lines, of two spots")
    return point
