"""What a customer sees: the cut-out over a background, against the truth over the same.

Composites are made of sRGB display values, α·C + (1 − α)·B, rounded to 8 bits, as browsers make
them; differences are ΔE2000 in CIELAB for D65. A difference of 1 is just seen side by side; 2 to 3
is seen at a glance.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..core.foreground import multi_level
from ..core.images import RGB, Alpha
from ..core.paths import packaged_picture
from ..errors import ImageError
from ..i18n import N_, Message, join
from .alpha import OPAQUE_ABOVE, POINTERS, TRANSPARENT_BELOW, in_between
from .subject import EDGE, WHOLE, Family, Map, Metric, Subject, Undefined
from .tolerance import Tolerance

BACKGROUNDS: dict[str, tuple[int, int, int] | None] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "green": (0, 177, 64),
    "photo": None,
}
"""sRGB; green is the saturated one, that of a studio; photo is scikit-image's `rocket`, cropped
and resized to the picture's size."""

BLOCK = 16
"""Pixels; the neighbourhood of `halo` is three blocks by three."""
STRIP = 64
"""Rows at a time: what fits into a processor's cache."""
APART = 30
"""Levels of 255, Euclidean in RGB, by which foreground and background must differ for `halo`."""


def composite(rgb: RGB, alpha: Alpha, background: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The cut-out over a background, in display values, as a browser shows it.

    `rgb`: `(…, 3) uint8`; `alpha`: `(…) float32` in [0, 1]; `background`: `(3,)` or `(…, 3) uint8`.
    Returns `(…, 3) uint8`, rounded.

    >>> import numpy as np
    >>> composite(np.uint8([[200, 0, 0]]), np.float32([0.5]), np.uint8([0, 0, 255]))
    array([[100,   0, 128]], dtype=uint8)
    """
    opacity = alpha[..., None]
    mixed = rgb * opacity + background * (np.float32(1) - opacity)
    return (mixed + np.float32(0.5)).astype(np.uint8)


def colour_difference(
    rgb: RGB, alpha: Alpha, foreground: RGB, truth: Alpha, background: NDArray[np.uint8]
) -> Map:
    """ΔE2000 of each pixel between the cut-out and the true one, both over `background`.

    `rgb`, `foreground`: `(H, W, 3) uint8`; `alpha`, `truth`: `(H, W) float32` in [0, 1];
    `background`: `(3,)` or `(H, W, 3) uint8`. Returns `(H, W) float64`. Its mean is lower where
    the cut-out looks more like the truth. Source: Sharma, Wu and Dalal, "The CIEDE2000
    color-difference formula", 2005.

    >>> import numpy as np
    >>> red, clear = np.full((1, 1, 3), [255, 0, 0], np.uint8), np.float32([[1]])
    >>> round(float(colour_difference(red, clear, red // 2, clear, np.uint8([0, 0, 0]))[0, 0]), 2)
    26.05
    """
    from .kernels.ciede import differences  # imports numba: not for those who only read a run

    flat, pictures = background.reshape(-1, 3), np.empty((0, *rgb.shape), np.uint8)
    if background.ndim > 1:
        flat, pictures = flat[:0], background[None]
    return differences(rgb, alpha, foreground, truth, flat, pictures)[0]


def halo(rgb: RGB, alpha: Alpha, picture: RGB) -> float:
    """How much of the edge's visible colour is the old background's, as a share.

    `rgb`: the cut-out's colours and `picture`: the original, `(H, W, 3) uint8`; `alpha`:
    `(H, W) float32` in [0, 1]. At each in-between pixel (0.05 ≤ α ≤ 0.95), F and B are the
    picture's mean colours where α is above and below that, over the pixel's block of 16×16 and the
    eight around it; t is how far the cut-out's colour lies on the way from F (0) to B (1). The
    index is Σ α t ÷ Σ α over the pixels where F and B differ by 30 levels or more. 0: no trace of
    the background; more where alpha takes in too much. Of the reference cases' true alphas, the
    picture's own colours give 0.14 to 0.74, clean ones −0.16 to 0.28, and 0.75 of a glass bottle,
    which misleads it, as texture does. Undefined where there is no such pixel. Ours.

    >>> import numpy as np
    >>> alpha = np.float32([[1] * 8 + [0.5] + [0] * 8])
    >>> white = np.full((1, 17, 3), 255, np.uint8)
    >>> picture = np.rint(white * alpha[..., None]).astype(np.uint8)
    >>> round(halo(picture, alpha, picture), 2), halo(white, alpha, picture)
    (0.5, 0.0)
    """
    from .kernels.neighbours import pulled  # imports numba: not for those who only read a run

    front = _block_means(picture, alpha > OPAQUE_ABOVE)
    behind = _block_means(picture, alpha < TRANSPARENT_BELOW)
    total, weights = pulled(rgb, alpha, in_between(alpha), front, behind, BLOCK, APART)
    if not weights:
        raise Undefined(
            Message("no in-between pixel has an opaque and a transparent colour that differ")
        )
    return total / weights


def _block_means(picture: RGB, mask: NDArray[np.bool_]) -> Map:
    """Mean colour over the mask, over each block and the eight around it; NaN where there is none.

    Returns `(ceil(H / 16), ceil(W / 16), 3) float64`.
    """
    from .kernels.neighbours import block_sums  # imports numba, as above

    sums = np.pad(block_sums(picture, mask, BLOCK), ((1, 1), (1, 1), (0, 0)))
    sums = sums[:-2] + sums[1:-1] + sums[2:]
    around = sums[:, :-2] + sums[:, 1:-1] + sums[:, 2:]
    count = around[..., 3:]
    nothing = np.full((*count.shape[:2], 3), np.nan)
    return np.divide(around[..., :3], count, out=nothing, where=count > 0)


@lru_cache(maxsize=2)
def _photograph(size: tuple[int, int]) -> NDArray[np.uint8]:
    path = packaged_picture("rocket")
    if path is None:
        raise ImageError(
            Message("scikit-image's picture rocket is not there"), Message("Install scikit-image.")
        )
    with Image.open(path) as image:
        fitted = np.asarray(ImageOps.fit(image.convert("RGB"), size, Image.Resampling.BILINEAR))
    fitted.flags.writeable = False  # it is shared
    return fitted


def background(name: str, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """One of `BACKGROUNDS`: `(3,) uint8`, or `(H, W, 3) uint8` for a photograph."""
    colour = BACKGROUNDS[name]
    if colour is not None:
        return np.array(colour, np.uint8)
    return _photograph((shape[1], shape[0]))


def decontaminated(subject: Subject) -> RGB:
    """The picture's colours with the old background's taken out, `(H, W, 3) uint8`: pymatting's
    multi-level estimate (`rmbg_eval.core.foreground`) of the picture under the cut-out's alpha."""
    return multi_level(subject.picture, subject.alpha)


class _Differences:
    """Mean over the whole image, mean and 95th percentile over the edge band, by background.

    Where the truth has no edge, the whole image has its mean all the same.
    """

    def __init__(self, subject: Subject, rgb: RGB) -> None:
        from .kernels.ciede import differences  # imports numba: not for those who only read a run

        foreground, truth = subject.need_foreground(), subject.need_truth()
        alpha = subject.alpha
        self._edgeless: Message | None = None
        try:
            edge = subject.edge
        except Undefined as none:
            self._edgeless, edge = none.reason, np.zeros(alpha.shape, bool)
        names = sorted(BACKGROUNDS, key=lambda name: BACKGROUNDS[name] is None)  # pictures last
        behind = [background(name, alpha.shape) for name in names]
        flat = np.stack([each for each in behind if each.ndim == 1])
        pictures = np.stack([each for each in behind if each.ndim > 1])

        def strip(start: int) -> tuple[Map, Map]:
            rows = slice(start, start + STRIP)
            sides = rgb[rows], alpha[rows], foreground[rows], truth[rows]
            found = differences(*sides, flat, pictures[:, rows])
            return found.sum((1, 2)), found[:, edge[rows]]

        with ThreadPoolExecutor(2, "colours") as pool:
            sums, bands = zip(*pool.map(strip, range(0, len(alpha), STRIP)), strict=True)
        whole, band = np.sum(sums, 0) / alpha.size, np.concatenate(bands, 1)
        figures = [whole]
        if not self._edgeless:
            figures += [band.mean(1), np.percentile(band, 95, 1)]
        self._over = dict(zip(names, np.stack(figures, 1).tolist(), strict=True))

    def over(self, name: str, index: int) -> float:
        """Over a background, by the place in `_WHAT`; Undefined over an edge that is not there."""
        if index and self._edgeless:
            raise Undefined(self._edgeless)
        return float(self._over[name][index])


def _delivered(subject: Subject) -> _Differences:
    return _Differences(subject, subject.rgb)


def _cleaned(subject: Subject) -> _Differences:
    return _Differences(subject, subject.shared(decontaminated))


FAMILY = Family(
    N_("What a customer sees"),
    N_(
        "ΔE2000 between the cut-out and the true one over the same background, in sRGB display "
        "values; 1 is just seen side by side, 3 at a glance. Edge band: within 3 px of both sides "
        "of the true edge."
    ),
)
_OVER = {
    "white": Message("over white"),
    "black": Message("over black"),
    "grey": Message("over grey"),
    "green": Message("over green"),
    "photo": Message("over a photograph"),
}
_WHAT = (
    ("", Message("colour difference"), WHOLE,
        Tolerance(
            absolute=0.1, relative=0.05, reason=N_("a tenth of what is just seen (1 ΔE2000)"))),
    ("_edge", Message("colour difference in the edge"), EDGE,
        Tolerance(absolute=0.5, relative=0.05, reason=N_("half of what is just seen (1 ΔE2000)"))),
    ("_edge_p95", Message("largest colour differences in the edge"), EDGE,
        Tolerance(absolute=1.0, relative=0.05, reason=N_("what is just seen (1 ΔE2000)"))),
)  # fmt: skip


def _rows(suffix: str, seen: Callable[[Subject], _Differences]) -> tuple[Metric, ...]:
    def row(name: str, index: int) -> Metric:
        what, title, region, tolerance = _WHAT[index]
        parts = [join(" ", [title, _OVER[name]])]
        parts += [Message("cleaned colours")] if suffix else []
        first = f"{name}{what}{suffix}" == "white_edge"
        return Metric(
            f"delta_e_{name}{what}{suffix}",
            join(", ", parts),
            N_("ΔE2000"),
            region,
            False,
            colour_difference,
            lambda s: s.shared(seen).over(name, index),
            FAMILY,
            "foreground",
            tolerance,
            headline=3 if first else 0,
            guide=2 if first else 0,
            detail=index == 2,
        )

    return tuple(row(name, index) for index in range(3) for name in BACKGROUNDS)


METRICS = (
    Metric("halo", Message("the old background's colour in the edge"),
        N_("share"), N_("in-between pixels"), None, halo,
        lambda s: halo(s.rgb, s.alpha, s.picture), POINTERS, "nothing",
        explanation=N_("How much of the edge's colour is the old background's: 0.14 to 0.74 where "
        "the picture's colours are kept, −0.16 to 0.28 where they are clean; glass and texture "
        "mislead it")),
    *_rows("", _delivered),
)  # fmt: skip

DECONTAMINATED = _rows("_decontaminated", _cleaned)
"""The same with the background's colour taken out of the picture's: measured where asked for."""
