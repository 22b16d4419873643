"""How far what was seen of so many may be from what is so of all: intervals of 95 %.

Means of so few and such skewed differences have no interval that keeps its promise
(docs/coverage.md), so that there is one for the middle, which has it whatever the distribution, and
one for a share of points that come in groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

EXACT = 1000
"""Groups up to which the interval of the middle is found in whole numbers; beyond, by the
incomplete beta function, which is right to twelve digits."""

TINY = 1e-300
"""In place of zero below a fraction line, where there is zero above it, too."""

FEWEST = 6
"""Groups from which an interval can hold the middle in 95 %: of 5, all are on one side of it in one
set of 16."""


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


def one_sided(some: int, others: int) -> bool:
    """Whether so many coins fall so unevenly, either way, in 5 % of throws at most.

    The exact sign test. Of values none of which is zero, that is so where `middle_interval` leaves
    out zero. Source: Dixon and Mood, "The statistical sign test", 1946.

    >>> one_sided(6, 0), one_sided(5, 0), one_sided(2, 11), one_sided(3, 11)
    (True, False, True, False)
    """
    return min(some, others) < _outer(some + others)


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

    `counts`: of each group, those that count and all. The share's variance is found in two ways,
    and that counts by which they are worth less, see `worth_of`. One is the jackknife's over groups
    (Bell and McCaffrey, "Bias reduction in standard errors for linear regression with multi-stage
    samples", 2002), whatever groups are like; but where a few have most of all, it is too low just
    where the share is too high. The other takes those of a group to be as much alike in large
    groups as in small ones (Williams, "Extra-binomial variation in logistic linear models", 1982).

    >>> worth([(1, 1)] * 30), round(worth([(5, 5)] * 30), 9)
    (30.0, 30.0)
    """
    some, all_of = np.array(counts, float).reshape(-1, 2).T
    count, groups, squares = all_of.sum(), len(all_of), (all_of**2).sum()
    if groups == count or groups < 2:
        return float(groups)
    share = float(some.sum() / count)
    off, one = some - share * all_of, share * (1 - share)
    jackknife = ((off / (1 - all_of / count)) ** 2).sum() * (groups - 1) / groups / count**2
    more = (off**2 / all_of).sum() / max(one, TINY) / (groups - 1) - 1
    alike = min(max(more / (count / groups - 1), 0), 1)
    same = one * (count + alike * (squares - count)) / count**2
    sizes = float(count**2 / squares)
    return min(
        worth_of(share, variance, float(count), sizes, freedom, float(count))
        for variance, freedom in ((float(jackknife), sizes - 1), (float(same), groups - 1))
    )


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
