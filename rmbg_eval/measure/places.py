"""Where an observation point looks: the pixels of its region, alpha along its lines.

Coordinates are those of case.toml: x goes right and y down from the picture's upper left corner,
so that the first pixel's centre is at (0.5, 0.5). A pixel belongs to a region where its centre
does. Lines are sampled every half pixel or closer, bilinearly.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor, hypot
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from ..i18n import Message
from .record import ObservationPoint
from .subject import Mask, Undefined

Profile = NDArray[np.float64]

STEP = 0.5
"""Pixels between samples of a line, at most."""
SOFT_FROM, SOFT_TO = 0.92, 0.08
"""The ends of a soft band, as the article that started this project reads them off a profile."""
FUZZ = 1e-6
"""Pixels by which a place may be off for the rounding of its coordinates."""


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
        raise Undefined(Message("the region holds no pixel's centre"))
    return mask


def profile(alpha: Alpha, line: tuple[tuple[int, int], ...]) -> tuple[Profile, Profile]:
    """Alpha along a path of two or more spots: distance from its start in pixels, and alpha.

    `alpha`: `(H, W) float32` in [0, 1]. Samples are evenly spaced on each stretch, half a pixel
    apart or closer; outside the pixels' centres the border's alpha goes on.
    """
    x, y, _, _, distances = _samples(line)
    return distances, _bilinear(alpha, x, y)


def across(
    alpha: NDArray[Any],
    line: tuple[tuple[int, int], ...],
    reach: int,
    within: float,
    what: Literal["highest", "lowest"],
) -> NDArray[Any]:
    """What is on and beside a path, for each of the samples of `profile`: `(N, 2 · reach + 1)`.

    `alpha`: `(H, W)` of float32 or uint8. A column for each pixel across the stretch, from `reach`
    on its one side to `reach` on the other, the path itself in the middle. Of each place, the
    highest or the lowest of the pixels whose centres are within so many pixels of it (0.5, 1.5, …),
    across and down: between two pixels both count, so that it is the same in a mirrored picture.
    """
    import cv2  # not for those who only read a finished run

    spread, choose = {"highest": (cv2.dilate, np.maximum), "lowest": (cv2.erode, np.minimum)}[what]
    x, y, along_x, along_y, _ = _samples(line)
    aside = np.arange(-reach, reach + 1)
    places = y[:, None] + aside * along_x[:, None], x[:, None] - aside * along_y[:, None]
    # The part that is looked at; outside the picture, its border goes on.
    starts = [floor(each.min()) - 2 for each in places]
    part = [np.arange(at, ceil(each.max()) + 3) for at, each in zip(starts, places, strict=True)]
    inside = [at.clip(0, size - 1) for at, size in zip(part, alpha.shape, strict=True)]
    # A window has as many pixels as this, or one more: two of this size, from its first and last.
    side = round(2 * within)
    near = spread(alpha[np.ix_(*inside)], np.ones((side, side), np.uint8), anchor=(0, 0))
    (top, bottom), (left, right) = (
        (
            np.ceil(each - within - FUZZ).astype(np.int32) - start,
            np.floor(each + within + FUZZ).astype(np.int32) - side + 1 - start,
        )
        for each, start in zip(places, starts, strict=True)
    )
    corners = [near[row, column] for row in (top, bottom) for column in (left, right)]
    found: NDArray[Any] = choose.reduce(corners)
    return found


def _samples(line: tuple[tuple[int, int], ...]) -> tuple[Profile, ...]:
    """Of each sample: x and y from the first pixel's centre, the way it goes on, its distance."""
    stretches, before = [], 0.0
    for (x0, y0), (x1, y1) in pairwise(line):
        length = hypot(x1 - x0, y1 - y0)
        share = np.linspace(0, 1, max(2, ceil(length / STEP) + 1))
        way = np.full((2, len(share)), [[x1 - x0], [y1 - y0]]) / max(length, 1e-9)
        x, y = x0 + share * (x1 - x0) - 0.5, y0 + share * (y1 - y0) - 0.5
        stretches.append(np.stack([x, y, *way, before + share * length]))
        before += length
    return tuple(np.concatenate(stretches, axis=1))


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
    """Where alpha falls to `level`, between sample `index` and the next."""
    a, b = values[index], values[index + 1]
    share = (a - level) / (a - b)
    return float(distances[index] + share * (distances[index + 1] - distances[index]))
