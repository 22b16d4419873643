"""How often what is said of decisions by eye is right: the share usable, and who is preferred.

Its tables are part of docs/coverage.md, which `python benchmarks/intervals.py` writes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rmbg_eval.decisions.acceptance import (
    more_needed,
    of_run_interval,
    share_interval,
    weighted_share,
)
from rmbg_eval.decisions.ranking import FEWEST as LEAST
from rmbg_eval.decisions.ranking import (
    Tally,
    clearly_better,
    expected_shares,
    rank,
    strengths,
    strengths_of_many,
)
from rmbg_eval.run.intervals import share_interval as point_interval

Array = NDArray[np.float64]
Bounds = tuple[Array, Array]

SETS, MANY, SEED = 4000, 2_000_000, 0
REPEATS = 1000
STRENGTHS = (
    (1, 1), (3, 1), (1, 1, 1, 1), (4, 1, 1, 1), (4, 2, 1, 0.5), (1, 1, 1, 1, 1, 1, 1, 1),
    (100, 30, 10, 3, 1, 1, 1, 1),
)  # fmt: skip
"""Of models that are compared without names."""
THERE, SHOOT = 200, 5
STRATA = 67, 67, 66
PICTURES = (12, 30, 100)
RANKED = ["strengths", "n", "share", "worst", "width", "wrong", "told apart", "ranked apart"]


def _chances(share: float) -> tuple[list[float], float]:
    """To be usable, of the pictures of each stratum, and of all."""
    aside = min(share, 1 - share) / 10
    chances = [share + 2 * aside, share - aside, share - aside]
    return chances, float(np.average(chances, weights=STRATA))


def looked_at(share: float, seen: int, shoots: bool) -> list[str]:
    """Coverage and width of both intervals of the share usable."""
    r = np.random.default_rng(SEED)
    chances, true = _chances(share)
    held, width = np.zeros(2), np.zeros(2)
    for _ in range(REPEATS):
        groups: dict[tuple[int, int], list[bool]] = {}
        strata, usable = [], 0
        for stratum, (chance, size) in enumerate(zip(chances, STRATA, strict=True)):
            shoot = np.arange(size) // SHOOT if shoots else np.arange(size)
            of_shoot = np.full(size, chance)
            if shoots:
                of_shoot = r.beta(chance * 7 / 3, (1 - chance) * 7 / 3, size)[shoot]
            good = r.random(size) < of_shoot
            usable += int(good.sum())
            drawn = r.permutation(size)[: (seen + stratum) // 3]
            for each in drawn:
                groups.setdefault((stratum, int(shoot[each])), []).append(bool(good[each]))
            strata.append((int(good[drawn].sum()), len(drawn), size))
        counts = [(sum(each), len(each)) for each in groups.values()]
        wide, near = share_interval(counts, strata), of_run_interval(strata)
        assert wide
        assert near
        assert wide[0] <= weighted_share(strata) <= wide[1]
        for place, ((low, high), value) in enumerate(((wide, true), (near, usable / THERE))):
            held[place] += low - 1e-12 <= value <= high + 1e-12
            width[place] += high - low
    cells = (
        f"{h / REPEATS:.1%} ({100 * w / REPEATS:.0f})" for h, w in zip(held, width, strict=True)
    )
    return [f"{share:.0%}", "of shoots" if shoots else "alone", str(seen), *cells]


Strata = list[tuple[int, int, int]]


def _on_one_side(strata: Strata) -> bool:
    usable, seen = (sum(each) for each in list(zip(*strata, strict=True))[:2])
    bounds = share_interval([(1, 1)] * usable + [(0, 1)] * (seen - usable), strata)
    return bounds is not None and not bounds[0] <= 0.8 <= bounds[1]


def _within_five(strata: Strata) -> bool:
    seen, share = sum(n for _, n, _ in strata), weighted_share(strata)
    return more_needed(seen, share or 0, THERE, 0.05) == 0


RULES: dict[str, Callable[[Strata], bool]] = {
    "after 60": lambda strata: sum(n for _, n, _ in strata) == 60,
    "once it is known ± 5 points": _within_five,
    "once all of the interval is above or below 80 %": _on_one_side,
}


def ended(share: float, rule: str) -> list[str]:
    """Coverage of both intervals of the share usable where that many are looked at."""
    r = np.random.default_rng(SEED)
    chances, true = _chances(share)
    held, looked = np.zeros(2), 0
    for _ in range(REPEATS):
        good = [r.random(size) < chance for size, chance in zip(STRATA, chances, strict=True)]
        for seen in range(12, THERE + 1):
            counts = [(seen + 2) // 3, (seen + 1) // 3, seen // 3]
            strata = [(int(own[:n].sum()), n, len(own))
                      for own, n in zip(good, counts, strict=True)]  # fmt: skip
            if RULES[rule](strata):
                break
        usable = sum(k for k, _, _ in strata)
        wide = share_interval([(1, 1)] * usable + [(0, 1)] * (seen - usable), strata)
        near, whole = of_run_interval(strata), sum(int(own.sum()) for own in good) / THERE
        for place, (bounds, value) in enumerate(((wide, true), (near, whole))):
            held[place] += bounds is not None and bounds[0] - 1e-12 <= value <= bounds[1] + 1e-12
        looked += seen
    shares = (f"{each / REPEATS:.1%}" for each in held)
    return [f"{share:.0%}", rule, f"{looked / REPEATS:.0f}", *shares]


VOTES, VOTED = 120, 60
"""By one person, and the pictures that there are: two models have no more votes."""


def looks(models: int) -> list[str]:
    """How often of equal models some are called better, at the end and at any look."""
    r = np.random.default_rng(SEED)
    told = np.zeros(2)
    for _ in range(REPEATS):
        wins, asked = np.zeros((VOTED, models, models)), set[tuple[int, int, int]]()
        found = []
        for number in range(1, min(VOTES, VOTED * models * (models - 1) // 2) + 1):
            one, other = _next_pair(wins.sum(0))
            picture = int(r.choice([n for n in range(VOTED) if (n, one, other) not in asked]))
            asked.add((picture, one, other))
            of_one = r.choice([0, 0.5, 1], p=[0.4, 0.2, 0.4])
            wins[picture, one, other] += of_one
            wins[picture, other, one] += 1 - of_one
            seen = wins[wins.any((1, 2))]
            if number % 10 == 0 and len(seen) >= LEAST:
                found.append(bool(clearly_better(seen).any()))
        told += found[-1], any(found)
    return [str(models), *(f"{each / REPEATS:.1%}" for each in told)]


def _next_pair(wins: Array) -> tuple[int, int]:
    """The two models of which the page shows cut-outs next: `nextPair` of its script."""
    even = wins + 0.5 * (1 - np.eye(len(wins)))
    strength = strengths_of_many(even[None], np.ones((1, len(wins))))[0]
    chance = strength[:, None] / (strength[:, None] + strength)
    telling = np.triu(chance * (1 - chance) / (wins + wins.T + 1), 1)
    telling[(wins + wins.T) >= VOTED] = 0
    one, other = divmod(int(telling.argmax()), len(wins))
    return one, other


def wilson(share: Array, count: float | Array) -> Bounds:
    """Wilson's interval."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    spread = share * (1 - share) / count + z * z / (4 * count**2)
    reach = z / (1 + z * z / count) * np.sqrt(spread)
    return middle - reach, middle + reach


def ends(count: int) -> list[list[str]]:
    """Exact coverage of Wilson's interval and ours, of `count` pictures each alone."""
    usable = np.arange(count + 1)
    ours = [
        share_interval([(1, 1)] * k + [(0, 1)] * (count - k), [(k, count, 10**6)])
        for k in usable.tolist()
    ]
    low, high = np.array([each for each in ours if each]).T
    shares = np.array([0.9, 0.95, 0.97, 0.98, 0.99, 0.995, *np.linspace(0.001, 0.999, 999)])
    seen = stats.binom.pmf(usable, count, shares[:, None])
    rows = []
    for title, (lows, highs) in (
        ("Wilson's", wilson(usable / count, count)),
        ("the report's", (low, high)),
    ):
        inside = (lows - 1e-12 <= shares[:, None]) & (shares[:, None] <= highs + 1e-12)
        held = (seen * inside).sum(1)
        rows.append([title, str(count), *(f"{h:.1%}" for h in (*held[:6], held[6:].min()))])
    return rows


SHOOT_SIZES: dict[str, Callable[[np.random.Generator, int], NDArray[np.int64]]] = {
    "5 each": lambda r, n: np.full(n, SHOOT),
    "σ 0.7": lambda r, n: np.maximum(1, np.rint(np.exp(r.normal(2, 0.7, n)))).astype(int),
    "σ 1.2": lambda r, n: np.maximum(1, np.rint(np.exp(r.normal(2, 1.2, n)))).astype(int),
    "one has half": lambda r, n: np.array([SHOOT * (n - 1), *[SHOOT] * (n - 1)]),
}


UNEQUAL = ["usable", "correlation", "sizes", "6 shoots", "12", "30", "50", "100", "200"]
SHARES_OF_SHOOTS = ((0.5, 0.3), (0.8, 0.7), (0.9, 0.3), (0.9, 0.9), (0.97, 0.3), (0.99, 0.3))
SHOOTS = (6, 12, 30, 50, 100, 200)


def unequal(share: float, alike: float, sizes: str, harder: float = 0) -> list[str]:
    """Coverage and width where shoots differ in size and the pictures of one are `alike`.

    `harder`: by how much the chance is less where a shoot is twice as large.
    """
    known = (1 - alike) / alike

    def chances(there: NDArray[np.int64]) -> Array:
        return np.clip(share - harder * np.log2(there / 7), 0.02, 0.98)

    every = SHOOT_SIZES[sizes](np.random.default_rng(SEED), MANY)
    true = float(np.average(chances(every), weights=every)) if harder else share
    cells = []
    for shoots in SHOOTS:
        r = np.random.default_rng(SEED)
        held = width = 0.0
        for _ in range(SETS):
            there = SHOOT_SIZES[sizes](r, shoots)
            chance = chances(there) if harder else share
            usable = r.binomial(there, r.beta(chance * known, (1 - chance) * known, shoots))
            bounds = point_interval(np.stack([usable, there], 1))
            assert bounds
            held += bounds[0] <= true <= bounds[1]
            width += bounds[1] - bounds[0]
        cells.append(f"{held / SETS:.1%} ({100 * width / SETS:.0f})")
    return [f"{share:.0%}", f"{alike:g}", sizes, *cells]


def preferred(
    strength: tuple[float, ...],
    pictures: int,
    each: int = 3,
    equal: float = 0.2,
    apart: float = 0.7,
) -> list[str]:
    """Coverage of the shares' intervals, and how often ranks are wrong or say too little.

    `each`: votes on a picture, of which so many are `equal`; logarithms of strengths are so far
    `apart` from picture to picture.
    """
    r = np.random.default_rng(SEED)
    count, names = len(strength), [str(number) for number in range(len(strength))]

    def votes(some: int) -> tuple[Array, NDArray[np.int64], NDArray[np.int64]]:
        """What left has of each vote `(some, each)`, and who was left and right."""
        logs = np.log(strength) + r.normal(0, apart, (some, count))
        left = r.integers(0, count, (some, each))
        right = (left + r.integers(1, count, (some, each))) % count
        rows = np.arange(some)[:, None]
        wins = r.random((some, each)) < 1 / (1 + np.exp(logs[rows, right] - logs[rows, left]))
        return np.where(r.random((some, each)) < equal, 0.5, wins), left, right

    of_left, left, right = votes(300_000)
    wins = np.zeros((count, count))
    np.add.at(wins, (left, right), of_left)
    np.add.at(wins, (right, left), 1 - of_left)
    true = expected_shares(strengths(wins))
    held, width = np.zeros(count), 0.0
    wrong, told, ranked, pairs, done = 0, 0, 0, 0, 0
    for _ in range(REPEATS):
        shoots = _shoots(*votes(pictures), names)
        found = rank(shoots, names, pictures)
        if found.reason or len(found.models) < count:
            continue
        done += 1
        by_name = {one.model: one for one in found.models}
        ours = [by_name[name] for name in names]
        held += [one.low <= value <= one.high for one, value in zip(ours, true, strict=True)]
        width += float(np.mean([one.high - one.low for one in ours]))
        better = true[:, None] > true + 0.01
        pairs_of_it = [
            (names.index(one.model), names.index(other))
            for one in ours
            for other in one.better_than
        ]
        wrong += any(not better[pair] for pair in pairs_of_it)
        told += sum(bool(better[pair]) for pair in pairs_of_it)
        above = np.array([[a.worst_rank < b.best_rank for b in ours] for a in ours])
        ranked += int((above & better).sum())
        pairs += int(better.sum())
    return [
        " : ".join(f"{one:g}" for one in strength), str(pictures),
        f"{held.mean() / done:.1%}", f"{held.min() / done:.1%}", f"{100 * width / done:.0f}",
        f"{wrong / done:.1%}", f"{told / pairs:.0%}" if pairs else "–",
        f"{ranked / pairs:.0%}" if pairs else "–",
    ]  # fmt: skip


def _shoots(
    of_left: Array, left: NDArray[np.int64], right: NDArray[np.int64], names: list[str]
) -> list[list[Tally]]:
    return [
        [(names[a], names[b], float(won)) for a, b, won in zip(lefts, rights, wins, strict=True)]
        for lefts, rights, wins in zip(left, right, of_left, strict=True)
    ]


def plain_table(heads: list[str], rows: list[list[str]]) -> str:
    """Rows under their heads, in Markdown."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def tables() -> dict[str, object]:
    """What docs/coverage.md says of decisions, by its name in the text."""
    return dict(
        repeats=REPEATS,
        shares=plain_table(
            ["usable", "pictures", "n", "of all like these", "of this run"],
            [
                looked_at(share, seen, shoots)
                for share in (0.5, 0.8, 0.9, 0.97, 0.99, 0.01)
                for shoots in (False, True)
                for seen in (20, 50, 100)
            ],
        ),
        ends=plain_table(
            ["interval", "n", "90 %", "95 %", "97 %", "98 %", "99 %", "99.5 %", "least"],
            [row for count in (10, 20, 50, 100) for row in ends(count)],
        ),
        unequal=plain_table(
            UNEQUAL,
            [
                unequal(share, alike, sizes)
                for share, alike in SHARES_OF_SHOOTS
                for sizes in SHOOT_SIZES
            ],
        ),
        harder=plain_table(
            ["points", *UNEQUAL],
            [
                [f"{100 * harder:g}", *unequal(share, alike, sizes, harder)]
                for share, alike, harder in ((0.9, 0.3, 0.03), (0.9, 0.3, 0.1), (0.7, 0.1, -0.1))
                for sizes in ("σ 0.7", "σ 1.2")
            ],
        ),
        ranks=plain_table(
            RANKED,
            [preferred(strength, pictures) for strength in STRENGTHS for pictures in PICTURES],
        ),
        won=plain_table(
            RANKED,
            [
                preferred((strength, 1), pictures, 1, 0, 0)
                for strength in (3, 19, 49)
                for pictures in PICTURES
            ],
        ),
        ended=plain_table(
            ["usable", "ended", "looked at", "of all like these", "of this run"],
            [ended(share, rule) for share in (0.8, 0.9, 0.97) for rule in RULES],
        ),
        votes=VOTES,
        voted=VOTED,
        looks=plain_table(
            ["equal models", "after all votes", "at any look"], [looks(n) for n in (2, 4, 8)]
        ),
    )
