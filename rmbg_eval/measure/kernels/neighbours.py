"""What a pixel takes from the pixels around it, compiled: importing this module imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.compilation import WHOLE_NUMBER, compiled, pixels
from ...core.images import RGB, Alpha

_NEAR = np.array(
    sorted((y * y + x * x, y, x) for y in range(-4, 5) for x in range(-4, 5) if y * y + x * x < 21)
)
_FROM = np.searchsorted(_NEAR[:, 0], np.arange(22))
"""The ways to pixels nearer than 4.5, by their square; and where each square starts."""


@compiled(pixels("float32", 2))
def whole_squares(away: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distances, `(H, W) float32`, each as the root of the integer next to its square."""
    height, width = away.shape
    result = np.empty((height, width), np.float32)
    for y in range(height):
        for x in range(width):
            far = np.float64(away[y, x])
            result[y, x] = np.sqrt(np.rint(far * far))
    return result


@compiled()
def _along(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance of each pixel from the nearest one of `mask` in its row; infinite without one."""
    height, width = mask.shape
    result = np.empty((height, width), np.float32)
    for y in range(height):
        own, before, start = result[y], -np.inf, 0
        for x in range(width):
            if mask[y, x]:
                for between in range(start, x + 1):
                    own[between] = min(between - before, x - between)
                before, start = np.float64(x), x + 1
        for after in range(start, width):
            own[after] = after - before
    return result


@compiled(pixels("bool", 2), WHOLE_NUMBER)
def near_squares(mask: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Square of each pixel's distance from the nearest pixel of `mask`; infinite beyond `reach`.

    `mask`: `(H, W) bool`; `reach` in pixels. Returns `(H, W) float32`, exact: what the rows near
    by have along themselves, and the way across them.
    """
    height, width = mask.shape
    along, nothing = _along(mask), np.float32(np.inf)
    result = np.full((height, width), nothing)
    limit = np.float32(reach * reach)
    for y in range(height):
        own = result[y]
        for row in range(max(0, y - reach), min(height, y + reach + 1)):
            across, near = np.float32((row - y) * (row - y)), along[row]
            for x in range(width):
                squared = near[x] * near[x] + across
                own[x] = squared if squared < own[x] else own[x]
        for x in range(width):
            own[x] = nothing if own[x] > limit else own[x]
    return result


@compiled(pixels("bool", 2), pixels("int64", 1))
def eroded(mask: NDArray[np.bool_], halves: NDArray[np.int64]) -> NDArray[np.bool_]:
    """`mask` eroded by a shape with `2 * half + 1` pixels in each of its rows, the middle one's at
    the pixel.

    `mask`: `(H, W) bool`; `halves`: below 255, an odd number. Returns `(H, W) bool`, as OpenCV's
    with such a shape: the mask goes on outside. OpenCV's time grows with the shape's area, this
    one's with its height: of 12 megapixels an eighth.
    """
    height, width = mask.shape
    reach = len(halves) // 2
    along = np.minimum(_along(~mask), np.float32(255)).astype(np.uint8)
    result = np.ones((height, width), np.bool_)
    for y in range(height):
        own = result[y]
        for row in range(max(0, y - reach), min(height, y + reach + 1)):
            near, half = along[row], np.uint8(halves[row - y + reach])
            for x in range(width):
                own[x] &= near[x] > half
    return result


@compiled(pixels("bool", 2), pixels("int64", 1), pixels("int64", 1), WHOLE_NUMBER)
def squares_at(
    mask: NDArray[np.bool_], rows: NDArray[np.int64], columns: NDArray[np.int64], most: int
) -> NDArray[np.float64]:
    """Square of the distance from the nearest pixel of `mask`, for some pixels.

    `mask`: `(H, W) bool`; `rows` and `columns`: `(N,) int64`, those of the pixels. Returns
    `(N,) float64`, exact; infinite where the mask is empty. Rows are asked from the pixel's own
    outwards, until they are too far. Once `most` have been asked the answer is empty: there are
    better ways where nothing is near.
    """
    height, along = len(mask), _along(mask)
    result = np.empty(len(rows))
    for i in range(len(rows)):
        y, x = rows[i], columns[i]
        nearest, across = np.float64(along[y, x]) ** 2, 1
        while across < height and across * across < nearest:
            most -= 1
            if most < 0:
                return result[:0]
            for row in (y - across, y + across):
                if 0 <= row < height:
                    nearest = min(nearest, np.float64(along[row, x]) ** 2 + across * across)
            across += 1
        result[i] = nearest
    return result


@compiled(pixels("float64", 2), pixels("bool", 2), pixels("float32", 2))
def spread_outwards(
    error: NDArray[np.float64], shape: NDArray[np.bool_], away: NDArray[np.float32]
) -> NDArray[np.float64]:
    """`error`; a pixel outside `shape`, nearer than 4.5 px, has that of the nearest one inside.

    `away`: the exact distance from `shape`. All are `(H, W)`. Of several nearest pixels the upper
    left one is taken.
    """
    height, width = shape.shape
    spread = error.copy()
    for y in range(height):
        for x in range(width):
            if 0 < away[y, x] < 4.5:
                squared = round(away[y, x] ** 2)
                for way in range(_FROM[squared], _FROM[squared + 1]):
                    row, column = y + _NEAR[way, 1], x + _NEAR[way, 2]
                    if 0 <= row < height and 0 <= column < width and shape[row, column]:
                        spread[y, x] = error[row, column]
                        break
    return spread


@compiled(pixels("uint8", 3), pixels("bool", 2), WHOLE_NUMBER)
def block_sums(rgb: RGB, mask: NDArray[np.bool_], side: int) -> NDArray[np.int64]:
    """Sums of red, green and blue over `mask` and its count, for each block of `side` pixels.

    `rgb`: `(H, W, 3) uint8`; `mask`: `(H, W) bool`. Returns
    `(ceil(H / side), ceil(W / side), 4) int64`; the last blocks may be smaller.
    """
    height, width = mask.shape
    result = np.zeros((-(-height // side), -(-width // side), 4), np.int64)
    for y in range(height):
        row = result[y // side]
        for x in range(width):
            if mask[y, x]:
                block = row[x // side]
                for channel in range(3):
                    block[channel] += rgb[y, x, channel]
                block[3] += 1
    return result


@compiled(
    pixels("uint8", 3), pixels("float32", 2), pixels("bool", 2), pixels("float64", 3),
    pixels("float64", 3), WHOLE_NUMBER, WHOLE_NUMBER,
)  # fmt: skip
def pulled(
    rgb: RGB,
    alpha: Alpha,
    mask: NDArray[np.bool_],
    front: NDArray[np.float64],
    behind: NDArray[np.float64],
    side: int,
    apart: int,
) -> tuple[float, float]:
    """Σ α t and Σ α over `mask`: t is how far a pixel lies on the way from `front` to `behind`.

    `rgb`: `(H, W, 3) uint8`; `alpha`: `(H, W) float32`; `mask`: `(H, W) bool`; `front` and
    `behind`: the colours of each block of `side` pixels, `(ceil(H / side), ceil(W / side), 3)
    float64`. What is not `apart` levels long, or not known (NaN), is left out.
    """
    height, width = mask.shape
    total, weights = 0.0, 0.0
    for y in range(height):
        for x in range(width):
            if mask[y, x]:
                one, other = front[y // side, x // side], behind[y // side, x // side]
                length, along = 0.0, 0.0
                for channel in range(3):
                    way = other[channel] - one[channel]
                    length += way * way
                    along += (rgb[y, x, channel] - one[channel]) * way
                if length >= apart * apart:
                    total += alpha[y, x] * (along / length)
                    weights += alpha[y, x]
    return total, weights
