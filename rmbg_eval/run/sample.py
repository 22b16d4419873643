"""Which cases a report shows of a run of many: what failed, the worst, and some drawn by chance.

Tables and counts are over all. Chance is a hash of the case's names, so that the cases drawn of a
whole set are among those drawn of its shards, whatever the machine.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.key import Key
from ..core.records import ByKey, columns, without
from ..measure.table import HEADLINES
from . import parts
from .agreement import peers_in
from .findings import severity
from .queue import level_of
from .record import CaseKey, Run, once

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


def chance(category: str, case: str) -> bytes:
    """What puts cases in an order by chance, the same for everybody."""
    text = "\0".join([str(SEED), category, case])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@once
def sample_of(run: Run) -> Sample | None:
    """The sample of a run of many cases; None of a run that is shown whole.

    Of a shard of many, that which the whole may show: what else was drawn, merging leaves out.
    """
    if not parts.in_parts(len(run.cases), run.shard):
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
    room = room_for(len(run.models))
    of = run.shard.of if run.shard else 1
    worst = _in_a_part(max(1, min(WORST, room // (5 * count))), of)
    random = _in_a_part(max(1, min(RANDOM, room // (5 * count))), of)
    most = _in_a_part(room // 3, of)
    failed = _failed(run, numbers)
    bad, levels = _badness(run, numbers)
    chosen = {*failed[:most]}
    for stratum in range(count):
        own = np.flatnonzero((strata == stratum) & bad.any(axis=1))
        ordered = own[np.lexsort((own, *-bad[own].T[::-1]))]
        chosen.update(ordered[:worst].tolist())
    drawn: dict[tuple[int, bool], list[tuple[bytes, int]]] = {}
    for number, record in enumerate(run.cases):
        has = bool(record.points) or record.has_truth
        first = drawn.setdefault((int(strata[number]), has), [])
        first.append((chance(*record.key), number))
        if len(first) > 4 * random:
            first[:] = sorted(first)[:random]
    chosen.update(number for first in drawn.values() for _, number in sorted(first)[:random])
    return Sample(
        cases=tuple((run.cases[n].category, run.cases[n].id) for n in sorted(chosen)),
        failed=len(failed[:most]),
        failures=len(failed),
        worst=worst,
        random=random,
        by_category=not many,
        levels=levels,
    )


def shown_of(run: Run) -> Run:
    """What of a run a report shows case by case: all, or its sample."""
    return run if sample_of(run) is None else _sampled(run)


@once
def _sampled(run: Run) -> Run:
    """Its sample alone; apart from `shown_of`, as a run that keeps itself equals no other."""
    sample = sample_of(run)
    assert sample is not None
    return only(run, sample.cases)


def room_for(models: int) -> int:
    """Cases that are shown, at about the most."""
    return max(ROOM // max(models, 1), LEAST)


def _in_a_part(count: int, of: int) -> int:
    """How many of `count` cases are in one of so many parts, at the most but for once in 10,000.

    >>> [_in_a_part(100, of) for of in (1, 4, 64)]
    [100, 49, 11]
    """
    return min(count, math.ceil(count / of + 4 * math.sqrt(count / of)) + 4)


def _failed(run: Run, numbers: Mapping[CaseKey, int]) -> list[int]:
    """The cases in which a prediction failed: the first of each model, category and reason, then
    the second of each, and so on, so that no reason hides another."""
    turns: dict[int, int] = {}
    of_kind = Counter[object]()
    for p in run.failures:
        kind = p.model, p.category, p.failure and p.failure.problem.text
        number = numbers[p.case_key]
        turns[number] = min(of_kind[kind], turns.get(number, of_kind[kind]))
        of_kind[kind] += 1
    return sorted(turns, key=lambda number: (turns[number], number))


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
    odd = peers_in(run).odd
    # Of each case the most risk, and the most with signs: of the model that is apart, of others.
    most, signed = np.full((2, 2, len(bad)), np.nan)
    for risk in run.risks:
        if risk.value is not None:
            at = int(risk.model not in odd), numbers[risk.case_key]
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
