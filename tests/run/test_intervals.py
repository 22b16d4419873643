"""Intervals hold what they are for as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rmbg_eval.run.intervals import (
    FEWEST,
    exact_interval,
    middle_interval,
    one_sided,
    share_interval,
    student,
    worth,
)


@pytest.mark.parametrize("count", [*range(1, 41), 1001, 1200])
def test_an_interval_is_the_narrowest_of_which_the_coins_allow(count):
    """All ways in which the median may lie among so many: as likely as so many heads."""
    below = [math.comb(count, k) / 2**count for k in range(count + 1)]
    found = middle_interval(np.arange(float(count)))
    if found is None:
        assert count < FEWEST
        assert 2 * below[0] > 0.05
    else:
        k = int(found[0]) + 1
        assert found == (k - 1, count - k)
        assert 2 * sum(below[:k]) <= 0.05 < 2 * sum(below[: k + 1])


@pytest.mark.parametrize("count", [*range(31), 1001])
def test_sides_differ_where_the_exact_test_and_the_interval_say_so(count: int) -> None:
    for some in range(count + 1):
        values = np.array([1.0] * some + [-1.0] * (count - some))
        low, high = middle_interval(values) or (0.0, 0.0)
        told = one_sided(some, count - some)
        assert told == (low * high > 0)
        assert told == (count > 0 and stats.binomtest(some, count).pvalue <= 0.05)


def percentile_bootstrap(values: np.ndarray) -> tuple[float, float]:
    picks = np.random.default_rng(0).integers(0, len(values), (1000, len(values)))
    low, high = np.percentile(values[picks].mean(1), [2.5, 97.5])
    return float(low), float(high)


@pytest.mark.parametrize("count", [6, 8, 12, 30])
def test_an_interval_holds_what_it_is_for_as_often_as_it_says(count):
    """Of skewed differences such as those of errors; docs/coverage.md has the whole table."""
    random = np.random.default_rng(2)
    one = np.exp(random.normal(-4, 1, (1500, count)))
    drawn = one - one * np.exp(random.normal(0.4, 0.6, (1500, count)))
    median = -0.00702  # of four million
    mean = np.exp(-3.5) * (1 - np.exp(0.58))

    def held(interval, value, sets):
        return np.mean([low <= value <= high for low, high in map(interval, drawn[:sets])])

    assert 0.945 <= held(middle_interval, median, 1500) <= 0.997
    assert held(percentile_bootstrap, mean, 300) < 0.9  # what was here before


@settings(max_examples=100)
@given(st.integers(1, 300), st.data())
def test_beyond_an_exact_interval_so_many_are_seen_once_in_40(
    count: int, data: st.DataObject
) -> None:
    seen = data.draw(st.integers(0, count))
    low, high = exact_interval(seen / count, count)
    assert low <= seen / count <= high
    for bound, rare in ((low, stats.binom.sf(seen - 1, count, low)),
                        (high, stats.binom.cdf(seen, count, high))):  # fmt: skip
        assert bound in (0, 1) or rare == pytest.approx(0.025)


def slow_worth(counts: list[tuple[int, int]]) -> float:
    """By the share that each group left out leaves, and by how far each is off for its size."""
    some, all_of = (sum(part) for part in zip(*counts, strict=True))
    share, groups = some / all_of, len(counts)
    without = [(some - k) / (all_of - n) for k, n in counts]
    jackknife = (groups - 1) / groups * sum((each - share) ** 2 for each in without)
    one = share * (1 - share)
    squares = sum(n**2 for _, n in counts)
    off = [(k / n - share) ** 2 * n / one for k, n in counts] if one else [0]
    alike = np.clip((sum(off) / (groups - 1) - 1) / (all_of / groups - 1), 0, 1)
    same = sum(one * n * (1 + (n - 1) * alike) for _, n in counts) / all_of**2
    sizes = all_of**2 / squares
    more = 0.5 / all_of
    found = []
    for variance, freedom in ((jackknife, sizes - 1), (same, groups - 1)):
        ratio = stats.t.ppf(0.975, max(1, freedom)) / stats.t.ppf(0.975, all_of - 1)
        spread = max(variance, one / all_of) * ratio**2
        found.append(max(1, (one + more) / (spread + more / sizes)))
    return min(found)


_GROUPS = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=100)
@given(st.lists(_GROUPS, min_size=2, max_size=12))
def test_what_groups_are_worth(counts: list[tuple[int, int]]) -> None:
    count = sum(n for _, n in counts)
    if count == len(counts):
        assert worth(counts) == count
    else:
        assert worth(counts) == pytest.approx(slow_worth(counts))
        assert worth(counts) <= count * (1 + 1e-9)


def test_one_large_group_among_small_ones_counts_as_little_more_than_one() -> None:
    assert worth([(1, 1)] * 4 + [(56, 56)]) == pytest.approx(60**2 / (4 + 56**2))


@pytest.mark.parametrize("shoots", [50, 100])
def test_the_interval_holds_the_share_of_shoots_of_very_unequal_sizes(shoots: int) -> None:
    r = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        sizes = np.maximum(1, np.rint(np.exp(r.normal(2, 1.2, shoots)))).astype(int)
        passed = r.binomial(sizes, r.beta(0.1, 0.1 / 9, shoots))  # 90 %, a correlation of 0.9
        low, high = share_interval(np.stack([passed, sizes], 1))
        held += low <= 0.9 <= high
    assert held / 400 >= 0.95


@pytest.mark.parametrize("sizes", [[40] + [4] * 10, [145] + [5] * 29, [30] + [5] * 6])
def test_the_interval_holds_the_share_where_groups_differ_in_size(sizes: list[int]) -> None:
    r = np.random.default_rng(0)
    share, known = 0.9, 7 / 3  # a correlation of 0.3
    held = 0
    for _ in range(500):
        chance = r.beta(share * known, (1 - share) * known, len(sizes))
        low, high = share_interval(np.stack([r.binomial(sizes, chance), sizes], 1))
        held += low <= share <= high
    assert held / 500 >= 0.95


def test_student_is_that_of_the_tables() -> None:
    for confidence, freedom, value in ((0.9, 5, 2.015), (0.95, 13, 2.160), (0.95, 1000, 1.962)):
        assert student(freedom, confidence) == pytest.approx(value, abs=6e-4)
