"""Resizing, written once more without a library: what models' own resizes are held against."""

from __future__ import annotations

import numpy as np


def triangle(source: int, target: int) -> np.ndarray:
    """`(target, source)`: the matrix of a bilinear resize, antialiased where it shrinks."""
    scale = source / target
    centres = (np.arange(target) + 0.5) * scale
    distance = np.abs(np.arange(source) + 0.5 - centres[:, None]) / max(scale, 1)
    matrix = np.maximum(0, 1 - distance)
    return matrix / matrix.sum(axis=1, keepdims=True)
