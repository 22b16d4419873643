"""The risk of every prediction of a run, with its reasons in words and their places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from ..core.key import Key
from ..i18n import N_, Message
from ..measure.agreement import APART
from ..measure.columns import Measurements
from ..measure.record import Box, Risk, Sign
from ..measure.risk import KEPT, RISK, judge_risk
from ..measure.stability import METRICS
from ..measure.subject import Undefined
from ..predictions.prediction import Prediction
from .agreement import Farthest
from .measurements import add, no_prediction

LEAST = 0.1
"""Log odds from which a sign is a reason: by fewer a risk of a half moves by less than 0.03."""
UNSEEN = 0.001
"""Share that is soft below which that is no reason: it weighs something, and nobody sees it."""
MOST = 4
"""Reasons of a cut-out that are weighed."""
UNSTEADY = 0.1
"""Instability from which it is a reason: that of an outline that lies two pixels beside."""


def risks_of(
    predictions: Sequence[Prediction],
    places: Mapping[Key, Mapping[str, Box]],
    measurements: Measurements,
    farthest: Mapping[Key, Farthest],
    alike: bool,
) -> tuple[Risk, ...]:
    """The risk of each prediction, which is added to the measurements as well.

    `places`: where signs are of one cut-out alone, by measure; `farthest`: of those that are held
    against others; `alike`: whether the models hardly differ.
    """
    return tuple(
        _risk(each, places.get(each.key, {}), measurements, farthest.get(each.key), alike)
        for each in predictions
    )


def _risk(
    p: Prediction,
    places: Mapping[str, Box],
    measurements: Measurements,
    farthest: Farthest | None,
    alike: bool,
) -> Risk:
    if farthest and farthest.place:
        places = {**places, APART: farthest.place}
    only = farthest.only if farthest else None
    values = measurements.values_of(p.key)

    def risk(value: float | None, signs: tuple[Sign, ...] = (), why: Message | None = None) -> Risk:
        add(measurements, p, RISK, {RISK[0].name: (value, why)})
        return Risk(**p.key._asdict(), value=value, signs=signs, reason=why)

    try:
        if not p.cutout:
            raise Undefined(no_prediction(p))
        judged = judge_risk(values, alike)
    except Undefined as undefined:
        return risk(None, why=undefined.reason)
    signs = [
        Sign(
            measure=name,
            text=_apart(values, only) if name == APART else _words(name, values),
            place=places.get(name),
            weight=weight,
        )
        for name, weight in judged.weights.items()
        if weight >= LEAST and not unseen(name, values)
    ]
    return risk(judged.value, (*signs[:MOST], *_unsteady(values, places)))


def unseen(name: str, values: Mapping[str, float | None]) -> bool:
    """Whether there is too little of a sign to be a reason, whatever it weighs."""
    return name in ("soft_inside", "soft_outside") and (values.get(name) or 0.0) < UNSEEN


def _unsteady(values: Mapping[str, float | None], places: Mapping[str, Box]) -> Iterator[Sign]:
    """The perturbation that changes most, where it changes much: told, and not weighed, for what
    risk was fitted on had none."""
    measured = {name: value for each in METRICS if (value := values.get(name := each.name))}
    if measured:
        name = max(measured, key=lambda each: measured[each])
        if measured[name] >= UNSTEADY:
            place = places.get(name)
            yield Sign(measure=name, text=_words(name, values), place=place, weight=0)


def _words(name: str, values: Mapping[str, float | None]) -> Message:
    """What is said of a sign; of being apart, `_apart`."""
    share, stray = values.get(name) or 0.0, round(values.get("islands") or 0)
    if name == "crumbs" and stray:
        return Message("{n} stray piece", many="{n} stray pieces", n=stray)
    if name == KEPT and share == 0:
        return Message("Nothing is kept")
    if name == KEPT and share == 1:
        return Message("The whole picture is kept")
    return Message(WORDS[name], share=two_figures(share))


def _apart(values: Mapping[str, float | None], only: tuple[str, str] | None) -> Message:
    share = two_figures(values.get(APART) or 0.0)
    if only:  # and nothing says which is wrong
        one, other = only
        return Message(
            "{one} and {other} differ on {share}\u00a0% of the subject",
            one=one,
            other=other,
            share=share,
        )
    return Message("{share}\u00a0% of the subject differs from the others", share=share)


WORDS = {
    "soft_inside": N_("{share}\u00a0% of the subject is half see-through"),
    "soft_outside": N_("A veil over {share}\u00a0% of the background"),
    "crumbs": N_("Crumbs, {share}\u00a0% of the subject"),
    "detached": N_("{share}\u00a0% of what is kept lies apart"),
    "edgeless": N_("{share}\u00a0% of the outline is where the picture has no edge"),
    "edge_beside": N_("{share}\u00a0% of the outline runs beside an edge, not on it"),
    KEPT: N_("Only {share}\u00a0% of the picture is kept"),  # more than a tenth weighs nothing
    "instability_mirror": N_("The outline differs by {share}\u00a0% where the picture is mirrored"),
    "instability_shift": N_(
        "The outline differs by {share}\u00a0% where the picture is moved by 8\u00a0px"
    ),
    "instability_scale": N_(
        "The outline differs by {share}\u00a0% where the picture is 3\u00a0% smaller"
    ),
    "instability_jpeg": N_(
        "The outline differs by {share}\u00a0% where the picture is packed as JPEG"
    ),
}
"""By measure."""


def two_figures(share: float) -> str:
    """A share, in [0, 1], in hundredths, of two figures.

    >>> two_figures(0.123), two_figures(0.034), two_figures(0.0000001)
    ('12', '3.4', '0.00001')
    """
    return f"{Decimal(f'{100 * share:.2g}'):f}"
