"""Alphas to measure on: random ones, and those at the ends of what there can be."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import strategies as st

SHAPE = (37, 45)


def _blobs(seed: int) -> np.ndarray:
    """A random alpha with flat parts, soft edges and strands, in steps of 1/255."""
    random = np.random.default_rng(seed)
    height, width = random.integers(9, 48, 2)
    noise = cv2.GaussianBlur(random.normal(size=(height, width)), (0, 0), random.uniform(1, 4))
    noise /= np.abs(noise).max() + 1e-9
    alpha = np.clip(0.5 + noise * random.choice([1, 3, 20]), 0, 1)
    alpha[:, random.integers(width)] = random.random()
    return (np.rint(alpha * 255) / 255).astype(np.float32)


def _special() -> dict[str, np.ndarray]:
    empty = np.zeros(SHAPE, np.float32)
    pixel = empty.copy()
    pixel[20, 30] = 1
    hard = empty.copy()
    hard[10:30, 12:40] = 1
    noise = np.random.default_rng(1).random(SHAPE).astype(np.float32)
    last = empty.copy()
    last[:, -1] = 1
    return {
        "empty": empty,
        "full": empty + 1,
        "one pixel": pixel,
        "all soft": empty + np.float32(0.5),
        "hard": hard,
        "noise": noise,
        "last column": last,
    }


SPECIAL = _special()


def _pair(seed: int) -> tuple[np.ndarray, np.ndarray]:
    truth = _blobs(seed)
    random = np.random.default_rng(seed + 1)
    moved = np.roll(truth, random.integers(-2, 3, 2), (0, 1))
    kind = random.integers(3)
    if kind == 0:
        return moved, truth
    if kind == 1:
        return cv2.GaussianBlur(moved, (0, 0), 1.5).astype(np.float32), truth
    noisy = np.clip(truth + random.normal(0, 0.2, truth.shape), 0, 1)
    return noisy.astype(np.float32), truth


blobs = st.integers(0, 10**6).map(_blobs)
pairs = st.integers(0, 10**6).map(_pair) | st.tuples(
    st.sampled_from(list(SPECIAL.values())), st.sampled_from(list(SPECIAL.values()))
)


def pieces(mask, reach):
    """Connected pieces as sets of spots; `reach` 1 is 4-connected, 2 is 8-connected."""
    left, found = {tuple(p) for p in np.argwhere(mask)}, []
    while left:
        piece, stack = set(), [left.pop()]
        while stack:
            y, x = stack.pop()
            piece.add((y, x))
            near = {
                (y + dy, x + dx)
                for dy in (-1, 0, 1)
                for dx in (-1, 0, 1)
                if abs(dy) + abs(dx) <= reach
            } & left
            left -= near
            stack += near
        found.append(piece)
    return found
