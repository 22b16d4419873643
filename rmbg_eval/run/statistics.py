"""Models × categories: means with what they leave out, points passed, differences that are clear.

A mean is over the cases that have a value, and says how many have none and why. The best value is
marked only where every model is scored on the same cases. Two models are compared case by case,
with an interval from 2000 resamples of the cases, drawn with a fixed seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..measure import TABLE, Measurement
from ..measure.points import PointResult
from .record import Run

ALL = ""
"""In place of a category's name: all of them together."""

RESAMPLES = 2000
SEED = 0
FEWEST = 5
"""Cases below which resampling says nothing."""


@dataclass(frozen=True)
class Mean:
    """A model's mean of a measure over the cases of a category."""

    model: str
    value: float | None
    scored: int
    left_out: tuple[tuple[str, int], ...]
    """Reasons, each with the number of cases."""
    best: bool = False
    values: tuple[tuple[str, float], ...] = ()
    """By case, `category/id`: what the mean is over."""


@dataclass(frozen=True)
class Difference:
    """The mean of one model's values minus another's, over the cases that both have."""

    one: str
    other: str
    cases: int
    mean: float
    low: float | None
    high: float | None
    """95 % of resampled means lie from `low` to `high`; None where there are too few cases."""

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and self.low * self.high > 0


@dataclass(frozen=True)
class Row:
    """A measure in a category, over all models."""

    metric: str
    unit: str
    region: str
    higher_is_better: bool | None
    category: str
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]
    """Of the first model from each of the others."""


@dataclass(frozen=True)
class Points:
    """A model's observation points in a category."""

    model: str
    category: str
    passed: int
    failed: int
    unmeasured: int

    @property
    def measured(self) -> int:
        """Those that could be measured: what `passed` is out of."""
        return self.passed + self.failed


@dataclass(frozen=True)
class Summary:
    """What a run found, in means and counts."""

    rows: tuple[Row, ...]
    """For each measure of the run: all categories, then each."""
    points: tuple[Points, ...]
    """For all categories, then each: every model."""
    flattered: tuple[tuple[str, str, int], ...]
    """Model, data set it is known to have been trained on, and the cases that are from it."""

    def row(self, metric: str, category: str = ALL) -> Row | None:
        """The row of a measure in a category, if the run has it."""
        found = (r for r in self.rows if (r.metric, r.category) == (metric, category))
        return next(found, None)


def summarise(run: Run) -> Summary:
    """The summary of a run."""
    models = [model.info.name for model in run.models]
    categories = [ALL, *dict.fromkeys(record.category for record in run.cases)]
    by_metric: dict[str, list[Measurement]] = {}
    for m in run.measurements:
        by_metric.setdefault(m.metric, []).append(m)
    rows = []
    for metric in TABLE:
        for category in categories if metric.name in by_metric else ():
            chosen = [m for m in by_metric[metric.name] if category in (ALL, m.category)]
            means = _best([_mean(name, chosen) for name in models], metric.higher_is_better)
            differences = tuple(compare(means[0], other) for other in means[1:])
            rows.append(
                Row(
                    metric.name,
                    metric.unit,
                    metric.region,
                    metric.higher_is_better,
                    category,
                    means,
                    tuple(d for d in differences if d is not None),
                )
            )
    points = tuple(
        _count(name, category, run.points)
        for category in categories
        for name in models
        if any(category in (ALL, p.category) for p in run.points)
    )
    return Summary(tuple(rows), points, tuple(_flattered(run)))


def compare(one: Mean, other: Mean) -> Difference | None:
    """One model's values minus another's, case by case; None where they share no case."""
    theirs = dict(other.values)
    differences = np.array([v - theirs[case] for case, v in one.values if case in theirs])
    count = len(differences)
    if not count:
        return None
    low = high = None
    if count >= FEWEST:
        picks = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
        low, high = (float(v) for v in np.percentile(differences[picks].mean(1), [2.5, 97.5]))
    return Difference(one.model, other.model, count, float(differences.mean()), low, high)


def _mean(model: str, measurements: Iterable[Measurement]) -> Mean:
    own = [m for m in measurements if m.model == model]
    values = tuple((f"{m.category}/{m.case}", m.value) for m in own if m.value is not None)
    reasons = Counter(m.reason for m in own if m.reason is not None)
    value = float(np.mean([v for _, v in values])) if values else None
    return Mean(model, value, len(values), tuple(reasons.most_common()), values=values)


def _best(means: Sequence[Mean], higher: bool | None) -> tuple[Mean, ...]:
    """The means with the best one marked, or the best ones, where that is a fair thing to say."""
    same_cases = len({tuple(case for case, _ in mean.values) for mean in means}) == 1
    values = [mean.value for mean in means if mean.value is not None]
    if higher is None or len(means) < 2 or not same_cases or not values or len(set(values)) == 1:
        return tuple(means)
    best = max(values) if higher else min(values)
    return tuple(
        Mean(m.model, m.value, m.scored, m.left_out, m.value == best, m.values) for m in means
    )


def _count(model: str, category: str, results: Iterable[PointResult]) -> Points:
    own = [p.passed for p in results if p.model == model and category in (ALL, p.category)]
    return Points(model, category, own.count(True), own.count(False), own.count(None))


def _flattered(run: Run) -> Iterable[tuple[str, str, int]]:
    for model in run.models:
        for name in model.info.trained_on:
            cases = [c for c in run.cases if name.lower() in (c.source or "").lower()]
            if cases:
                yield model.info.name, name, len(cases)
