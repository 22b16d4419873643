"""What anyone sees at once of a cut-out: crumbs, holes, a piece of the subject gone, and where.

These are no measures: they say what to show first, and where it is. The pieces are those of
`rmbg_eval.measure.alpha.strays`; where there is a truth, less those that it has too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.frozen import Frozen
from ..core.images import Alpha
from ..measure.alpha import STRAY_SHARE
from ..measure.record import Box
from ..measure.region import counts, densest, pieces
from ..measure.subject import Mask

PATCH = 60
"""A soft patch is more than twice the picture's shorter side by this across: no edge is."""
SURELY = 0.9
"""Truth from which a pixel surely is the subject's; below one minus this it surely is not."""


class Gross(Frozen):
    """How much of it there is, and the place to look at."""

    amount: float
    """Of pieces their number, of the rest a share."""
    box: Box


def gross(alpha: Alpha, truth: Alpha | None, others: Sequence[Alpha] = ()) -> dict[str, Gross]:
    """What is grossly wrong with an alpha, `(H, W) float32` in [0, 1]; nothing where nothing is.

    `truth`, `others`: as `alpha`, of the same size; other models' alphas. With a truth: `crumbs`
    and `holes` which it does not have, if most are such; `loss`, the share of what surely is the
    subject where alpha is below a half; `excess`, where alpha is above that and surely nothing is,
    by the subject's area; or, where it surely is nothing everywhere, `invented`: the share of the
    picture of which anything is left. Without one: every crumb and hole; `haze`, the share of the
    picture in wide patches that are in between; `dissent`, where alpha is on the other side of a
    half than all the `others`.
    """
    shape = alpha >= np.float32(0.5)
    kinds = _strays(shape, truth)
    if truth is not None:
        sure, clear = truth >= SURELY, truth <= 1 - SURELY
        if clear.all():
            parts, whole = {"invented": alpha > 1 - SURELY}, shape.size
        else:
            parts = {"loss": sure & ~shape, "excess": clear & shape}
            whole = int(np.count_nonzero(sure))
    else:
        parts, whole = {"haze": _patches(alpha)}, shape.size
        if others:
            sides = [other >= np.float32(0.5) for other in others]
            parts["dissent"] = np.logical_and.reduce([side != shape for side in sides])
    for name, part in parts.items():
        if whole and part.any():
            amount = float(np.count_nonzero(part) / whole)
            kinds[name] = Gross(amount=amount, box=_around_largest(part))
    return kinds


def _strays(shape: Mask, truth: Alpha | None) -> dict[str, Gross]:
    """Crumbs and holes of a shape, `(H, W) bool`."""
    kinds: dict[str, Gross] = {}
    limit = 0.0
    for name, solid in (("crumbs", True), ("holes", False)):
        label, sizes = pieces(shape == solid, 8 if solid else 4)
        if solid:
            limit = STRAY_SHARE * sizes[1:].max(initial=0)
        small = sizes < limit
        small[0] = False
        if not solid:
            border = np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]])
            small[np.unique(border)] = False
        every = np.count_nonzero(small)
        if truth is not None:
            there = (truth >= np.float32(0.5)) == solid
            also = counts(label[there], len(sizes))
            small &= also * 2 < sizes
        # Where most of them are real, a lace is cut out as one: the rest are at its edges.
        if small.any() and 2 * np.count_nonzero(small) >= every:
            place = densest(small[label])
            assert place is not None  # there are some
            kinds[name] = Gross(amount=float(np.count_nonzero(small)), box=place)
        del label  # of four bytes a pixel, before the next one is made
    return kinds


def _patches(alpha: Alpha) -> Mask:
    """What is in between and far from anything that is not."""
    import cv2

    from ..measure.kernels.neighbours import eroded  # imports numba

    between = (alpha > np.float32(0.1)) & (alpha < np.float32(SURELY))
    reach = max(4, min(alpha.shape) // PATCH)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    halves = disc.sum(1, dtype=np.int64) // 2
    return ~eroded(~eroded(between, halves), halves)


def _around_largest(mask: Mask) -> Box:
    """What the largest piece of a mask fits into."""
    import cv2

    label, sizes = pieces(mask, 8)
    x, y, width, height = cv2.boundingRect((label == 1 + sizes[1:].argmax()).view(np.uint8))
    return x, y, width, height
