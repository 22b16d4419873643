"""Measures that need the model once more: how far its alpha changes where the picture does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pydantic import TypeAdapter

from ..cases.case import Case
from ..core.cache import MeasureCache, Store
from ..core.key import Key
from ..core.progress import OnStep, Step
from ..i18n import Message
from ..measure.agreement import FLIP, flip_difference
from ..measure.columns import Measurements
from ..measure.record import Box
from ..measure.region import densest
from ..measure.stability import METRICS, instability
from ..measure.subject import Undefined
from ..measure.table import VERSION
from ..models.protocol import Model
from ..predictions.perturbations import MIRROR, PERTURBATIONS, Perturbation, Perturbed
from ..predictions.prediction import Prediction, StabilityCost
from ..predictions.stages import predict, stored_alpha
from .measurements import add, no_prediction


class Instability(NamedTuple):
    """Of a cut-out from that of the changed picture."""

    value: float | None
    reason: Message | None = None
    """Why there is no value."""
    place: Box | None = None
    """Where the two are most on different sides of a half."""


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
    values: dict[Key, tuple[float | None, Message | None]] = {}
    text = f"{model.info.name} · mirrored"
    for ours, other, theirs in _again(model, MIRROR, cases, predictions, store, on_step, text):
        if theirs is None:
            why = other.failure.message if other.failure else None
            values[ours.key] = None, Message("the mirrored picture failed: {why}", why=why)
        else:
            alpha = stored_alpha(out / (ours.cutout or ""))
            values[ours.key] = flip_difference(alpha, stored_alpha(theirs)), None
    finished = Message("finished cut-outs cannot be made again of a mirrored picture")
    for p in predictions:
        reason = finished if p.cutout else no_prediction(p)
        add(measurements, p, FLIP, {FLIP[0].name: values.get(p.key, (None, reason))})


def instabilities(
    count: int,
    model: Model,
    cases: Sequence[Case],
    predictions: Sequence[Prediction],
    out: Path,
    store: Store,
    measures: MeasureCache,
    on_step: OnStep,
    measurements: Measurements,
) -> tuple[StabilityCost, dict[Key, dict[str, Box]]]:
    """Add how far the model's alpha of each case changes under each of the first `count`
    perturbations; return what that cost, and by measure where the change is greatest."""
    seconds, inferences = 0.0, 0
    places: dict[Key, dict[str, Box]] = {}
    chosen = list(zip(METRICS, PERTURBATIONS, strict=True))[:count]
    finished = Message("finished cut-outs cannot be made again of a changed picture")
    for number, (metric, how) in enumerate(chosen, 1):
        found: dict[Key, Instability] = {}
        text = f"{model.info.name} · {how.name}, {number} of {count} more"
        for ours, other, theirs in _again(model, how, cases, predictions, store, on_step, text):
            found[ours.key] = _difference(ours, other, theirs, how, out, measures)
            inferences += theirs is not None
            seconds += other.total_seconds
        for p in predictions:
            reason = finished if p.cutout else no_prediction(p)
            value, why, place = found.get(p.key, Instability(None, reason))
            add(measurements, p, [metric], {metric.name: (value, why)})
            if place:
                places.setdefault(p.key, {})[metric.name] = place
    return StabilityCost(inferences=inferences, seconds=seconds), places


def _again(
    model: Model,
    how: Perturbation,
    cases: Sequence[Case],
    predictions: Sequence[Prediction],
    store: Store,
    on_step: OnStep,
    text: str,
) -> Iterator[tuple[Prediction, Prediction, Path | None]]:
    """Each prediction that has a cut-out, with that of the changed picture and the file of its
    cut-out, if it has one; it is gone when the next comes. None where cut-outs are finished."""
    if model.info.finished:
        return
    succeeded = {p.case_key: p for p in predictions if p.cutout}
    own = [case for case in cases if case.key in succeeded]
    on_step(Step(text, 0, len(own)))
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        again = predict(Perturbed(model, how), own, Path(scratch), store)
        for done, (case, other) in enumerate(again, 1):
            file = Path(scratch) / other.cutout if other.cutout else None
            yield succeeded[case.key], other, file
            if file:
                file.unlink()
            on_step(Step(text, done, len(own)))


def _difference(
    ours: Prediction,
    other: Prediction,
    theirs: Path | None,
    how: Perturbation,
    out: Path,
    measures: MeasureCache,
) -> Instability:
    """Of two cut-outs of a case; kept, by the content of both."""
    if theirs is None:
        why = other.failure.message if other.failure else None
        return Instability(
            None, Message("the picture {how} failed: {why}", how=Message(how.words), why=why)
        )
    key = MeasureCache.key("instability", VERSION, ours.cutout_sha256, other.cutout_sha256)
    kept = measures.read(key, _INSTABILITY)
    if kept is None:
        alpha, changed = stored_alpha(out / (ours.cutout or "")), stored_alpha(theirs)
        try:
            place = densest((alpha >= 0.5) != (changed >= 0.5))
            kept = Instability(instability(alpha, changed), None, place)
        except Undefined as undefined:
            return Instability(None, undefined.reason)
        measures.put(key, json.dumps(kept))
    return kept


_INSTABILITY = TypeAdapter(Instability)
