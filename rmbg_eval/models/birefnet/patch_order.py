"""Which order of image patches a checkpoint was trained with, from what it makes of pictures.

Neither keys nor shapes say it (see `BiRefNetConfig.patch_order`), and with the wrong order the
network computes something all the same: its decoder then sees the picture scrambled, and edges of
alpha no longer lie on edges of the picture. So both orders are tried on the reference pictures, and
one is taken only where it is better on all of them and clearly so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np

from ...core.decoding import decode, read_bytes
from ...core.images import RGB, Alpha, Picture
from ...core.paths import resource
from ...errors import ModelError
from ...i18n import Message

PATCH_ORDERS = ("wg hg c", "c hg wg")
CLEAR = 1.2
"""So many times better must the one order be, on average. A choice: the truths of PICTURES are 1.2
to 1.6 times better (1.4 on average) than the same with patches of 4 × 4 pixels scrambled."""
PICTURES = (
    "portrait/curls",
    "pet/shiba",
    "product/mug",
    "product/bottle",
    "garment/lace",
)
"""Reference cases whose truth agrees well with the picture's edges."""
_LEAST = 1e-3
"""Alpha that changes less than this from pixel to pixel, everywhere, has no edge."""


def edge_agreement(rgb: RGB, alpha: Alpha) -> float | None:
    """How many times stronger the picture's edges are where alpha changes than on average.

    Args:
        rgb: (H, W, 3) uint8.
        alpha: (H, W) float32.

    Returns:
        The mean of the gradient's magnitude of the picture's brightness, weighted by that of alpha,
        over its plain mean. 1 where alpha has nothing to do with the picture; None where it, or the
        picture, is flat.
    """
    strength = _gradient(rgb.astype(np.float32).mean(axis=2))
    change = _gradient(alpha)
    if change.max() < _LEAST or not strength.any():
        return None
    return float(np.average(strength, weights=change) / strength.mean())


def clearer(agreements: dict[str, Sequence[float | None]]) -> str:
    """The order that agrees better, picture for picture; ModelError where that is not clear."""
    first, second = agreements
    pairs = [
        (one, other)
        for one, other in zip(agreements[first], agreements[second], strict=True)
        if one is not None and other is not None
    ]
    for order, ratios in (
        (first, [one / other for one, other in pairs]),
        (second, [other / one for one, other in pairs]),
    ):
        if ratios and min(ratios) > 1 and fmean(ratios) >= CLEAR:
            return order
    raise ModelError(
        Message(
            "Which patch order these weights were trained with does not show: edges of alpha lie "
            "on edges of the pictures equally well with both ({ratios})",
            ratios=", ".join(f"{one:.2f} : {other:.2f}" for one, other in pairs) or "alpha is flat",
        ),
        Message("Name it: patch-order=wg-hg-c, or patch-order=c-hg-wg."),
    )


def find_order(alpha_of: Callable[[str, Picture], Alpha], orders: Sequence[str]) -> str:
    """The order that suits the weights; `alpha_of` gives an order's alpha at the picture's size."""
    files = [resource("cases", *name.split("/"), "image.jpg") for name in PICTURES]
    pictures = [decode(read_bytes(file), file.name) for file in files]
    return clearer(
        {
            order: [edge_agreement(one.rgb, alpha_of(order, one)) for one in pictures]
            for order in orders
        }
    )


def _gradient(values: Alpha) -> Alpha:
    down, across = np.gradient(values)
    return np.hypot(down, across)
