"""How far a reduced precision takes a model's alpha from fp32: measured, never assumed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..cases.case import Case
from ..core.cache import Store
from ..core.progress import OnStep, Step
from ..i18n import Message
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


def precision_check(differences: Sequence[Fp32Difference]) -> PrecisionCheck:
    """What is said of them together."""
    if not differences:
        reason = Message("no case could be compared")
        return PrecisionCheck(cases=0, largest=None, mean=None, reason=reason)
    return PrecisionCheck(
        cases=len(differences),
        largest=max(each.largest for each in differences),
        mean=float(np.mean([each.mean for each in differences])),
    )
