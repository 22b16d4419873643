"""Measures of an alpha itself, and of its distance from the truth."""

from __future__ import annotations

import numpy as np

from ..images import Alpha, check_alpha


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
    """Share of pixels that are neither transparent nor opaque, in [0, 1].

    `alpha`: `(H, W) float32` in [0, 1]. In-between is [1/255, 254/255], what an
    8-bit cut-out stores as 1 to 254. It says how much of the picture is hair,
    blur, glass or doubt; it is no score.

    >>> import numpy as np
    >>> in_between_share(np.float32([[0, 0.5, 0.998, 1]]))
    0.25
    """
    check_alpha(alpha, alpha.shape)
    stored = np.rint(alpha * np.float32(255))
    return float(np.mean((stored > 0) & (stored < 255)))
