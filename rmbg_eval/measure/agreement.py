"""How far alphas of one picture agree: with other models', and with that of its mirror image.

They need no truth. They point to where to look; none is a score: models can agree and be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np

from ..core.images import Alpha
from ..i18n import N_, Message
from .alpha import POINTERS
from .matting import mad
from .subject import WHOLE, Metric, Undefined

APART = "apart"
ODD, ODD_FROM = 2.0, 0.05
"""How many times as far away as the others from each other a model stands apart, and at least."""
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


def apart(alpha: Alpha, other: Alpha) -> float:
    """How far two alphas are apart: Σ |α − β| ÷ Σ max(α, β), in [0, 1]; 0 of two empty ones.

    `alpha`, `other`: `(H, W) float32` in [0, 1]. One minus the overlap (Jaccard, 1912) of two fuzzy
    sets: unlike a mean over the picture, it is as large for a small subject.

    >>> import numpy as np
    >>> round(apart(np.float32([[0, 1]]), np.float32([[0.5, 1]])), 6)
    0.333333
    """
    both = float(np.maximum(alpha, other).sum(dtype=np.float64))
    return float(np.abs(alpha - other).sum(dtype=np.float64)) / both if both else 0.0


def odd_one(pairs: Mapping[tuple[str, str], float]) -> str | None:
    """The model that stands apart from at least two others, which are alike; None where none does.

    `pairs`: how far any two models are `apart`, in [0, 1]. It is one whose nearest other is 0.05 or
    more away, and more than twice as far as each of the others is from its own nearest other,
    without it. Models that have no picture in common are not known to be alike. Ours.

    >>> odd_one({("a", "b"): 0.02, ("a", "c"): 0.3, ("b", "c"): 0.31})
    'c'
    """
    models = dict.fromkeys(name for pair in pairs for name in pair)
    if len(models) < 3:
        return None

    def nearest(model: str, others: Iterable[str]) -> float:
        both = [pairs.get((model, other), pairs.get((other, model))) for other in others]
        return min((each for each in both if each is not None), default=inf)

    odd = max(models, key=lambda model: nearest(model, models))
    rest = [model for model in models if model != odd]
    far = nearest(odd, rest)
    alike = max(nearest(model, rest) for model in rest)
    return odd if far >= ODD_FROM and far > ODD * alike else None


def flip_difference(alpha: Alpha, flipped: Alpha) -> float:
    """Mean absolute difference from the model's alpha of the mirrored picture, mirrored back.

    `alpha`, `flipped`: `(H, W) float32` in [0, 1]. In [0, 1]; 0 for a model that sees no
    difference between left and right. Ours.

    >>> import numpy as np
    >>> flip_difference(np.float32([[0, 1]]), np.float32([[0, 0.5]]))
    0.25
    """
    return mad(alpha, flipped)


METRICS = (
    Metric("disagreement", Message("difference from other models"),
        N_("alpha, 0 to 1"), WHOLE, None, disagreement,
        None, POINTERS, "other models", guide=3,
        explanation=N_("Mean difference from other models; they can agree and be wrong")),
    Metric(APART, Message("apart from other models"),
        N_("share, 0 to 1"), WHOLE, None, apart,
        None, POINTERS, "other models",
        explanation=N_("How little it overlaps with the others, less one that stands apart")),
)  # fmt: skip

FLIP = (
    Metric("flip_difference", Message("difference from the mirrored picture"),
        N_("alpha, 0 to 1"), WHOLE, None, flip_difference, None,
        POINTERS, "flip",
        explanation=N_("Mean difference from the mirrored picture's alpha; a steady model can be "
        "wrong")),
)  # fmt: skip
"""Measured where asked for: it is another inference a case."""
