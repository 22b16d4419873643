"""From a picture to what the BiRefNet family takes, and from its alpha back: pipelines by name.

`official` is the one RMBG-2.0 was published with: resize to 1024×1024 (bilinear, aspect not kept),
ImageNet normalisation, sigmoid, an 8-bit mask resized to the picture with Pillow's default filter.
The others are for those who compare; each is named in the report.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...core.images import RGB, Alpha, dequantise
from ...errors import ModelError
from ...i18n import Message
from .masks import Map, in_memory, published_mask

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's, of RGB in [0, 1]: what the family was trained with."""

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the network takes it."""

    pixels: RGB
    """`(H, W, 3) uint8` at the network's size."""
    white: int
    """The value that counts as 1: 255, or the picture's own maximum in rembg's variant."""


class Official:
    """As published: the whole picture is squeezed into a square; the mask is stretched back."""

    words = "resize to {w}×{h} bilinear, ImageNet mean and std; sigmoid, 8-bit mask resized bicubic"
    normalised = True

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        """`rgb` at `size` (width, height)."""
        image = Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR)
        return Prepared(np.asarray(image), 255)

    def unfit(self, alpha: Map, size: tuple[int, int]) -> Alpha:
        """The network's alpha `(h, w) float32` as the picture's, at `size` (width, height)."""
        return dequantise(published_mask(alpha, size))


class Letterbox(Official):
    """The aspect is kept: the picture is fitted into the square, the rest is ImageNet's mean."""

    words = (
        "fit into {w}×{h} bilinear with the aspect kept, bars of ImageNet's mean; ImageNet mean "
        "and std; sigmoid, bars cut off, 8-bit mask resized bicubic"
    )

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        left, top, right, bottom = _fitted((rgb.shape[1], rgb.shape[0]), size)
        inner = Image.fromarray(rgb).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        grey = tuple(round(255 * value) for value in MEAN)
        square = Image.new("RGB", size, grey)
        square.paste(inner, (left, top))
        return Prepared(np.asarray(square), 255)

    def unfit(self, alpha: Map, size: tuple[int, int]) -> Alpha:
        left, top, right, bottom = _fitted(size, (alpha.shape[1], alpha.shape[0]))
        return super().unfit(alpha[top:bottom, left:right], size)


class CenterCrop(Official):
    """As the article that started this project describes it: centre crop, no normalisation."""

    words = (
        "short side scaled to fill {w}×{h}, centre crop, RGB in [0, 1] without normalisation; "
        "sigmoid, 8-bit mask resized bicubic; transparent outside the crop"
    )
    normalised = False

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        left, top, right, bottom = _fitted(size, (rgb.shape[1], rgb.shape[0]))
        return super().fit(np.ascontiguousarray(rgb[top:bottom, left:right]), size)

    def unfit(self, alpha: Map, size: tuple[int, int]) -> Alpha:
        left, top, right, bottom = _fitted((alpha.shape[1], alpha.shape[0]), size)
        whole = np.zeros((size[1], size[0]), np.float32)
        whole[top:bottom, left:right] = super().unfit(alpha, (right - left, bottom - top))
        return whole


class Rembg(Official):
    """As rembg 2.0 runs its bria-rmbg: another filter, and a mask stretched to its full range."""

    words = (
        "resize to {w}×{h} Lanczos, divided by the picture's maximum, ImageNet mean and std; "
        "sigmoid, stretched to its minimum and maximum, 8-bit mask resized Lanczos"
    )

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        pixels = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
        return Prepared(pixels, max(1, int(pixels.max())))

    def unfit(self, alpha: Map, size: tuple[int, int]) -> Alpha:
        """ModelError where the mask is flat: nothing can be stretched."""
        alpha = in_memory(alpha)
        low, high = alpha.min(), alpha.max()
        if high <= low:
            raise ModelError(
                Message("The mask is flat, so it cannot be stretched"),
                Message("Use the official pipeline."),
            )
        mask = Image.fromarray(((alpha - low) / (high - low) * 255).astype(np.uint8))
        return dequantise(np.asarray(mask.resize(size, Image.Resampling.LANCZOS)))


PIPELINES: dict[str, type[Official]] = {
    "official": Official,
    "letterbox": Letterbox,
    "center-crop": CenterCrop,
    "rembg": Rembg,
}


def _fitted(inner: tuple[int, int], size: tuple[int, int]) -> Box:
    """The largest central rectangle of `size` (width, height) with the aspect of `inner`."""
    scale = min(size[0] / inner[0], size[1] / inner[1])
    width, height = (max(1, round(side * scale)) for side in inner)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height
