"""Measures of an alpha itself, and of its distance from the truth."""

from __future__ import annotations

import numpy as np

from ..images import Alpha, check_alpha

TRANSPARENT_BELOW = 0.05
OPAQUE_ABOVE = 0.95
"""What lies from one to the other is seen as in-between."""


def mad(alpha: Alpha, truth: Alpha) -> float:
    """Mean absolute difference of two alphas, over the whole image.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]. Returns a float in [0, 1];
    lower is better. Raises ImageError for arrays of another kind or of unequal
    shapes. Source: Rhemann et al., "A perceptually motivated online benchmark
    for image matting", CVPR 2009, whose SAD is this times the number of pixels.

    >>> import numpy as np
    >>> mad(np.float32([[0, 1]]), np.float32([[0.5, 1]]))
    0.25
    """
    check_alpha(truth, truth.shape)
    check_alpha(alpha, truth.shape)
    return float(np.mean(np.abs(alpha - truth), dtype=np.float64))


def in_between_share(alpha: Alpha) -> float:
    """Share of pixels that are visibly neither transparent nor opaque, in [0, 1].

    `alpha`: `(H, W) float32` in [0, 1]. In-between is 0.05 ≤ α ≤ 0.95: what
    differs less from 0 or 1 is not seen over an ordinary background. It says how
    much of the picture is hair, blur, glass or doubt; it is no score.

    >>> import numpy as np
    >>> in_between_share(np.float32([[0, 0.5, 0.998, 1]]))
    0.25
    """
    check_alpha(alpha, alpha.shape)
    return float(np.mean((alpha >= TRANSPARENT_BELOW) & (alpha <= OPAQUE_ABOVE)))


def opaque_share(alpha: Alpha) -> float:
    """Share of pixels that look opaque, α > 0.95, in [0, 1]. `alpha` as above.

    >>> import numpy as np
    >>> opaque_share(np.float32([[0, 0.5, 0.998, 1]]))
    0.5
    """
    check_alpha(alpha, alpha.shape)
    return float(np.mean(alpha > OPAQUE_ABOVE))
