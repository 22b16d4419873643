"""Delivery rules: what a shop demands of a finished picture, measured on the cut-out as it is.

A finished picture is the cut-out laid over the rules' background, of the same size. A TOML file
says which rules hold, and how far; presets of the folder `rules` are dated and sourced, and no more
than what can be measured of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.files import user_path
from ..core.images import RGB, Alpha, check_alpha, check_rgb
from ..core.toml import read_toml
from ..errors import SettingsError, printable
from ..i18n import N_, Message
from .alpha import shape_of
from .record import Delivery, Rule, RuleResult
from .region import distance
from .subject import Undefined

AWAY = 10
"""Pixels from the subject from which on a picture is background: hair and soft edges are nearer."""

_PRESETS = Path(__file__).with_name("rules")


@dataclass(frozen=True)
class Finished:
    """A cut-out as it is delivered. Raises ImageError for arrays that break the image contract."""

    alpha: Alpha
    """`(H, W) float32` in [0, 1]."""
    rgb: RGB
    """`(H, W, 3) uint8`."""
    size: int
    """Of the PNG, in bytes."""
    background: tuple[int, int, int]

    def __post_init__(self) -> None:
        check_rgb(self.rgb)
        check_alpha(self.alpha, self.rgb.shape[:2])

    @cached_property
    def shape(self) -> NDArray[np.bool_]:
        """Where the subject is: α ≥ 0.5, `(H, W) bool`; Undefined where it is nowhere."""
        return shape_of(self.alpha)

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the subject, each from its own side, as a share of it."""
        rows, columns = (np.flatnonzero(self.shape.any(axis)) for axis in (1, 0))
        height, width = self.shape.shape
        return (
            columns[0] / width,
            rows[0] / height,
            1 - (columns[-1] + 1) / width,
            1 - (rows[-1] + 1) / height,
        )


def fill(picture: Finished) -> float:
    """How much of the frame the subject's box spans, in its longer direction: in (0, 1].

    >>> alpha = np.zeros((10, 10), np.float32); alpha[1:9, 4:6] = 1
    >>> round(fill(Finished(alpha, np.zeros((10, 10, 3), np.uint8), 0, (255, 255, 255))), 6)
    0.8
    """
    left, top, right, bottom = picture.box
    return float(max(1 - left - right, 1 - top - bottom))


def area(picture: Finished) -> float:
    """Share of the frame's pixels that are the subject's, α ≥ 0.5: in (0, 1]."""
    return float(picture.shape.mean())


def margin(picture: Finished) -> float:
    """The narrowest of the four margins, each as a share of the frame's side: in [0, 1)."""
    return float(min(picture.box))


def off_centre(picture: Finished) -> float:
    """How far the middle of the subject's box is from the frame's, as a share of its side.

    The farther of both directions, in [0, 0.5).
    """
    left, top, right, bottom = picture.box
    return float(max(abs(left - right), abs(top - bottom)) / 2)


def cut_off(picture: Finished) -> float:
    """Pixels of the subject, α ≥ 0.5, in the outermost rows and columns: where the frame cuts it.

    Each pixel counts once, so do corners. In px.
    """
    inner = picture.shape.copy()
    inner[1:-1, 1:-1] = False
    return float(np.count_nonzero(inner))


def veil(picture: Finished) -> float:
    """Share of the background that is not exactly the rules' colour once laid over it: in [0, 1].

    The background: farther than 10 px from the subject, α ≥ 0.5. Undefined where there is none. The
    composite is rounded to 8 bits, as an editor would.
    """
    away = distance(picture.shape) > AWAY
    if not away.any():
        raise Undefined(Message("there is no background: all is within 10 px of the subject"))
    alpha = picture.alpha[away][:, None]
    behind = np.array(picture.background, np.float32)
    over = np.rint(alpha * picture.rgb[away] + (1 - alpha) * behind)
    return float((over != behind).any(1).mean())


def clear(picture: Finished) -> float:
    """Share of the frame that is wholly transparent, α = 0: in [0, 1]."""
    return float((picture.alpha == 0).mean())


@dataclass(frozen=True)
class RuleKind:
    """A rule that a TOML file may give bounds for."""

    name: str
    unit: str
    title: str
    """What is measured, in a few words."""
    function: Callable[[Finished], float]


RULES = {
    kind.name: kind
    for kind in (
        RuleKind("longest-side", N_("px"), N_("the longest side"),
            lambda p: float(max(p.alpha.shape))),
        RuleKind("shortest-side", N_("px"), N_("the shortest side"),
            lambda p: float(min(p.alpha.shape))),
        RuleKind("megapixels", N_("megapixels"), N_("the number of pixels"),
            lambda p: p.alpha.size / 1e6),
        RuleKind("aspect", N_("width ÷ height"), N_("the frame's form"),
            lambda p: p.alpha.shape[1] / p.alpha.shape[0]),
        RuleKind("file-size", N_("MB"), N_("the size of the PNG"), lambda p: p.size / 1e6),
        RuleKind("fill", N_("share of the frame"), N_("how far the subject fills the frame"), fill),
        RuleKind("area", N_("share of the frame"), N_("the subject's area"), area),
        RuleKind("margin", N_("share of the side"), N_("the narrowest margin"), margin),
        RuleKind("off-centre", N_("share of the side"), N_("how far it is from the middle"),
            off_centre),
        RuleKind("cut-off", N_("px"), N_("what the frame cuts off"), cut_off),
        RuleKind("veil", N_("share of the background"), N_("background of another colour"), veil),
        RuleKind("clear", N_("share of the frame"), N_("what is wholly transparent"), clear),
    )
}  # fmt: skip
"""By name."""


def presets() -> tuple[str, ...]:
    """The names of the rules that come with this package."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def load_delivery(spec: str) -> Delivery | None:
    """The rules of a preset or a TOML file; None for an empty `spec`.

    Raises SettingsError, which names file, value and remedy.
    """
    if not spec:
        return None
    where = printable(spec)
    if spec in presets():
        path = _PRESETS / f"{spec}.toml"
    else:
        path = user_path(spec, SettingsError)
        if not path.is_file():
            raise SettingsError(
                Message("The rules {file} are neither a file nor a preset", file=where),
                Message("Give a TOML file, or one of: {names}.", names=presets()),
            )
    delivery = read_toml(path, where, Delivery, Rule, SettingsError)
    if not delivery.rules:
        raise SettingsError(
            Message("The rules {file} have no rule", file=where),
            Message("Give a table for each, as [rules.fill]. Known are: {names}.",
                    names=tuple(RULES)),
        )  # fmt: skip
    for name in delivery.rules:
        if name not in RULES:
            raise SettingsError(
                Message("The rules {file} name an unknown rule {name}", file=where,
                        name=repr(printable(name)[:80])),
                Message("Known are: {names}.", names=tuple(RULES)),
            )  # fmt: skip
    return delivery


def bounds(rule: RuleResult) -> Message:
    """What a rule allows, in words; never rounded."""
    least, most = (None if each is None else f"{each:,.15g}" for each in (rule.least, rule.most))
    if least is None:
        return Message("at most {most}", most=most)
    if most is None:
        return Message("at least {least}", least=least)
    return Message("{least} to {most}", least=least, most=most)


Outcome = tuple[float | None, bool | None, Message | None]
"""What was measured, whether it passed, and why there is no value."""


def judge_rule(name: str, rule: Rule, picture: Finished) -> Outcome:
    """A rule of a finished picture. Passed is least ≤ measured ≤ most."""
    try:
        measured = RULES[name].function(picture)
    except Undefined as undefined:
        return None, None, undefined.reason
    low = rule.least is None or measured >= rule.least - _ROUNDING
    high = rule.most is None or measured <= rule.most + _ROUNDING
    return measured, low and high, None


_ROUNDING = 1e-9


def background_of(delivery: Delivery) -> tuple[int, int, int]:
    """Its colour, red, green and blue.

    >>> background_of(Delivery(background="#ff8000"))
    (255, 128, 0)
    """
    red, green, blue = bytes.fromhex(delivery.background.removeprefix("#"))
    return red, green, blue
