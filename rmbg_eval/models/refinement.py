"""Refinement: any model's alpha, corrected near its edge by the picture's own colours.

Models see a picture at about 1024 px, so their edges are as coarse as that. Both ways below take
for granted that near an edge alpha is a linear function of the colours, α ≈ a·I + b in each small
window (the colour line model of Levin et al.), and both change nothing outside the band.
"""

from __future__ import annotations

import hashlib
from math import ceil, isqrt
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.images import RGB, Alpha, Cutout, Picture, check_alpha, dequantise, quantise
from ..errors import ModelError, printable
from ..i18n import Message
from .entry import Entry, LoadOptions
from .info import ModelInfo
from .isnet import isnet
from .protocol import Model
from .weights import ISNET_MEDIUM
from .wrapper import Wrapper

Refinement = Literal["closed-form", "guided"]

GRID = 1024
"""Pixels of a side that most networks see: the cells of this grid are as fine as they can tell."""
BAND = 6
"""Cells that the band reaches to both sides of an edge."""
SURE = 0.04
"""Alpha within this of 0 or 1 is taken for transparent or opaque: rembg's alpha matting has the
same thresholds, 10 and 240 of 255, rounded."""
UNKNOWNS = 200_000
"""Pixels that are solved for at once: where the band has more, it is solved at a whole fraction of
the size. This bounds time and memory, however large the picture."""
GUIDED_RADIUS, GUIDED_EPSILON = 2, 1e-5
UPSAMPLING_EPSILON = 1e-5
LOW, HIGH, POWER = 1e-3, 1.0, 4
WORDS: dict[Refinement, str] = {
    "closed-form": f"refined within {BAND} cells of a grid of {GRID} of its edge: closed-form "
    f"matting drawn to the model's alpha, at most {UNKNOWNS} pixels at once",
    "guided": f"refined within {BAND} cells of a grid of {GRID} of its edge: fast guided filter, "
    f"radius {GUIDED_RADIUS} cells, epsilon {GUIDED_EPSILON:g}",
}
"""Each way as the report names it."""
Planes = NDArray[np.float64]


_VERSION = 2
"""Raised where any number or step below changes: cut-outs of before are then not used again."""


class Refined(Wrapper):
    """`base` with one step more, which is part of its pipeline, its identity and its name.

    What is refined is the cut-out as it is stored, in 8 bits: so one of `base` that was kept does
    as well as a new one.
    """

    def __init__(self, base: Model, how: Refinement) -> None:
        super().__init__(base)
        self._how = how

    @property
    def info(self) -> ModelInfo:
        """The model's, with the step that is added."""
        info = self.base.info
        return info.model_copy(update={"pipeline": f"{info.pipeline}; {WORDS[self._how]}"})

    def identity(self, name: str) -> str:
        inner = f"{self.base.identity(name)} {WORDS[self._how]} {_VERSION}"
        return hashlib.sha256(inner.encode()).hexdigest()

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """The model's cut-out, refined."""
        cutout = self.base.postprocess(output, picture)
        check_alpha(cutout.alpha, picture.rgb.shape[:2])
        stored = dequantise(quantise(cutout.alpha))
        return self.finish(Cutout(cutout.rgb, stored), picture)

    def finish(self, cutout: Cutout, picture: Picture) -> Cutout:
        """A cut-out of `base`, its alpha in steps of 1/255, refined; its colours stay."""
        return Cutout(cutout.rgb, refine(picture.rgb, cutout.alpha, self._how))


def taken(options: str, leading: bool) -> tuple[str, Refinement | None]:
    """What follows a model's name without `refine=…`, and that; ModelError for another way.

    `leading`: the `?` of options stands before what must follow the name, as a command's does.
    """
    before, mark, rest = ("", "", options)
    if not leading:
        before, mark, rest = options.rpartition("?")
    elif options.startswith("?"):
        mark, rest = "?", options[1:]
    query, colon, after = rest.partition(":") if leading else (rest, "", "")
    pairs = query.split("&")
    asked = [pair for pair in pairs if pair.startswith("refine=")]
    if not mark or not asked:
        return options, None
    how = asked[-1].removeprefix("refine=")
    if how not in get_args(Refinement) or len(asked) > 1:
        raise ModelError(
            Message("There is no refinement {name}", name=repr(printable("&".join(asked)))),
            Message("Use one of {ways}.", ways=[f"refine={way}" for way in get_args(Refinement)]),
        )
    others = "&".join(pair for pair in pairs if pair not in asked)
    return f"{before}{mark if others else ''}{others}{colon}{after}", cast(Refinement, how)


def refine(rgb: RGB, alpha: Alpha, how: Refinement) -> Alpha:
    """The refined alpha.

    Args:
        rgb: `(H, W, 3) uint8`, the picture.
        alpha: `(H, W) float32` in [0, 1], a model's.

    Returns:
        `(H, W) float32` in [0, 1]; outside `band(alpha)` exactly `alpha`.
    """
    inside = band(alpha)
    if not inside.any():
        return alpha
    rows, columns = (np.flatnonzero(inside.any(axis)) for axis in (1, 0))
    margin = ceil(cell(alpha.shape)) * _MARGIN
    part = tuple(
        slice(max(0, int(place[0]) - margin), int(place[-1]) + 1 + margin)
        for place in (rows, columns)
    )
    way = _closed_form if how == "closed-form" else _guided
    refined = alpha.copy()
    refined[part][inside[part]] = way(rgb[part], alpha[part], inside[part], cell(alpha.shape))
    return refined


_MARGIN = 8
"""Cells around the band: farther than windows reach from it."""


def cell(shape: tuple[int, ...]) -> float:
    """Pixels of the picture in a cell of the grid, at least 1."""
    return max(1.0, max(shape) / GRID)


def band(alpha: Alpha) -> NDArray[np.bool_]:
    """Pixels within `BAND` cells both of something not transparent and of something not opaque.

    `alpha`: `(H, W) float32` in [0, 1]. Returns `(H, W) bool`. It holds both sides of hard edges
    and all that is in between; empty where nothing is sure to be transparent, or nothing opaque.
    """
    import cv2  # not for those who only read a run

    reach = BAND * cell(alpha.shape)
    near = np.ones(alpha.shape, np.bool_)
    for sure in (alpha <= SURE, alpha >= 1 - SURE):
        if not sure.any():
            return np.zeros(alpha.shape, np.bool_)
        away = cv2.distanceTransform(sure.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        near &= away <= reach
    return near


def _guided(rgb: RGB, alpha: Alpha, inside: NDArray[np.bool_], size: float) -> NDArray[np.float32]:
    """The fast guided filter: alpha's coefficients at the grid's size, used at the picture's.

    He, Sun, "Fast Guided Filter", 2015 (arXiv 1505.00996), with a colour guide, equation 14 of He,
    Sun, Tang, "Guided Image Filtering", PAMI 2013. The radius, 2 cells, is about as far as a mask
    is blurred by resizing; epsilon, 10⁻⁵, is a deviation of 0.8 of 255: less is noise.
    """
    small, mask = _shrunk(rgb, alpha, int(size))
    return _applied(linear(small, mask, GUIDED_RADIUS, GUIDED_EPSILON), rgb, inside)


def _closed_form(
    rgb: RGB, alpha: Alpha, inside: NDArray[np.bool_], size: float
) -> NDArray[np.float32]:
    """Closed-form matting within the band, drawn to the model's alpha where that is sure.

    Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting", PAMI 2008:
    (L + D) α = D α₀, with alpha as it is outside the band. D is `weights(α₀)`: without
    it the solution leaks over edges between like colours, as it did here for an apple's and a
    dress's. Where the band has more than `UNKNOWNS` pixels the equation is solved at a whole
    fraction of the size, and its coefficients are used at the picture's (section 4.2 there).
    """
    import cv2

    factor = isqrt(max(0, int(inside.sum()) - 1) // UNKNOWNS) + 1
    small, mask = _shrunk(rgb, alpha, factor)
    unknown = cv2.resize(inside.view(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_AREA) > 0
    solved = solve(small, mask, unknown, weights(mask))
    if factor == 1:
        return solved[inside].astype(np.float32)
    return _applied(linear(small, solved, 1, UPSAMPLING_EPSILON), rgb, inside)


def weights(alpha: Planes) -> Planes:
    """How strongly each pixel is drawn to a model's alpha, the more the surer it is.

    Measured on the reference cases, mean MAD over the unknown region (IS-Net's own: 0.1744):
    0.213 without D, 0.1732 with (0.001, 0.3, 4), 0.1716 with these, 0.1724 to the 8th power.
    """
    return LOW + HIGH * np.abs(2 * alpha - 1) ** POWER


def solve(colours: Planes, alpha: Planes, unknown: NDArray[np.bool_], drawn: Planes) -> Planes:
    """The alpha that the matting Laplacian and `drawn` agree on.

    Args:
        colours: `(H, W, 3)` in [0, 1].
        alpha: `(H, W)` in [0, 1]; outside `unknown` it stays as it is.
        unknown: `(H, W) bool`.
        drawn: `(H, W)`, weights of alpha within `unknown`, at least 0.

    Returns:
        `(H, W)` in [0, 1].
    """
    from scipy.sparse import csr_array, diags_array

    height, width = alpha.shape
    values, places = laplacian(colours, unknown)
    count = len(values)
    number = np.full(height * width, -1)
    number[unknown.ravel()] = np.arange(count)
    there = places >= 0
    column = np.where(there, number[places], -1)
    start, weight = alpha[unknown], drawn[unknown]
    free = column >= 0
    matrix = csr_array(
        (values[free], column[free], np.concatenate([[0], np.cumsum(free.sum(1))])), (count, count)
    )
    fixed = np.where(there & ~free, values * alpha.ravel()[places], 0).sum(1)
    solved = _conjugate_gradients(matrix + diags_array(weight), weight * start - fixed, start)
    result = alpha.copy()
    result[unknown] = np.clip(solved, 0, 1)
    return result


def _conjugate_gradients(matrix: Any, right: Planes, start: Planes) -> Planes:
    """Preconditioned by the diagonal. SciPy's takes twice as long: BLAS's threads wait busily for
    dot products, which are summed here in one order on any number of cores."""
    solved, left = start.copy(), right - matrix @ start
    inverse = 1 / (matrix.diagonal() + 1e-12)
    enough = WITHIN**2 * (right * right).sum()
    way = ahead = inverse * left
    progress = (left * ahead).sum()
    for _ in range(MOST_ROUNDS):
        if (left * left).sum() <= enough:
            break
        changed = matrix @ way
        step = progress / (way * changed).sum()
        solved += step * way
        left -= step * changed
        ahead = inverse * left
        progress, before = (left * ahead).sum(), progress
        way = ahead + (progress / before) * way
    return solved


MOST_ROUNDS = 1000
"""Of conjugate gradients; what is reached by then is used. About 100 are needed."""
WITHIN = 1e-4
"""The residual, in relation to the right side, at which it is good enough."""
EPSILON = 1e-7
"""Levin et al.'s regularisation, in pymatting 1.1's scale: added to sums over a window."""


def laplacian(colours: Planes, unknown: NDArray[np.bool_]) -> tuple[Planes, NDArray[np.int64]]:
    """Rows of the matting Laplacian of 3×3 windows, equation 12 of Levin et al.

    `colours`: `(H, W, 3)` in [0, 1], sides of 3 at least. Returns for each pixel of `unknown`, row
    by row, the values of its 5×5 neighbours `(N, 25)`, and their places in the raveled picture,
    -1 outside of it.
    """
    from .kernels.windows import window_sums  # imports numba: not for those who only read a run

    height, width = unknown.shape
    row = np.full((height, width), -1)
    y, x = np.nonzero(unknown)
    row[y, x] = np.arange(len(y))
    y, x = y[:, None] + _DOWN, x[:, None] + _ACROSS
    outside = (y < 0) | (y >= height) | (x < 0) | (x >= width)
    places = np.where(outside, -1, y * width + x)
    return window_sums(colours, row, EPSILON, len(places)), places


_DOWN, _ACROSS = (each.ravel() for each in np.mgrid[-2:3, -2:3])


def linear(colours: Planes, alpha: Planes, radius: int, epsilon: float) -> Planes:
    """A guided filter's coefficients: alpha ≈ a·I + b, the mean over all windows with the pixel.

    `colours`: `(H, W, 3)` and `alpha`: `(H, W)`, in [0, 1]; windows of 2·`radius` + 1 pixels, cut
    at the border. Returns `(H, W, 4)`: a of red, green and blue, and b.
    """
    import cv2

    side = 2 * radius + 1

    def sums(plane: Planes) -> Planes:
        box = cv2.boxFilter(
            plane, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        return np.asarray(box)

    count = sums(np.ones(alpha.shape))

    def mean(plane: Planes) -> Planes:
        return sums(plane) / count

    planes = [np.ascontiguousarray(colours[..., channel]) for channel in range(3)]
    middle, level = [mean(plane) for plane in planes], mean(alpha)
    spread = np.empty((*alpha.shape, 3, 3))
    shared = np.empty((*alpha.shape, 3, 1))
    for i in range(3):
        shared[..., i, 0] = mean(planes[i] * alpha) - middle[i] * level
        for j in range(i, 3):
            spread[..., i, j] = spread[..., j, i] = (
                mean(planes[i] * planes[j]) - middle[i] * middle[j] + (epsilon if i == j else 0)
            )
    slopes = np.linalg.solve(spread, shared)[..., 0]
    rest = level - sum(slopes[..., i] * middle[i] for i in range(3))
    return np.stack([*(mean(slopes[..., i].copy()) for i in range(3)), mean(rest)], -1)


def _shrunk(rgb: RGB, alpha: Alpha, factor: int) -> tuple[Planes, Planes]:
    """Colours and alpha in [0, 1], each pixel the mean of `factor` × `factor`."""
    import cv2

    height, width = alpha.shape
    size = ceil(width / factor), ceil(height / factor)
    if factor > 1:
        rgb = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
        alpha = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA))
    return rgb.astype(np.float64) / 255, alpha.astype(np.float64)


_AT_ONCE = 1 << 20
"""Pixels whose coefficients are between others' at a time."""


def _applied(coefficients: Planes, rgb: RGB, inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Alpha at the pixels `inside`, row by row, by bilinear coefficients of a smaller picture."""
    (height, width), shape = inside.shape, coefficients.shape
    table = coefficients.astype(np.float32)
    y, x = np.nonzero(inside)
    alpha = np.empty(len(y), np.float32)
    for first in range(0, len(y), _AT_ONCE):
        here = slice(first, first + _AT_ONCE)
        down, v = _between(y[here], height, shape[0])
        right, u = _between(x[here], width, shape[1])
        below, beside = np.minimum(down + 1, shape[0] - 1), np.minimum(right + 1, shape[1] - 1)
        upper = table[down, right] * (1 - u) + table[down, beside] * u
        lower = table[below, right] * (1 - u) + table[below, beside] * u
        mixed = upper * (1 - v) + lower * v
        colours = rgb[y[here], x[here]] / np.float32(255)
        alpha[here] = (mixed[:, :3] * colours).sum(1) + mixed[:, 3]
    return alpha.clip(0, 1)


def _between(
    places: NDArray[np.int64], count: int, small: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which of `small` pixels lies before each place of `count`, and how far on the place is."""
    at = np.clip((places + 0.5) * (small / count) - 0.5, 0, small - 1)
    before = at.astype(np.int64)
    return before, (at - before).astype(np.float32)[:, None]


def _isnet_matting(asked: LoadOptions) -> Model:
    return Refined(isnet(asked), "closed-form")


ENTRIES = (
    Entry(
        "isnet-matting",
        "isnet?refine=closed-form: IS-Net, its edge by closed-form matting",
        "MIT",
        _isnet_matting,
        ISNET_MEDIUM,
        place=0,
    ),
)
