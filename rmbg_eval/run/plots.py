"""Pictures of measurements: a profile, a histogram, a map; one style, no colour alone.

Words are in the page, not in the picture, so that one picture serves every language. Colours are
Okabe and Ito's, which colour-blind readers can tell apart, each with a line style of its own.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..core.images import Alpha, resize_alpha
from ..measure.alpha import in_between
from ..measure.places import band_width, profile
from ..measure.record import ObservationPoint
from .fonts import drawable, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES: tuple[Any, ...] = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)))
TRUTH = {"color": "black", "linestyle": ":", "linewidth": 2.2}

MAP_SIDE = 360
"""Pixels, at most, of a map."""
FAR = 0.5
"""Of two alphas: what one shows, the other does not."""
TOO_OPAQUE, TOO_TRANSPARENT = (213, 94, 0), (84, 39, 136)
"""sRGB, wherever a difference of alpha is drawn: orange is too opaque, or more opaque than before;
purple the other way. They differ for every kind of colour vision, and the legends name them."""

_NAME = 32
"""Characters, at most, of a model's name in a legend."""
_ONE_AT_A_TIME = Lock()
"""matplotlib's fonts are not for two threads."""

Facts = dict[str, float | None]
"""What a picture shows, by model (or "truth"): what its description says."""


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


def soft_histogram(alphas: Mapping[str, Alpha], truth: Alpha) -> tuple[Image.Image, Facts]:
    """Share of the pixels at each in-between alpha. The facts are the in-between shares in all."""
    figure, axes = _figure(5.2, 2.6)
    bins = np.linspace(0.05, 0.95, 19)
    facts: Facts = {}
    handles: dict[str, Any] = {}
    for number, (name, alpha) in enumerate({**alphas, "truth": truth}.items()):
        counts, _ = np.histogram(alpha, bins)
        style = TRUTH if name == "truth" else _style(number)
        handles[name] = axes.stairs(100 * counts / alpha.size, bins, **style)
        facts[name] = float(in_between(alpha).mean())
    axes.set(xlabel="α", ylabel="%", xlim=(0.05, 0.95))
    _legend(axes, handles)
    return _image(figure), facts


def disagreement(alphas: Mapping[str, Alpha]) -> tuple[Image.Image, Facts]:
    """Range of the models' alphas at each pixel. Facts: `mean`; `far`, the share above 0.5."""
    far = np.ptp(list(alphas.values()), axis=0)
    small = _small(far)
    height, width = (MAP_SIDE / 120 * side / max(small.shape) for side in small.shape)
    figure, axes = _figure(width + 0.8, height + 0.3)
    axes.set_axis_off()
    drawn = axes.imshow(small, cmap="cividis", vmin=0, vmax=1)
    bar = figure.colorbar(drawn, ax=[axes], fraction=0.05, pad=0.02, label="max α − min α")
    bar.ax.tick_params(labelsize=8)
    return _image(figure), {
        "mean": float(far.mean(dtype=np.float64)),
        "far": float((far > FAR).mean()),
    }


def _legend(axes: Any, handles: Mapping[str, Any]) -> None:
    """Named one by one: matplotlib itself leaves out what begins with an underscore.

    A long name is cut in its middle: it would leave the drawing no room.
    """
    names = [
        "α₀" if name == "truth" else name if len(name) <= _NAME else f"{name[:18]}…{name[-12:]}"
        for name in handles
    ]
    axes.legend(list(handles.values()), names, fontsize=8, frameon=False)


def _style(number: int) -> dict[str, Any]:
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": STYLES[number % len(STYLES)],
        "linewidth": 1.5,
    }


def _small(alpha: Alpha) -> Alpha:
    height, width = alpha.shape
    scale = min(1.0, MAP_SIDE / max(height, width))
    return resize_alpha(alpha, (max(1, round(width * scale)), max(1, round(height * scale))))


@contextmanager
def _drawing() -> Iterator[None]:
    """Without TeX: a matplotlibrc in the folder one is in, which may be a stranger's, can ask for
    it and give it a preamble."""
    from matplotlib import rc_context

    with _ONE_AT_A_TIME, rc_context({"text.usetex": False}):
        yield


def _figure(width: float, height: float) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure  # most of a second, and only where there is a picture

    with _drawing():
        figure = Figure((width, height), dpi=120, layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    return figure, axes


def _image(figure: Figure) -> Image.Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    # Where names leave no room for the drawing, it is drawn as it is.
    warnings.filterwarnings("ignore", "constrained_layout not applied", UserWarning)
    with _drawing():
        plain(figure)
        for text in figure.findobj(Text):
            text.set_text(drawable(text.get_text()))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
