"""How far alphas of one picture agree: with other models', and with that of its mirror image.

They need no truth. They point to where to look; none is a score: models can agree and be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from ..i18n import N_, Message
from .alpha import POINTERS
from .matting import mad
from .subject import WHOLE, Metric, Subject, Undefined

NO_OTHER = Message("no other model has a cut-out of this picture")


def disagreement(alpha: Alpha, others: Sequence[Alpha]) -> float:
    """Mean absolute difference from the other models' alphas, over pixels and models, in [0, 1].

    `alpha` and each of `others`: `(H, W) float32` in [0, 1]. Of two models both have the same
    value; of more, the one with the highest stands alone. Ours.

    >>> import numpy as np
    >>> disagreement(np.float32([[0, 1]]), [np.float32([[0, 1]]), np.float32([[1, 1]])])
    0.25
    """
    if not others:
        raise Undefined(NO_OTHER)
    return float(np.mean([mad(alpha, other) for other in others]))


def disagreement_map(alphas: Sequence[Alpha]) -> NDArray[np.float32]:
    """Range of the models' alphas at each pixel, highest − lowest: `(H, W) float32` in [0, 1].

    `alphas`: two or more `(H, W) float32` in [0, 1].

    >>> import numpy as np
    >>> disagreement_map([np.float32([[0, 1]]), np.float32([[0.25, 1]])])
    array([[0.25, 0.  ]], dtype=float32)
    """
    return np.max(alphas, axis=0) - np.min(alphas, axis=0)


def flip_difference(alpha: Alpha, flipped: Alpha) -> float:
    """Mean absolute difference from the model's alpha of the mirrored picture, mirrored back.

    `alpha`, `flipped`: `(H, W) float32` in [0, 1]. In [0, 1]; 0 for a model that sees no
    difference between left and right. Ours.

    >>> import numpy as np
    >>> flip_difference(np.float32([[0, 1]]), np.float32([[0, 0.5]]))
    0.25
    """
    return mad(alpha, flipped)


def _flip(subject: Subject) -> float:
    if subject.flipped is None:
        raise Undefined(
            subject.missing.get("flip", Message("the mirrored picture was not inferred"))
        )
    return flip_difference(subject.alpha, subject.flipped)


METRICS = (
    Metric("disagreement", Message("difference from the other models"),
        N_("alpha, 0 to 1"), WHOLE, None, disagreement,
        lambda s: disagreement(s.alpha, s.others), POINTERS, "other models", guide=3,
        explanation=N_("Mean difference from the other models; they can agree and be wrong")),
)  # fmt: skip

FLIP = (
    Metric("flip_difference", Message("difference from the mirrored picture"),
        N_("alpha, 0 to 1"), WHOLE, None, flip_difference, _flip,
        POINTERS, "flip",
        explanation=N_("Mean difference from the mirrored picture's alpha; a steady model can be "
        "wrong")),
)  # fmt: skip
"""Measured where asked for: it is another inference a case."""
