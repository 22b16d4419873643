"""The figures of one case, model by model: for a notebook's cell, and in a line each as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..core.key import Key
from ..core.numbers import figures
from ..measure.record import Measurement
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
    measured = {model: run.index.measurements.get(Key(*case, model), {}) for model in models}
    shown = []
    for metric in sorted(TABLE, key=_order):
        if metric.guide or metric.headline:
            of_models = [measured[model].get(metric.name) for model in models]
            shown += [(metric, m) for m in of_models if m and m.value is not None][:1]
    rows = tuple(
        (
            metric.title,
            f"{one.unit}, {one.region}",
            tuple(_number(measured[model].get(metric.name)) for model in models),
        )
        for metric, one in shown
    )
    width = max((len(model) for model in models), default=0)
    lines = ["/".join(case)]
    for model in models:
        key = Key(*case, model)
        prediction = run.index.predictions.get(key)
        if prediction is None or prediction.failure:
            failure = prediction.failure if prediction else None
            lines.append(f"  {model:{width}}  {failure.state if failure else 'not there'}")
            continue
        points = run.index.points.get(key, {}).values()
        parts = [f"{sum(bool(p.passed) for p in points)} of {len(points)} points"] * bool(points)
        parts += [f"{m.name} {_number(measured[model].get(m.name))}" for m, _ in shown[:1]]
        lines.append(f"  {model:{width}}  {', '.join(parts) or 'nothing measured'}")
    return CaseFigures("\n".join(lines), rows)


def _order(metric: Metric) -> tuple[int, int, int]:
    """Those that lead to cases first."""
    return (0, metric.guide, 0) if metric.guide else (1, 0, metric.headline)


def _number(measurement: Measurement | None) -> str:
    value = None if measurement is None else measurement.value
    return "–" if value is None else figures(value)
