"""The figures of one case, model by model: for a notebook's cell, and in a line each as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.key import Key
from ..core.numbers import figures
from ..measure.subject import Metric
from ..measure.table import TABLE
from ..run.record import CaseKey, Run
from .views import Text


@dataclass(frozen=True)
class CaseFigures:
    """What was measured of some models on a case."""

    text: str
    """The case, and a line a model: points passed, and the first measure."""
    rows: tuple[tuple[Text, str, tuple[str, ...]], ...]
    """A measure's title, its unit and region, and each model's value; – where it is undefined."""


def case_figures(run: Run, case: CaseKey, models: Sequence[str]) -> CaseFigures:
    """Of the measures that lead to a case, or that compare models: those that have a value here."""
    values = {model: run.measurements.values_of(Key(*case, model)) for model in models}
    shown = [
        metric
        for metric in sorted(TABLE, key=_order)
        if (metric.guide or metric.headline)
        and any(values[model].get(metric.name) is not None for model in models)
    ]
    rows = tuple(
        (
            metric.title,
            f"{metric.unit}, {metric.region}",
            tuple(_number(values[model].get(metric.name)) for model in models),
        )
        for metric in shown
    )
    width = max((len(model) for model in models), default=0)
    lines = ["/".join(case)]
    for model in models:
        key = Key(*case, model)
        prediction = run.index.predictions.get(key)
        if prediction is None or prediction.failure:
            lines.append(f"  {model:{width}}  {'failed' if prediction else 'not there'}")
            continue
        points = run.index.points.get(key, {}).values()
        parts = [f"{sum(bool(p.passed) for p in points)} of {len(points)} points"] * bool(points)
        parts += [f"{m.name} {_number(values[model].get(m.name))}" for m in shown[:1]]
        lines.append(f"  {model:{width}}  {', '.join(parts) or 'nothing measured'}")
    return CaseFigures("\n".join(lines), rows)


def _order(metric: Metric) -> tuple[int, int, int]:
    """Those that lead to cases first."""
    return (0, metric.guide, 0) if metric.guide else (1, 0, metric.headline)


def _number(value: float | None) -> str:
    return "–" if value is None else figures(value)
