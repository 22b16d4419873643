"""Risk: how heavy the signs of a fault are in a cut-out, which need no truth: an order, no chance.

A logistic regression. `benchmarks/calibration.py` fits its coefficients, `risk.json`, on
`benchmarks/risk.csv` and `photographs.csv`; there it says on what, and here how well it orders what
it was not fitted on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import exp, log10
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..i18n import N_, Message
from .agreement import APART
from .alpha import POINTERS
from .subject import WHOLE, Metric, Undefined

FILE = Path(__file__).with_name("risk.json")
KEPT = "kept"
CERTAIN = 20.0
"""Log odds of a cut-out that keeps nothing, or everything: no fit says so, anyone does."""


def _log(least: float) -> Callable[[float], float]:
    """Powers of ten above `least`; 0 below it."""
    return lambda value: max(0.0, log10(max(value, least) / least))


TERMS: dict[str, tuple[str, Callable[[float], float]]] = {
    "soft_inside": ("soft_inside", _log(1e-4)),
    "soft_outside": ("soft_outside", _log(1e-4)),
    "crumbs": ("crumbs", _log(1e-4)),
    "detached": ("detached", _log(1e-2)),
    "edgeless": ("edgeless", float),
    "edge_beside": ("edge_beside", float),
    "little": (KEPT, lambda share: log10(max(0.1 / max(share, 1e-4), 1))),
    APART: (APART, _log(1e-3)),
}
"""What is weighed: of which measure, and as which number, that grows with the risk."""


class Judged(NamedTuple):
    """The risk of a cut-out, and what it is because of."""

    value: float
    """From 0 to 1."""
    weights: dict[str, float]
    """By measure: log odds more than what an acceptable cut-out ordinarily has; the heaviest
    first, none that is 0 or less."""


def features(signs: Mapping[str, float | None]) -> dict[str, float]:
    """The numbers that are weighed, by term, of the values of measures; without the undefined."""
    return {
        term: number(value)
        for term, (sign, number) in TERMS.items()
        if (value := signs.get(sign)) is not None
    }


def judge_risk(signs: Mapping[str, float | None], alike: bool = False) -> Judged:
    """The risk of a cut-out, in [0, 1], of the values of its signs, by measure.

    The signs are of alpha, `(H, W) float32` in [0, 1], and the picture. Without `apart`, of one
    model alone, other coefficients hold; so they do where the models of a run are `alike`, whose
    agreement says nothing: there `apart` only adds, where it is more than ordinary. 1 where nothing
    is kept, or everything. Undefined where `kept` is. A logistic regression, fitted as said above.
    Ours.

    >>> judge_risk({"kept": 0.0}).value
    1.0
    """
    share = signs.get(KEPT)
    if share is None:
        raise Undefined(Message("its signs were not measured"))
    if share in (0, 1):
        return Judged(1.0, {KEPT: CERTAIN})
    alone, together = coefficients()["alone"], coefficients()["together"]
    fit = alone if alike or signs.get(APART) is None else together
    log_odds, weights = fit["intercept"], dict[str, float]()
    for term, number in features(signs).items():
        of = fit if term in fit["weights"] else together
        weight = of["weights"][term]
        weights[TERMS[term][0]] = more = weight * (number - of["ordinary"][term])
        log_odds += weight * number if of is fit else max(0.0, more)
    heaviest = sorted(weights.items(), key=lambda item: -item[1])
    return Judged(1 / (1 + exp(-log_odds)), {s: w for s, w in heaviest if w > 0})


@lru_cache
def coefficients() -> Any:
    """What `risk.json` holds: the two fits, on what they were made, and how good they are."""
    return json.loads(FILE.read_text("utf-8"))


GOOD_FROM = 0.85
"""AUROC, of cut-outs of photographs, from which it orders well."""


Others = Literal["none", "alike", "differ"]
"""Other models of a run: none, some that hardly differ, or some that do."""


class Order(NamedTuple):
    """How well models' own cut-outs are ordered by a fit without them: without the data set of
    photographs, whose subjects people outlined; without the rendered scene."""

    auroc: float
    """The chance that of two of photographs, one acceptable and one not, the latter has more
    risk."""
    low: float
    high: float
    """In 95 % of draws of photographs, it lies from `low` to `high`."""
    silent: int
    """Cut-outs of photographs in which no sign was found."""
    bad: int
    """Those of them that were not acceptable."""
    calibration: list[Any]
    """Of photographs, how many cut-outs of each fifth of risk were not acceptable, as `risk.json`
    has it."""
    scenes: float
    """The AUROC of scenes that were not learnt from."""
    networks: float
    """The AUROC of scenes by networks that were not learnt from."""


def order_of(others: Others) -> Order:
    """How well a run is ordered that has such other models: with those that hardly differ, as with
    none."""
    found = coefficients()["together" if others == "differ" else "alone"]
    seen = found["photographs"]
    (low, high), (silent, bad) = seen["interval"], seen["levels"]["fine"]
    scenes, networks = (found[f"unseen_{about}"]["auroc"] for about in ("scene", "network"))
    return Order(seen["auroc"], low, high, silent, bad, seen["calibration"], scenes, networks)


RISK = (
    Metric("risk", Message("risk"), N_("order, 0 to 1"), WHOLE, None, judge_risk,
        None, POINTERS, "nothing",
        explanation=N_("How suspicious its signs are: an order in which to look, no chance")),
)  # fmt: skip
"""Of a run it is measured last: of what the other measures say."""
