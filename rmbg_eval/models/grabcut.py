"""GrabCut: the classical baseline that needs no weights.

Rother, Kolmogorov, Blake, "GrabCut: interactive foreground extraction using
iterated graph cuts", SIGGRAPH 2004; OpenCV's implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.images import RGB, Cutout, Picture, resize_alpha
from ..errors import ModelError
from ..i18n import Message
from .entry import Entry
from .info import ModelInfo

_LONG_SIDE = 640
_MARGIN = 0.03
_ITERATIONS = 5


class GrabCut:
    """GrabCut started from a rectangle just inside the picture's border."""

    batch_size = 1

    def __init__(self, label: str) -> None:
        self.warnings: list[Message] = []
        self.info = ModelInfo(
            name=label,
            title="GrabCut",
            licence="Apache-2.0",
            pipeline=f"shrunk to at most {_LONG_SIDE} px; everything within {_MARGIN:.0%} of the "
            f"border is background; {_ITERATIONS} iterations; mask resized bilinear",
            runtime=f"OpenCV {version('opencv-python-headless')}",
            device="cpu",
            dtype="fp64",
        )

    def identity(self, name: str) -> str:
        return self.info.identity

    def fetch(self, say: Callable[[str], None]) -> None:
        """There are no weights."""

    def load(self) -> bool:
        """There is nothing to load."""
        return False

    def preprocess(self, picture: Picture) -> RGB:
        """The picture, its long side at most 640 px."""
        image = Image.fromarray(picture.rgb)
        image.thumbnail((_LONG_SIDE, _LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=None)
        return np.ascontiguousarray(image)

    def infer(self, inputs: list[RGB]) -> list[NDArray[np.float32]]:
        return [self._mask(rgb) for rgb in inputs]

    def postprocess(self, output: NDArray[np.float32], picture: Picture) -> Cutout:
        return Cutout(picture.rgb, resize_alpha(output, picture.size))

    def _mask(self, rgb: RGB) -> NDArray[np.float32]:
        """`(H, W) float32`, 0 or 1."""
        import cv2

        height, width = rgb.shape[:2]
        dx, dy = max(1, round(_MARGIN * width)), max(1, round(_MARGIN * height))
        if (rgb == rgb[0, 0]).all():
            raise _no_subject(Message("all of it has one colour"))
        mask = np.zeros((height, width), np.uint8)
        scratch = np.zeros((2, 1, 65))
        cv2.setRNGSeed(0)  # its mixture models start from random centres
        try:
            cv2.grabCut(
                np.ascontiguousarray(rgb[..., ::-1]),
                mask,
                (dx, dy, width - 2 * dx, height - 2 * dy),
                scratch[0],
                scratch[1],
                _ITERATIONS,
                cv2.GC_INIT_WITH_RECT,
            )
        except cv2.error as error:
            raise _no_subject(Message.of(error.err)) from None
        return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _no_subject(why: Message) -> ModelError:
    return ModelError(
        Message("GrabCut found no two colour distributions in this picture ({why})", why=why),
        Message("It needs a subject whose colours differ from the border's."),
    )


ENTRIES = (
    Entry(
        "grabcut",
        "GrabCut, a classical baseline without weights",
        "Apache-2.0",
        lambda asked: GrabCut(asked.label),
        place=1,
    ),
)
