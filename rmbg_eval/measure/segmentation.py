"""How well the shape is found, as papers on segmentation measure it: the truth is cut at 0.5.

They are another family than the matting errors, and never in a table with them. Written from the
papers and compared with PySODMetrics 1.6.2 without its min–max stretch of the prediction, which
itself cannot be installed beside today's NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, hypot, log

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha, check_alpha, quantise
from ..i18n import N_, Message
from .region import distance
from .subject import WHOLE, Family, Map, Mask, Metric, Subject, Undefined
from .tolerance import Tolerance

HALF = np.float32(0.5)
BOUNDARY_SHARE = 0.02
"""Width of the boundary by the picture's diagonal; Cheng et al. 2021."""
BETA_SQUARED = 0.3
"""How much more precision counts than recall; Achanta et al. 2009."""

_EPS = float(np.spacing(1))
_Counts = NDArray[np.int64]


def s_measure(alpha: Alpha, truth: Alpha) -> float:
    """Structure measure, in [0, 1]: like shapes in like places, by object and by quarter.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the truth is cut at 0.5. Higher is better.
    Undefined where no pixel of the truth reaches 0.5. Source: Fan et al., "Structure-measure: a
    new way to evaluate foreground maps", ICCV 2017, with its weight of a half for either part.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> round(s_measure(square, square), 6)
    1.0
    """
    shape = cut(alpha, truth)
    values = alpha.astype(np.float64)
    share = shape.mean()
    if share == 1:
        return float(values.mean())
    in_front = values[shape]
    behind = 1 - values[~shape]
    objects = share * _object(in_front) + (1 - share) * _object(behind)
    rows, columns = shape.sum(1), shape.sum(0)
    middle = [
        int((np.arange(len(counts)) @ counts / counts.sum()).round()) + 1
        for counts in (rows, columns)
    ]
    regions = 0.0
    for part in (slice(None, middle[0]), slice(middle[0], None)):
        for side in (slice(None, middle[1]), slice(middle[1], None)):
            quarter = values[part, side]
            regions += quarter.size / values.size * _likeness(quarter, shape[part, side])
    return float(max(0.0, 0.5 * objects + 0.5 * regions))


def _object(values: NDArray[np.float64]) -> float:
    """How near to 1 and how even values are that should be 1."""
    mean = values.mean()
    spread = values.std(ddof=1) if values.size > 1 else 0
    return float(2 * mean / (mean**2 + 1 + spread + _EPS))


def _likeness(values: Map, shape: Mask) -> float:
    """Structural similarity of a quarter, as one window; 0 for an empty one."""
    if not values.size:
        return 0.0
    x, y = values.mean(), shape.mean()
    count = values.size - 1 + _EPS
    var_x = ((values - x) ** 2).sum() / count
    var_y = np.count_nonzero(shape) * (1 - y) / count
    both = (values[shape].sum() - values.size * x * y) / count
    above = 4 * x * y * both
    below = (x**2 + y**2) * (var_x + var_y)
    if above != 0:
        return float(above / (below + _EPS))
    return float(below == 0)


def e_measure(alpha: Alpha, truth: Alpha) -> float:
    """Enhanced-alignment measure, mean over the prediction cut at 0, 1, … 255 of 255.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the prediction counts in the steps it is stored
    in, the truth is cut at 0.5. Higher is better; an equal shape has 1, and N ÷ (N − 1) with N
    pixels in the published code; of one pixel, 1. Undefined as `s_measure`. Source: Fan et al.,
    "Enhanced-alignment measure for binary foreground map evaluation", IJCAI 2018.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> round(e_measure(square, square), 2), round(e_measure(1 - square, square), 2)
    (1.0, 0.0)
    """
    return float(np.mean(_alignments(*_counts(alpha, cut(alpha, truth)))))


def e_max(alpha: Alpha, truth: Alpha) -> float:
    """The E-measure at its best threshold, on every picture another.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the rest, and the source, as `e_measure`.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> round(e_max(square / 2, square), 2), round(e_measure(square / 2, square), 2)
    (1.0, 0.63)
    """
    return float(np.max(_alignments(*_counts(alpha, cut(alpha, truth)))))


def e_adaptive(alpha: Alpha, truth: Alpha) -> float:
    """The E-measure where the prediction is cut at twice its mean, or at 1 if that is above.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the rest, and the source, as `e_measure`.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> round(e_adaptive(square / 2, square), 2)
    1.0
    """
    counts = _counts(alpha, cut(alpha, truth))
    return float(_alignments(*counts)[_adaptive(alpha)])


def _counts(alpha: Alpha, shape: Mask) -> tuple[_Counts, _Counts, int, int]:
    """Pixels at or above 255, 254, … 0 of 255, and those of them in the shape; all in it; all."""
    stored = quantise(alpha)
    everywhere = np.bincount(stored.ravel(), minlength=256)
    in_front = np.bincount(stored[shape], minlength=256)
    front = int(np.count_nonzero(shape))
    return everywhere[::-1].cumsum(), in_front[::-1].cumsum(), front, shape.size


def _adaptive(alpha: Alpha) -> int:
    """Where `_counts` has the adaptive threshold."""
    return 255 - min(255, ceil(2 * quantise(alpha).mean()))


def _alignments(found: _Counts, hit: _Counts, front: int, size: int) -> NDArray[np.float64]:
    """The E-measure at each threshold."""
    if front == size:
        return found / max(size - 1, 1)
    p, t = found / size, front / size
    counts = hit, found - hit, front - hit, size - found - front + hit
    pairs = (1 - p, 1 - t), (1 - p, -t), (-p, 1 - t), (-p, -t)
    total = np.zeros(256)
    for count, (a, b) in zip(counts, pairs, strict=True):
        aligned = 2 * a * b / (a * a + b * b + _EPS)
        total += count * (aligned + 1) ** 2 / 4
    return total / max(size - 1, 1)


def f_max(alpha: Alpha, truth: Alpha) -> float:
    """F-measure, in [0, 1], at the best of the thresholds 0, 1, … 255 of 255.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the prediction counts in the steps it is stored
    in, the truth is cut at 0.5. Higher is better. Undefined as `s_measure`. Source: Achanta et al.,
    "Frequency-tuned salient region detection", CVPR 2009, β² = 0.3. The published code stretches
    the prediction to [0, 1] first; this does not.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> f_max(square / 2, square), round(f_mean(square / 2, square), 2)
    (1.0, 0.5)
    """
    return float(_f(*_counts(alpha, cut(alpha, truth))).max())


def f_mean(alpha: Alpha, truth: Alpha) -> float:
    """The F-measure, mean over the prediction cut at 0, 1, … 255 of 255.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the rest, and the source, as `f_max`.

    >>> import numpy as np
    >>> f_mean(np.float32([[0.25, 0, 0, 0]]), np.float32([[1, 0, 0, 0]])) < 0.3
    True
    """
    return float(_f(*_counts(alpha, cut(alpha, truth))).mean())


def f_adaptive(alpha: Alpha, truth: Alpha) -> float:
    """The F-measure where the prediction is cut at twice its mean, or at 1 if that is above.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the rest, and the source, as `f_max`.

    >>> import numpy as np
    >>> f_adaptive(np.float32([[0.25, 0, 0, 0]]), np.float32([[1, 0, 0, 0]]))
    1.0
    """
    return float(_f(*_counts(alpha, cut(alpha, truth)))[_adaptive(alpha)])


def _f(found: _Counts, hit: _Counts, front: int, _size: int) -> NDArray[np.float64]:
    """The F-measure at each threshold: 1.3 · hit ÷ (0.3 · front + found), from its definition."""
    return (1 + BETA_SQUARED) * hit / (BETA_SQUARED * front + found)


def weighted_f(alpha: Alpha, truth: Alpha) -> float:
    """Weighted F-measure, in [0, 1]: precision and recall, where errors beside an edge count less.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; the truth is cut at 0.5. Higher is better.
    Undefined as `s_measure`. Source: Margolin et al., "How to evaluate foreground maps?",
    CVPR 2014, β = 1. Of several nearest foreground pixels the upper left one is taken, where the
    published code takes any.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> round(weighted_f(square, square), 6)
    1.0
    """
    import cv2  # not for those who only read a finished run

    from .kernels.neighbours import spread_outwards

    shape = cut(alpha, truth)
    error = np.abs(alpha.astype(np.float64) - shape)
    away = distance(shape)
    spread = spread_outwards(error, shape, away)
    kernel = cv2.getGaussianKernel(7, 5, cv2.CV_64F)
    blurred = cv2.sepFilter2D(spread, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_CONSTANT)
    inside = np.minimum(error, blurred)[shape].sum()
    wrong = np.flatnonzero(~shape & (error > 0))
    importance = 2 - np.exp(log(0.5) / 5 * away.ravel()[wrong].astype(np.float64))
    outside = (error.ravel()[wrong] * importance).sum()
    front = np.count_nonzero(shape)
    recall = 1 - inside / front
    precision = (front - inside) / (front - inside + outside + _EPS)
    return float(2 * recall * precision / (recall + precision + _EPS))


def iou(alpha: Alpha, truth: Alpha) -> float:
    """Intersection over union of the two shapes cut at 0.5, in [0, 1] (Jaccard 1901).

    `alpha`, `truth`: `(H, W) float32` in [0, 1]. Higher is better. Undefined as `s_measure`.

    >>> import numpy as np
    >>> iou(np.float32([[1, 1, 0, 0]]), np.float32([[0, 1, 1, 0]]))
    0.3333333333333333
    """
    shape = cut(alpha, truth)
    return _overlap(alpha >= HALF, shape)


def boundary_iou(alpha: Alpha, truth: Alpha) -> float:
    """Intersection over union of the two shapes' inner boundaries, in [0, 1].

    `alpha`, `truth`: `(H, W) float32` in [0, 1], both cut at 0.5. The boundary of a shape is what
    lies within 2 % of the picture's diagonal of its outside (a square's reach), the outside of
    the picture included. Higher is better. Undefined as `s_measure`.
    Source: Cheng et al., "Boundary IoU", CVPR 2021, and its public code.

    >>> import numpy as np
    >>> truth = np.zeros((32, 32), np.float32); truth[8:24, 8:24] = 1
    >>> hole = truth.copy(); hole[14:18, 14:18] = 0
    >>> boundary_iou(truth, truth), iou(hole, truth) > boundary_iou(hole, truth)
    (1.0, True)
    """
    shape = cut(alpha, truth)
    return _overlap(_boundary(alpha >= HALF), _boundary(shape))


def _boundary(shape: Mask) -> Mask:
    import cv2  # not for those who only read a finished run

    height, width = shape.shape
    reach = max(1, round(BOUNDARY_SHARE * hypot(height, width)))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    inner = cv2.erode(
        shape.astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0.0
    )
    return shape & (inner == 0)


def _overlap(one: Mask, other: Mask) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def cut(alpha: Alpha, truth: Alpha) -> Mask:
    """The truth cut at 0.5; Undefined where it has no pixel that opaque."""
    check_alpha(truth, truth.shape)
    check_alpha(alpha, truth.shape)
    shape = truth >= HALF
    if not shape.any():
        raise Undefined(Message("no pixel of the truth is at least half opaque"))
    return shape


FAMILY = Family(
    N_("Shape against the truth"),
    N_("Segmentation measures; the truth is cut at 0.5. Another family than the matting errors."),
)
_SCORE = Tolerance(absolute=0.003, reason=N_("papers on segmentation print three digits"))
_BOUNDARY = Tolerance(absolute=0.01, reason=N_("its band is thin: a pixel here and there moves it"))


def _row(
    name: str,
    title: Message,
    function: Callable[[Alpha, Alpha], float],
    region: str = WHOLE,
    tolerance: Tolerance = _SCORE,
    headline: int = 0,
) -> Metric:
    def compute(subject: Subject) -> float:
        return function(subject.alpha, subject.need_truth())

    return Metric(
        name, title, N_("score, 0 to 1"), region, True, function, compute, FAMILY,
        tolerance=tolerance, headline=headline,
    )  # fmt: skip


METRICS = (
    _row("s_measure", Message("likeness of structure"), s_measure),
    _row("e_measure", Message("likeness of shape"), e_measure),
    _row("weighted_f", Message("weighted precision and recall"), weighted_f, headline=4),
    _row("iou", Message("overlap of the shapes"), iou),
    _row(
        "boundary_iou",
        Message("overlap of the boundaries"),
        boundary_iou,
        N_("boundary (2 % of the diagonal)"),
        _BOUNDARY,
    ),
)

PAPERS = (
    _row("e_max", Message("likeness of shape at the best threshold"), e_max),
    _row("e_adaptive", Message("likeness of shape at twice the mean alpha"), e_adaptive),
    _row("f_max", Message("precision and recall at the best threshold"), f_max),
    _row("f_mean", Message("precision and recall over all thresholds"), f_mean),
    _row("f_adaptive", Message("precision and recall at twice the mean alpha"), f_adaptive),
)
"""What else their tables print."""
