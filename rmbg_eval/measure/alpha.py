"""Measures of an alpha itself, without a truth. They point to where to look; none is a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha, check_alpha
from ..i18n import N_, Message
from .places import SOFT_FROM, SOFT_TO
from .region import distance_at, pieces
from .subject import WHOLE, Family, Mask, Metric, Subject, Undefined

TRANSPARENT_BELOW = 0.05
OPAQUE_ABOVE = 0.95
"""What lies from one to the other is seen as in-between."""

STRAY_SHARE = 0.01
"""An island or a hole is stray below this share of the largest shape; a larger one is a thing."""
BREAK_WIDTH = 4
BREAK_LENGTH = 8
"""Pixels: a break is at most this wide and at least this long."""


def in_between_share(alpha: Alpha) -> float:
    """Share of pixels that are visibly neither transparent nor opaque, in [0, 1].

    `alpha`: `(H, W) float32` in [0, 1]. In-between is 0.05 ≤ α ≤ 0.95: what
    differs less from 0 or 1 is not seen over an ordinary background. It says how
    much of the picture is hair, blur, glass or doubt; it is no score.

    >>> import numpy as np
    >>> in_between_share(np.float32([[0, 0.5, 0.998, 1]]))
    0.25
    """
    check_alpha(alpha, alpha.shape)
    return float(np.mean(in_between(alpha)))


def opaque_share(alpha: Alpha) -> float:
    """Share of pixels that look opaque, α > 0.95, in [0, 1]. `alpha` as above.

    >>> import numpy as np
    >>> opaque_share(np.float32([[0, 0.5, 0.998, 1]]))
    0.5
    """
    check_alpha(alpha, alpha.shape)
    return float(np.mean(alpha > OPAQUE_ABOVE))


def in_between(alpha: Alpha) -> NDArray[np.bool_]:
    """Which pixels are visibly neither transparent nor opaque: 0.05 ≤ α ≤ 0.95."""
    return (alpha >= TRANSPARENT_BELOW) & (alpha <= OPAQUE_ABOVE)


def shape_of(alpha: Alpha) -> Mask:
    """Where the subject is, α ≥ 0.5; Undefined where it is nowhere."""
    shape: Mask = alpha >= np.float32(0.5)
    if not shape.any():
        raise Undefined(Message("no pixel is at least half opaque"))
    return shape


def contour(shape: Mask) -> Mask:
    """Pixels of `shape`, `(H, W) bool`, beside one that is not of it; Undefined where none is."""
    beside = np.zeros(shape.shape, bool)
    beside[1:] |= ~shape[:-1]
    beside[:-1] |= ~shape[1:]
    beside[:, 1:] |= ~shape[:, :-1]
    beside[:, :-1] |= ~shape[:, 1:]
    line: Mask = shape & beside
    if not line.any():
        raise Undefined(Message("alpha has no contour at 0.5"))
    return line


def soft_band_widths(alpha: Alpha) -> NDArray[np.float64]:
    """Width of the soft band at each pixel of the contour, in pixels.

    `alpha`: `(H, W) float32` in [0, 1]. The contour is every pixel of α ≥ 0.5 beside one below
    it; the width there is its distance to the nearest α ≥ 0.92 plus that to the nearest α ≤ 0.08.
    A hard edge has 1. Returns `(N,) float64`. Undefined where there is no contour, or nothing
    that is nearly opaque or nearly transparent. Its median says how soft edges are; its p95 where
    hair, blur or doubt is. A strand that is nowhere opaque counts as wide. Ours.

    >>> import numpy as np
    >>> soft_band_widths(np.float32([[1, 1, 0.75, 0.5, 0.25, 0, 0]]))
    array([4.])
    """
    check_alpha(alpha, alpha.shape)
    spots = np.nonzero(contour(alpha >= np.float32(0.5)))
    solid, clear = alpha >= SOFT_FROM, alpha <= SOFT_TO
    if not (solid.any() and clear.any()):
        raise Undefined(Message("no pixel is nearly opaque, or none nearly transparent"))
    return distance_at(solid, *spots) + distance_at(clear, *spots)


@dataclass(frozen=True)
class Strays:
    """Pieces that belong to nothing: number, and pixels in all."""

    islands: int
    island_pixels: int
    pinholes: int
    pinhole_pixels: int


def strays(alpha: Alpha) -> Strays:
    """Stray islands and pinholes of the shape α ≥ 0.5.

    `alpha`: `(H, W) float32` in [0, 1]. An island is an 8-connected piece of the shape; a pinhole
    a 4-connected piece of the rest that does not touch the picture's border; both are stray
    where they are smaller than 1 % of the largest piece of the shape. Undefined where there is no
    shape. Most are faults of the matte; some are real: freckles of light, single hairs. Ours.

    >>> import numpy as np
    >>> alpha = np.ones((20, 30), np.float32); alpha[:, 20:] = 0; alpha[5, 5] = 0; alpha[2, 25] = 1
    >>> strays(alpha)
    Strays(islands=1, island_pixels=1, pinholes=1, pinhole_pixels=1)
    """
    check_alpha(alpha, alpha.shape)
    shape = shape_of(alpha).view(np.uint8)
    sizes = pieces(shape, 8)[1][1:]
    limit = STRAY_SHARE * sizes.max()
    islands = sizes[sizes < limit]
    label, holes = pieces(1 - shape, 4)
    for border in (label[0], label[-1], label[:, 0], label[:, -1]):
        holes[border] = 0
    pinholes = holes[(holes > 0) & (holes < limit)]
    return Strays(len(islands), int(islands.sum()), len(pinholes), int(pinholes.sum()))


def contour_breaks(alpha: Alpha) -> float:
    """Number of narrow gaps that cut into the contour of the shape α ≥ 0.5 from outside.

    `alpha`: `(H, W) float32` in [0, 1]. What a closing by a disc of 5 px fills (gaps up to 4 px
    wide), in 8-connected pieces at least 8 px long that touch more of the outside. Undefined where
    there is no shape. Real slits, between fingers or strands, count too. Ours.

    >>> import numpy as np
    >>> alpha = np.zeros((40, 40), np.float32); alpha[:, 10:30] = 1; alpha[20:22, 18:] = 0
    >>> contour_breaks(alpha)
    1.0
    """
    import cv2  # not for those who only read a finished run

    check_alpha(alpha, alpha.shape)
    shape = shape_of(alpha).view(np.uint8)
    reach = BREAK_WIDTH // 2
    away = np.square(np.arange(-reach, reach + 1))
    # OpenCV's own ellipse is wider than high.
    disc = (away[:, None] + away <= reach**2 + 1).astype(np.uint8)
    padded = cv2.copyMakeBorder(shape, *(2 * reach,) * 4, cv2.BORDER_REPLICATE)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)[
        2 * reach : -2 * reach, 2 * reach : -2 * reach
    ]
    filled = closed & (1 - shape)
    if pieces(filled, 8)[1][1:].max(initial=0) < BREAK_LENGTH:
        return 0.0
    count, label, stats, _ = cv2.connectedComponentsWithStats(filled, connectivity=8)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= BREAK_LENGTH
    long[0] = False
    open_ = cv2.dilate(1 - closed, np.ones((3, 3), np.uint8)).view(bool)
    touching = np.zeros(count, bool)
    touching[np.unique(label[open_])] = True
    return float(np.count_nonzero(long & touching))


def _widths(subject: Subject) -> NDArray[np.float64]:
    return soft_band_widths(subject.alpha)


def _strays(subject: Subject) -> Strays:
    return strays(subject.alpha)


POINTERS = Family(
    N_("Where to look"),
    N_("These need no truth. They point to where to look; none is a score."),
)

METRICS = (
    Metric("in_between_share", Message("in-between pixels"),
        N_("share, 0 to 1"), WHOLE, None, in_between_share,
        lambda s: in_between_share(s.alpha), POINTERS, "nothing", guide=4,
        explanation=N_("Hair, blur and glass belong here, doubt does not")),
    Metric("soft_band_median", Message("width of soft edges"),
        N_("px"), N_("contour at 0.5"), None, soft_band_widths,
        lambda s: float(np.median(s.shared(_widths))), POINTERS, "nothing",
        explanation=N_("How soft edges are; a blurred picture has soft edges too")),
    Metric("soft_band_p95", Message("width of the softest edges"),
        N_("px"), N_("contour at 0.5"), None, soft_band_widths,
        lambda s: float(np.percentile(s.shared(_widths), 95)), POINTERS, "nothing",
        explanation=N_("Where edges are softest; hair counts as wide")),
    Metric("islands", Message("stray pieces"),
        N_("count"), WHOLE, None, strays,
        lambda s: float(s.shared(_strays).islands), POINTERS, "nothing",
        explanation=N_("Pieces far smaller than the largest: crumbs, or real single hairs")),
    Metric("island_pixels", Message("area of stray pieces"),
        N_("px²"), WHOLE, None, strays,
        lambda s: float(s.shared(_strays).island_pixels), POINTERS, "nothing",
        explanation=N_("Their area")),
    Metric("pinholes", Message("pinholes"),
        N_("count"), WHOLE, None, strays,
        lambda s: float(s.shared(_strays).pinholes), POINTERS, "nothing",
        explanation=N_("Holes far smaller than the largest piece: faults, or real gaps")),
    Metric("pinhole_pixels", Message("area of pinholes"),
        N_("px²"), WHOLE, None, strays,
        lambda s: float(s.shared(_strays).pinhole_pixels), POINTERS, "nothing",
        explanation=N_("Their area")),
    Metric("contour_breaks", Message("gaps in the outline"),
        N_("count"), N_("contour at 0.5"), None, contour_breaks,
        lambda s: contour_breaks(s.alpha), POINTERS, "nothing",
        explanation=N_("Narrow gaps that cut into the contour; slits between fingers count too")),
)  # fmt: skip
