"""Gaps in a net, as they are seen: where they are, and how wide."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt
from studio import Studio
from textile import pixels


def clearance(s: Studio, yarns: np.ndarray) -> np.ndarray:
    """`(H, W)` distance in pixels from every place of the picture to the nearest yarn's middle."""
    width, height = s.size
    at = np.rint(pixels(s, yarns)).astype(int)
    at = at[((at >= 0) & (at < (width, height))).all(1)]
    empty = np.ones((height, width), bool)
    empty[at[:, 1], at[:, 0]] = False
    return distance_transform_edt(empty)


def largest(
    free: np.ndarray, corners: np.ndarray, count: int, apart: float
) -> list[tuple[float, float, float]]:
    """The places (x, y) of a box that are farthest from any yarn, and how far that is."""
    (x0, y0), (x1, y1) = np.sort(corners, 0).astype(int)
    part, found = free[y0:y1, x0:x1].copy(), []
    v, u = np.indices(part.shape)
    for _ in range(count):
        y, x = np.unravel_index(np.argmax(part), part.shape)
        found.append((float(x + x0), float(y + y0), float(part[y, x])))
        part[np.hypot(u - x, v - y) < apart] = -1
    return found


def bar(x: float, y: float, clear: float) -> np.ndarray:
    """A short level line in the middle of a hole."""
    return np.array([[x - 0.7 * clear, y], [x + 0.7 * clear, y]])
