"""Which cases a report shows of a run of many: what failed, the worst, and some drawn by chance.

Tables and counts are over all. Chance is a hash of the case's names, so that the cases drawn of a
whole set are among those drawn of its shards, whatever the machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.key import Key
from ..measure.table import HEADLINES
from . import parts
from .agreement import odd_of
from .findings import severity
from .queue import level_of
from .record import CaseKey, Run

SEED = 0
ROOM = 2400
"""Predictions of the cases that are shown, at most: for each a page has about 1.2 kB."""
LEAST = 50
"""Cases that there is room for, whatever the number of models."""
WORST, RANDOM = 20, 100
"""Cases of a category that are shown at most because they are worst, and by chance."""
_STRATA = 100
"""Categories up to which each has its own."""


@dataclass(frozen=True)
class Sample:
    """The cases that are shown, and what was counted on the way."""

    cases: tuple[CaseKey, ...]
    """In the run's order."""
    failed: int
    """Shown of the cases in which a prediction failed."""
    failures: int
    """All such cases."""
    worst: int
    """Of each category."""
    random: int
    """Of each category, of cases with a truth or points and of others."""
    by_category: bool
    """False where there are too many of them: then of the whole run."""
    levels: Counter[str]
    """How many of all cases need a look how soon, by risk."""


def chance(seed: int, category: str, case: str) -> bytes:
    """What puts cases in an order by chance, the same for everybody."""
    text = "\0".join([str(seed), category, case])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def sample_of(run: Run) -> Sample | None:
    """The sample of a run of many cases; None of a run that is shown whole."""
    if len(run.cases) <= parts.ONE_FILE:
        return None
    cases = [(record.category, record.id) for record in run.cases]
    scored = [bool(record.points) or record.has_truth for record in run.cases]
    numbers = {key: number for number, key in enumerate(cases)}
    failed = sorted({numbers[p.category, p.case] for p in run.failures})
    categories = [category for category, _ in cases]
    many = len({*categories}) > _STRATA
    strata = [""] * len(cases) if many else categories
    count = len({*strata})
    room = max(ROOM // max(len(run.models), 1), LEAST)
    worst = max(1, min(WORST, room // (5 * count)))
    random = max(1, min(RANDOM, room // (5 * count)))
    bad, levels = _badness(run, numbers)
    chosen = {*failed[: room // 3]}
    by_stratum: dict[str, list[int]] = {}
    for number, stratum in enumerate(strata):
        by_stratum.setdefault(stratum, []).append(number)
    for own in by_stratum.values():
        ordered = sorted((n for n in own if bad[n].any()), key=lambda n: (*-bad[n], n))
        chosen.update(ordered[:worst])
        for has in (True, False):
            some = (n for n in own if scored[n] is has)
            chosen.update(sorted(some, key=lambda n: chance(SEED, *cases[n]))[:random])
    return Sample(
        cases=tuple(cases[number] for number in sorted(chosen)),
        failed=len(failed[: room // 3]),
        failures=len(failed),
        worst=worst,
        random=random,
        by_category=not many,
        levels=levels,
    )


def _badness(run: Run, numbers: dict[CaseKey, int]) -> tuple[np.ndarray, Counter[str]]:
    """How bad each case is, `(N, 3) float64`, 0 where it is not known: its worst missed point, the
    first measure against a truth, its risk; and how many need a look how soon."""
    bad = np.zeros((len(numbers), 3))
    for point in run.points:
        if point.passed is False:
            number = numbers[point.category, point.case]
            bad[number, 0] = max(bad[number, 0], 1 + severity(point))
    there = run.measurements.scored()
    headline = next((metric for metric in HEADLINES if metric.name in there), None)
    if headline:
        sign = -1 if headline.higher_is_better else 1
        values = np.full(len(numbers), -np.inf)
        for key, _, value, _ in run.measurements.column(headline.name):
            if value is not None:
                number = numbers[key.category, key.case]
                values[number] = max(values[number], sign * value)
        known = np.isfinite(values)
        if known.any():
            bad[known, 1] = 1 + values[known] - values[known].min()
    odd = odd_of(run.agreements)
    found: dict[bool, dict[int, tuple[float, bool]]] = {True: {}, False: {}}
    for risk in run.risks:
        if risk.value is not None:
            own, number = found[risk.model != odd], numbers[risk.category, risk.case]
            if number not in own or risk.value > own[number][0]:
                own[number] = risk.value, bool(risk.signs)
    levels: Counter[str] = Counter()
    for number, (value, signs) in (found[False] | found[True]).items():
        bad[number, 2] = value
        levels[level_of(value, signs)] += 1
    return bad, levels


def only(run: Run, cases: Sequence[CaseKey]) -> Run:
    """The run as if it had these cases alone; what is known of all of them together stays."""
    index = run.index
    keys = [
        key
        for model in index.models
        for about in cases
        if (key := Key(*about, model)) in index.predictions
    ]

    def each(of: Iterable[Collection[object]]) -> tuple[object, ...]:
        return tuple(record for some in of for record in some)

    return run.model_copy(
        update={
            "cases": tuple(index.cases[about] for about in cases),
            "predictions": tuple(index.predictions[key] for key in keys),
            "measurements": run.measurements.only(keys),
            "points": each(index.points[key].values() for key in keys if key in index.points),
            "rules": each(index.rules[key].values() for key in keys if key in index.rules),
            "risks": tuple(index.risks[key] for key in keys if key in index.risks),
            "records": None,
        }
    )
