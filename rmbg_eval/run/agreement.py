"""Measures that need more cut-outs of a picture: other models', or that of its mirror image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..cases.case import Case
from ..core.cache import MeasureCache, Store
from ..core.images import Alpha, Cutout, Picture
from ..core.progress import OnStep, Step
from ..i18n import Message
from ..measure.agreement import FLIP, METRICS, NO_OTHER, disagreement, flip_difference
from ..measure.columns import Measurements
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


def disagreements(
    predictions: Sequence[Prediction],
    out: Path,
    measures: MeasureCache,
    measurements: Measurements,
) -> None:
    """Add how far each model's alpha of each case is from the other models'."""
    by_case: dict[tuple[str, str], list[Prediction]] = {}
    for prediction in predictions:
        by_case.setdefault((prediction.category, prediction.case), []).append(prediction)
    values: dict[tuple[str, str, str], tuple[float | None, Message | None]] = {}
    for of_case in by_case.values():
        succeeded = [p for p in of_case if p.cutout]
        for prediction, value in zip(succeeded, _apart(succeeded, out, measures), strict=True):
            values[prediction.category, prediction.case, prediction.model] = value
    for p in predictions:
        value = values.get((p.category, p.case, p.model), (None, no_prediction(p)))
        add(measurements, p, METRICS, {METRICS[0].name: value})


def _apart(
    succeeded: Sequence[Prediction], out: Path, measures: MeasureCache
) -> list[tuple[float | None, Message | None]]:
    """The disagreement of each of one case's cut-outs with the others; each pair is kept."""
    if len(succeeded) < 2:
        return [(None, NO_OTHER)] * len(succeeded)
    alphas: dict[int, Alpha] = {}

    def alpha(index: int) -> Alpha:
        if index not in alphas:
            alphas[index] = stored_alpha(out / (succeeded[index].cutout or ""))
        return alphas[index]

    totals = np.zeros(len(succeeded))
    for one in range(len(succeeded)):
        for other in range(one + 1, len(succeeded)):
            pair = sorted(
                (succeeded[one].cutout_sha256 or "", succeeded[other].cutout_sha256 or "")
            )
            key = MeasureCache.key("disagreement", *pair)
            text = measures.get(key)
            if text is None:
                text = repr(disagreement(alpha(one), [alpha(other)]))
                measures.put(key, text)
            totals[[one, other]] += float(text)
    return [(float(total) / (len(succeeded) - 1), None) for total in totals]


def _mirror(picture: Picture) -> Picture:
    return replace(picture, rgb=np.ascontiguousarray(picture.rgb[:, ::-1]))
