"""How often a 95 % interval holds what it is for: `python benchmarks/intervals.py` (40 minutes).

Differences of two models are drawn as our measures have them, few at a time, and each kind of
interval is asked whether it holds the true value of all such pictures: the mean for the four usual
ones, the middle (median) for ours. Writes docs/coverage.md; everything is seeded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import intervals_by_eye
import numpy as np
from intervals_by_eye import MANY, SEED, SETS, Array, Bounds, plain_table, wilson
from scipy import stats

from rmbg_eval.run.arrays import Values
from rmbg_eval.run.intervals import FEWEST, middle_interval
from rmbg_eval.run.intervals import share_interval as point_interval
from rmbg_eval.run.statistics import Mean, difference_between, mark_best

Draw = Callable[[np.random.Generator, tuple[int, int]], Array]

SIZES = (5, 6, 8, 12, 16, 30)
RESAMPLES = 999
GROUP = 5
USUAL = ("percentile", "BCa", "studentised", "t")

TEXT = """\
# How often an interval of 95 % is right

The report's intervals hold the true value in 95 % of draws or more (of 1000 draws, chance may show
a point less). The exceptions are shares where the largest shoots are also the hardest, about 90 %,
and what is ended as one likes, down to 74 %.

Made by `python benchmarks/intervals.py`: {sets} sets of n differences between two models a row,
drawn with a fixed seed, and how many of the intervals hold the true value.

The first four are of the **mean** difference (resampled {resamples} times, or Student's t). Where
measures are skewed, as errors are, none of them holds it in 95 % at these sizes; and where a model
fails on a few pictures, the mean of a few others says nothing of it. The fifth is the report's: of
the **middle** difference (the median), from the k-th lowest to the k-th highest. It holds it in
95 % or more for every distribution, from {fewest} pictures on; of 5 none can, and there is none.
The price is in the last two columns: fewer differences are clear where a measure is even.

A difference is called clear by the sign test of the pictures on which the two models differ. Where
they differ on every one, that is so where the interval of the middle leaves out zero.

## Pictures that are each alone

{alone}

## Shoots of {group} pictures

n shoots; the pictures of one have half of their difference in common. Taken as if each were alone,
every interval is too short; the last one, the report's, takes a shoot as one, by its mean.

{shot}

## Models that are equal on many pictures

{equal_sets} sets a row. On so many of n pictures, or shoots, all models have the same value, on
each of the others an error (log normal, σ 1). Shoots have 1 to 9 pictures, and those of one half of
their error in common. Of 2, 3 and 6 models that err alike: how often one has ★, clearly better than
each of the others. Of 6: how often the first is called clearly better than some other, which is
oftener than 1 in 20, for it is compared with five, each by itself. Of 2 models, one of which errs
half as much: how often the interval of the middle difference tells so, and how often it is called
clear.

{equal}

{skewed}

## The share usable, looked at by eye

{repeats} runs a row: n of 200 pictures are looked at, drawn by chance from three strata of risk,
as many of each. The first stratum has a chance to be usable above the one given (by a fifth of
what is left to 0 or 1), the two others below (by a tenth). Shoots have 5 pictures, those of one a
chance of their own (beta, correlation 0.3). "Of all like these" is Clopper and Pearson's interval
with as many pictures as they are worth; "of this run" knows that what was looked at is part of the
200. Beside each is its mean width, in points.

{shares}

Near 0 and 1 Wilson's interval, and others that hold on average, do not hold. Of n pictures, each
alone, drawn from one stratum: how often either holds the share, counted by the binomial
distribution; last, the least of all shares from 0.1 % to 99.9 %. Of 1 − p it is the same.

{ends}

## Shoots of unequal size

{sets} sets of shoots a cell, each shoot with a chance of its own (beta, with a correlation). Their
sizes are log normal (median 7, σ as given), or one of them has half of all pictures, or each has 5.
How often `share_interval` holds the share of all, and its mean width in points: for the share of
points passed and, of one stratum, for the share usable, which are counted alike.

{unequal}

So it is where the size of a shoot says nothing of how hard it is. Below, the chance falls by so
many points each time that a shoot is twice as large (or rises, where there is a minus), from the
one given at 7 pictures. Where the largest shoots are the hardest, a sample may have none of them,
and the interval holds the share of all in about 90 %: it lies too high.

{harder}

## Which model is preferred

{repeats} rankings a row: 3 votes on each of n pictures, between two models by chance, a fifth of
them equal; the models' strengths are given, and differ from picture to picture (log normal, 0.7).
How often the interval of a model's share holds the true one (mean of the models, and the worst);
its mean width in points; how often any model is called better than one that it equals, which is
meant to be one in 20 at most, however many models and pairs there are; how many of the pairs that
differ are told apart; and how many have ranks that do not overlap.

{ranks}

One vote on each picture, none equal, and the strengths the same on each: here a model may win all.

{won}

## Ended as one likes

Intervals and tests are of a number that does not depend on what was seen. {repeats} runs a row: of
200 pictures, each alone and drawn by chance from three strata as above, as many are looked at as
the rule says; how often either interval then holds the share.

{ended}

{repeats} sets of {votes} votes on {voted} pictures, between models that are equal, the pairs as the
page asks for them: how often some are called better after all of them, and how often at any look,
after every tenth vote.

{looks}

## Share of points passed

n pictures with 8 points on average, each picture as hard as it is: of each, a point passes with a
chance drawn from a beta distribution. Wilson's interval takes every point as if it were alone; the
report's takes as many as there are by the differences of the pictures (`share_interval`).

{points}
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


EQUAL_SETS = 2000
TIES = (0, 0.3, 0.6, 0.9)


def often_equal(ties: float, count: int, shoots: bool) -> list[str]:
    """How often one of equal models is called better, and one of two that is."""
    r = np.random.default_rng(SEED)
    shares = []
    for models, better in ((2, 1), (3, 1), (6, 1), (2, 0.5)):
        marked = any_told = interval = 0
        for _ in range(EQUAL_SETS):
            means, groups = _equal_on(r, ties, count, models, better, shoots)
            marked += any(mean.best for mean in mark_best(means, False, groups))
            first = min(means, key=lambda mean: mean.value or 0)
            apart = [difference_between(first, o, groups) for o in means if o is not first]
            any_told += any(d is not None and d.clear and d.higher < d.lower for d in apart)
            interval += any(d is not None and d.high is not None and d.high < 0 for d in apart)
        shares.append((marked, any_told, interval))
    two, three, six, apart = shares
    cells = (two[0], three[0], six[0], six[1], apart[2], apart[0])
    return [
        f"{ties:.0%}", f"{count} {'shoots' if shoots else 'alone'}",
        *(f"{cell / EQUAL_SETS:.1%}" for cell in cells),
    ]  # fmt: skip


def _equal_on(
    r: np.random.Generator, ties: float, count: int, models: int, better: float, shoots: bool
) -> tuple[list[Mean], dict[str, str]]:
    """Errors of models, of which the first errs `better` times as much; each picture's shoot."""
    sizes = r.integers(1, 10, count) if shoots else np.ones(count, int)
    shoot = np.repeat(np.arange(count), sizes)
    errors = np.exp(r.normal(-4, 1, (models, len(shoot))))
    if shoots:
        errors = (errors + np.exp(r.normal(-4, 1, (models, count)))[:, shoot]) / 2
    errors[0] *= better
    alike = (r.random(count)[shoot] if shoots else r.random(len(shoot))) < ties
    errors[:, alike] = 0.01
    names = [f"{number}" for number in range(len(shoot))]
    means = [
        Mean(
            str(m), float(own.mean()), len(own), (), values=Values(names, np.arange(len(own)), own)
        )
        for m, own in enumerate(errors)
    ]
    return means, {n: f"s{g}" for n, g in zip(names, shoot, strict=True)} if shoots else {}


def skewed(count: int) -> str:
    """What is called clear of two models whose means are equal."""
    r = np.random.default_rng(SEED)
    marked = np.zeros(2)
    for _ in range(EQUAL_SETS):
        one = np.where(r.random(count) < 0.1, 0.09, -0.01) * r.gamma(4, 0.25, count)
        means = [
            Mean(name, float(own.mean()), count, (), values=Values(names, np.arange(count), own))
            for name, own in (("one", 0.1 + one), ("other", np.full(count, 0.1)))
            for names in [[str(number) for number in range(count)]]
        ]
        marked += [mean.best for mean in mark_best(means, False, {})]
    first, second = marked / EQUAL_SETS
    return (
        "Clearly better means: on more pictures, and on average of these. Two models may have the "
        "same true\nmean, and one be a little better on nine of ten pictures and far worse on the "
        f"tenth: of {count} pictures,\nit has ★ in {first:.0%} of sets, the other in {second:.0%}."
    )


SHARES = (
    ("78 % pass, pictures alike", 30, 8.5),
    ("73 % pass, pictures differ", 4, 1.5),
    ("90 % pass", 9, 1),
    ("half pass, pictures differ", 1.5, 1.5),
    ("25 % pass", 2, 6),
    ("all or nothing of a picture, mostly", 0.5, 0.2),
)


def points_passed() -> str:
    """How often the interval of a share of points holds the share on all such pictures."""
    rows = []
    for title, a, b in SHARES:
        for count in SIZES[1:]:
            r = np.random.default_rng(SEED)
            chance = r.beta(a, b, (SETS, count))
            measured = np.maximum(1, r.poisson(8, (SETS, count)))
            passed = r.binomial(measured, chance)
            share, total = passed.sum(1) / measured.sum(1), measured.sum(1)
            pairs = [
                point_interval(np.stack(each, 1)) for each in zip(passed, measured, strict=True)
            ]
            low, high = np.array([each for each in pairs if each]).T
            true = a / (a + b)
            cells = [_share(wilson(share, total), true), _share((low, high), true)]
            rows.append([title, str(count), *cells, f"{(high - low).mean():.2f}"])
    return plain_table(["points", "n", "Wilson, each alone", "the report's", "its width"], rows)


def _share(bounds: Bounds | None, value: float, outside: bool = False) -> str:
    if bounds is None:
        return "–"
    inside = (bounds[0] <= value) & (value <= bounds[1])
    return f"{(~inside if outside else inside).mean():.1%}"


def _table(heads: list[str], row: Callable[[Draw, int], list[str]]) -> str:
    rows = [
        [(draw.__doc__ or "").rstrip("."), str(n), *row(draw, n)] for draw in KINDS for n in SIZES
    ]
    return plain_table(["differences", "n", *heads], rows)


def main() -> None:
    """Write docs/coverage.md."""
    shown = TEXT.format(
        sets=SETS,
        resamples=RESAMPLES,
        fewest=FEWEST,
        group=GROUP,
        alone=_table([*USUAL, "middle", "t leaves out 0", "middle leaves out 0"], alone),
        equal_sets=EQUAL_SETS,
        equal=plain_table(
            [
                "equal on",
                "n",
                "★ of 2 equal",
                "of 3",
                "of 6",
                "first of 6 above any",
                "half the error: interval",
                "clear",
            ],
            [
                often_equal(ties, count, shoots)
                for shoots, sizes in ((False, (6, 12, 40, 200)), (True, (12, 40)))
                for count in sizes
                for ties in TIES
            ],
        ),
        skewed=skewed(30),
        **intervals_by_eye.tables(),
        shot=_table(["percentile", "t", "middle", "middle of shoots"], shot),
        points=points_passed(),
    )
    Path(__file__).parents[1].joinpath("docs", "coverage.md").write_text(shown)


if __name__ == "__main__":
    main()
