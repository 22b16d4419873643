"""Observation points: what a cut-out shows at the places where one looks, against what it should.

Coordinates are those of case.toml: x goes right and y down from the picture's upper left corner,
so that the first pixel's centre is at (0.5, 0.5). A pixel belongs to a region where its centre
does. Lines are sampled every half pixel or closer, bilinearly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from .alpha import in_between
from .colours import BACKGROUNDS, background, colour_difference
from .kinds import KINDS
from .record import ObservationPoint
from .subject import Mask, Subject, Undefined

Profile = NDArray[np.float64]

STEP = 0.5
"""Pixels between samples of a line, at most."""
SOFT_FROM, SOFT_TO = 0.92, 0.08
"""The ends of a soft band, as the article that started this project reads them off a profile."""
SEEN = 0.1
"""A strand is where the truth's alpha is at least this."""
ENOUGH = 0.5
"""Of the truth's alpha, for a place on a strand to be recovered; of its fall, for an edge to be."""
MOST = 0.8
"""Share of a strand that must be recovered for the strand to be."""
CUT = 0.5
"""A contour is broken where alpha is below."""

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Seen:
    """What was found at a point, before anyone asks whose it is."""

    measured: float | None
    expected: float | None
    passed: bool | None
    reason: str | None = None


def judge(point: ObservationPoint, subject: Subject) -> Seen:
    """What the cut-out shows at `point`. Passed is |measured − expected| ≤ tolerance.

    A point without an edge where one should be fails, with that reason and no number. What cannot
    be said is neither passed nor failed, and has its reason.
    """
    expected: float | None = point.expected
    try:
        kind = KINDS[point.kind]
        if not point.fits((subject.alpha.shape[1], subject.alpha.shape[0])):
            raise Undefined("its region leaves the picture")
        if kind.needs == "truth":
            subject.need_truth()
        elif kind.needs == "foreground":
            subject.need_foreground()
        measure = _MEASURES[point.kind]
        if expected is None:
            expected = kind.expected
        if expected is None and point.kind == "strands":
            expected = float(len(point.lines or ()))
        if expected is None:
            if subject.truth is None:
                why = subject.missing.get("truth", "the case has no truth")
                raise Undefined(f"{why}, and the point does not say what is expected")
            expected = measure(point, subject.truth, subject)
        measured = measure(point, subject.alpha, subject)
    except _NoEdge as none:
        if expected is None:  # the truth has none there either
            return Seen(None, None, None, f"in the truth, {none}")
        return Seen(None, expected, False, str(none))
    except Undefined as undefined:
        return Seen(None, expected, None, str(undefined))
    passed = abs(measured - expected) <= tolerance(point) + _ROUNDING
    return Seen(measured, expected, passed)


def tolerance(point: ObservationPoint) -> float:
    """How far off `point` may be, in its kind's unit."""
    return KINDS[point.kind].tolerance if point.tolerance is None else point.tolerance


def region_mask(point: ObservationPoint, shape: tuple[int, int]) -> Mask:
    """The pixels whose centre is in the point's box or polygon: `(H, W) bool`."""
    mask = np.zeros(shape, bool)
    if point.box:
        x, y, width, height = point.box
        mask[y : y + height, x : x + width] = True
    else:
        from skimage.draw import polygon  # a tenth of a second, and only for polygons

        corners = np.array(point.polygon) - 0.5
        mask[polygon(corners[:, 1], corners[:, 0], shape)] = True
    if not mask.any():
        raise Undefined("the region holds no pixel's centre")
    return mask


def profile(alpha: Alpha, line: tuple[tuple[int, int], ...]) -> tuple[Profile, Profile]:
    """Alpha along a path of two or more spots: distance from its start in pixels, and alpha.

    `alpha`: `(H, W) float32` in [0, 1]. Samples are evenly spaced on each stretch, half a pixel
    apart or closer; outside the pixels' centres the border's alpha goes on.
    """
    xs, ys, distances = [], [], []
    before = 0.0
    for (x0, y0), (x1, y1) in pairwise(line):
        length = hypot(x1 - x0, y1 - y0)
        share = np.linspace(0, 1, max(2, ceil(length / STEP) + 1))
        xs.append(x0 + share * (x1 - x0))
        ys.append(y0 + share * (y1 - y0))
        distances.append(before + share * length)
        before += length
    values = _bilinear(alpha, np.concatenate(xs) - 0.5, np.concatenate(ys) - 0.5)
    return np.concatenate(distances), values


def band_width(distances: Profile, values: Profile) -> float:
    """Way from where alpha last leaves 0.92 to where it first reaches 0.08 after that, in pixels.

    Linear between samples. Infinite where alpha does not fall from the one to the other.

    >>> import numpy as np
    >>> round(band_width(np.arange(4.0), np.array([1, 1, 0, 0.0])), 2)
    0.84
    """
    solid = np.flatnonzero(values >= SOFT_FROM)
    clear = np.flatnonzero(values <= SOFT_TO)
    if not len(solid) or not len(clear) or clear[-1] < solid[0]:
        return float("inf")
    end = clear[clear > solid[0]][0]
    start = solid[solid < end][-1]
    leaves = _crossing(distances, values, int(start), SOFT_FROM)
    reaches = _crossing(distances, values, int(end) - 1, SOFT_TO)
    return reaches - leaves


def largest_rise(values: Profile) -> float:
    """How far alpha rises again on its way, at most: 0 where it only falls.

    >>> import numpy as np
    >>> largest_rise(np.array([1, 0.5, 0.75, 0.25, 0]))
    0.25
    """
    return float((values - np.minimum.accumulate(values)).max())


class _NoEdge(Exception):  # noqa: N818
    """Alpha does not fall where it should."""


def _mean_alpha(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    if point.lines:
        return float(np.concatenate([profile(alpha, line)[1] for line in point.lines]).mean())
    return float(alpha[region_mask(point, alpha.shape)].mean(dtype=np.float64))


def _soft_band(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    widths = [band_width(*profile(alpha, line)) for line in point.lines or ()]
    width = float(np.median(widths))
    if not np.isfinite(width):
        none = sum(not np.isfinite(each) for each in widths)
        raise _NoEdge(f"alpha does not fall from 0.92 to 0.08 on {none} of {len(widths)} lines")
    return width


def _smooth_fall(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    rises = []
    for line in point.lines or ():
        values = profile(alpha, line)[1]
        due = SOFT_FROM - SOFT_TO
        if subject.truth is not None:
            due = largest_rise(-profile(subject.truth, line)[1])
        fall = largest_rise(-values)
        if fall < ENOUGH * due - _ROUNDING:
            raise _NoEdge(f"alpha falls by no more than {fall:.2f} on a line across the edge")
        rises.append(largest_rise(values))
    return max(rises)


def _in_between(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    due = in_between(subject.need_truth()) & region_mask(point, alpha.shape)
    if not due.any():
        raise Undefined("the truth has no in-between pixel in the region")
    return float(in_between(alpha)[due].mean())


def _breaks(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    count = 0
    for line in point.lines or ():
        low = profile(alpha, line)[1] < CUT
        count += int(low[0]) + int(np.count_nonzero(low[1:] & ~low[:-1]))
    return float(count)


def _strands(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    found = 0
    for number, line in enumerate(point.lines or (), 1):
        due = _highest_near(subject.need_truth(), line)
        there = due >= SEEN
        if not there.any():
            raise Undefined(f"the truth has nothing along line {number}")
        recovered = _highest_near(alpha, line)[there] >= ENOUGH * due[there] - _ROUNDING
        found += int(recovered.mean() >= MOST)
    return float(found)


def _fringe(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    band = region_mask(point, alpha.shape) & subject.edge
    if not band.any():
        raise Undefined("the truth has no edge in the region")
    rows, columns = (slice(int(part.min()), int(part.max()) + 1) for part in np.nonzero(band))
    part = rows, columns
    means = []
    for name in BACKGROUNDS:
        behind = background(name, (alpha.shape[0], alpha.shape[1]))
        differences = colour_difference(
            subject.rgb[part],
            alpha[part],
            subject.need_foreground()[part],
            subject.need_truth()[part],
            behind[part] if behind.ndim == 3 else behind,
        )
        means.append(float(differences[band[part]].mean()))
    return max(means)


_MEASURES: dict[str, Callable[[ObservationPoint, Alpha, Subject], float]] = {
    "transparent": _mean_alpha,
    "opaque": _mean_alpha,
    "semi-transparent": _mean_alpha,
    "soft-band": _soft_band,
    "smooth-fall": _smooth_fall,
    "in-between": _in_between,
    "unbroken": _breaks,
    "strands": _strands,
    "no-fringe": _fringe,
}


def _highest_near(alpha: Alpha, line: tuple[tuple[int, int], ...]) -> Profile:
    """The highest alpha within a pixel of each sample: a strand is thinner than one's aim."""
    import cv2  # not for those who only read a finished run

    spots = np.array(line)
    left, top = np.maximum(spots.min(0) - 3, 0)
    right, bottom = spots.max(0) + 3
    part = np.ascontiguousarray(alpha[top:bottom, left:right])
    near = cv2.dilate(part, np.ones((3, 3), np.uint8))
    return profile(near, tuple((int(x - left), int(y - top)) for x, y in line))[1]


def _bilinear(alpha: Alpha, x: Profile, y: Profile) -> Profile:
    height, width = alpha.shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left = np.minimum(x.astype(int), max(width - 2, 0))
    top = np.minimum(y.astype(int), max(height - 2, 0))
    right, below = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    dx, dy = x - left, y - top
    upper = alpha[top, left] * (1 - dx) + alpha[top, right] * dx
    lower = alpha[below, left] * (1 - dx) + alpha[below, right] * dx
    return upper * (1 - dy) + lower * dy


def _crossing(distances: Profile, values: Profile, index: int, level: float) -> float:
    """Where the line from sample `index` to the next crosses `level`."""
    a, b = values[index], values[index + 1]
    share = 0.0 if a == b else (a - level) / (a - b)
    return float(distances[index] + min(max(share, 0.0), 1.0) * np.diff(distances)[index])
