"""Which cases a report shows of a run of many: what failed, the worst, and some drawn by chance.

Tables and counts are over all. Chance is a hash of the case's names, so that the cases drawn of a
whole set are among those drawn of its shards, whatever the machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.key import Key
from ..core.records import ByKey, columns, without
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
    numbers = _numbers(run)
    codes: dict[str, int] = {}
    strata = np.fromiter(
        (codes.setdefault(category, len(codes)) for (category,) in columns(run.cases, "category")),
        np.intc,
        len(run.cases),
    )
    many = len(codes) > _STRATA
    if many:
        strata[:] = 0
    count = 1 if many else len(codes)
    room = max(ROOM // max(len(run.models), 1), LEAST)
    worst = max(1, min(WORST, room // (5 * count)))
    random = max(1, min(RANDOM, room // (5 * count)))
    failed = sorted({numbers[p.case_key] for p in run.failures})
    bad, levels = _badness(run, numbers)
    chosen = {*failed[: room // 3]}
    for stratum in range(count):
        own = np.flatnonzero((strata == stratum) & bad.any(axis=1))
        ordered = own[np.lexsort((own, *-bad[own].T[::-1]))]
        chosen.update(ordered[:worst].tolist())
    drawn: dict[tuple[int, bool], list[tuple[bytes, int]]] = {}
    for number, record in enumerate(run.cases):
        has = bool(record.points) or record.has_truth
        first = drawn.setdefault((int(strata[number]), has), [])
        first.append((chance(SEED, record.category, record.id), number))
        if len(first) > 4 * random:
            first[:] = sorted(first)[:random]
    chosen.update(number for first in drawn.values() for _, number in sorted(first)[:random])
    return Sample(
        cases=tuple((run.cases[n].category, run.cases[n].id) for n in sorted(chosen)),
        failed=len(failed[: room // 3]),
        failures=len(failed),
        worst=worst,
        random=random,
        by_category=not many,
        levels=levels,
    )


def _numbers(run: Run) -> Mapping[CaseKey, int]:
    """Which of the run's cases each is: without a list of them all, where they lie in a file."""
    cases = run.index.cases
    if isinstance(cases, ByKey):
        return cases.rows
    return {about: number for number, about in enumerate(cases)}


def _badness(run: Run, numbers: Mapping[CaseKey, int]) -> tuple[np.ndarray, Counter[str]]:
    """How bad each case is, `(N, 3) float64`, 0 where it is not known: its worst missed point, the
    first measure against a truth, its risk; and how many need a look how soon."""
    bad = np.zeros((len(run.cases), 3))
    for point in without(run.points, "passed"):
        if point.passed is False:
            number = numbers[point.case_key]
            bad[number, 0] = max(bad[number, 0], 1 + severity(point))
    there = run.measurements.scored()
    headline = next((metric for metric in HEADLINES if metric.name in there), None)
    if headline:
        sign = -1 if headline.higher_is_better else 1
        values = np.full(len(bad), -np.inf)
        for key, _, value, _ in run.measurements.column(headline.name):
            if value is not None:
                number = numbers[key.case_key]
                values[number] = max(values[number], sign * value)
        known = np.isfinite(values)
        if known.any():
            bad[known, 1] = 1 + values[known] - values[known].min()
    odd = odd_of(run.agreements)
    # Of each case the most risk, and the most with signs: of the model that is apart, of others.
    most, signed = np.full((2, 2, len(bad)), np.nan)
    for risk in run.risks:
        if risk.value is not None:
            at = int(risk.model != odd), numbers[risk.case_key]
            most[at] = np.fmax(most[at], risk.value)
            if risk.signs:
                signed[at] = np.fmax(signed[at], risk.value)
    other = ~np.isnan(most[1])
    most[0, other], signed[0, other] = most[1, other], signed[1, other]
    levels: Counter[str] = Counter()
    for number in np.flatnonzero(~np.isnan(most[0])).tolist():
        bad[number, 2] = most[0, number]
        value = float(signed[0, number])
        levels[level_of(value, not np.isnan(value))] += 1
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
