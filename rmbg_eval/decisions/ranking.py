"""Which model people prefer, from votes on two cut-outs without names.

Strengths are those of Bradley and Terry, an equal vote half a victory of each, as evalica computes
them. Votes on one picture, or on pictures of one shoot, resemble each other: how many they are
worth is found by draws of whole shoots, and intervals are of so many. A model has as many ranks as
it may have; where they overlap, no order is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.key import CaseKey
from ..i18n import Message
from ..run.intervals import exact_interval, worth_of
from ..run.record import Run
from ..run.statistics import shoots_of
from .record import Decisions, Vote

FEWEST = 12
"""Pictures, or shoots, that votes must be on for a ranking: of fewer, intervals are too short."""
DRAWS = 500
"""Of shoots with replacement."""
FLIPS = 1999
"""Of the signs of shoots."""
_SEED = 0
"""Of both: so the ranking of the same votes is always the same."""
PRIOR = 1.0
"""Equal votes beside people's, shared out among the pairs of models that met: however many these
are, shares lean no more to a half."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """A model among the others."""

    model: str
    best_rank: int | None
    """1 and as many more as models are clearly better than it; None where there is no ranking."""
    worst_rank: int | None
    """Likewise, the last less as many as are clearly worse."""
    share: float | None
    """Of votes against the others it would win, an equal one counted half; each other alike."""
    low: float | None
    high: float | None
    """In 95 % of draws of shoots, the share that all pictures like these would give."""
    won: int
    lost: int
    equal: int
    better_than: tuple[str, ...] = ()
    """The models that it is clearly better than: what ranks are made of."""

    @property
    def ranks(self) -> str:
        """`1`, `2–4`, or `–` where there is no ranking."""
        if self.best_rank is None or self.worst_rank is None:
            return "–"
        ranks = dict.fromkeys([self.best_rank, self.worst_rank])
        return "\N{EN DASH}".join(map(str, ranks))


@dataclass(frozen=True)
class Ranking:
    """What votes say of a run's models."""

    models: tuple[Standing, ...]
    """The best first; models without a vote are not among them."""
    votes: int
    pictures: int
    shoots: int
    """A case of no shoot is its own."""
    reason: Message | None
    """Why there are no ranks."""


Tally = tuple[str, str, float]
"""A model, another, and what the first has of their vote: 1 won, 0.5 equal, 0 lost."""


def ranking_of(run: Run, decisions: Decisions) -> Ranking:
    """The ranking; `decisions` are those about the run's own content."""
    votes = decisions.votes
    shoots = shoots_of(run)
    by_shoot: dict[str | CaseKey, list[Tally]] = {}
    for vote in votes:
        about = vote.case_key
        by_shoot.setdefault(shoots.get(about, about), []).append(tally(vote))
    names = [model.info.name for model in run.models]
    pictures = len({vote.case_key for vote in votes})
    return rank(list(by_shoot.values()), names, pictures)


def tally(vote: Vote) -> Tally:
    """What a vote counts."""
    of_left = {"left": 1.0, "right": 0.0, "equal": 0.5}[vote.choice]
    return vote.left.model, vote.right.model, of_left


def rank(shoots: Sequence[Sequence[Tally]], names: Sequence[str], pictures: int) -> Ranking:
    """The ranking of the votes on each shoot."""
    every = [each for shoot in shoots for each in shoot]
    there = [name for name in names if any(name in each[:2] for each in every)]
    reason = _reason(every, there, len(shoots))
    tallies: dict[str, list[float]] = {name: [] for name in there}
    for one, other, of_one in every:
        tallies[one].append(of_one)
        tallies[other].append(1 - of_one)
    counts = {name: (own.count(1), own.count(0), own.count(0.5)) for name, own in tallies.items()}
    if reason:
        ordered = sorted(there, key=lambda name: -np.mean(tallies[name]))
        models = [Standing(name, None, None, None, None, None, *counts[name]) for name in ordered]
        return Ranking(tuple(models), len(every), pictures, len(shoots), reason)
    wins = np.array([_wins(shoot, there) for shoot in shoots])
    strength = strengths(wins.sum(0))
    shares = expected_shares(strength)
    r = np.random.default_rng(_SEED)
    times = r.multinomial(len(shoots), np.full(len(shoots), 1 / len(shoots)), DRAWS)
    drawn = np.tensordot(times.astype(float), wins, 1)
    draws = expected_shares(_strengths_of_draws(drawn, wins.sum(0), strength))
    low, high = _intervals(shares, draws, wins).T
    better = clearly_better(wins)
    best, worst = 1 + better.sum(0), len(there) - better.sum(1)
    order = sorted(
        range(len(there)), key=lambda place: (best[place] + worst[place], -shares[place])
    )
    return Ranking(
        tuple(
            Standing(
                there[place], int(best[place]), int(worst[place]), float(shares[place]),
                float(low[place]), float(high[place]), *counts[there[place]],
                tuple(there[other] for other in order if better[place, other]),
            )
            for place in order
        ),
        len(every), pictures, len(shoots), None,
    )  # fmt: skip


def strengths(wins: Array) -> Array:
    """Bradley and Terry's strengths, of victories of row over column.

    `wins`: `(M, M) float64`, an equal vote half of one for each. Returns `(M,) float64` above 0.
    PRIOR is added to the pairs that met: so that a model that won all has a strength, too.
    Computed by evalica. Source: Bradley and Terry, "Rank analysis of incomplete block designs",
    1952.
    """
    from evalica import Winner, bradley_terry  # imports pandas: not for who reads no votes
    from pandas import RangeIndex

    rows, columns = np.nonzero(wins + wins.T)
    upper = rows < columns
    rows, columns = rows[upper], columns[upper]
    equal = np.full(len(rows), PRIOR / len(rows))
    weights = np.concatenate([wins[rows, columns], wins[columns, rows], equal])
    found = bradley_terry(
        np.concatenate([rows, columns, rows]).tolist(),
        np.concatenate([columns, rows, columns]).tolist(),
        [Winner.X] * (2 * len(rows)) + [Winner.Draw] * len(rows),
        index=RangeIndex(len(wins)),
        weights=weights.tolist(),
        tolerance=1e-9,
        limit=10_000,
    )
    return found.scores.reindex(range(len(wins))).to_numpy(float)


def _strengths_of_draws(drawn: Array, wins: Array, start: Array) -> Array:
    """`strengths` of many draws at once, `(D, M, M)` to `(D, M)`, from those of all votes on.

    Source of the iteration: Newman, "Efficient computation of rankings from pairwise comparisons",
    2023. evalica takes one at a time, in milliseconds each.
    """
    return strengths_of_many(
        drawn + _with_prior(wins) - wins, np.repeat(start[None], len(drawn), 0)
    )


def _with_prior(wins: Array) -> Array:
    """With PRIOR among the pairs that met, `(…, M, M)`."""
    met = (wins + wins.swapaxes(-1, -2)) > 0
    return wins + PRIOR * met / met.sum((-1, -2), keepdims=True)  # each pair is there twice


def strengths_of_many(wins: Array, start: Array) -> Array:
    """The strengths of many tables at once, `(D, M, M)` to `(D, M)`, from `start` on; PRIOR is in
    them or is not."""
    found = start.copy()
    for _ in range(_ROUNDS):
        for one in range(found.shape[1]):
            both = found[:, one : one + 1] + found
            lost = (wins[:, :, one] / both).sum(1)
            found[:, one] = (wins[:, one] * found / both).sum(1) / lost
        found /= np.exp(np.log(found).mean(1, keepdims=True))
    return found


_ROUNDS = 40


def _intervals(shares: Array, draws: Array, wins: Array) -> Array:
    """From where to where each share lies, `(M, 2)`: that of as many votes as its own are worth.

    `draws`: `(D, M)`, the shares in each; `wins`: `(N, M, M)`, of each shoot. Votes of one shoot
    resemble each other as far as draws of shoots spread; of a model that won all its votes, or
    lost them, draws say nothing, and each shoot counts as one.
    """
    shoots = len(wins)
    votes = (wins + wins.swapaxes(1, 2)).sum(2)  # of each model on each shoot
    count, won, every = votes.sum(0), wins.sum((0, 2)), votes.sum() / 2
    alike = count**2 / (votes**2).sum(0)
    variance = draws.var(0) * shoots / (shoots - 1)
    found = []
    for n, share in enumerate(shares.tolist()):
        alone = float(alike[n])
        if 0 < won[n] < count[n]:
            alone = worth_of(share, float(variance[n]), count[n], alone, shoots - 1, every)
        found.append(exact_interval(share, alone))
    return np.array(found)


def clearly_better(wins: Array) -> NDArray[np.bool_]:
    """`(M, M)`: whether row is better than column. Of all pairs of models that are truly equal, one
    is told apart in 5 % of rankings at most, or a little more where votes decide on the next pair.

    `wins`: `(N, M, M)`, of each shoot. Two models that are equal could change their names on any
    shoot: so each pair is tested by what it is off from strengths in which both have one, in sum
    over shoots, against the same with the signs of shoots drawn by chance. Sources: Rao's score
    test with signs flipped (Hemerik et al., "Robust testing in generalized linear models by sign
    flipping score contributions", 2020); over pairs, step by step, as many as can still be equal
    (Shaffer, "Modified sequentially rejective multiple test procedures", 1986).
    """
    count = wins.shape[1]
    one, other = np.triu_indices(count, 1)
    pairs = np.arange(len(one))
    names = np.tile(np.arange(count), (len(one), 1))
    names[pairs, one], names[pairs, other] = other, one
    total = wins.sum(0)
    # Of both orders of the names together: the two models have one strength.
    alike = total + total[names[:, :, None], names[:, None]]
    strength = strengths_of_many(_with_prior(alike), np.ones((len(one), count)))
    chance = strength[:, :, None] / (strength[:, :, None] + strength[:, None])
    off = wins.sum(2)[:, None] - np.einsum("nij,pij->npi", wins + wins.swapaxes(1, 2), chance)
    more = off[:, pairs, one] - off[:, pairs, other]
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], (FLIPS, len(wins)))
    found = np.abs(more.sum(0))
    rare = (1 + (np.abs(signs @ more) >= found - 1e-9).sum(0)) / (FLIPS + 1)
    better = np.zeros((count, count), bool)
    equal = _equal_pairs(count)
    for done, pair in enumerate(np.argsort(rare, kind="stable")):
        if rare[pair] * max(n for n in equal if n <= len(one) - done) > 0.05:
            break
        first, second = one[pair], other[pair]
        better[(first, second) if more[:, pair].sum() > 0 else (second, first)] = True
    return better


@lru_cache
def _equal_pairs(models: int) -> frozenset[int]:
    """How many pairs of so many models can be equal: where a is as good as b, and b as c, so is a.

    >>> sorted(_equal_pairs(4))
    [0, 1, 2, 3, 6]
    """
    if models < 2:
        return frozenset({0})
    return frozenset(
        alike * (alike - 1) // 2 + more
        for alike in range(1, models + 1)
        for more in _equal_pairs(models - alike)
    )


def expected_shares(strength: Array) -> Array:
    """The share of votes that each would win, against each of the others alike, in [0, 1].

    `strength`: `(…, M) float64`; so is the result.

    >>> expected_shares(np.array([3.0, 1.0]))
    array([0.75, 0.25])
    """
    against = strength[..., :, None] / (strength[..., :, None] + strength[..., None, :])
    return (against.sum(-1) - 0.5) / max(1, strength.shape[-1] - 1)


def _wins(votes: Iterable[Tally], names: Sequence[str]) -> Array:
    """Victories of row over column, an equal vote half of one for each."""
    place: Mapping[str, int] = {name: number for number, name in enumerate(names)}
    wins = np.zeros((len(names), len(names)))
    for one, other, of_one in votes:
        wins[place[one], place[other]] += of_one
        wins[place[other], place[one]] += 1 - of_one
    return wins


def _reason(votes: Sequence[Tally], names: Sequence[str], shoots: int) -> Message | None:
    if not votes:
        return Message("nobody has voted")
    if shoots < FEWEST:
        return Message(
            "too few votes for a ranking: on {n} picture or shoot, {least} are needed",
            many="too few votes for a ranking: on {n} pictures or shoots, {least} are needed",
            n=shoots,
            least=FEWEST,
        )
    joined = {names[0]}
    while (
        grown := {name for one, other, _ in votes if {one, other} & joined for name in (one, other)}
        - joined
    ):
        joined |= grown
    apart = [name for name in names if name not in joined]
    if apart:
        return Message(
            "no vote joins {one} and {other}: they cannot be ranked together",
            one=names[0],
            other=apart[0],
        )
    return None
