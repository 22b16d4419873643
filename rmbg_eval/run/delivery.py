"""Delivery rules of every prediction of a run: read, measured, and kept by content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from ..core.cache import MeasureCache
from ..core.decoding import decode_own, read_bytes
from ..core.progress import OnStep, Step
from ..measure.delivery import RULES, Finished, Outcome, background_of, judge_rule
from ..measure.record import Delivery, RuleResult
from ..measure.table import VERSION
from ..predictions.prediction import Prediction
from .measurements import no_prediction, unmeasured

_OUTCOMES = TypeAdapter(tuple[Outcome, ...])


def rule_results(
    predictions: Sequence[Prediction],
    out: Path,
    delivery: Delivery,
    measures: MeasureCache,
    on_step: OnStep,
) -> tuple[RuleResult, ...]:
    """Every rule of every prediction, with its value or the reason why there is none."""
    results: list[RuleResult] = []
    for done, prediction in enumerate(predictions, 1):
        judged = _judged(prediction, out, delivery, measures)
        for (name, rule), (measured, passed, reason) in zip(
            delivery.rules.items(), judged, strict=True
        ):
            results.append(
                RuleResult(
                    **prediction.key._asdict(),
                    **rule.model_dump(),
                    rule=name,
                    measured=measured,
                    unit=RULES[name].unit,
                    passed=passed,
                    reason=reason,
                )
            )
        on_step(Step("delivery rules", done, len(predictions)))
    return tuple(results)


def _judged(
    prediction: Prediction, out: Path, delivery: Delivery, measures: MeasureCache
) -> tuple[Outcome, ...]:
    if not prediction.cutout:
        return ((None, None, no_prediction(prediction)),) * len(delivery.rules)
    rules = (delivery.background, {n: rule.model_dump() for n, rule in delivery.rules.items()})
    key = MeasureCache.key("rules", VERSION, prediction.cutout_sha256, rules)
    earlier = measures.read(key, _OUTCOMES)
    if earlier is not None:
        return earlier
    try:
        data = read_bytes(out / prediction.cutout)
        own = decode_own(data, prediction.cutout)
        finished = Finished(own.alpha, own.rgb, len(data), background_of(delivery))
        judged = tuple(judge_rule(name, rule, finished) for name, rule in delivery.rules.items())
    except Exception as error:  # one bad picture never ends a run
        return ((None, None, unmeasured(error)),) * len(delivery.rules)
    measures.put(key, _OUTCOMES.dump_json(judged).decode())
    return judged
