"""Along the shape's outline: how much of it is right, and what a retoucher would have to correct.

Measures of papers on segmentation, with the truth cut at 0.5, where they are asked for.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from ..i18n import N_, Message
from .segmentation import FAMILY, HALF, cut
from .subject import WHOLE, Mask, Metric, Undefined
from .tolerance import Tolerance

RELAX = 5
"""Pixels of a boundary's error that nobody corrects."""
STRAY = 2.0
"""Pixels that a polygon may be away from what it follows."""


def mba(alpha: Alpha, truth: Alpha) -> float:
    """Mean boundary accuracy, in [0, 1]: the share of pixels near the truth's edge that are right.

    `alpha`, `truth`: `(H, W) float32` in [0, 1], both cut at 0.5. Higher is better; the mean over
    five widths, from 1 px to about (H + W) ÷ 375, four fifths of the paper's (H + W) ÷ 300, as its
    code has it. Undefined where the truth's shape has no edge. Source:
    Cheng et al., "CascadePSP", CVPR 2020, and its public code.

    >>> import numpy as np
    >>> square = np.zeros((32, 32), np.float32); square[8:24, 8:24] = 1
    >>> mba(square, square), round(mba(np.roll(square, 1, 0), square), 3)
    (1.0, 0.742)
    """
    import cv2  # not for those who only read a finished run

    shape = cut(alpha, truth)
    widest = sum(shape.shape) / 300
    radii = [1 + int((widest - 1) / 5 * step) for step in range(5)]
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    part = tuple(
        slice(max(0, int(side[0]) - radii[-1] - 1), int(side[-1]) + radii[-1] + 2)
        for side in (rows, columns)
    )
    shape, right = shape[part], (shape == (alpha >= HALF))[part]
    accuracies: dict[int, float] = {}
    for radius in dict.fromkeys(radii):
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        near = cv2.morphologyEx(shape.astype(np.uint8), cv2.MORPH_GRADIENT, disc) > 0
        if not near.any():
            raise Undefined(Message("every pixel of the truth is at least half opaque"))
        accuracies[radius] = float(right[near].mean())
    return sum(accuracies[radius] for radius in radii) / len(radii)


def hce(alpha: Alpha, truth: Alpha) -> float:
    """Human correction effort: clicks that put the shape right, with polygons and single strokes.

    `alpha`, `truth`: `(H, W) float32` in [0, 1], both cut at 0.5. Lower is better; it grows with
    the picture. What is wrong by no more than 5 px at a boundary is left aside, but for lost parts
    of the truth's skeleton; of the rest, each boundary to be drawn counts the corners of a polygon
    within 2 px of it, and each region without one counts 1. Undefined as `s_measure`.
    Source: Qin et al., "Highly accurate dichotomous image segmentation", ECCV 2022, and its public
    code, in which the two ends of a boundary that meet are joined one of them backwards.

    >>> import numpy as np
    >>> truth = np.zeros((64, 64), np.float32); truth[8:56, 8:56] = 1
    >>> hole = truth.copy(); hole[24:40, 24:40] = 0
    >>> hce(truth, truth), hce(hole, truth)
    (0.0, 1.0)
    """
    from skimage.morphology import skeletonize  # not for those who only read a finished run

    shape = cut(alpha, truth)
    found = alpha >= HALF
    deep = _morphed("erode", shape | found, RELAX)
    more = _core(found & ~shape, deep, shape)
    less = _core(shape & ~found, deep, found) | (skeletonize(shape) & ~found)
    right = shape & found
    return float(_clicks(more, right | less) + _clicks(less, ~(right | more | less)))


def _morphed(how: str, mask: Mask, times: int = 1) -> Mask:
    import cv2  # not for those who only read a finished run

    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    change: Any = {"erode": cv2.erode, "dilate": cv2.dilate}[how]
    return change(mask.view(np.uint8), cross, iterations=times).view(bool)


def _core(wrong: Mask, deep: Mask, bound: Mask) -> Mask:
    """Of what is `wrong`, what is not only a boundary's error: from the deep of it outwards."""
    core = wrong & deep
    for _ in range(RELAX):
        core = _morphed("dilate", core) & ~bound
    return core & wrong


def _clicks(wrong: Mask, beside: Mask) -> int:
    """Corners of the boundaries between `wrong` and what is `beside` it, and regions with none."""
    import cv2  # not for those who only read a finished run

    near = _morphed("dilate", beside)
    regions, labels = cv2.connectedComponents(wrong.view(np.uint8), connectivity=8)
    contours, _ = cv2.findContours(wrong.view(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_NONE)
    drawn = np.zeros_like(wrong)
    clicks, touched = 0, np.zeros(regions, bool)
    for contour in contours:
        spots = contour[:, 0]
        columns, rows = spots.T
        fresh = near[rows, columns] & ~drawn[rows, columns]
        first = np.zeros(len(spots), bool)  # a contour may pass a pixel twice
        first[np.unique(rows * wrong.shape[1] + columns, return_index=True)[1]] = True
        fresh &= first
        drawn[rows[fresh], columns[fresh]] = True
        touched[labels[rows[fresh], columns[fresh]]] = True
        clicks += sum(len(cv2.approxPolyDP(run, STRAY, False)) for run in _runs(spots, fresh))
    return clicks + int(regions - 1 - np.count_nonzero(touched[1:]))


def _runs(spots: NDArray[np.int32], kept: Mask) -> list[NDArray[np.int32]]:
    """The unbroken runs of the spots that are kept; the last goes on into the first."""
    ends = np.flatnonzero(np.diff(kept, prepend=False, append=False))
    runs = [spots[start:end] for start, end in list(pairwise(ends))[::2]]
    if len(runs) > 1 and np.abs(runs[0][0] - runs[-1][-1]).max() == 1:
        runs[-1] = np.concatenate([runs[-1], runs.pop(0)[::-1]])
    return runs


_ACCURACY = Tolerance(absolute=0.01, reason=N_("its band is thin: a pixel here and there moves it"))
_EFFORT = Tolerance(
    absolute=5, relative=0.05, reason=N_("a corner more or less is found at every turn: 5 %")
)
METRICS = (
    Metric("mba", Message("accuracy near the edge"),
        N_("score, 0 to 1"), N_("boundary (1 px to 1/375 of height + width)"), True, mba,
        lambda s: mba(s.alpha, s.need_truth()),
        FAMILY, tolerance=_ACCURACY),
    Metric("hce", Message("clicks to put the shape right"),
        N_("clicks"), WHOLE, False, hce,
        lambda s: hce(s.alpha, s.need_truth()),
        FAMILY, tolerance=_EFFORT),
)  # fmt: skip
