"""Measures that need more cut-outs of a picture: other models', or that of its mirror image."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ..cases.case import Case
from ..core.cache import MeasureCache, Store
from ..core.images import Alpha, Cutout, Picture
from ..core.key import Key
from ..core.progress import OnStep, Step
from ..i18n import Message
from ..measure.agreement import (
    APART,
    FLIP,
    METRICS,
    NO_OTHER,
    apart,
    disagreement,
    flip_difference,
    odd_one,
)
from ..measure.columns import Measurements
from ..measure.record import Agreement
from ..measure.signs import Box, densest
from ..measure.table import Values
from ..models.info import ModelInfo
from ..models.protocol import Model
from ..predictions.prediction import Prediction
from ..predictions.stages import predict, stored_alpha
from .measurements import add, no_prediction


class Mirrored:
    """A model that sees every picture mirrored, left for right; its cut-outs are mirrored back."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.batch_size = model.batch_size
        self.warnings = model.warnings

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def identity(self, name: str) -> str:
        return f"mirrored {self._model.identity(name)}"

    def fetch(self, say: Callable[[str], None]) -> None:
        self._model.fetch(say)

    def load(self) -> bool:
        return self._model.load()

    def preprocess(self, picture: Picture) -> Any:
        return self._model.preprocess(_mirror(picture))

    def infer(self, inputs: list[Any]) -> list[Any]:
        return self._model.infer(inputs)

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        cutout = self._model.postprocess(output, _mirror(picture))
        return Cutout(
            np.ascontiguousarray(cutout.rgb[:, ::-1]), np.ascontiguousarray(cutout.alpha[:, ::-1])
        )


def flip_differences(
    model: Model,
    cases: Sequence[Case],
    predictions: Sequence[Prediction],
    out: Path,
    store: Store,
    on_step: OnStep,
    measurements: Measurements,
) -> None:
    """Add how far the model's alpha of each case changes where it sees the picture mirrored."""
    values: dict[tuple[str, str], tuple[float | None, Message | None]] = {}
    succeeded = {(p.category, p.case): p for p in predictions if p.cutout}
    inferable = [case for case in cases if (case.category, case.id) in succeeded]
    if model.info.runtime == "none":
        inferable = []
    text = f"{model.info.name} · mirrored"
    with TemporaryDirectory() as scratch:
        for case, other in predict(Mirrored(model), inferable, Path(scratch), store):
            key = case.category, case.id
            if other.cutout:
                ours = stored_alpha(out / (succeeded[key].cutout or ""))
                theirs = stored_alpha(Path(scratch) / other.cutout)
                values[key] = flip_difference(ours, theirs), None
                (Path(scratch) / other.cutout).unlink()
            else:
                why = other.failure.message if other.failure else None
                values[key] = None, Message("the mirrored picture failed: {why}", why=why)
            on_step(Step(text, len(values), len(inferable)))
    for prediction in predictions:
        reason = no_prediction(prediction)
        if prediction.cutout:
            reason = Message("finished cut-outs cannot be made again of a mirrored picture")
        value = values.get((prediction.category, prediction.case), (None, reason))
        add(measurements, prediction, FLIP, {FLIP[0].name: value})


class Pair(NamedTuple):
    """Two cut-outs of one picture."""

    difference: float
    apart: float
    place: Box | None
    """Where they are most on different sides of a half."""


Pairs = dict[tuple[str, str], dict[tuple[str, str], Pair]]
"""By category and case; then by both models, in the order of the run."""


def pairs_of(predictions: Sequence[Prediction], out: Path, measures: MeasureCache) -> Pairs:
    """Each two cut-outs of each case, compared; each comparison is kept."""
    by_case: dict[tuple[str, str], list[Prediction]] = {}
    for prediction in predictions:
        if prediction.cutout:
            by_case.setdefault((prediction.category, prediction.case), []).append(prediction)
    return {case: _compared(own, out, measures) for case, own in by_case.items()}


def _compared(
    succeeded: Sequence[Prediction], out: Path, measures: MeasureCache
) -> dict[tuple[str, str], Pair]:
    alphas: dict[str, Alpha] = {}

    def alpha(of: Prediction) -> Alpha:
        if of.model not in alphas:
            alphas[of.model] = stored_alpha(out / (of.cutout or ""))
        return alphas[of.model]

    found: dict[tuple[str, str], Pair] = {}
    for one, other in combinations(succeeded, 2):
        both = sorted((one.cutout_sha256 or "", other.cutout_sha256 or ""))
        key = MeasureCache.key("pair", *both)
        pair = _kept(measures.get(key))
        if pair is None:
            a, b = alpha(one), alpha(other)
            half = np.float32(0.5)
            place = densest((a >= half) != (b >= half))
            pair = Pair(disagreement(a, [b]), apart(a, b), place)
            measures.put(key, json.dumps(pair))
        found[one.model, other.model] = pair
    return found


def _kept(text: str | None) -> Pair | None:
    try:
        return None if text is None else _PAIR.validate_json(text)
    except ValidationError:
        return None


_PAIR = TypeAdapter(Pair)


def agreements_of(pairs: Pairs) -> tuple[Agreement, ...]:
    """How far each two models are apart, over the cases that both have a cut-out of."""
    values: dict[tuple[str, str], list[float]] = {}
    for of_case in pairs.values():
        for models, pair in of_case.items():
            values.setdefault(models, []).append(pair.apart)
    return tuple(
        Agreement(one=one, other=other, cases=len(own), apart=fmean(own))
        for (one, other), own in values.items()
    )


def odd_of(agreements: Iterable[Agreement]) -> str | None:
    """The model of a run that stands apart from the rest, if one does."""
    return odd_one({(each.one, each.other): each.apart for each in agreements})


def disagreements(
    predictions: Sequence[Prediction], pairs: Pairs, odd: str | None, measurements: Measurements
) -> dict[Key, Box]:
    """Add how far each model's alpha of each case is from the other models', by the mean of all and
    by that of those which do not stand apart; and say where it is farthest from one of these."""
    farthest: dict[Key, Box] = {}
    for p in predictions:
        own = pairs.get((p.category, p.case), {})
        others = {
            one if other == p.model else other: pair
            for (one, other), pair in own.items()
            if p.model in (one, other)
        }
        reason = NO_OTHER if p.cutout else no_prediction(p)
        values: Values = {metric.name: (None, reason) for metric in METRICS}
        if others:
            like = [pair for name, pair in others.items() if name != odd] or [*others.values()]
            values = {
                METRICS[0].name: (fmean(pair.difference for pair in others.values()), None),
                APART: (fmean(pair.apart for pair in like), None),
            }
            place = max(like, key=lambda pair: pair.apart).place
            farthest |= {p.key: place} if place else {}
        add(measurements, p, METRICS, values)
    return farthest


def _mirror(picture: Picture) -> Picture:
    return replace(picture, rgb=np.ascontiguousarray(picture.rgb[:, ::-1]))
