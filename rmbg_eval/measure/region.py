"""Regions of a picture, made from an alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from .record import Box

ROWS_ASKED = 4
"""For each pixel of the picture: what `distance_at` spends before it takes another way."""
COUNTED = 1 << 20
"""Numbers that are counted at once."""
PLACES = 4
"""A place is a square window of the shorter side by this."""


def edge_squares(alpha: Alpha, reach: int) -> NDArray[np.float32]:
    """The square of the least radius with which each pixel is near an edge: within it both of
    something not transparent and of something not opaque, from centre to centre, Euclidean.

    `alpha`: `(H, W) float32` in [0, 1]; `reach` in pixels. Returns `(H, W) float32`, infinite
    where the radius is larger than `reach`, so everywhere where alpha is all 0 or all 1. What is
    near an edge is the unknown region of the trimap that is made of an alpha by dilating α > 0 and
    eroding α = 1 by a disc, as papers on matting do: all in-between pixels, all within the radius
    of one, and both sides of a hard edge.

    >>> (edge_squares(np.float32([[0, 0, 0, 0.5, 1, 1, 1]]), 1) <= 1).astype(int)
    array([[0, 0, 1, 1, 1, 0, 0]])
    """
    from .kernels.neighbours import near_squares  # imports numba: not for those who only read a run

    return np.maximum(near_squares(alpha > 0, reach), near_squares(alpha < 1, reach))


def distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each pixel from the nearest pixel of `mask`, in pixels, centre to centre.

    `mask`: `(H, W) bool` with at least one pixel. Returns `(H, W) float32`, exact Euclidean
    (Felzenszwalb and Huttenlocher, 2012, as OpenCV has it).
    """
    import cv2  # not for those who only read a finished run

    from .kernels.neighbours import whole_squares

    away = np.ascontiguousarray(~mask).view(np.uint8)
    found = cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # OpenCV's last bit depends on where in memory the mask lies; squares of distances are integers.
    return whole_squares(found)


def pieces(
    mask: NDArray[np.bool_] | NDArray[np.uint8], connectivity: int
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """The connected pieces of a mask: the number of each pixel's, 0 outside, and the pixels of each
    number.

    `mask`: `(H, W)`, bool or of 0 and 1; `connectivity`: 4 or 8. Returns `(H, W) int32` and counts.
    Counting takes a fraction of OpenCV's own statistics.
    """
    import cv2  # not for those who only read a finished run

    count, label = cv2.connectedComponents(mask.view(np.uint8), connectivity=connectivity)
    return np.asarray(label, np.int32), counts(label, count)


def patches(mask: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    """The pixels of a mask, `(H, W) bool`, that are in a square of it, `side` px wide and high; at
    the frame, in what is left of one. No line that is thinner, however long."""
    import cv2  # not for those who only read a finished run

    square = np.ones((side, side), np.uint8)
    return np.asarray(cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, square)).view(bool)


def counts(label: NDArray[Any], count: int) -> NDArray[np.intp]:
    """How often each whole number below `count` is in an array of such numbers.

    >>> counts(np.array([[0, 2], [2, 0]]), 4)
    array([2, 0, 2, 0])
    """
    flat, total = label.ravel(), np.zeros(count, np.intp)
    for start in range(0, flat.size, COUNTED):  # bincount copies what it gets to 64 bits
        total += np.bincount(flat[start : start + COUNTED], minlength=count)
    return total


def window_sums(values: NDArray[Any], side: int) -> NDArray[Any]:
    """The sum over each square window of `side` pixels that fits: `(H - side + 1, W - side + 1)`,
    by its left upper corner.

    >>> window_sums(np.ones((2, 3), int), 2)
    array([[4, 4]])
    """
    total = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return np.asarray(
        total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    )


def distance_at(
    mask: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """`distance` for some pixels only: `(N,) float64`, exact, in a fraction of the time.

    `rows` and `columns`: `(N,) int64`, where they are.
    """
    from .kernels.neighbours import squares_at

    squares = squares_at(mask, rows, columns, ROWS_ASKED * mask.size)
    if len(squares) < len(rows):  # they are many, and far away
        squares = np.rint(np.square(distance(mask)[rows, columns], dtype=np.float64))
    return np.sqrt(squares)


def densest(mask: NDArray[np.bool_], shape: tuple[int, ...] | None = None) -> Box | None:
    """The square window that holds the most of a mask, `(H, W) bool`; None of an empty one.

    Its side is a quarter of the shorter one. Left, top, width and height, in pixels of the mask or,
    where it is that of a picture made smaller, of the picture, whose `shape` is height and width.
    """
    import cv2  # not for those who only read a finished run

    if not mask.any():
        return None
    side = max(1, min(mask.shape) // PLACES)
    step = max(1, side // 16)
    # The last row and column of windows too: what lies at the frame is in no others.
    rows, columns = (np.unique([*range(0, size - side, step), size - side]) for size in mask.shape)
    total = cv2.integral(mask.view(np.uint8))
    below, right = np.ix_(rows + side, columns + side)
    above, left_of = np.ix_(rows, columns)
    sums = total[below, right] - total[above, right] - total[below, left_of] + total[above, left_of]
    row, column = divmod(int(sums.argmax()), len(columns))
    height, width = shape or mask.shape
    scale = max(height, width) / max(mask.shape)
    left, top, side = (round(scale * int(each)) for each in (columns[column], rows[row], side))
    side = min(side, height, width)  # the shorter side was rounded, and may end outside
    return min(left, width - side), min(top, height - side), side, side
