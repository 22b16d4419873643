"""A picture changed a little, so that a steady model's cut-out stays where it is.

Each perturbation changes a picture, and takes an alpha of the changed picture back onto the grid
of the picture as it was. A model that sees pictures so is a model too, with an identity of its own:
its cut-outs are kept as others are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.images import RGB, Alpha, Cutout, Picture, encode
from ..i18n import N_
from ..models.protocol import Model
from ..models.wrapper import Wrapper

SHIFT = 8
"""Pixels."""
LESS = 0.97
"""Of its size."""
QUALITY = 75
"""Of JPEG."""


@dataclass(frozen=True)
class Perturbation:
    """A way to change a picture."""

    name: str
    """Part of the identity of what is made by it: another way needs another name."""
    words: str
    """What is done to the picture."""
    change: Callable[[RGB], RGB]
    """`(H, W, 3) uint8` to the same; the size may be another."""
    back: Callable[[Alpha, tuple[int, int]], Alpha]
    """From an alpha of the changed picture, `(H', W') float32`, and the picture's height and width
    to `(H, W) float32`."""


def _mirrored(pixels: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(pixels[:, ::-1])


def _shifted(rgb: RGB) -> RGB:
    # Larger by the reflection: nothing of the picture is lost.
    return np.pad(rgb, ((SHIFT, 0), (SHIFT, 0), (0, 0)), mode="reflect")


def _smaller(rgb: RGB) -> RGB:
    # In a frame of the same size, for most models bring every picture to one size.
    import cv2  # not for those who only read a finished run

    height, width = rgb.shape[:2]
    changed = cv2.warpAffine(
        rgb, _about_the_middle(LESS, (height, width)), (width, height),
        flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    return np.asarray(changed)


def _larger_again(alpha: Alpha, shape: tuple[int, int]) -> Alpha:
    import cv2

    height, width = shape
    changed = cv2.warpAffine(
        alpha, _about_the_middle(1 / LESS, shape), (width, height),
        flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.clip(np.asarray(changed, np.float32), 0, 1)


def _about_the_middle(scale: float, shape: tuple[int, int]) -> Any:
    height, width = shape
    return np.array(
        [[scale, 0, (1 - scale) * (width - 1) / 2], [0, scale, (1 - scale) * (height - 1) / 2]]
    )


def _packed(rgb: RGB) -> RGB:
    packed = encode(Image.fromarray(rgb), "JPEG", quality=QUALITY)
    with Image.open(io.BytesIO(packed)) as image:
        return np.asarray(image.convert("RGB"))


PERTURBATIONS = (
    Perturbation("mirrored", N_("mirrored"), _mirrored, lambda alpha, _: _mirrored(alpha)),
    Perturbation("shifted by 8", N_("moved by 8 px"), _shifted,
        lambda alpha, _: np.ascontiguousarray(alpha[SHIFT:, SHIFT:])),
    Perturbation("smaller by 3 %", N_("3 % smaller"), _smaller, _larger_again),
    Perturbation("JPEG 75", N_("packed as JPEG"), _packed, lambda alpha, _: alpha),
)  # fmt: skip
"""In the order in which they are done, where not all are asked for."""
MIRROR = PERTURBATIONS[0]


class Perturbed(Wrapper):
    """A model that sees every picture changed; its alphas are taken back onto the picture's grid.

    The colours of its cut-outs are the picture's own.
    """

    def __init__(self, model: Model, perturbation: Perturbation) -> None:
        super().__init__(model)
        self._perturbation = perturbation

    def identity(self, name: str) -> str:
        return f"{self._perturbation.name} {self.base.identity(name)}"

    def preprocess(self, picture: Picture) -> tuple[Picture, Any]:
        changed = replace(picture, rgb=self._perturbation.change(picture.rgb))
        return changed, self.base.preprocess(changed)

    def infer(self, inputs: list[tuple[Picture, Any]]) -> list[tuple[Picture, Any]]:
        outputs = self.base.infer([inner for _, inner in inputs])
        return list(zip([changed for changed, _ in inputs], outputs, strict=True))

    def postprocess(self, output: tuple[Picture, Any], picture: Picture) -> Cutout:
        changed, inner = output
        cutout = self.base.postprocess(inner, changed)
        height, width = picture.rgb.shape[:2]
        return Cutout(picture.rgb, self._perturbation.back(cutout.alpha, (height, width)))
