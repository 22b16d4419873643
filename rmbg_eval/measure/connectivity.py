"""The connectivity error of Rhemann et al. 2009."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..images import Alpha

STEPS = 10
"""Thresholds 0.1, 0.2, … 1."""
THETA = 0.15
"""A distance from the connected level that is not yet seen."""


def connectivity_error(alpha: Alpha, truth: Alpha) -> NDArray[np.float64]:
    """|φ(α) − φ(truth)| of each pixel.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]. Returns `(H, W) float64` in [0, 1]. With d the
    amount by which a value is above the pixel's connected level, φ = 1 − d where d ≥ 0.15, else 1.
    """
    error = np.zeros(alpha.shape)
    where = np.nonzero(alpha != truth)
    level = connected_level(alpha, truth)[where]
    phi = [_phi(values[where] - level) for values in (alpha, truth)]
    error[where] = np.abs(phi[0] - phi[1])
    return error


def connected_level(alpha: Alpha, truth: Alpha) -> NDArray[np.float64]:
    """The highest threshold up to which each pixel is part of the source: `(H, W) float64`.

    The source Ω of a threshold is the largest 4-connected set of pixels at which both alphas reach
    it (of equally large ones the first, row by row). A pixel's level is the threshold below the
    first whose source it is not part of.
    """
    import cv2  # not for those who only read a finished run

    lower = np.minimum(alpha, truth)
    passed = np.zeros(lower.shape, np.uint8)
    alive = np.ones(lower.shape, bool)
    for step in range(1, STEPS + 1):
        reach = lower >= np.float32(step / STEPS)
        # Counting labels ourselves takes a fraction of OpenCV's own statistics.
        part = cv2.connectedComponents(reach.view(np.uint8), connectivity=4)[1]
        sizes = np.bincount(part.ravel())
        sizes[0] = 0  # the rest
        alive &= (part == sizes.argmax()) & reach
        if not alive.any():
            break
        passed += alive
    return passed / STEPS


def _phi(above: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 - np.where(above >= THETA, above, 0)
