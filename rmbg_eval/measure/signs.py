"""Signs that a cut-out looks wrong, without a truth: what its risk is made of.

A real thing can look like a fault to each of them: they lead the eye, and judge nothing. All look
at the cut-out as a person does on a screen, at no more than 768 px on its longer side: so a sign is
the same for a picture of 1 and of 40 megapixels, and takes little of the time of an inference.

Each is of a `Look`: alpha, `(H, W) float32` in [0, 1], and the picture, `(H, W, 3) uint8`. Ours.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.images import RGB, Alpha, check_alpha, check_rgb
from ..i18n import N_, Message
from .alpha import POINTERS, STRAY_SHARE, contour, in_between, shape_of
from .record import Box
from .region import densest, patches, pieces
from .subject import Mask, Metric, Subject, Undefined

SIDE = 768
"""Pixels that the longer side has at most, where signs are looked for."""
SOFT = 13
"""Pixels in-between that a soft patch spans both ways at least: few outlines are so soft."""
STEP = 12.0
"""Levels of 255: a picture's edge is where a colour changes by more over three pixels."""
NEAR, BESIDE = 1, 6
"""Pixels to both sides: of an edge on the contour, and of one beside it."""
STRONGER = 3
"""Times stronger than the edge on the contour, an edge beside it is the one that was missed."""
FREE = 5
"""Contour pixels from the frame within which nothing is asked of a picture's edges."""


class Trace(NamedTuple):
    """How much of a sign there is, and where."""

    value: float
    where: Mask
    """`(H, W) bool`."""


@dataclass(frozen=True)
class Look:
    """A cut-out as signs see it. ImageError for arrays that break the image contract."""

    alpha: Alpha
    """`(H, W) float32` in [0, 1]."""
    rgb: RGB
    """The picture, `(H, W, 3) uint8`."""

    def __post_init__(self) -> None:
        check_rgb(self.rgb)
        check_alpha(self.alpha, self.rgb.shape[:2])

    @cached_property
    def shape(self) -> Mask:
        """The subject: α ≥ 0.5."""
        return self.alpha >= np.float32(0.5)

    @cached_property
    def contour(self) -> Mask:
        return contour(self.shape)

    @cached_property
    def soft(self) -> Mask:
        """In-between pixels in patches that hold a square of 13 px."""
        return patches(in_between(self.alpha), SOFT)

    @cached_property
    def pieces(self) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
        """The 8-connected pieces of the subject: the number of each pixel's, 0 outside, and the
        pixels of each; Undefined where there is no subject."""
        return pieces(shape_of(self.alpha), 8)

    @cached_property
    def change(self) -> NDArray[np.uint8]:
        """By how many levels, of 255, a colour changes over three pixels across or down."""
        change = np.zeros(self.shape.shape, np.uint8)
        for colour in np.ascontiguousarray(self.rgb.transpose(2, 0, 1)):
            for inner, one, other in (
                (change[:, 1:-1], colour[:, 2:], colour[:, :-2]),
                (change[1:-1], colour[2:], colour[:-2]),
            ):
                apart = np.maximum(one, other) - np.minimum(one, other)
                np.maximum(inner, apart, out=inner)
        return change


def soft_inside(look: Look) -> Trace:
    """In-between pixels of the subject, in patches of 13 × 13 or more: share of it, in [0, 1].

    A soft patch is a hole that nobody meant, a limb that is half lost, or glass. Undefined where
    there is no subject.

    >>> alpha = np.zeros((40, 50), np.float32); alpha[:, :40] = 1; alpha[9:25, 9:19] = 0.6
    >>> soft_inside(Look(alpha, np.zeros((40, 50, 3), np.uint8))).value
    0.0
    >>> alpha[9:25, 9:29] = 0.6
    >>> soft_inside(Look(alpha, np.zeros((40, 50, 3), np.uint8))).value
    0.2
    """
    where = look.soft & look.shape
    return Trace(_share(where, look.shape), where)


def soft_outside(look: Look) -> Trace:
    """In-between pixels of the background, in patches of 13 × 13 or more: share of it, in [0, 1].

    A veil, or hair that is nowhere half opaque. Undefined where there is no background.

    >>> alpha = np.zeros((40, 50), np.float32); alpha[:, :10] = 1; alpha[9:25, 19:39] = 0.4
    >>> soft_outside(Look(alpha, np.zeros((40, 50, 3), np.uint8))).value
    0.2
    """
    where = look.soft & ~look.shape
    return Trace(_share(where, ~look.shape), where)


def crumbs(look: Look) -> Trace:
    """Pieces below 1 % of the largest, 8-connected: their share of the subject's area, in [0, 1).

    Crumbs of background, or real single hairs. Undefined where there is no subject.

    >>> alpha = np.ones((20, 30), np.float32); alpha[:, 15:] = 0; alpha[2, 25:27] = 1
    >>> round(crumbs(Look(alpha, np.zeros((20, 30, 3), np.uint8))).value, 6)
    0.006623
    """
    label, sizes = look.pieces
    small = sizes < STRAY_SHARE * sizes[1:].max()
    small[0] = False
    where = small[label]
    return Trace(_share(where, look.shape), where)


def detached(look: Look) -> Trace:
    """Pieces of 1 % of the largest or more, without the largest: share of the subject, in [0, 1).

    A second thing that was kept, or the other half of one. Undefined where there is no subject.

    >>> alpha = np.zeros((20, 30), np.float32); alpha[:, :15] = 1; alpha[:, 20:25] = 1
    >>> detached(Look(alpha, np.zeros((20, 30, 3), np.uint8))).value
    0.25
    """
    label, sizes = look.pieces
    large = sizes >= STRAY_SHARE * sizes[1:].max()
    large[[0, 1 + int(sizes[1:].argmax())]] = False
    where = large[label]
    return Trace(_share(where, look.shape), where)


def edgeless(look: Look) -> Trace:
    """Contour at 0.5 with no edge of the picture within 2 px: share of the contour, in [0, 1].

    An edge is where, over three pixels across or down, a channel changes by more than 12 of 255.
    Alpha ends where nothing does, or subject and background are alike. Undefined where there is no
    contour.

    >>> alpha = np.zeros((9, 9), np.float32); alpha[:, :4] = 1
    >>> edgeless(Look(alpha, np.zeros((9, 9, 3), np.uint8))).value
    1.0
    """
    where = look.contour & (_highest(look.change, 2) <= STEP)
    return Trace(_share(where, look.contour), where)


def edge_beside(look: Look) -> Trace:
    """Contour at 0.5 with an edge of the picture 2 to 6 px beside it that is more than three times
    as strong as any within 1 px: share of the contour, in [0, 1].

    Alpha runs past an edge or short of it; so it does beside the stripes of a shirt. Within 5 px of
    the frame none is looked for. Undefined where there is no contour.

    >>> alpha = np.zeros((20, 30), np.float32); alpha[:, :15] = 1
    >>> rgb = np.zeros((20, 30, 3), np.uint8); rgb[:, 19:] = 200
    >>> edge_beside(Look(alpha, rgb)).value
    0.5
    """
    near, beside = (_highest(look.change, reach) for reach in (NEAR, BESIDE))
    where = look.contour & (beside > STEP) & (beside > STRONGER * near.astype(np.int16))
    where[:FREE], where[-FREE:], where[:, :FREE], where[:, -FREE:] = (False,) * 4
    return Trace(_share(where, look.contour), where)


def cut_by_frame(look: Look) -> Trace:
    """Outermost pixels of the picture that are the subject's: share of them, in [0, 1].

    >>> alpha = np.zeros((3, 3), np.float32); alpha[0] = 1
    >>> cut_by_frame(Look(alpha, np.zeros((3, 3, 3), np.uint8))).value
    0.375
    """
    border = np.ones(look.shape.shape, bool)
    border[1:-1, 1:-1] = False
    where = border & look.shape
    return Trace(_share(where, border), where)


def kept(look: Look) -> Trace:
    """The subject's share of the picture, α ≥ 0.5: in [0, 1].

    >>> alpha = np.zeros((9, 9), np.float32); alpha[:3] = 1
    >>> round(kept(Look(alpha, np.zeros((9, 9, 3), np.uint8))).value, 6)
    0.333333
    """
    return Trace(float(look.shape.mean()), look.shape)


def small(alpha: Alpha, rgb: RGB) -> tuple[Look, float]:
    """The cut-out as signs look at it, and by what its pixels are to be multiplied to be those of
    the picture. `alpha`: `(H, W) float32` in [0, 1]; `rgb`: `(H, W, 3) uint8`."""
    import cv2  # not for those who only read a finished run

    less, scale = shrunk(alpha)
    if scale > 1:
        rgb = np.asarray(cv2.resize(rgb, less.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return Look(less, rgb), scale


def shrunk(alpha: Alpha) -> tuple[Alpha, float]:
    """Alpha, `(H, W) float32` in [0, 1], with a longer side of at most `SIDE`, and by what its
    pixels are to be multiplied to be those of the picture."""
    import cv2

    height, width = alpha.shape
    scale = max(height, width) / SIDE
    if scale <= 1:
        return alpha, 1.0
    size = max(1, round(width / scale)), max(1, round(height / scale))
    less = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    return np.clip(less, 0, 1).astype(np.float32), scale


def _highest(values: NDArray[np.uint8], reach: int) -> NDArray[np.uint8]:
    """The highest within a square of `reach` to both sides."""
    import cv2

    side = 2 * reach + 1
    return np.asarray(cv2.dilate(values, np.ones((side, side), np.uint8)), np.uint8)


def _share(part: Mask, whole: Mask) -> float:
    if not whole.any():
        raise Undefined(Message("alpha has no contour at 0.5"))
    return float(np.count_nonzero(part) / np.count_nonzero(whole))


SIGNS: dict[str, Callable[[Look], Trace]] = {
    "soft_inside": soft_inside,
    "soft_outside": soft_outside,
    "crumbs": crumbs,
    "detached": detached,
    "edgeless": edgeless,
    "edge_beside": edge_beside,
    "cut_by_frame": cut_by_frame,
    "kept": kept,
}
"""By measure."""


def trace_of(subject: Subject, name: str) -> Trace:
    """A sign of a cut-out, found once; Undefined where it is."""
    return subject.shared(_TRACES[name])


def places(subject: Subject) -> dict[str, Box]:
    """Where each sign is densest, in pixels of the picture; without those that are nowhere."""
    boxes: dict[str, Box] = {}
    for name in PLACED:
        with suppress(Undefined):
            if box := densest(trace_of(subject, name).where, subject.alpha.shape):
                boxes[name] = box
    return boxes


def _small(subject: Subject) -> tuple[Look, float]:
    return small(subject.alpha, subject.picture)


def _trace(name: str, subject: Subject) -> Trace:
    return SIGNS[name](subject.shared(_small)[0])


_TRACES = {name: partial(_trace, name) for name in SIGNS}

PLACED = tuple(name for name in SIGNS if name != "kept")
"""Signs that are at a place."""

SCREEN = N_("whole image, at most 768 px")
LINE = N_("contour at 0.5, at most 768 px")


def _row(name: str, title: Message, region: str, explanation: str) -> Metric:
    return Metric(
        name, title, N_("share, 0 to 1"), region, None, SIGNS[name],
        lambda s: trace_of(s, name).value, POINTERS, "nothing", explanation=explanation,
    )  # fmt: skip


METRICS = (
    _row("soft_inside", Message("soft patches inside"), SCREEN,
        N_("Half see-through patches of the subject, wider than an edge: a hole, or glass")),
    _row("soft_outside", Message("soft patches outside"), SCREEN,
        N_("Half see-through patches of the background, wider than an edge: a veil, or hair")),
    _row("crumbs", Message("crumbs"), SCREEN,
        N_("Stray pieces, by the subject's area: crumbs, or real single hairs")),
    _row("detached", Message("detached pieces"), SCREEN,
        N_("Larger pieces but the largest, by the subject's area: another thing, or a part of it")),
    _row("edgeless", Message("outline without an edge"), LINE,
        N_("Alpha ends where the picture has no edge: a wrong outline, or colours alike")),
    _row("edge_beside", Message("outline beside an edge"), LINE,
        N_("The picture's edge is beside the outline: too wide, too tight, or stripes")),
    _row("cut_by_frame", Message("cut by the frame"), N_("frame"),
        N_("How much of the frame the subject touches: cut off, or a portrait")),
    _row("kept", Message("share that is kept"), SCREEN,
        N_("How much of the picture is the subject; nothing and everything are suspicious")),
)  # fmt: skip
