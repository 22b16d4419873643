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
from .region import patches
from .signs import SCREEN, Trace, shrunk
from .subject import WHOLE, Metric, Undefined

APART = "apart"
OFF, PATCH = 0.25, 5
"""Alpha that differs by more is seen, in patches that span as many pixels at least."""
ODD, ODD_FROM = 2.0, 0.05
"""How many times as far away as the others from each other a model stands apart, and at least."""
NO_OTHER = Message("no other model has a cut-out of this picture")
NO_STRANGER = Message("no model of another network has a cut-out of this picture")


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


def differing(alpha: Alpha, other: Alpha) -> Trace:
    """On how much of the subject of either two alphas visibly differ, in [0, 1]; and where: by more
    than 0.25, in patches that hold a square of 5 px, which count as the subject's.

    `alpha`, `other`: `(H, W) float32` in [0, 1]; larger ones than 768 px are made smaller first. A
    soft edge that is a little wider in one is no patch; of two empty ones, the share is 0. Ours.
    """
    one, two = (shrunk(each)[0] for each in (alpha, other))
    off = patches(np.abs(one - two) > OFF, PATCH)
    area = np.count_nonzero(off | (np.maximum(one, two) >= np.float32(0.5)))
    return Trace(float(np.count_nonzero(off) / area) if area else 0.0, off)


def apart(alpha: Alpha, other: Alpha) -> float:
    """How far two alphas are apart: the share of the subject on which they visibly differ, in
    [0, 1]. Unlike a mean over the picture, it is as large for a small subject.

    `alpha`, `other`: `(H, W) float32` in [0, 1]. By the patches of `differing`. Ours.

    >>> import numpy as np
    >>> one, other = np.ones((8, 24), np.float32), np.ones((8, 24), np.float32)
    >>> other[:, :6] = 0
    >>> apart(one, other)
    0.25
    """
    return differing(alpha, other).value


def odd_ones(
    pairs: Mapping[tuple[str, str], float], networks: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The models of one network that stand apart from at least two others, which are alike; none
    where none does.

    `pairs`: how far any two models of two networks are `apart`, in [0, 1]; `networks`: of a model,
    where it is not the only one of its network. Apart is one whose nearest other is 0.05 or more
    away, and more than twice as far as each of the other networks' is from its own nearest other
    among these. Models with no picture in common are not known to be alike. Ours.

    >>> odd_ones({("a", "b"): 0.02, ("a", "c"): 0.3, ("b", "c"): 0.31})
    ('c',)
    """
    named = networks or {}
    models = dict.fromkeys(name for pair in pairs for name in pair)
    if not models:
        return ()

    def nearest(model: str, others: Iterable[str]) -> float:
        both = [pairs.get((model, other), pairs.get((other, model))) for other in others]
        return min((each for each in both if each is not None), default=inf)

    odd = max(models, key=lambda model: nearest(model, models))
    own = [model for model in models if named.get(model, model) == named.get(odd, odd)]
    rest = [model for model in models if model not in own]
    alike = max(nearest(model, rest) for model in rest)
    far = {model: nearest(model, rest) for model in own}
    return tuple(name for name in own if far[name] >= ODD_FROM and far[name] > ODD * alike)


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
    Metric(APART, Message("unlike other models"),
        N_("share, 0 to 1"), SCREEN, None, apart,
        None, POINTERS, "other models",
        explanation=N_("Share of the subject that visibly differs from other networks, less one "
        "that stands apart")),
)  # fmt: skip

FLIP = (
    Metric("flip_difference", Message("difference from the mirrored picture"),
        N_("alpha, 0 to 1"), WHOLE, None, flip_difference, None,
        POINTERS, "flip",
        explanation=N_("Mean difference from the mirrored picture's alpha; a steady model can be "
        "wrong")),
)  # fmt: skip
"""Measured where asked for: it is another inference a case."""
