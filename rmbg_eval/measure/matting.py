"""How far an alpha is from the truth, as the field of matting measures it.

All five are over the whole image or over a region of it, and use alpha and truth as they are.
SAD, Grad and Conn are sums: they grow with the number of pixels, and compare models on one
picture, not pictures with each other.
"""

from __future__ import annotations

from math import ceil, log, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha, check_alpha
from ..i18n import N_, Message
from .subject import UNKNOWN, WHOLE, Family, Map, Mask, Metric, Subject
from .tolerance import Tolerance

GRADIENT_SIGMA = 1.4
"""Pixels; the public evaluation code of Rhemann et al. 2009."""


def sad(alpha: Alpha, truth: Alpha, region: Mask | None = None) -> float:
    """Sum of absolute differences, Σ|α − truth|, in thousands.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; `region`: `(H, W) bool`, or None for all of it.
    Lower is better. Raises ImageError for what is no alpha or of another shape.
    Source: Rhemann et al., "A perceptually motivated online benchmark for image matting", 2009.

    >>> import numpy as np
    >>> sad(np.zeros((40, 50), np.float32), np.ones((40, 50), np.float32))
    2.0
    """
    return _thousands(difference(alpha, truth), region)


def mad(alpha: Alpha, truth: Alpha, region: Mask | None = None) -> float:
    """Mean absolute difference, in [0, 1]: the SAD divided by the number of pixels.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; `region` as in `sad`. Lower is better.
    Source: as `sad`.

    >>> import numpy as np
    >>> mad(np.float32([[0, 1]]), np.float32([[0.5, 1]]))
    0.25
    """
    return _mean(difference(alpha, truth), region)


def mse(alpha: Alpha, truth: Alpha, region: Mask | None = None) -> float:
    """Mean squared difference, in [0, 1]. Papers often print it times 1000; this is not.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; `region` as in `sad`. Lower is better.
    Source: as `sad`.

    >>> import numpy as np
    >>> mse(np.float32([[0, 1]]), np.float32([[0.5, 1]]))
    0.125
    """
    return _mean(difference(alpha, truth) ** 2, region)


def grad(alpha: Alpha, truth: Alpha, region: Mask | None = None) -> float:
    """Gradient error, Σ(‖∇α‖ − ‖∇truth‖)², in thousands.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; `region` as in `sad`. Lower is better: edges are
    as sharp, or as soft, as they should be. Gradients are by `gradient_magnitude`, the source is
    that of `sad`.

    >>> import numpy as np
    >>> edge = np.float32([[0, 0, 0, 0, 1, 1, 1, 1]]).repeat(8, axis=0)
    >>> grad(edge, edge), round(grad(np.zeros_like(edge), edge), 4)
    (0.0, 0.1567)
    """
    return _thousands(gradient_error(alpha, truth), region)


def conn(alpha: Alpha, truth: Alpha, region: Mask | None = None) -> float:
    """Connectivity error, Σ|φ(α) − φ(truth)|, in thousands; φ falls where alpha is cut off.

    `alpha`, `truth`: `(H, W) float32` in [0, 1]; `region` as in `sad`. Lower is better.
    φ is by `measure.kernels.connectivity`, with steps of 0.1 and θ = 0.15. Source: as `sad`.

    >>> import numpy as np
    >>> truth = np.ones((1, 9), np.float32)
    >>> cut = truth.copy(); cut[0, 6] = 0
    >>> round(1000 * conn(cut, truth), 6)  # the pixel itself: what is beyond is wrong in both
    1.0
    """
    return _thousands(_connectivity_error(*_checked(alpha, truth)), region)


def difference(alpha: Alpha, truth: Alpha) -> Map:
    """|α − truth| of each pixel, `(H, W) float64`."""
    alpha, truth = _checked(alpha, truth)
    return np.abs(np.subtract(alpha, truth, dtype=np.float64))


def gradient_error(alpha: Alpha, truth: Alpha) -> Map:
    """(‖∇α‖ − ‖∇truth‖)² of each pixel, `(H, W) float64`."""
    alpha, truth = _checked(alpha, truth)
    return (gradient_magnitude(alpha) - gradient_magnitude(truth)) ** 2


def gradient_magnitude(alpha: Alpha) -> Map:
    """Length of the gradient of each pixel, by first derivatives of a Gaussian with σ = 1.4.

    `alpha`: `(H, W) float32`. Returns `(H, W) float64`. As the public evaluation code of Rhemann
    et al. has it: the filters reach as far as the Gaussian is above 0.01 (9×9), are scaled so
    that the sum of their squares is 1, and the border is repeated outwards.
    """
    import cv2  # not for those who only read a finished run

    gauss, slope = _gaussian(GRADIENT_SIGMA)
    values = alpha.astype(np.float64)
    border = cv2.BORDER_REPLICATE
    across = cv2.sepFilter2D(values, cv2.CV_64F, slope, gauss, borderType=border)
    down = cv2.sepFilter2D(values, cv2.CV_64F, gauss, slope, borderType=border)
    # Not OpenCV's own magnitude, whose last bit depends on where in memory the result lies.
    across *= across
    down *= down
    across += down
    return np.sqrt(across, out=across)


def _gaussian(sigma: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A Gaussian and its derivative, each scaled so that the sum of the squares is 1."""
    half = ceil(sigma * sqrt(-2 * log(sqrt(2 * pi) * sigma * 0.01)))
    x = np.arange(-half, half + 1, dtype=np.float64)
    gauss = np.exp(-(x**2) / (2 * sigma**2))
    slope = x * gauss
    return gauss / np.linalg.norm(gauss), slope / np.linalg.norm(slope)


def _connectivity_error(alpha: Alpha, truth: Alpha) -> Map:
    from .kernels.connectivity import connectivity_error  # not for those who only read a run

    return connectivity_error(alpha, truth)


def _checked(alpha: Alpha, truth: Alpha) -> tuple[Alpha, Alpha]:
    check_alpha(truth, truth.shape)
    check_alpha(alpha, truth.shape)
    return alpha, truth


def _thousands(errors: Map, region: Mask | None) -> float:
    return float((errors if region is None else errors[region]).sum()) / 1000


def _mean(errors: Map, region: Mask | None) -> float:
    return float((errors if region is None else errors[region]).mean())


def _difference(subject: Subject) -> Map:
    return difference(subject.alpha, subject.need_truth())


def _gradient(subject: Subject) -> Map:
    return gradient_error(subject.alpha, subject.need_truth())


def _connectivity(subject: Subject) -> Map:
    return _connectivity_error(subject.alpha, subject.need_truth())


def _masked(subject: Subject) -> Alpha:
    """The alpha where the unknown region is, the truth everywhere else."""
    return np.where(subject.unknown, subject.alpha, subject.need_truth())


def _masked_gradient(subject: Subject) -> float:
    error = gradient_error(subject.shared(_masked), subject.need_truth())
    return _thousands(error, subject.unknown)


def _masked_connectivity(subject: Subject) -> float:
    error = _connectivity_error(subject.shared(_masked), subject.need_truth())
    return _thousands(error, subject.unknown)


def _square(errors: Map) -> Map:
    return errors * errors


FAMILY = Family(
    N_("Alpha against the truth"),
    N_(
        "Matting errors, alpha and truth as they are. Unknown region: within 10 px of both sides "
        "of the true edge, or the grey of its data set's trimap. Sums compare models on one "
        "picture, not pictures with each other."
    ),
)
_SUM = Tolerance(
    absolute=0.05,
    relative=0.05,
    reason=N_("sums grow with the picture: 5 % of it, or 50 pixels' worth of alpha"),
)
_MEAN = Tolerance(
    absolute=0.0005,
    relative=0.05,
    reason=N_("an eighth of a stored level of alpha (1/255) over the whole image, or 5 %"),
)
_UNKNOWN = Tolerance(
    absolute=0.004, relative=0.05, reason=N_("one stored level of alpha (1/255), or 5 %")
)
_SQUARE = Tolerance(
    absolute=0.0005,
    relative=0.05,
    reason=N_("one stored level (1/255) more on an error of 1/16, or 5 %"),
)

METRICS = (
    Metric("sad", Message("sum of errors"),
        N_("thousands"), WHOLE, False, sad,
        lambda s: _thousands(s.shared(_difference), None),
        FAMILY, tolerance=_SUM),
    Metric("sad_unknown", Message("sum of errors in the unknown region"),
        N_("thousands"), UNKNOWN, False, sad,
        lambda s: _thousands(s.shared(_difference), s.unknown),
        FAMILY, tolerance=_SUM),
    Metric("mad", Message("mean error"),
        N_("alpha, 0 to 1"), WHOLE, False, mad,
        lambda s: _mean(s.shared(_difference), None),
        FAMILY, tolerance=_MEAN, headline=2),
    Metric("mad_unknown", Message("mean error in the unknown region"),
        N_("alpha, 0 to 1"), UNKNOWN, False, mad,
        lambda s: _mean(s.shared(_difference), s.unknown),
        FAMILY, tolerance=_UNKNOWN, headline=1, guide=1),
    Metric("mse", Message("mean squared error"),
        N_("alpha², 0 to 1"), WHOLE, False, mse,
        lambda s: _mean(_square(s.shared(_difference)), None),
        FAMILY, tolerance=_SQUARE),
    Metric("mse_unknown", Message("mean squared error in the unknown region"),
        N_("alpha², 0 to 1"), UNKNOWN, False, mse,
        lambda s: _mean(_square(s.shared(_difference)), s.unknown),
        FAMILY, tolerance=_SQUARE),
    Metric("grad", Message("gradient error"),
        N_("thousands"), WHOLE, False, grad,
        lambda s: _thousands(s.shared(_gradient), None),
        FAMILY, tolerance=_SUM),
    Metric("grad_unknown", Message("gradient error in the unknown region"),
        N_("thousands"), UNKNOWN, False, grad,
        lambda s: _thousands(s.shared(_gradient), s.unknown),
        FAMILY, tolerance=_SUM),
    Metric("conn", Message("connectivity error"),
        N_("thousands"), WHOLE, False, conn,
        lambda s: _thousands(s.shared(_connectivity), None),
        FAMILY, tolerance=_SUM),
    Metric("conn_unknown", Message("connectivity error in the unknown region"),
        N_("thousands"), UNKNOWN, False, conn,
        lambda s: _thousands(s.shared(_connectivity), s.unknown),
        FAMILY, tolerance=_SUM),
)  # fmt: skip

MASKED = (
    Metric("grad_unknown_masked",
        Message("gradient error in the unknown region, the truth around it"),
        N_("thousands"), UNKNOWN, False, grad, _masked_gradient,
        FAMILY, tolerance=_SUM),
    Metric("conn_unknown_masked",
        Message("connectivity error in the unknown region, the truth around it"),
        N_("thousands"), UNKNOWN, False, conn, _masked_connectivity,
        FAMILY, tolerance=_SUM),
)  # fmt: skip
"""As matting networks that are given the trimap are measured, and as MMagic does it: outside the
unknown region the prediction is replaced by the truth first. The others take it as it is there,
which the gradient filter and what is connected to it reach."""
