"""The connectivity error of Rhemann et al. 2009, computed on runs of equal level.

The published code labels the connected pixels of ten thresholds, which takes longer than all
other measures together. Alphas are mostly flat: here each row is first cut into runs of pixels
that pass the same thresholds, and what is labelled are these runs, a hundredth as many.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ..images import Alpha

STEPS = 10
"""Thresholds 0.1, 0.2, … 1."""
THETA = 0.15
"""A distance from the connected level that is not yet seen."""

_RUNS_PAY_BELOW = 1 / 8
"""Of runs to pixels; in noise, pixels are labelled themselves."""


def connectivity_error(alpha: Alpha, truth: Alpha) -> NDArray[np.float64]:
    """|φ(α) − φ(truth)| of each pixel.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]. Returns `(H, W) float64` in [0, 1]. With d the
    amount by which a value is above the pixel's connected level, φ = 1 − d where d ≥ 0.15, else 1.
    """
    error = np.zeros(alpha.shape)
    where = np.flatnonzero(alpha != truth)
    level = connected_level(alpha, truth, where)
    phi = [_phi(values.ravel()[where] - level) for values in (alpha, truth)]
    error.ravel()[where] = np.abs(phi[0] - phi[1])
    return error


def connected_level(
    alpha: Alpha, truth: Alpha, where: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """The highest threshold up to which each pixel is part of the source, in [0, 1].

    The source Ω of a threshold is the largest 4-connected set of pixels at which both alphas reach
    it (of equally large ones the first, row by row). A pixel's level is the threshold below the
    first whose source it is not part of. `where`: indices into the flattened image; None: all.
    Returns `float64`, one value for each.
    """
    lower = np.minimum(alpha, truth)
    steps = np.zeros(lower.shape, np.uint8)
    for step in range(1, STEPS + 1):
        steps += lower >= np.float32(step / STEPS)
    starts = np.ones(steps.shape, bool)
    np.not_equal(steps[:, 1:], steps[:, :-1], out=starts[:, 1:])
    if np.count_nonzero(starts) > _RUNS_PAY_BELOW * starts.size:
        level = _level_by_pixels(steps).ravel()
        return level if where is None else level[where]
    run = np.cumsum(starts.ravel(), dtype=np.int32) - 1
    level = _level_by_runs(steps, starts, run)
    return level[run if where is None else run[where]]


def _level_by_runs(
    steps: NDArray[np.uint8], starts: NDArray[np.bool_], run: NDArray[np.int32]
) -> NDArray[np.float64]:
    """The level of each run; `run` is each pixel's, by number."""
    from scipy.sparse import coo_matrix  # half a second, and only where there is a truth
    from scipy.sparse.csgraph import connected_components

    width = steps.shape[1]
    first = np.flatnonzero(starts)
    size = np.diff(first, append=steps.size)
    step_of = steps.ravel()[first]
    beside = np.flatnonzero(first[1:] % width)  # the next run begins inside the same row
    meet = np.flatnonzero(starts[:-1] | starts[1:])  # where two runs begin to touch, row by row
    one = np.concatenate([beside, run[meet]])
    other = np.concatenate([beside + 1, run[meet + width]])
    passed = np.minimum(step_of[one], step_of[other])
    level = np.ones(len(first))
    alive = np.ones(len(first), bool)
    for step in range(1, STEPS + 1):
        edges = passed >= step
        one, other, passed = one[edges], other[edges], passed[edges]
        graph = coo_matrix((np.ones(len(one), np.int8), (one, other)), (len(first),) * 2)
        part = connected_components(graph, directed=False)[1]
        reach = step_of >= step
        sizes = np.bincount(part, weights=size * reach)
        source = reach & (part == sizes.argmax())
        level[alive & ~source] = (step - 1) / STEPS
        alive &= source
        if not alive.any():
            break
    return level


def _level_by_pixels(steps: NDArray[np.uint8]) -> NDArray[np.float64]:
    level = np.ones(steps.shape)
    alive = np.ones(steps.shape, bool)
    for step in range(1, STEPS + 1):
        reach = steps >= step
        _, part, stats, _ = cv2.connectedComponentsWithStats(reach.view(np.uint8), connectivity=4)
        sizes = stats[:, cv2.CC_STAT_AREA]
        sizes[0] = 0  # the rest
        source = reach & (part == sizes.argmax())
        level[alive & ~source] = (step - 1) / STEPS
        alive &= source
        if not alive.any():
            break
    return level


def _phi(above: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - np.where(above >= THETA, above, 0)
