"""Foreground colours under a soft alpha, estimated at full resolution.

A pixel at the edge shows αF + (1 − α)B. Under a soft alpha the picture's own colours keep B, the
old background: the halo one sees on a new one. These estimators find F. They leave alpha alone, and
the colours of opaque pixels; what they do is a setting, and by default nothing is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..errors import ModelError, printable
from ..i18n import Message
from .accelerator import UnlessOutOfMemory, side_stream
from .choices import Foreground
from .images import RGB, Alpha
from .modules import module_alone

if TYPE_CHECKING:
    from torch import Tensor

BOXES = (90, 6)
"""Sides of the two passes' boxes in pixels: `r` of the paper, `ksize` of its authors' code."""
_EPSILON = 1e-5
"""Added to divisors, as the paper's authors do."""
_ONE_AT_A_TIME = threading.Lock()
"""numba's own thread pool ends the process where two threads enter it."""


def words(how: Foreground) -> str:
    """The estimator as the report names it; "" for raw. ModelError if it cannot be used here."""
    if how not in get_args(Foreground):
        raise ModelError(
            Message(
                "There is no way {how} to estimate foreground colours",
                how=repr(printable(str(how))),
            ),
            Message("Use one of {ways}.", ways=get_args(Foreground)),
        )
    if how == "raw":
        return ""
    if how == "blur-fusion":
        return f"foreground colours by blur-fusion, boxes of {BOXES[0]} and {BOXES[1]} px"
    if find_spec("pymatting") is None:
        raise ModelError(
            Message("Foreground colours by pymatting need pymatting, which is not installed"),
            Message('Install it: pip install "rmbg-eval[pymatting]"; or use blur-fusion.'),
        )
    return f"foreground colours by pymatting {version('pymatting')}, multi-level"


def estimate(rgb: RGB, alpha: Alpha, how: Foreground, device: str = "cpu") -> RGB:
    """The foreground's colours.

    Args:
        rgb: `(H, W, 3) uint8`, the picture.
        alpha: `(H, W) float32` in [0, 1].
        how: `raw` gives `rgb` itself.
        device: what torch calls a GPU, where blur-fusion is to be computed on one; where that has
            too little memory left, it is computed on the CPU.

    Returns:
        `(H, W, 3) uint8`; where alpha is 1, exactly `rgb`.
    """
    if how == "raw":
        return rgb
    if how == "pymatting":
        return multi_level(rgb, alpha)
    if device.startswith(("cuda", "mps")):
        with UnlessOutOfMemory():
            return blur_fusion_on(device, rgb, alpha)
    return blur_fusion(rgb, alpha)


def blur_fusion(rgb: RGB, alpha: Alpha) -> RGB:
    """Blur-fusion in two passes, on the CPU.

    Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021; its authors' code is
    Photoroom/fast-foreground-estimation, whose box filter is OpenCV's, mirrored at the border.
    """
    import cv2

    def blur(values: Any, side: int) -> Any:
        return cv2.blur(values, (side, side))

    blurred = [blur(alpha, side) for side in BOXES]
    colours = np.empty_like(rgb)
    for channel in range(3):  # one at a time: a third of the memory
        values = rgb[..., channel].astype(np.float32) / np.float32(255)
        colours[..., channel] = np.rint(_two_passes(values, alpha, blurred, blur) * np.float32(255))
    return _keep_opaque(colours, rgb, alpha)


def blur_fusion_on(device: str, rgb: RGB, alpha: Alpha) -> RGB:
    """`blur_fusion` on a device of torch's; equal up to rounding, one level of 255."""
    import torch

    with torch.inference_mode(), side_stream(device):
        soft = torch.from_numpy(alpha).to(device)
        blurred = [_box(soft, side) for side in BOXES]
        channels = []
        for values in torch.from_numpy(np.ascontiguousarray(rgb)).to(device).unbind(-1):
            new = _two_passes(values.float() / 255, soft, blurred, _box)
            channels.append((new * 255).round_().to(torch.uint8))
        colours = torch.stack(channels, -1).cpu().numpy()
    return _keep_opaque(colours, rgb, alpha)


def multi_level(rgb: RGB, alpha: Alpha) -> RGB:
    """pymatting's multi-level estimator.

    Germer et al., "Fast Multi-Level Foreground Estimation", ICPR 2020. Its rows are updated in
    place, so that with several threads no two runs are equal: here it gets one thread.
    """
    with _ONE_AT_A_TIME:
        from .compilation import numba  # first: it reads no settings of the folder one is in

        pymatting = module_alone("pymatting.foreground.estimate_foreground_ml")
        threads = numba.get_num_threads()
        numba.set_num_threads(1)
        try:
            picture = rgb.astype(np.float32) / np.float32(255)
            colours = np.asarray(pymatting.estimate_foreground_ml(picture, alpha))
        finally:
            numba.set_num_threads(threads)
    eight_bit = np.rint(colours.clip(0, 1) * np.float32(255)).astype(np.uint8)
    return _keep_opaque(eight_bit, rgb, alpha)


def _two_passes(
    picture: Any, alpha: Any, blurred: Sequence[Any], blur: Callable[[Any, int], Any]
) -> Any:
    """One colour's foreground `(H, W) float32` in [0, 1], of NumPy's arrays or of torch's."""
    front, back = picture, picture
    for side, blurred_alpha in zip(BOXES, blurred, strict=True):
        front = blur(front * alpha, side) / (blurred_alpha + _EPSILON)
        back = blur(back * (1 - alpha), side) / ((1 - blurred_alpha) + _EPSILON)
        front = (front + alpha * (picture - alpha * front - (1 - alpha) * back)).clip(0, 1)
    return front


def _box(values: Tensor, side: int) -> Tensor:
    """Mean over a box, mirrored at the border without repeating its pixels, as OpenCV does.

    Of an even side the box reaches one pixel further to the left and up.
    """
    import torch

    for axis in (0, 1):
        length = values.shape[axis]
        place = torch.arange(-(side // 2), length + side - 1 - side // 2, device=values.device)
        place = place.remainder(2 * (length - 1))
        place = torch.minimum(place, 2 * (length - 1) - place)
        values = _sums(values.index_select(axis, place), axis, side, length) / side
    return values


def _sums(values: Tensor, axis: int, side: int, length: int) -> Tensor:
    """Sums of `side` neighbours along an axis, from sums of 1, 2, 4, … neighbours."""
    import torch

    total = torch.zeros_like(values.narrow(axis, 0, length))
    width, done = 1, 0
    while True:
        if side & width:
            total += values.narrow(axis, done, length)
            done += width
        if done == side:
            return total
        shorter = values.shape[axis] - width
        values = values.narrow(axis, 0, shorter) + values.narrow(axis, width, shorter)
        width *= 2


def _keep_opaque(colours: RGB, rgb: RGB, alpha: Alpha) -> RGB:
    """`colours`, but the picture itself where nothing shows through it."""
    return np.where((alpha >= 1)[..., None], rgb, colours)
