"""Models × categories: means with what they leave out, points passed, differences that are clear.

A mean is over the cases that have a value, and says how many have none and why. Two models are
compared case by case. Means of so few and such skewed differences have no interval that keeps its
promise (docs/coverage.md), so the interval is for the middle difference, which has one whatever the
distribution. It is 0 where models are equal on half of the cases: the others, on which they differ,
tell whether one is clearly better. The best mean is marked only where every model is scored on the
same cases, and where it is clearly better than each of the others. The points of a case resemble
each other, so that the interval of a share of points is as wide as so many cases let it be, not so
many points.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import count

import numpy as np
from numpy.typing import NDArray

from ..core.key import Key
from ..core.records import columns
from ..i18n import N_, Message
from ..measure.subject import TRIMAP, Metric
from ..measure.table import TABLE
from . import parts
from .arrays import CaseNumbers, Column, RunArrays, Values, Whole
from .intervals import middle_interval, one_sided, share_interval
from .record import CaseKey, Run, once
from .tally import middle

MIXED = N_("unknown region (10 px, or the data set's trimap)")

ALL = ""
"""In place of a category's name: all of them together."""

ROUNDING = 1e-12
"""A difference of no more than this is none: the mean over a shoot may be off by as much."""


@dataclass(frozen=True)
class Mean:
    """A model's mean of a measure over the cases of a category."""

    model: str
    value: float | None
    scored: int
    left_out: tuple[tuple[Message, int], ...]
    """Reasons, each with the number of cases."""
    best: bool = False
    values: Values = field(default_factory=Values.none)
    """By case, `category/id`: what the mean is over."""


@dataclass(frozen=True)
class Difference:
    """One model's values minus another's, case by case, over the cases that both have."""

    one: str
    other: str
    cases: int
    groups: int
    """Of cases from one shoot, which count as one; a case of no group is its own."""
    mean: float
    """Over the cases: the difference of the means."""
    middle: float
    """The median over the groups, each by the mean of its cases."""
    low: float | None
    high: float | None
    """The median of all such groups lies from `low` to `high` in 95 % of runs or more; None where
    there are too few."""
    higher: int
    """Groups in which the first is higher."""
    lower: int
    """And lower; in the others the two are equal."""

    @property
    def clear(self) -> bool:
        """Whether, of the groups in which they differ, one of them is higher in so many more as of
        two equal models is so in 5 % of runs at most: on more pictures, whatever the mean says."""
        return one_sided(self.higher, self.lower)


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
    best: bool = False
    """Whether it clearly passes more, case by case, than each of the others."""
    low: float | None = None
    high: float | None = None
    """The share of points that it passes on all such cases lies from `low` to `high` in 95 % of
    runs; None where there are too few cases. See `share_interval`."""
    values: Values = field(default_factory=Values.none)
    """By case, `category/id`: the share of its points that passed."""

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
    kinds: tuple[Points, ...]
    """For each kind of point, which is named in place of the category: every model."""
    groups: Mapping[str, str]
    """Of `category/id`, the shoot that it is from, if it is from one."""
    flattered: tuple[tuple[str, str, int], ...]
    """Model, data set it is known to have been trained on, and the cases that are from it."""

    def row(self, metric: str, category: str = ALL) -> Row | None:
        """The row of a measure in a category, if the run has it."""
        rows = (r for r in self.rows if (r.metric, r.category) == (metric, category))
        return next(rows, None)


def summarise(run: Run, metrics: Iterable[Metric] = TABLE, whole: bool = False) -> Summary:
    """The summary of a run, over those of the measures that it has.

    `whole`: of all categories together alone, and without the values of each case.
    """
    models = [model.info.name for model in run.models]
    each = [] if whole else [*dict.fromkeys(name for (name,) in columns(run.cases, "category"))]
    categories = [ALL, *each]
    groups = {f"{category}/{case}": shoot for (category, case), shoot in shoots_of(run).items()}
    arrays = RunArrays(run, models, categories)
    rows = []
    for metric in metrics:
        column = arrays.column(metric.name)
        if column is None:
            continue
        # Of many cases, nobody asks for each of what is no headline.
        keeps_values = not whole and (metric.headline or len(run.cases) <= parts.ONE_FILE)
        for category in categories:
            own = [arrays.rows[name, category] for name in models]
            means = [_mean(name, column, at) for name, at in zip(models, own, strict=True)]
            differences = [difference_between(means[0], other, groups) for other in means[1:]]
            best = mark_best(means, metric.higher_is_better, groups)
            if not keeps_values:
                best = tuple(replace(mean, values=Values.none()) for mean in best)
            rows.append(
                Row(
                    metric.name,
                    metric.unit,
                    _region(metric, column, own),
                    metric.higher_is_better,
                    category,
                    best,
                    tuple(d for d in differences if d is not None),
                )
            )
    points, kinds = _Counts(run, models).points(categories, groups, whole)
    return Summary(tuple(rows), points, kinds, groups, tuple(_flattered(run)))


@once
def summary_of(run: Run) -> Summary:
    """The summary of all that a run has."""
    return summarise(run)


def shoots_of(run: Run) -> dict[CaseKey, str]:
    """By category and id, the shoot that a case is from, which may be of several categories;
    without those that are of none. Copies of a picture are of one shoot, and join those that they
    are from."""
    shoots = {
        (category, case): group
        for category, case, group in columns(run.cases, "category", "id", "group")
        if group
    }
    joined: dict[str, str] = {}

    def whole(shoot: str) -> str:
        while (other := joined.get(shoot, shoot)) != shoot:
            joined[shoot] = shoot = joined.get(other, other)
        return shoot

    for copy, first in copies_in(run).items():
        shoot = whole(shoots.setdefault(first, "\0".join(first)))  # no shoot has such a name
        joined[whole(shoots.setdefault(copy, shoot))] = shoot
    return {key: whole(shoot) for key, shoot in shoots.items()}


class _Counts:
    """The observation points of a run: of each, whose it is and whether it passed."""

    def __init__(self, run: Run, models: Sequence[str]) -> None:
        self._models = models
        cases = CaseNumbers(run.index.points)
        self._names = cases.names
        # A number for each text, as they come.
        self._codes: dict[str, defaultdict[str, int]] = {
            name: defaultdict(count().__next__) for name in ("category", "kind", "model")
        }
        category_of, kind_of, model_of = self._codes.values()
        own: tuple[array[int], ...] = tuple(array(code) for code in "iiiib")
        before, number = None, -1
        fields = columns(run.points, "category", "case", "model", "kind", "passed")
        for category, case, model, kind, passed in fields:
            if (key := Key(category, case, model)) != before:
                before, number = key, cases.number(key)
            outcome = 2 if passed is None else int(not passed)
            row = number, category_of[category], kind_of[kind], model_of[model], outcome
            for column, value in zip(own, row, strict=True):
                column.append(value)
        self._cases, self._category, self._kind, self._model, self._outcome = (
            np.frombuffer(column, column.typecode) if column else np.empty(0, column.typecode)
            for column in own
        )

    def points(
        self, categories: Sequence[str], groups: Mapping[str, str], whole: bool
    ) -> tuple[tuple[Points, ...], tuple[Points, ...]]:
        """Of each category and model, and of each kind and model; see `summarise`."""
        if not len(self._cases):
            return (), ()
        of_category, of_kind, _ = self._codes.values()
        found: list[Points] = []
        for category in categories:
            if category == ALL:
                found += self._points(np.ones(len(self._cases), bool), groups, category)
            elif category in of_category:
                found += self._points(self._category == of_category[category], groups, category)
        kinds = [
            each
            for kind, number in ([] if whole else of_kind.items())
            for each in self._points(self._kind == number, groups, kind)
        ]
        if whole:
            found = [replace(each, values=Values.none()) for each in found]
        return tuple(found), tuple(kinds)

    def _points(
        self, which: NDArray[np.bool_], groups: Mapping[str, str], category: str
    ) -> Iterable[Points]:
        """Each model's points of those, which are of a category or of a kind."""
        counts, shares = [], []
        for model in self._models:
            own = which & (self._model == self._codes["model"].get(model, -1))
            outcomes, first, case = self._outcome[own], *_as_they_come(self._cases[own])
            right, wrong, unmeasured = (
                np.bincount(case[outcomes == n], minlength=len(first)) for n in range(3)
            )
            known = right + wrong > 0
            right, measured = right[known], (right + wrong)[known]
            values = Values(self._names, first[known], right / measured)
            of_groups = _by_group(values, np.stack([right, measured], 1), groups)
            low, high = share_interval(of_groups) or (None, None)
            passed, failed = int(right.sum()), int((measured - right).sum())
            counts.append(
                Points(
                    model, category, passed, failed, int(unmeasured.sum()),
                    low=low, high=high, values=values,
                )
            )  # fmt: skip
            share = counts[-1].passed / counts[-1].measured if len(values) else None
            shares.append(Mean(model, share, len(values), (), values=values))
        best = [mean.best for mean in mark_best(shares, True, groups)]
        return [replace(c, best=b) for c, b in zip(counts, best, strict=True)]


def _as_they_come(numbers: Whole) -> tuple[Whole, Whole]:
    """Each number once, in the order in which they come; and of each, where it is among these."""
    each, first, place = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(first)
    turn = np.empty_like(order)
    turn[order] = np.arange(len(order))
    return each[order], turn[place.reshape(-1)]


def _by_group(
    values: Values, counts: NDArray[np.int64], groups: Mapping[str, str]
) -> NDArray[np.int64]:
    """The counts of each case, `(N, 2)`, those of one shoot added up."""
    if not groups:
        return counts
    numbers: dict[tuple[str, bool], int] = {}
    place = [numbers.setdefault(_one_of(case, groups), len(numbers)) for case, _ in values]
    added = np.zeros((len(numbers), 2), np.int64)
    np.add.at(added, place, counts)
    return added


def _one_of(case: str, groups: Mapping[str, str]) -> tuple[str, bool]:
    """What a case counts as one with: the others of its shoot, or none, whatever it is called."""
    return groups.get(case, case), case in groups


def _region(metric: Metric, column: Column, own: Iterable[Whole]) -> str:
    """The region that all of them are over, or that some of them are over a trimap's."""
    numbers = {int(number) for rows in own for number in np.unique(column.where[rows])} - {-1}
    regions = {column.regions[number] for number in numbers}
    if TRIMAP in regions:
        return TRIMAP if len(regions) == 1 else MIXED
    return metric.region


def difference_between(
    one: Mean | Points, other: Mean | Points, groups: Mapping[str, str] | None = None
) -> Difference | None:
    """One model's values minus another's of a run, case by case; None where they share no case. Of
    points, the shares that passed.

    `groups`: of `category/id`, the shoot that it is from.
    """
    names = groups or {}
    shared = _shared(one.values, other.values, bool(names))
    if shared is None:
        return None
    cases, differences = shared
    middles = differences
    if names:
        by_group: dict[tuple[str, bool], list[float]] = {}
        for case, difference in zip(cases, differences.tolist(), strict=True):
            by_group.setdefault(_one_of(case, names), []).append(difference)
        differences = np.concatenate(list(by_group.values()))
        middles = np.array([own[0] if len(own) == 1 else np.mean(own) for own in by_group.values()])
    low, high = middle_interval(middles) or (None, None)
    higher, lower = (int((sign * middles > ROUNDING).sum()) for sign in (1, -1))
    return Difference(
        one.model, other.model, len(differences), len(middles),
        float(differences.mean()), float(np.median(middles)), low, high, higher, lower,
    )  # fmt: skip


def _shared(
    one: Values, other: Values, named: bool
) -> tuple[Sequence[str], NDArray[np.float64]] | None:
    """The cases that both have, in the order of `one`, if they are to be `named`; and the first's
    values minus the other's. None where they share no case."""
    if not (len(one) and len(other)):
        return None
    place = np.full(len(one.names), -1)
    place[other.cases] = np.arange(len(other.cases))
    theirs = place[one.cases]
    both = theirs >= 0
    if not both.any():
        return None
    cases = [one.names[case] for case in one.cases[both]] if named else []
    return cases, one.numbers[both] - other.numbers[theirs[both]]


def _mean(model: str, column: Column, rows: Whole) -> Mean:
    numbers = column.values[rows]
    known = ~np.isnan(numbers)
    values = Values(column.names, column.cases[rows[known]], numbers[known])
    why = column.why[rows]
    left_out = Counter(why[why >= 0].tolist()).most_common()
    reasons = tuple((column.reasons[number], cases) for number, cases in left_out)
    value = float(np.mean(values.numbers)) if len(values) else None
    return Mean(model, value, len(values), reasons, values=values)


def mark_best(
    means: Sequence[Mean], higher: bool | None, groups: Mapping[str, str]
) -> tuple[Mean, ...]:
    """The means with the best one marked, where that is a fair and a clear thing to say."""
    if higher is None or len(means) < 2 or not _same_cases(means) or not len(means[0].values):
        return tuple(means)
    sign = 1 if higher else -1
    best = max(means, key=lambda mean: sign * (mean.value or 0))
    for other in means:
        if other is best:
            continue
        if as_good(best, other):  # which of the two stands first decides nothing
            return tuple(means)
        apart = difference_between(best, other, groups)
        if apart and not (apart.clear and (apart.higher - apart.lower) * sign > 0):
            return tuple(means)
    return tuple(replace(mean, best=mean is best) for mean in means)


def as_good(one: Mean, other: Mean) -> bool:
    """Whether two means are equal, but for rounding."""
    return abs((one.value or 0) - (other.value or 0)) <= ROUNDING


def over_shared(means: Sequence[Mean]) -> tuple[Mean, ...]:
    """The means over the cases that all of them have a value of: of others, each is over pictures
    that were easier or harder. None of them has a value where there is no such case."""
    if _same_cases(means):
        return tuple(means)
    shared = reduce(np.intersect1d, (mean.values.cases for mean in means))
    return tuple(_over(mean, shared) for mean in means)


def _over(mean: Mean, cases: Whole) -> Mean:
    own, which = mean.values, np.isin(mean.values.cases, cases)
    values = Values(own.names, own.cases[which], own.numbers[which])
    value = float(np.mean(values.numbers)) if len(values) else None
    return replace(mean, value=value, scored=len(values), values=values)


def _same_cases(means: Sequence[Mean]) -> bool:
    """Whether all are over the same cases, in the same order."""
    return all(np.array_equal(mean.values.cases, means[0].values.cases) for mean in means)


def _flattered(run: Run) -> Iterable[tuple[str, str, int]]:
    for model in run.models:
        for name in model.info.trained_on:
            sources = columns(run.cases, "source")
            cases = sum(name.lower() in (source or "").lower() for (source,) in sources)
            if cases:
                yield model.info.name, name, cases


def copies_in(run: Run) -> dict[CaseKey, CaseKey]:
    """The cases whose picture is that of a case before, to the byte; each with that one. Of files
    that nothing could be made of, as several of one broken download, none is a copy."""
    firsts: dict[str, CaseKey] = {}
    copies: dict[CaseKey, CaseKey] = {}
    about = columns(run.predictions, "category", "case", "picture_sha256", "failure")
    for category, case, sha256, failure in about:
        if not sha256 or failure:
            continue
        if (first := firsts.setdefault(sha256, (category, case))) != (category, case):
            copies.setdefault((category, case), first)
    return copies


def inference(run: Run, model: str) -> float | None:
    """Median seconds of the bare model, and of what refines its alpha; None for cut-outs that were
    made elsewhere."""
    if run.index.models[model].info.finished:
        return None
    return middle(run.tally[model].inference)
