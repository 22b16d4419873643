"""What is drawn of a case's measurements: profiles and a histogram as figures, which the page draws
in its own colours, and a map as a picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from PIL import Image

from ..core.images import Alpha
from ..measure.alpha import OPAQUE_ABOVE, TRANSPARENT_BELOW
from ..measure.places import band_width, profile
from ..measure.record import ObservationPoint
from .previews import Facts

MAP_SIDE = 480
"""Pixels, at most, of a map."""
FAR = 0.5
"""Of two alphas: what one shows, the other does not."""
TOO_OPAQUE, TOO_TRANSPARENT = (213, 94, 0), (84, 39, 136)
"""sRGB, wherever a difference of alpha is drawn: orange is too opaque, or more opaque than before;
purple the other way. They differ for every kind of colour vision, and the legends name them."""
STEPS = 18
"""Of in-between alpha, in a histogram: of 0.05 each."""


def edge_profile(
    point: ObservationPoint, alphas: Mapping[str, Alpha], truth: Alpha | None
) -> tuple[float, dict[str, tuple[float, ...]], Facts]:
    """Alpha along the first line of `point`, every model's and the truth's.

    The line's length in pixels; alpha to three places at evenly spaced places, by model (or
    "truth"); and the widths in pixels from alpha 0.92 to 0.08, None where it does not fall so far.
    """
    line = (point.lines or ())[0]
    widths: Facts = {}
    courses: dict[str, tuple[float, ...]] = {}
    length = 0.0
    for name, alpha in {**alphas, **({"truth": truth} if truth is not None else {})}.items():
        distances, values = profile(alpha, line)
        length = float(distances[-1])
        width = band_width(distances, values)
        widths[name] = width if np.isfinite(width) else None
        courses[name] = tuple(round(float(value), 3) for value in values)
    return length, courses, widths


def soft_histogram(alphas: Mapping[str, Alpha], truth: Alpha) -> dict[str, tuple[float, ...]]:
    """How many pixels are at each in-between alpha, by model, and the truth's: the shares of the
    pixels in each of STEPS even steps from alpha 0.05 to 0.95, to six places.
    """
    edges = np.linspace(TRANSPARENT_BELOW, OPAQUE_ABOVE, STEPS + 1)
    steps: dict[str, tuple[float, ...]] = {}
    for name, alpha in {**alphas, "truth": truth}.items():
        counts, _ = np.histogram(alpha, edges)
        steps[name] = tuple(round(count / alpha.size, 6) for count in counts.tolist())
    return steps


def disagreement(levels: Sequence[np.ndarray]) -> tuple[Image.Image, float, float]:
    """The range of the models' alphas at each pixel, as a map: 0 to 1 in the colours of cividis.

    Besides, its mean, and the share of the pixels where it is above 0.5. `levels`: each model's
    alpha as its cut-out has it, `(H, W) uint8`.

    The colours are those of Nuñez, Anderton and Renslow (PLOS ONE 13(7), 2018), which look nearly
    the same to the colour-blind.
    """
    import cv2  # not for those who only read a finished run

    apart = reduce(np.maximum, levels) - reduce(np.minimum, levels)
    mean, far = float(apart.mean() / 255), float((apart > FAR * 255).mean())
    scale = min(1.0, MAP_SIDE / max(apart.shape))
    height, width = (max(1, round(side * scale)) for side in apart.shape)
    small = cv2.resize(apart, (width, height), interpolation=cv2.INTER_AREA)
    coloured = cv2.applyColorMap(small, cv2.COLORMAP_CIVIDIS)
    return Image.fromarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)), mean, far
