"""How often a 95 % interval holds what it is for: `python benchmarks/coverage.py` (two minutes).

Differences of two models are drawn as our measures have them, few at a time, and each kind of
interval is asked whether it holds the true value of all such pictures: the mean for the four usual
ones, the middle (median) for ours. Writes docs/coverage.md; everything is seeded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rmbg_eval.run.statistics import FEWEST, middle_interval

Array = NDArray[np.float64]
Bounds = tuple[Array, Array]
Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

SIZES = (5, 6, 8, 12, 16, 30)
SETS, RESAMPLES, MANY, SEED = 4000, 999, 2_000_000, 0
GROUP = 5
USUAL = ("percentile", "BCa", "studentised", "t")

TEXT = """\
# What an interval of 95 % holds

Made by `python benchmarks/coverage.py`: {sets} sets of n differences between two models a row,
drawn with a fixed seed, and how many of the intervals hold the true value.

The first four are of the **mean** difference (resampled {resamples} times, or Student's t). Where
measures are skewed, as errors are, none of them holds it in 95 % at these sizes; and where a model
fails on a few pictures, the mean of a few others says nothing of it. The fifth is the report's: of
the **middle** difference (the median), from the k-th lowest to the k-th highest. It holds it in
95 % or more for every distribution, from {fewest} pictures on; of 5 none can, and there is none.
The price is in the last two columns: fewer differences are clear where a measure is even.

## Pictures that are each alone

{alone}

## Shoots of {group} pictures

n shoots; the pictures of one have half of their difference in common. Taken as if each were alone,
every interval is too short; the last one, the report's, takes a shoot as one, by its mean.

{shot}
"""


def errors_alike(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """MAD, two models that err alike."""
    one = np.exp(r.normal(-4, 1, shape))
    return one - one * np.exp(r.normal(0, 0.5, shape))


def errors_apart(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """MAD, one errs 1.8 times as much."""
    one = np.exp(r.normal(-4, 1, shape))
    return one - one * np.exp(r.normal(0.4, 0.6, shape))


def colours(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """ΔE2000, one 1.5 times the other."""
    return r.gamma(2, 1.5, shape) - r.gamma(2, 2.2, shape)


def points(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Share of eight points passed."""
    one, other = r.beta(4, 1.5, shape), r.beta(3, 2, shape)
    return (r.binomial(8, one) - r.binomial(8, other)) / 8


def scores(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Scores near 1."""
    return r.beta(18, 1.2, shape) - r.beta(12, 2, shape)


def failures(r: np.random.Generator, shape: tuple[int, int]) -> Array:
    """MAD, one fails on every tenth."""
    return errors_alike(r, shape) - 0.3 * (r.random(shape) < 0.1)


KINDS: tuple[Draw, ...] = (errors_alike, errors_apart, colours, points, scores, failures)


def intervals_of_the_mean(values: Array, r: np.random.Generator) -> dict[str, Bounds]:
    """Of each row of `values`: the four usual ones."""
    count = values.shape[1]
    picks = r.integers(0, count, (RESAMPLES, count))
    times = (picks[:, :, None] == np.arange(count)).sum(1)
    means = values @ times.T / count
    mean, error = values.mean(1), values.std(1, ddof=1) / np.sqrt(count)
    squares = np.maximum(values**2 @ times.T / count - means**2, 0)
    with np.errstate(all="ignore"):  # a resample of one picture only has no spread
        student = np.nan_to_num((means - mean[:, None]) / np.sqrt(squares / (count - 1)))
        low, high = np.quantile(student, (0.025, 0.975), axis=1, method="nearest")
        reach = stats.t.ppf(0.975, count - 1) * error
        ways = (values - mean[:, None]) / np.maximum(values.std(1, keepdims=True), 1e-300)
        skew = (ways**3).mean(1) / (6 * np.sqrt(count))
        below = (means < mean[:, None]).mean(1) + (means == mean[:, None]).mean(1) / 2
        bias = stats.norm.ppf(np.clip(below, 1e-3, 1 - 1e-3))
    means.sort(axis=1)

    def corrected(z: float) -> Array:
        share = stats.norm.cdf(bias + (bias + z) / (1 - skew * (bias + z)))
        at = np.clip(np.rint(share * RESAMPLES).astype(int), 0, RESAMPLES - 1)
        return means[np.arange(len(means)), at]

    return {
        "percentile": (means[:, 24], means[:, -25]),
        "BCa": (corrected(-1.96), corrected(1.96)),
        "studentised": (mean - high * error, mean - low * error),
        "t": (mean - reach, mean + reach),
    }


def of_the_middle(values: Array) -> Bounds | None:
    """Ours, of each row; None where there are too few."""
    found = [middle_interval(row) for row in values]
    low, high = np.array([each for each in found if each]).reshape(-1, 2).T
    return (low, high) if len(low) else None


def alone(draw: Draw, count: int) -> list[str]:
    """Coverage of each interval where every picture is alone, and how often it leaves out zero."""
    r = np.random.default_rng(SEED)
    every, values = draw(r, (1, MANY)), draw(r, (SETS, count))
    usual, ours = intervals_of_the_mean(values, r), of_the_middle(values)
    cells = [_share(each, every.mean()) for each in usual.values()]
    cells += [_share(ours, float(np.median(every)))]
    return cells + [_share(each, 0, outside=True) for each in (usual["t"], ours)]


def shot(draw: Draw, count: int) -> list[str]:
    """Coverage where each of `count` shoots has five pictures, with half of it in common."""

    def pictures(r: np.random.Generator, shoots: int) -> Array:
        return (draw(r, (shoots, 1)) + draw(r, (shoots, GROUP))) / 2

    r = np.random.default_rng(SEED)
    every, values = pictures(r, MANY // GROUP), pictures(r, SETS * count)
    by_set = values.reshape(SETS, count * GROUP)
    usual = intervals_of_the_mean(by_set, r)
    cells = [_share(usual[name], every.mean()) for name in ("percentile", "t")]
    cells += [_share(of_the_middle(by_set), float(np.median(every)))]
    shoots = of_the_middle(values.mean(1).reshape(SETS, count))
    return [*cells, _share(shoots, float(np.median(every.mean(1))))]


def _share(bounds: Bounds | None, value: float, outside: bool = False) -> str:
    if bounds is None:
        return "–"
    inside = (bounds[0] <= value) & (value <= bounds[1])
    return f"{(~inside if outside else inside).mean():.1%}"


def _table(heads: list[str], row: Callable[[Draw, int], list[str]]) -> list[str]:
    heads = ["differences", "n", *heads]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for draw in KINDS:
        title = (draw.__doc__ or "").rstrip(".")
        lines += [f"| {' | '.join([title, str(n), *row(draw, n)])} |" for n in SIZES]
    return lines


def main() -> None:
    """Write docs/coverage.md."""
    shown = TEXT.format(
        sets=SETS,
        resamples=RESAMPLES,
        fewest=FEWEST,
        group=GROUP,
        alone="\n".join(_table([*USUAL, "middle", "t leaves out 0", "middle leaves out 0"], alone)),
        shot="\n".join(_table(["percentile", "t", "middle", "middle of shoots"], shot)),
    )
    Path(__file__).parents[1].joinpath("docs", "coverage.md").write_text(shown)


if __name__ == "__main__":
    main()
