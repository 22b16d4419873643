"""What is measured: one cut-out, with what is known of its case; and a row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock, RLock
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.images import RGB, Alpha, check_alpha, check_rgb
from ..errors import ImageError
from ..i18n import N_, Message
from .region import edge_squares
from .tolerance import Tolerance

Mask = NDArray[np.bool_]
Map = NDArray[np.float64]

Needs = Literal["nothing", "truth", "foreground", "other models", "flip", "stability"]
"""What must be there for a measure to have a value: nothing but the cut-out and its picture, the
case's true alpha, its true alpha and colours, other models' cut-outs, the flipped picture's, those
of the picture changed a little."""

UNKNOWN_RADIUS = 10
EDGE_RADIUS = 3
"""Pixels; see `rmbg_eval.measure.region.edge_squares`."""

WHOLE = N_("whole image")
UNKNOWN = N_("unknown region (10 px)")
TRIMAP = N_("unknown region (the data set's trimap)")
"""Instead of UNKNOWN, of a case that has a trimap."""
EDGE = N_("edge band (3 px)")
NO_TRUTH = Message("the case has no truth")


class Undefined(Exception):  # noqa: N818
    """A measure has no value here, for `reason`. `measure` turns it into one."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Subject:
    """One cut-out and what is known of its case. What several measures need is computed once.

    Raises ImageError for arrays of another kind or of unequal sizes.
    """

    alpha: Alpha
    """`(H, W) float32` in [0, 1]."""
    rgb: RGB
    """The cut-out's own colours, `(H, W, 3) uint8`."""
    picture: RGB
    truth: Alpha | None = None
    foreground: RGB | None = None
    """The true colours of what is in front, where the case has them."""
    trimap: Mask | None = None
    """`(H, W) bool`, where the case's trimap is grey: the unknown region, not one computed."""
    missing: dict[str, Message] = field(default_factory=dict)
    """Why there is no truth, foreground or usable trimap, in words."""
    kept: dict[Any, Any] = field(default_factory=dict)
    """What several measures share, by the function that made it."""
    making: dict[Any, RLock] = field(default_factory=dict)
    """Held while it is made."""
    starting: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        check_alpha(self.alpha, self.alpha.shape)
        if self.truth is not None:
            check_alpha(self.truth, self.alpha.shape)
        if self.trimap is not None and self.trimap.shape != self.alpha.shape:
            raise ImageError(
                Message(
                    "The trimap has {width}×{height} pixels, another size than the picture",
                    width=self.trimap.shape[1],
                    height=self.trimap.shape[0],
                ),
                Message("Give a trimap of the picture's size: it is never resized."),
            )
        for rgb in (self.rgb, self.picture, self.foreground):
            if rgb is not None:
                check_rgb(rgb)
                check_alpha(self.alpha, rgb.shape[:2])

    def need_truth(self) -> Alpha:
        """The truth; Undefined, with the reason, where there is none."""
        if self.truth is None:
            raise Undefined(self.missing.get("truth", NO_TRUTH))
        return self.truth

    def need_foreground(self) -> RGB:
        """The true colours; Undefined, with the reason, where there are none."""
        self.need_truth()
        if self.foreground is None:
            raise Undefined(
                self.missing.get("foreground", Message("the case has no true foreground"))
            )
        return self.foreground

    def shared(self, make: Callable[[Subject], Any]) -> Any:
        """What `make(self)` returns, made once; another thread that asks for it waits."""
        with self.starting:
            making = self.making.setdefault(make, RLock())
        with making:
            if make not in self.kept:
                self.kept[make] = make(self)
        return self.kept[make]

    @cached_property
    def unknown(self) -> Mask:
        """The trimap's unknown region, or else the truth's, `(H, W) bool`; Undefined where it is
        empty."""
        if "trimap" in self.missing:
            raise Undefined(self.missing["trimap"])
        if self.trimap is not None:
            self.need_truth()
            if not self.trimap.any():
                raise Undefined(Message("the trimap has no grey: nothing in it is unknown"))
            return self.trimap
        return self._near_edge(UNKNOWN_RADIUS)

    @cached_property
    def edge(self) -> Mask:
        """The truth's edge band, `(H, W) bool`; Undefined where it is empty."""
        return self._near_edge(EDGE_RADIUS)

    def _near_edge(self, radius: float) -> Mask:
        region = self.shared(_edge_squares) <= radius**2
        if not region.any():
            raise Undefined(Message("the truth has no edge: it is all transparent or all opaque"))
        return region


@dataclass(frozen=True)
class Family:
    """Measures that are shown in one table, and never mixed with others."""

    title: str
    note: str


@dataclass(frozen=True)
class Metric:
    """A row of the table of measures: all that there is to say of one."""

    name: str
    title: Message
    """What it is called where there is room for words."""
    unit: str
    region: str
    """Which pixels it is over."""
    higher_is_better: bool | None
    """None where it points to a place to look and is no score."""
    function: Callable[..., Any]
    """The pure function: definition, source and doctest stand there."""
    compute: Callable[[Subject], float] | None
    """`function` on what the subject has; None where it takes more, as a run has it: other
    cut-outs, or other measures."""
    family: Family
    needs: Needs = "truth"
    tolerance: Tolerance | None = None
    """How far it may move between two runs; a measure without one is shown but not judged."""
    headline: int = 0
    """Its place among those that are also shown by category, compared between models, drawn as
    bars and part of a build's summary; 0: it is none of them."""
    guide: int = 0
    """Its place among those that lead to the cases to look at first, and that a page of many cases
    is ordered by; 0: it is none of them."""
    explanation: str = ""
    """What to make of it, where it is no score."""
    detail: bool = False
    """Shown in each case's own table only."""


def _edge_squares(subject: Subject) -> NDArray[np.float32]:
    return edge_squares(subject.need_truth(), UNKNOWN_RADIUS)
