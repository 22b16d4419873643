"""GrabCut: the classical baseline that needs no weights.

Rother, Kolmogorov, Blake, "GrabCut: interactive foreground extraction using
iterated graph cuts", SIGGRAPH 2004; OpenCV's implementation. Solved in a small picture, then in a
band around its contour in a larger one: Lombaert, Sun, Grady, Xu, "A multilevel banded graph cuts
method for fast image segmentation", ICCV 2005. On the reference cases that takes a quarter of the
time of one picture of 640 px, at about the same error.
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

_LONG_SIDE = 960
_COARSE_SIDE = 320
_BAND = 8
"""Pixels to both sides of the coarse contour, in the larger picture, that are decided again."""
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
            pipeline=f"shrunk to at most {_COARSE_SIDE} px; everything within {_MARGIN:.0%} of the "
            f"border is background; {_ITERATIONS} iterations; {_BAND} px around the contour cut "
            f"again at {_LONG_SIDE} px; mask of two values resized bilinear",
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
        """The picture, its long side at most 960 px."""
        image = Image.fromarray(picture.rgb)
        image.thumbnail((_LONG_SIDE, _LONG_SIDE), Image.Resampling.BILINEAR, reducing_gap=None)
        return np.ascontiguousarray(image)

    def infer(self, inputs: list[RGB]) -> list[NDArray[np.float32]]:
        return [self._mask(rgb) for rgb in inputs]

    def postprocess(self, output: NDArray[np.float32], picture: Picture) -> Cutout:
        return Cutout(picture.rgb, resize_alpha(output, picture.size))

    def _mask(self, rgb: RGB) -> NDArray[np.float32]:
        """`(H, W) float32`, 0 or 1: no alpha in between but what resizing makes."""
        import cv2

        if (rgb == rgb[0, 0]).all():
            raise _no_subject(Message("all of it has one colour"))
        height, width = rgb.shape[:2]
        small = Image.fromarray(rgb)
        small.thumbnail((_COARSE_SIDE, _COARSE_SIDE), Image.Resampling.BILINEAR, reducing_gap=None)
        dx, dy = max(1, round(_MARGIN * small.width)), max(1, round(_MARGIN * small.height))
        mask = np.zeros((small.height, small.width), np.uint8)
        rectangle = dx, dy, small.width - 2 * dx, small.height - 2 * dy
        back, front = np.zeros((2, 1, 65))  # mixture models of their colours
        cv2.setRNGSeed(0)  # they start from random centres
        try:
            cv2.grabCut(
                np.ascontiguousarray(np.asarray(small)[..., ::-1]),
                mask,
                rectangle,
                back,
                front,
                _ITERATIONS,
                cv2.GC_INIT_WITH_RECT,
            )
            coarse = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
            if coarse.shape == (height, width) or not coarse.any():
                return coarse.astype(np.float32)
            subject = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _BAND + 1, 2 * _BAND + 1))
            mask = np.where(subject, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
            mask[cv2.erode(subject, disc) == 1] = cv2.GC_FGD
            mask[cv2.dilate(subject, disc) == 0] = cv2.GC_BGD
            cv2.grabCut(
                np.ascontiguousarray(rgb[..., ::-1]),
                mask,
                rectangle,
                back,
                front,
                1,
                cv2.GC_EVAL_FREEZE_MODEL,
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
