"""The connectivity error of Rhemann et al. 2009, compiled: importing this module imports numba."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.compilation import compiled, pixels
from ...core.images import Alpha

STEPS = 10
"""Thresholds 0.1, 0.2, … 1."""
THETA = 0.15
"""A distance from the connected level that is not yet seen."""

_THRESHOLDS = np.array([step / STEPS for step in range(1, STEPS + 1)], np.float32)

Flat = NDArray[np.uint8]
"""A picture's rows one after the other, with a frame of zeros."""


@compiled()
def _reached(alpha: Alpha, truth: Alpha) -> Flat:
    """How many thresholds both alphas reach, `Flat` in [0, 10]."""
    height, width = alpha.shape
    found = np.zeros((height + 2, width + 2), np.uint8)
    for y in range(height):
        for x in range(width):
            lower, steps = min(alpha[y, x], truth[y, x]), 0
            for step in range(STEPS):
                steps += lower >= _THRESHOLDS[step]
            found[y + 1, x + 1] = steps
    return found.ravel()


@compiled()
def _root(parent: NDArray[np.int32], spot: int) -> int:
    while parent[spot] != spot:
        parent[spot] = parent[parent[spot]]
        spot = parent[spot]
    return spot


@compiled()
def _innermost(reached: Flat, stride: int) -> tuple[int, int]:
    """A pixel of the last source that is part of all sources before it, and its threshold.

    Pixels join from the highest threshold down (union–find; Tarjan 1975). A piece is known by its
    first pixel, row by row.
    """
    parent = np.empty(len(reached), np.int32)
    size = np.empty(len(reached), np.int32)
    source = np.full(STEPS + 2, -1)
    largest, first = 0, -1
    inside = np.ones(STEPS + 2, np.bool_)
    for step in range(STEPS, 0, -1):
        for spot in range(stride, len(reached) - stride):
            if reached[spot] != step:
                continue
            parent[spot], size[spot], root = spot, 1, spot
            for near in (spot - stride, spot - 1, spot + 1, spot + stride):
                if reached[near] > step or (reached[near] == step and near < spot):
                    other = _root(parent, near)
                    if other != root:
                        root, joined = min(root, other), max(root, other)
                        parent[joined] = root
                        size[root] += size[joined]
            if size[root] > largest or (size[root] == largest and root < first):
                largest, first = size[root], root
        source[step] = first
        if source[step + 1] >= 0:
            inside[step + 1] = _root(parent, source[step + 1]) == first
    step = 0
    while step < STEPS and source[step + 1] >= 0 and (step == 0 or inside[step + 1]):
        step += 1
    return source[step], step


@compiled()
def _levels(reached: Flat, stride: int) -> Flat:
    """The connected level of each pixel in thresholds, `Flat` in [0, 10].

    It is the most that is reached everywhere along some way from the innermost source: filled
    from there, the highest first.
    """
    level = np.zeros(len(reached), np.uint8)
    spot, highest = _innermost(reached, stride)
    if highest == 0:
        return level
    waiting = np.full(STEPS + 1, -1, np.int32)  # the last that waits at each level, and
    before = np.empty(len(reached), np.int32)  # who waits before it
    level[spot], waiting[highest], before[spot] = highest, spot, -1
    for step in range(highest, 0, -1):
        while waiting[step] >= 0:
            spot = waiting[step]
            waiting[step] = before[spot]
            for near in (spot - stride, spot - 1, spot + 1, spot + stride):
                if level[near] == 0 and reached[near] > 0:
                    found = min(step, reached[near])
                    level[near], before[near], waiting[found] = found, waiting[found], near
    return level


@compiled()
def _phi(value: float, level: float) -> float:
    above = value - level
    return 1 - above if above >= THETA else 1.0


@compiled(pixels("float32", 2), pixels("float32", 2))
def connectivity_error(alpha: Alpha, truth: Alpha) -> NDArray[np.float64]:
    """|φ(α) − φ(truth)| of each pixel.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]. Returns `(H, W) float64` in [0, 1]. With d the
    amount by which a value is above the pixel's connected level, φ = 1 − d where d ≥ 0.15, else 1.

    The level is the highest threshold up to which the pixel is part of the source. The source Ω of
    a threshold is the largest 4-connected set of pixels at which both alphas reach it (of equally
    large ones the first, row by row); the level is the threshold below the first whose source the
    pixel is not part of.
    """
    height, width = alpha.shape
    level = _levels(_reached(alpha, truth), width + 2)
    error = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            if alpha[y, x] != truth[y, x]:
                own = level[(y + 1) * (width + 2) + x + 1] / STEPS
                error[y, x] = abs(_phi(alpha[y, x], own) - _phi(truth[y, x], own))
    return error
