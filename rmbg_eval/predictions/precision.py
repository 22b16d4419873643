"""How far a reduced precision takes a model's alpha from fp32: measured, never assumed.

It is a property of weights, dtype, runtime and processor, so it is kept for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydantic import TypeAdapter

from ..cases.case import Case
from ..core.accelerator import device_name
from ..core.cache import MeasureCache, Store
from ..core.machine import processor
from ..core.progress import OnStep, Step
from ..i18n import Message
from ..models.info import ModelInfo
from ..models.protocol import Model
from .prediction import Fp32Difference, PrecisionCheck, Prediction
from .stages import predict, stored_alpha

REDUCED = ("bf16", "fp16")


def compare_with_fp32(
    exact: Model,
    cases: Sequence[Case],
    predictions: Sequence[Prediction],
    out: Path,
    store: Store,
    on_step: OnStep,
) -> list[Fp32Difference]:
    """Run `exact`, the same model at fp32, on `cases` and compare the stored alphas; without those
    that it fails on."""
    ours = {(p.category, p.case): out / p.cutout for p in predictions if p.cutout}
    common = [case for case in cases if (case.category, case.id) in ours]
    text = f"{exact.info.name} · fp32, to compare with"
    on_step(Step(text, 0, len(common)))
    differences = []
    with TemporaryDirectory() as scratch:
        for done, (case, other) in enumerate(predict(exact, common, Path(scratch), store), 1):
            on_step(Step(text, done, len(common)))
            if other.cutout:
                ours_alpha = stored_alpha(ours[case.category, case.id])
                difference = np.abs(ours_alpha - stored_alpha(Path(scratch) / other.cutout))
                differences.append(
                    Fp32Difference(
                        category=case.category,
                        case=case.id,
                        model=exact.info.name,
                        largest=float(difference.max()),
                        mean=float(difference.mean(dtype=np.float64)),
                    )
                )
    return differences


def precision_check(
    differences: Sequence[Fp32Difference], measured: datetime | None = None
) -> PrecisionCheck:
    """What is said of them together, and when they were `measured`."""
    if not differences:
        reason = Message("no case could be compared")
        return PrecisionCheck(cases=0, largest=None, mean=None, reason=reason)
    return PrecisionCheck(
        cases=len(differences),
        largest=max(each.largest for each in differences),
        mean=float(np.mean([each.mean for each in differences])),
        measured=measured,
    )


def kept_check(info: ModelInfo, cases: int, measures: MeasureCache) -> PrecisionCheck | None:
    """What was found before of the same model here, over as many `cases` at least."""
    key = _key(info)
    check = key and measures.read(key, _CHECK)
    return check if check and check.cases >= cases else None


def keep_check(info: ModelInfo, check: PrecisionCheck, measures: MeasureCache) -> None:
    """Keep what was measured, if anything was, and the weights are known by their content."""
    if (key := _key(info)) and check.cases:
        measures.put(key, check.model_dump_json())


def _key(info: ModelInfo) -> str | None:
    """By weights, pipeline, runtime, dtype and what computes: another processor rounds
    otherwise."""
    if info.weights_sha256 is None:
        return None
    return MeasureCache.key(
        "fp32", info.identity, info.foreground, device_name(info.device) or processor()
    )


_CHECK = TypeAdapter(PrecisionCheck)
