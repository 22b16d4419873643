"""An 8-bit mask from the network's alpha, resized as Pillow does it, where the alpha lies.

On the CPU Pillow itself resizes. On a CUDA device torch does the same in integers, so that one
8-bit mask of the picture's size is all that is copied, and equal bit for bit. A mask that is to be
made lower is copied as it is, which is less, and Pillow resizes it; so is one for which the device
has too little memory left.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.accelerator import UnlessOutOfMemory

if TYPE_CHECKING:
    from torch import Tensor

_BITS = 22
"""After the point, in Pillow's weights for 8-bit pictures."""

Map: TypeAlias = "NDArray[np.float32] | Tensor"
"""`(h, w) float32` in [0, 1], in the machine's memory or on a device."""


def published_mask(alpha: Map, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The published way: truncated to 8 bits, resized bicubic to `size` (width, height).

    torchvision's ToPILImage truncates; Pillow's default filter is bicubic.
    """
    if isinstance(alpha, np.ndarray):
        mask = (alpha * np.float32(255)).astype(np.uint8)
    else:
        on_device = alpha.mul(255).byte()
        if size[1] >= on_device.shape[0]:
            with UnlessOutOfMemory():
                return resize_on_device(on_device, size).cpu().numpy()
        mask = on_device.cpu().numpy()
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.BICUBIC))


def resize_on_device(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """`(h, w) uint8` at `size` (width, height), bit for bit as Pillow's bicubic filter.

    Pillow resizes across and then down, with weights of 22 bits after the point, and rounds each
    pass to 8 bits. Where the height shrinks, versions differ in the order of the two: such sizes
    are for Pillow itself.
    """
    import torch

    for axis, length in ((1, size[0]), (0, size[1])):
        if mask.shape[axis] == length:
            continue
        places, weights = (
            torch.from_numpy(table).to(mask.device)
            for table in bicubic_taps(mask.shape[axis], length)
        )
        total = torch.full((), 1 << (_BITS - 1), dtype=torch.int32, device=mask.device)
        for place, weight in zip(places, weights, strict=True):
            part = mask.index_select(axis, place).int()
            total = total + part * (weight if axis == 1 else weight[:, None])
        mask = (total >> _BITS).clamp_(0, 255).to(torch.uint8)
    return mask


@lru_cache(maxsize=32)
def bicubic_taps(length: int, new: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Where each pixel of a line of `new` pixels reads one of `length`, and with what weight.

    Keys' cubic with a = -0.5, widened by the scale where it shrinks, normalised, in 22-bit fixed
    point: as Pillow's `Resample.c` computes it. Both tables are (taps, new).
    """
    scale = length / new
    wide = max(scale, 1.0)
    support = 2.0 * wide
    centre = (np.arange(new) + 0.5) * scale
    first = np.maximum(np.trunc(centre - support + 0.5), 0).astype(np.int64)
    last = np.minimum(np.trunc(centre + support + 0.5), length).astype(np.int64)
    place = first + np.arange(math.ceil(support) * 2 + 1)[:, None]
    x = np.abs((place - centre + 0.5) / wide)
    near, far = (1.5 * x - 2.5) * x * x + 1, (((x - 5) * x + 8) * x - 4) * -0.5
    weight = np.where(x < 1, near, np.where(x < 2, far, 0.0)) * (place < last)
    weight = weight / weight.sum(0) * (1 << _BITS)
    fixed = np.trunc(weight + np.copysign(0.5, weight)).astype(np.int32)
    return np.minimum(place, length - 1), fixed


def is_finite(alpha: Map) -> bool:
    """Whether it is numbers throughout: a sum that is not has one that is not."""
    return math.isfinite(float(alpha.sum()))


def in_memory(alpha: Map) -> NDArray[np.float32]:
    """`alpha` as an array of NumPy's."""
    return alpha if isinstance(alpha, np.ndarray) else alpha.cpu().numpy()
