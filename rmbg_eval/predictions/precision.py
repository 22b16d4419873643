"""How far a reduced precision takes a model's alpha from fp32: measured, never assumed.

It is a property of weights, dtype, runtime and processor, so it is measured once for these, on
pictures that are always the same, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydantic import TypeAdapter

from ..cases.case import Case
from ..cases.folder import load_cases
from ..core.accelerator import device_name
from ..core.cache import MeasureCache, Store
from ..core.machine import processor
from ..core.paths import resource
from ..core.progress import OnStep, Step
from ..core.remote import sha256_of
from ..errors import Failure, ModelError
from ..i18n import Message
from ..models.info import ModelInfo
from ..models.protocol import Model
from .prediction import PrecisionCheck
from .stages import predict, stored_alpha

REDUCED = ("bf16", "fp16")


def precision_check(
    model: Model,
    exact: Callable[[], Model],
    count: int,
    measures: MeasureCache,
    on_step: OnStep,
) -> PrecisionCheck:
    """How far `model` is from the same at fp32, which `exact` makes, on `count` pictures: as it was
    measured before, or measured now and kept; or why there is no figure."""
    cases = pictures_to_compare_on(count)
    pictures = [sha256_of(case.image) for case in cases]
    key = _key(model.info, pictures)
    if key and (kept := measures.read(key, _CHECK)):
        return kept
    try:
        check = compare_with_fp32(model, exact(), cases, on_step)
    except ModelError as error:
        return not_compared(Failure.of(error).message)
    key = _key(model.info, pictures)  # short memory may have changed the model meanwhile
    if key and check.cases:
        measures.put(key, check.model_dump_json())
    return check


def not_compared(reason: Message) -> PrecisionCheck:
    """That there is no figure, and why."""
    return PrecisionCheck(cases=0, largest=None, mean=None, reason=reason)


def compare_with_fp32(
    model: Model, exact: Model, cases: Sequence[Case], on_step: OnStep
) -> PrecisionCheck:
    """The stored alphas of `model` against those of `exact`, the same at fp32, over `cases`;
    without those that either fails on. Nothing goes into the cache of predictions: with two models
    in memory, what each takes of it is not known."""
    text = f"{model.info.name} · {model.info.dtype} against fp32"
    on_step(Step(text, 0, 2 * len(cases)))
    cutouts: list[list[Path | None]] = []
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        for turn, each in enumerate((model, exact)):
            out = Path(scratch, str(turn))
            cutouts.append([])
            for done, (_, prediction) in enumerate(predict(each, cases, out, Store(out)), 1):
                cutouts[-1].append(out / prediction.cutout if prediction.cutout else None)
                on_step(Step(text, turn * len(cases) + done, 2 * len(cases)))
        differences = {
            case.name: np.abs(stored_alpha(one) - stored_alpha(other))
            for case, one, other in zip(cases, *cutouts, strict=True)
            if one and other
        }
    if not differences:
        return not_compared(Message("no picture could be compared"))
    return PrecisionCheck(
        cases=len(differences),
        pictures=tuple(differences),
        largest=max(float(each.max()) for each in differences.values()),
        mean=float(np.mean([each.mean(dtype=np.float64) for each in differences.values()])),
        measured=datetime.now(UTC),
    )


def pictures_to_compare_on(count: int) -> tuple[Case, ...]:
    """So many of the reference cases, the same on every machine, spread over their categories."""
    cases = load_cases(resource("cases")).cases
    count = min(count, len(cases))
    return tuple(cases[place * len(cases) // count] for place in range(count))


def _key(info: ModelInfo, pictures: Sequence[str | None]) -> str | None:
    """By weights, pipeline, runtime, dtype, what computes (another processor rounds otherwise),
    and the pictures' hashes; None where weights are not known by their content."""
    if info.weights_sha256 is None:
        return None
    computes = device_name(info.device) or processor()
    return MeasureCache.key("fp32", info.identity, info.foreground, computes, pictures)


_CHECK = TypeAdapter(PrecisionCheck)
