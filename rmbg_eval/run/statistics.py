"""Models × categories: means with what they leave out, points passed, differences that are clear.

A mean is over the cases that have a value, and says how many have none and why. Two models are
compared case by case. Means of so few and such skewed differences have no interval that keeps its
promise (docs/coverage.md), so the interval is for the middle difference, which has one whatever the
distribution. The best mean is marked only where every model is scored on the same cases, and where
it is clearly better than each of the others. The points of a case resemble each other, so that the
interval of a share of points is as wide as so many cases let it be, not so many points.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.key import Key
from ..core.lookup import Lookup
from ..core.records import columns
from ..i18n import N_, Message
from ..measure.stored import StoredMeasurements
from ..measure.subject import TRIMAP, Metric
from ..measure.table import TABLE
from . import parts
from .index import Groups
from .record import CaseKey, Run
from .tally import middle

_Whole = NDArray[np.integer[Any]]

MIXED = N_("unknown region (10 px, or the data set's trimap)")

ALL = ""
"""In place of a category's name: all of them together."""

EXACT = 1000
"""Groups up to which the interval of the middle is found in whole numbers; beyond, by the
incomplete beta function, which is right to twelve digits."""

FEWEST = 6
"""Groups from which an interval can hold the middle in 95 %: of 5, all are on one side of it in one
set of 16."""


@dataclass(frozen=True)
class Mean:
    """A model's mean of a measure over the cases of a category."""

    model: str
    value: float | None
    scored: int
    left_out: tuple[tuple[Message, int], ...]
    """Reasons, each with the number of cases."""
    best: bool = False
    values: Sequence[tuple[str, float]] = ()
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
    best: bool = False
    """Whether it clearly passes more, case by case, than each of the others."""
    low: float | None = None
    high: float | None = None
    """The share of points that it passes on all such cases lies from `low` to `high` in 95 % of
    runs; None where there are too few cases. See `share_interval`."""
    values: Sequence[tuple[str, float]] = ()
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
    layout = _Layout(run, models, categories)
    rows = []
    for metric in metrics:
        column = layout.column(metric.name)
        for category in categories if column else ():
            assert column
            own = [layout.rows[name, category] for name in models]
            means = [_mean(name, column, at) for name, at in zip(models, own, strict=True)]
            differences = [difference_between(means[0], other, groups) for other in means[1:]]
            best = _best(means, metric.higher_is_better, groups)
            if whole or (
                len(run.cases) > parts.ONE_FILE and not metric.headline
            ):  # nobody asks for each of these
                best = tuple(replace(mean, values=()) for mean in best)
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


def shoots_of(run: Run) -> dict[CaseKey, str]:
    """By category and id, the shoot that a case is from, which may be of several categories;
    without those that are of none."""
    return {
        (category, case): group
        for category, case, group in columns(run.cases, "category", "id", "group")
        if group
    }


class Values(Sequence[tuple[str, float]]):
    """By case, `category/id`: a value; in the memory that its number needs."""

    def __init__(self, names: Sequence[str], cases: _Whole, numbers: NDArray[np.float64]) -> None:
        """`names` are of all cases, `cases` the numbers of those that have a value."""
        self.names, self.cases, self.numbers = names, cases, numbers

    def __len__(self) -> int:
        return len(self.cases)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        return self.names[self.cases[place]], float(self.numbers[place])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]


class Names(Sequence[str]):
    """Texts, one after the other in one piece of memory."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])

    def append(self, name: str) -> None:
        """One more."""
        self._text += name.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        start, end = self._ends[place], self._ends[place + 1]
        return self._text[start:end].decode("utf-8", "surrogatepass")


class _Cases:
    """The cases of keys, numbered as they come, without a list of them all beside the keys."""

    def __init__(self, keys: Mapping[Key, object]) -> None:
        lookup = keys.lookup if isinstance(keys, Groups) else keys
        self._place: Callable[[Key], int | None] = (
            lookup.place
            if isinstance(lookup, Lookup)
            else {key: place for place, key in enumerate(keys)}.get
        )
        self.names = Names()
        """`category/id` of each."""
        self._numbers = array("i")
        models: dict[str, None] = {}
        for place, key in enumerate(keys):
            number = -1
            for model in models:
                before = self._place(key._replace(model=model)) if model != key.model else None
                if before is not None and before < place:
                    number = self._numbers[before]
                    break
            if number < 0:
                number = len(self.names)
                self.names.append(f"{key.category}/{key.case}")
            models[key.model] = None
            self._numbers.append(number)

    @property
    def numbers(self) -> _Whole:
        """Of each key, its case."""
        return np.frombuffer(self._numbers, np.intc) if self._numbers else np.empty(0, np.intc)

    def number(self, key: Key) -> int:
        """The case of a key that is there."""
        place = self._place(key)
        assert place is not None
        return self._numbers[place]


class _Codes(dict[str, int]):
    """A number for each text, as they come."""

    def __missing__(self, text: str) -> int:
        return self.setdefault(text, len(self))


class _Counts:
    """The observation points of a run: of each, whose it is and whether it passed."""

    def __init__(self, run: Run, models: Sequence[str]) -> None:
        self._models = models
        cases = _Cases(run.index.points)
        self._names = cases.names
        self._codes = {name: _Codes() for name in ("category", "kind", "model")}
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
            found = [replace(each, values=()) for each in found]
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
        best = [mean.best for mean in _best(shares, True, groups)]
        return [replace(c, best=b) for c, b in zip(counts, best, strict=True)]


def _as_they_come(numbers: _Whole) -> tuple[_Whole, _Whole]:
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
    place = [
        numbers.setdefault((groups.get(case, case), case in groups), len(numbers))
        for case, _ in values
    ]
    added = np.zeros((len(numbers), 2), np.int64)
    np.add.at(added, place, counts)
    return added


class _Column(NamedTuple):
    """A measure, of each row of the measurements; see `StoredMeasurements.arrays`."""

    values: NDArray[np.float64]
    why: _Whole
    reasons: list[Message]
    where: _Whole
    regions: list[str]
    names: Sequence[str]
    """Of all cases."""
    cases: _Whole
    """Of each row, the number of its case."""


class _Layout:
    """Which rows of a run's measurements are of which model, category and case."""

    def __init__(self, run: Run, models: Sequence[str], categories: Sequence[str]) -> None:
        self._measured = run.measurements
        keys: Mapping[Key, object] = self._measured.by_key
        if isinstance(self._measured, StoredMeasurements):
            keys = self._measured.find(self._measured.stored)
        cases = _Cases(keys)
        self._names, self._cases = cases.names, cases.numbers
        number = {category: place for place, category in enumerate(categories)}
        codes = np.fromiter((number.get(key.category, -1) for key in keys), np.intc, len(keys))
        model = {name: place for place, name in enumerate(models)}
        of_model = np.fromiter((model.get(key.model, -1) for key in keys), np.intc, len(keys))
        self.rows: dict[tuple[str, str], _Whole] = {}
        for name, place in model.items():
            own = np.flatnonzero(of_model == place).astype(np.uint32)
            order = own[np.argsort(codes[own], kind="stable")]
            ends = np.searchsorted(codes[order], np.arange(len(categories)), "right")
            for category, at in number.items():
                self.rows[name, category] = order[ends[at - 1] : ends[at]] if at else own

    @cached_property
    def _at(self) -> dict[Key, int]:
        """The row of each key, where rows are not in a file's order anyway."""
        return {key: place for place, key in enumerate(self._measured.by_key)}

    def column(self, metric: str) -> _Column | None:
        """Of one measure; None where the run does not have it."""
        if metric not in self._measured.metrics():
            return None
        if isinstance(self._measured, StoredMeasurements):
            return _Column(*self._measured.arrays(metric), self._names, self._cases)
        count = len(self._cases)
        values, why, where = np.full(count, np.nan), np.full(count, -1), np.full(count, -1)
        reasons: dict[Message, int] = {}
        regions: dict[str, int] = {}
        for key, column, value, reason in self._measured.column(metric):
            place = self._at[key]
            where[place] = regions.setdefault(column.region, len(regions))
            if value is not None:
                values[place] = value
            elif reason is not None:
                why[place] = reasons.setdefault(reason, len(reasons))
        return _Column(values, why, [*reasons], where, [*regions], self._names, self._cases)


def _region(metric: Metric, column: _Column, own: Iterable[_Whole]) -> str:
    """The region that all of them are over, or that some of them are over a trimap's."""
    numbers = {int(number) for rows in own for number in np.unique(column.where[rows])} - {-1}
    regions = {column.regions[number] for number in numbers}
    if TRIMAP in regions:
        return TRIMAP if len(regions) == 1 else MIXED
    return metric.region


def difference_between(
    one: Mean, other: Mean, groups: Mapping[str, str] | None = None
) -> Difference | None:
    """One model's values minus another's, case by case; None where they share no case.

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
            group = names.get(case)
            by_group.setdefault((group or case, group is None), []).append(difference)
        differences = np.concatenate(list(by_group.values()))
        middles = np.array([own[0] if len(own) == 1 else np.mean(own) for own in by_group.values()])
    low, high = middle_interval(middles) or (None, None)
    return Difference(
        one.model, other.model, len(differences), len(middles),
        float(differences.mean()), float(np.median(middles)), low, high,
    )  # fmt: skip


def _shared(
    one: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]], named: bool
) -> tuple[Sequence[str], NDArray[np.float64]] | None:
    """The cases that both have, in the order of `one`, if they are to be `named`; and the first's
    values minus the other's. None where they share no case."""
    if isinstance(one, Values) and isinstance(other, Values) and one.names is other.names:
        place = np.full(len(one.names), -1)
        place[other.cases] = np.arange(len(other.cases))
        theirs = place[one.cases]
        both = theirs >= 0
        if not both.any():
            return None
        cases = [one.names[case] for case in one.cases[both]] if named else []
        return cases, one.numbers[both] - other.numbers[theirs[both]]
    of_other = dict(other)
    some = [(case, value - of_other[case]) for case, value in one if case in of_other]
    if not some:
        return None
    return [case for case, _ in some], np.array([difference for _, difference in some])


def middle_interval(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Where the median of what `values` are drawn from lies in 95 % of draws or more.

    `values`: `(N,) float64`, independent draws. From the k-th lowest to the k-th highest of them:
    the median is outside only where fewer than k draws lie on one side of it, each of which is as
    likely as heads. It holds for every distribution; None where there are fewer than FEWEST.
    Source: Thompson, "On confidence ranges for the median", 1936.

    >>> middle_interval(np.arange(12.0))
    (2.0, 9.0)
    """
    k = _outer(len(values))
    ordered = np.sort(values)
    return (float(ordered[k - 1]), float(ordered[-k])) if k else None


def share_interval(
    counts: Sequence[tuple[int, int]] | NDArray[np.int64],
) -> tuple[float, float] | None:
    """Where the share of points that pass on all such groups of cases lies, in 95 % of draws.

    `counts`: of each group, the points passed and those measured. For as many points as they are
    worth; how often it holds the share is in docs/coverage.md. None where there are fewer than
    FEWEST groups.

    >>> low, high = share_interval([(6, 8)] * 12)
    >>> round(low, 2), round(high, 2)
    (0.63, 0.85)
    """
    if len(counts) < FEWEST:
        return None
    passed, measured = np.array(counts).reshape(-1, 2).sum(0).tolist()
    return exact_interval(passed / measured, worth(counts))


def exact_interval(share: float, count: float) -> tuple[float, float]:
    """Where the true share lies in 95 % of draws or more, for one seen among `count`, which need
    not be whole.

    Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case
    of the binomial", 1934, by the beta distribution.

    >>> [round(bound, 3) for bound in exact_interval(0.9, 50)]
    [0.782, 0.967]
    """
    from scipy.special import betaincinv  # a tenth of a second

    of, rest = share * count, (1 - share) * count
    low = float(betaincinv(of, rest + 1, 0.025)) if of > 0 else 0.0
    return low, float(betaincinv(of + 1, rest, 0.975)) if rest > 0 else 1.0


def worth(counts: Sequence[tuple[int, int]] | NDArray[np.int64]) -> float:
    """How many, each alone, tell as much of a share as these in their groups: at most their number.

    `counts`: of each group, those that count and all. The share's variance is the jackknife's over
    groups, which may differ in size (Bell and McCaffrey, "Bias reduction in standard errors for
    linear regression with multi-stage samples", 2002), see `worth_of`.

    >>> worth([(1, 1)] * 30), round(worth([(5, 5)] * 30), 9)
    (30.0, 30.0)
    """
    some, all_of = np.array(counts, float).reshape(-1, 2).T
    count, groups = all_of.sum(), len(all_of)
    if groups == count or groups < 2:
        return float(groups)
    share = some.sum() / count
    off = (some - share * all_of) / (1 - all_of / count)
    variance = (off**2).sum() * (groups - 1) / groups / count**2
    alike = count**2 / (all_of**2).sum()
    return worth_of(float(share), float(variance), count, alike, alike - 1, count)


def worth_of(
    share: float, variance: float, count: float, groups: float, freedom: float, most: float
) -> float:
    """How many, each alone, tell as much of a share as what it is from: at most about `most`.

    `variance`: the share's own, found from groups with so many degrees of `freedom`. `count`: of
    those that it is from; `groups`: how many of one size they are worth. Korn and Graubard's
    effective sample size, with Student's t ("Confidence intervals for proportions with small
    expected number of positive counts estimated from survey data", 1998). Where nearly all are
    alike, little says how far groups differ: half a one more is added to those unlike, and a group
    has it as a whole. So where all are alike, each group counts as one.
    """
    one, half = share * (1 - share), 0.5 / count
    few = (student(max(1.0, freedom)) / student(max(1.0, most - 1))) ** 2
    return float(max(1.0, (one + half) / (max(variance, one / most) * few + half / groups)))


def student(freedom: float, confidence: float = 0.95) -> float:
    """The quantile of Student's t that holds the middle `confidence` of it.

    >>> round(student(13), 3)
    2.16
    """
    from scipy.special import stdtrit  # a tenth of a second

    return float(stdtrit(freedom, (1 + confidence) / 2))


@cache
def _outer(count: int) -> int:
    """The most k for which at most 1 in 40 of `count` coins' throws have fewer than k heads."""
    if count > EXACT:
        from scipy.special import bdtr  # a sixth of a second

        k = int(count / 2 - 2 * sqrt(count))  # before where the normal distribution has it
        while bdtr(k, count, 0.5) <= 1 / 40:
            k += 1
        return k
    throws, term, k = 0, 1, 0
    while 40 * (throws + term) <= 2**count:
        throws, k = throws + term, k + 1
        term = term * (count - k + 1) // k
    return k


def _mean(model: str, column: _Column, rows: _Whole) -> Mean:
    numbers = column.values[rows]
    known = ~np.isnan(numbers)
    values = Values(column.names, column.cases[rows[known]], numbers[known])
    why = column.why[rows]
    reasons = Counter({column.reasons[n]: 0 for n in dict.fromkeys(why[why >= 0].tolist())})
    for number, count in zip(*np.unique(why[why >= 0], return_counts=True), strict=True):
        reasons[column.reasons[number]] = int(count)
    value = float(np.mean(values.numbers)) if len(values) else None
    return Mean(model, value, len(values), tuple(reasons.most_common()), values=values)


def _best(
    means: Sequence[Mean], higher: bool | None, groups: Mapping[str, str]
) -> tuple[Mean, ...]:
    """The means with the best one marked, where that is a fair and a clear thing to say."""
    if higher is None or len(means) < 2 or not _same_cases(means) or not len(means[0].values):
        return tuple(means)
    sign = 1 if higher else -1
    best = max(means, key=lambda mean: sign * (mean.value or 0))
    for other in means:
        difference = difference_between(best, other, groups) if other is not best else None
        if difference and not (difference.clear and difference.middle * sign > 0):
            return tuple(means)
    return tuple(replace(mean, best=mean is best) for mean in means)


def over_shared(means: Sequence[Mean]) -> tuple[Mean, ...]:
    """The means over the cases that all of them have a value of: of others, each is over pictures
    that were easier or harder. None of them has a value where there is no such case."""
    if _same_cases(means):
        return tuple(means)
    shared = set.intersection(*({case for case, _ in mean.values} for mean in means))
    return tuple(_over(mean, shared) for mean in means)


def _over(mean: Mean, cases: Container[str]) -> Mean:
    values = [(case, value) for case, value in mean.values if case in cases]
    value = float(np.mean([value for _, value in values])) if values else None
    return replace(mean, value=value, scored=len(values), values=values)


def _same_cases(means: Sequence[Mean]) -> bool:
    """Whether all are over the same cases, in the same order."""
    some = [mean.values for mean in means if isinstance(mean.values, Values)]
    if len(some) == len(means):
        return all(np.array_equal(each.cases, some[0].cases) for each in some)
    return len({tuple(case for case, _ in mean.values) for mean in means}) == 1


def points_apart(one: Points, other: Points, groups: Mapping[str, str]) -> Difference | None:
    """How one model's shares of points differ from another's; None where they share no case."""
    first, second = (
        Mean(each.model, None, len(each.values), (), values=each.values) for each in (one, other)
    )
    return difference_between(first, second, groups)


def _flattered(run: Run) -> Iterable[tuple[str, str, int]]:
    for model in run.models:
        for name in model.info.trained_on:
            sources = columns(run.cases, "source")
            cases = sum(name.lower() in (source or "").lower() for (source,) in sources)
            if cases:
                yield model.info.name, name, cases


def inference(run: Run, model: str) -> float | None:
    """Median seconds of the bare model, and of what refines its alpha; None for cut-outs that were
    made elsewhere."""
    if run.index.models[model].info.finished:
        return None
    return middle(run.tally[model].inference)
