"""Signs that a cut-out looks wrong, without a truth: what a risk is to be made of.

Pure functions; none is in the table of measures yet, and no risk is computed of them. A real thing
can look like a fault to each: they lead the eye, and judge nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.images import RGB, Alpha, check_alpha, check_rgb
from ..i18n import Message
from .alpha import in_between
from .region import distance
from .subject import Undefined

AWAY = 10
"""Pixels from the contour at 0.5 from which on an in-between pixel belongs to no edge."""
STEP = 12.0
"""Levels of 255: a picture's edge is where a colour changes by more over three pixels."""


def soft_away(alpha: Alpha) -> tuple[float, float]:
    """In-between pixels more than 10 px from the contour: in the subject, in the background.

    `alpha`: `(H, W) float32` in [0, 1]. Shares of the subject (α ≥ 0.5) and of the rest, each in
    [0, 1]: a soft patch inside is a hole that nobody meant, or glass; one outside is a veil.
    Undefined where there is no contour. Ours.

    >>> alpha = np.zeros((40, 40), np.float32); alpha[:, :30] = 1; alpha[20, 5] = 0.6
    >>> [round(share, 6) for share in soft_away(alpha)]
    [0.000833, 0.0]
    """
    check_alpha(alpha, alpha.shape)
    shape = alpha >= np.float32(0.5)
    away = distance(contour(shape)) > AWAY
    soft = in_between(alpha) & away
    inside, outside = int(shape.sum()), int((~shape).sum())
    return (
        float((soft & shape).sum() / inside),
        float((soft & ~shape).sum() / outside),
    )


def edge_without_picture_edge(alpha: Alpha, rgb: RGB) -> float:
    """Share of the contour at 0.5 with no edge of the picture within 2 px: in [0, 1].

    `alpha`: `(H, W) float32` in [0, 1]; `rgb`: the picture, `(H, W, 3) uint8`. An edge is where,
    over three pixels across or down, a channel changes by more than 12 of 255. Undefined where
    there is no contour. Ours.

    >>> alpha = np.zeros((9, 9), np.float32); alpha[:, :4] = 1
    >>> edge_without_picture_edge(alpha, np.zeros((9, 9, 3), np.uint8))
    1.0
    """
    check_rgb(rgb)
    check_alpha(alpha, rgb.shape[:2])
    import cv2  # not for those who only read a finished run

    line = contour(alpha >= np.float32(0.5))
    colours = rgb.astype(np.int16)
    change = np.zeros(alpha.shape, np.int16)
    across = np.abs(colours[:, 2:] - colours[:, :-2]).max(2)
    down = np.abs(colours[2:] - colours[:-2]).max(2)
    change[:, 1:-1] = across
    change[1:-1] = np.maximum(change[1:-1], down)
    near = cv2.dilate((change > STEP).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return float((~near)[line].mean())


def cut_by_frame(alpha: Alpha) -> float:
    """Share of the picture's outermost pixels that are the subject's, α ≥ 0.5: in [0, 1].

    `alpha`: `(H, W) float32` in [0, 1]. Ours.

    >>> alpha = np.zeros((3, 3), np.float32); alpha[0] = 1
    >>> cut_by_frame(alpha)
    0.375
    """
    check_alpha(alpha, alpha.shape)
    border = np.ones(alpha.shape, bool)
    border[1:-1, 1:-1] = False
    return float((alpha[border] >= np.float32(0.5)).mean())


def contour(shape: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels of `shape`, `(H, W) bool`, beside one that is not of it; Undefined where none is."""
    beside = np.zeros(shape.shape, bool)
    beside[1:] |= ~shape[:-1]
    beside[:-1] |= ~shape[1:]
    beside[:, 1:] |= ~shape[:, :-1]
    beside[:, :-1] |= ~shape[:, 1:]
    found = shape & beside
    if not found.any():
        raise Undefined(Message("alpha has no contour at 0.5"))
    return found
