"""Measures that need other models' cut-outs of a picture."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from pydantic import TypeAdapter

from ..core.cache import MeasureCache
from ..core.images import Alpha
from ..core.key import CaseKey, Key
from ..measure.agreement import (
    APART,
    METRICS,
    NO_OTHER,
    NO_STRANGER,
    differing,
    disagreement,
    odd_ones,
)
from ..measure.columns import Measurements, Value
from ..measure.record import Agreement, Box
from ..measure.region import densest
from ..measure.risk import Others
from ..measure.table import VERSION
from ..models.info import ModelInfo
from ..models.weights import FIRST_OF
from ..predictions.prediction import Prediction
from ..predictions.stages import stored_alpha
from .measurements import add, no_prediction
from .record import Run, once

DIFFER_FROM = 0.02
"""How far models are apart on average from which they tell of each other.

A judgement: in `benchmarks/photographs.csv` isnet and u2netp are 0.03 apart on people and 0.07 on
horses, and tell of each other: people are ordered with an AUROC of 0.89, by each alone of 0.85.
Were all a quarter as far apart, risk would be low throughout: of 188 to look at first 44 would be.
"""


class Pair(NamedTuple):
    """Two cut-outs of one picture."""

    difference: float
    apart: float
    place: Box | None
    """Where they visibly differ most."""


class Farthest(NamedTuple):
    """Of a cut-out and those that it is held against."""

    place: Box | None
    """Where they are farthest from it."""
    only: tuple[str, str] | None
    """Both models, where it is held against that of one other alone."""


OfCase = dict[tuple[str, str], Pair]
"""The pairs of one case, by both models in the order of the run."""
Pairs = dict[CaseKey, OfCase]


def pairs_of(predictions: Sequence[Prediction], out: Path, measures: MeasureCache) -> Pairs:
    """Each two cut-outs of each case, compared; each comparison is kept. Those of a picture that
    was replaced from one model to the next are of two pictures, and not compared."""
    by_picture: dict[tuple[CaseKey, str | None], list[Prediction]] = {}
    for p in predictions:
        if p.cutout:
            by_picture.setdefault((p.case_key, p.picture_sha256), []).append(p)
    pairs: Pairs = {}
    for (case, _), own in by_picture.items():
        pairs.setdefault(case, {}).update(_compared(own, out, measures))
    return pairs


def _compared(succeeded: Sequence[Prediction], out: Path, measures: MeasureCache) -> OfCase:
    alphas: dict[str, Alpha] = {}

    def alpha(of: Prediction) -> Alpha:
        if of.model not in alphas:
            alphas[of.model] = stored_alpha(out / (of.cutout or ""))
        return alphas[of.model]

    found: OfCase = {}
    for one, other in combinations(succeeded, 2):
        both = sorted((one.cutout_sha256 or "", other.cutout_sha256 or ""))
        key = MeasureCache.key("pair", VERSION, *both)
        pair = measures.read(key, _PAIR)
        if pair is None:
            a, b = alpha(one), alpha(other)
            share, where = differing(a, b)
            pair = Pair(disagreement(a, [b]), share, densest(where, a.shape))
            measures.put(key, json.dumps(pair))
        found[one.model, other.model] = pair
    return found


_PAIR = TypeAdapter(Pair)


def agreements_of(pairs: Iterable[OfCase], models: Sequence[str]) -> tuple[Agreement, ...]:
    """How far each two `models` are apart, over the cases that both have a cut-out of."""
    values: dict[tuple[str, str], array[float]] = {}
    for of_case in pairs:
        for both, pair in of_case.items():
            values.setdefault(both, array("d")).append(pair.apart)
    return tuple(
        Agreement(one=one, other=other, cases=len(own), apart=fmean(own))
        for one, other in combinations(models, 2)
        if (own := values.get((one, other)))
    )


class Peers(NamedTuple):
    """The models of a run, as they tell of each other."""

    odd: tuple[str, ...]
    """Those, of one network, that stand apart from the rest, if any do."""
    networks: Mapping[str, str]
    """Of each model the weights that it computes with, those that are packaged in several forms as
    one, or its own name where it says none."""
    alike: bool = False
    """Whether those that do not stand apart hardly differ: that they agree says nothing."""

    def siblings(self, one: str, other: str) -> bool:
        """Whether both are of one network: that they agree says nothing."""
        return self.networks.get(one, one) == self.networks.get(other, other)

    def held_against(self, model: str, others: Iterable[str]) -> list[str]:
        """Of the `others` that have a cut-out of a picture, those which are not its siblings; nor
        those that stand apart, unless there is no other."""
        strangers = [name for name in others if not self.siblings(model, name)]
        return [name for name in strangers if name not in self.odd] or strangers


def peers_of(agreements: Iterable[Agreement], models: Iterable[ModelInfo]) -> Peers:
    """What the `models` of a run are to each other, by how far they are apart.

    Two that share fewer than half as many pictures as others do are not known to be apart: those
    few may be hard ones, on which all are.
    """
    weights = {info.name: info.weights_sha256 or info.name for info in models}
    unknown = Peers((), {name: FIRST_OF.get(own, own) for name, own in weights.items()})
    known = [each for each in agreements if not unknown.siblings(each.one, each.other)]
    most = max((each.cases for each in known), default=0)
    far = {(a.one, a.other): a.apart for a in known if 2 * a.cases >= most}
    odd = odd_ones(far, unknown.networks)
    own = [apart for models, apart in far.items() if not {*models} & {*odd}]
    return unknown._replace(odd=odd, alike=bool(own) and fmean(own) < DIFFER_FROM)


@once
def peers_in(run: Run) -> Peers:
    """What the models of a run are to each other."""
    return peers_of(run.agreements, (model.info for model in run.models))


def others_of(run: Run) -> Others:
    """Whether the models of a run tell of each other, without those that stand apart: two that
    share fewer than half as many pictures as one has cut-outs of say nothing of the others, and
    siblings never do."""
    peers = peers_in(run)
    most = max((tally.cutouts for tally in run.tally.values()), default=0)
    if not any(
        2 * each.cases >= most and not peers.siblings(each.one, each.other)
        for each in run.agreements
        if not {each.one, each.other} & {*peers.odd}
    ):
        return "none"
    return "alike" if peers.alike else "differ"


def disagreements(
    predictions: Sequence[Prediction],
    pairs: Mapping[CaseKey, OfCase],
    peers: Peers,
    measurements: Measurements,
) -> dict[Key, Farthest]:
    """Add how far each model's alpha of each case is from the other models', by the mean of all and
    by that of those that it is held against; and say where it is farthest from one of these."""
    farthest: dict[Key, Farthest] = {}
    for p in predictions:
        others = {
            one if other == p.model else other: ((one, other), pair)
            for (one, other), pair in pairs.get(p.case_key, {}).items()
            if p.model in (one, other)
        }
        reason = NO_OTHER if p.cutout else no_prediction(p)
        values: dict[str, Value] = {metric.name: (None, reason) for metric in METRICS}
        if others:
            values = {
                METRICS[0].name: (fmean(pair.difference for _, pair in others.values()), None),
                APART: (None, NO_STRANGER),
            }
        if held := [others[name] for name in peers.held_against(p.model, others)]:
            values[APART] = fmean(pair.apart for _, pair in held), None
            place = max((pair for _, pair in held), key=lambda pair: pair.apart).place
            farthest[p.key] = Farthest(place, held[0][0] if len(held) == 1 else None)
        add(measurements, p, METRICS, values)
    return farthest
