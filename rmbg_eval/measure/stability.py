"""How steady a cut-out is: how far it differs where the picture was changed a little.

It needs no truth, and other inferences of the picture. A steady model can be wrong.
"""

from __future__ import annotations

import numpy as np

from ..core.images import Alpha, check_alpha
from ..i18n import N_, Message
from .alpha import POINTERS, contour
from .region import distance
from .subject import Mask, Metric, Undefined

BAND = 10
"""Pixels to both sides of a contour."""


def instability(alpha: Alpha, other: Alpha) -> float:
    """Mean |α − β| within 10 px of a contour of either alpha at 0.5, in [0, 1].

    `alpha`, `other`: `(H, W) float32` in [0, 1]; `other` is the model's alpha of the picture
    changed a little, on the same grid. An outline that lies d pixels beside gives about
    d ÷ (21 + d). Undefined where neither has a contour: nothing is kept, or everything. Ours.

    >>> import numpy as np
    >>> alpha, other = np.zeros((2, 50, 50), np.float32)
    >>> alpha[:, :24] = other[:, :26] = 1
    >>> round(instability(alpha, other), 4)
    0.087
    """
    check_alpha(alpha, alpha.shape)
    check_alpha(other, alpha.shape)
    near = band(alpha) | band(other)
    if not near.any():
        raise Undefined(Message("no outline in either: nothing is kept, or everything"))
    return float(np.abs(alpha - other)[near].mean(dtype=np.float64))


def band(alpha: Alpha) -> Mask:
    """Pixels within 10 px of the contour at 0.5, `(H, W) bool`; none where there is none."""
    try:
        return np.asarray(distance(contour(alpha >= np.float32(0.5))) <= BAND)
    except Undefined:
        return np.zeros(alpha.shape, bool)


def _row(name: str, title: Message, explanation: str) -> Metric:
    return Metric(
        name, title, N_("alpha, 0 to 1"), N_("contour at 0.5 of either (10 px)"), None,
        instability, None, POINTERS, "stability", explanation=explanation,
    )  # fmt: skip


METRICS = (
    _row("instability_mirror", Message("instability when mirrored"),
        N_("Mean difference at the outline from the mirrored picture's alpha")),
    _row("instability_shift", Message("instability when moved"),
        N_("Mean difference at the outline from the alpha of the picture moved by 8 px")),
    _row("instability_scale", Message("instability when smaller"),
        N_("Mean difference at the outline from the alpha of the picture 3 % smaller")),
    _row("instability_jpeg", Message("instability as a JPEG"),
        N_("Mean difference at the outline from the alpha of the picture as a JPEG of quality 75")),
)  # fmt: skip
"""In the order of `predictions.perturbations`. Measured where asked for: each is an inference."""
