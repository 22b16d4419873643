"""Ranks from votes: against a slow version, and where there are none."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reviewers import decisions, review, run_over, two_categories, vote
from scipy import stats
from scipy.optimize import minimize

from rmbg_eval.decisions import ranking
from rmbg_eval.decisions.ranking import FEWEST, PRIOR, expected_shares, rank, ranking_of, strengths
from rmbg_eval.run.intervals import exact_interval, worth_of


def slow_strengths(wins: np.ndarray) -> np.ndarray:
    """The likeliest, by a general optimiser."""
    met = (wins + wins.T) > 0
    wins = wins + PRIOR * met / met.sum()

    def unlikely(logs: np.ndarray) -> float:
        return float((wins * np.logaddexp(0, logs[None] - logs[:, None])).sum() + logs.mean() ** 2)

    return np.exp(minimize(unlikely, np.zeros(len(wins)), tol=1e-12).x)


@st.composite
def tables(draw: st.DrawFn) -> np.ndarray:
    count = draw(st.integers(2, 4))
    cells = st.integers(0, 12).map(lambda n: n / 2)
    table = np.array(draw(st.lists(cells, min_size=count**2, max_size=count**2)))
    table = table.reshape(count, count) + 0.5  # everybody met everybody
    np.fill_diagonal(table, 0)
    return table


@settings(max_examples=40)
@given(tables())
def test_strengths_are_the_likeliest(wins: np.ndarray) -> None:
    found, slow = strengths(wins), slow_strengths(wins)
    np.testing.assert_allclose(found / found[0], slow / slow[0], rtol=2e-3)


@settings(max_examples=40)
@given(tables(), tables())
def test_those_of_draws_are_the_same(wins: np.ndarray, start: np.ndarray) -> None:
    if len(start) != len(wins):
        start = wins
    drawn = np.stack([wins, 2 * wins])
    found = ranking._strengths_of_draws(drawn, wins, strengths(start))
    for one, table in zip(found, drawn, strict=True):
        np.testing.assert_allclose(
            expected_shares(one), expected_shares(strengths(table)), atol=2e-3
        )


def test_a_better_model_is_first_and_models_alike_share_their_ranks() -> None:
    r = np.random.default_rng(0)
    shoots = []
    for _ in range(60):
        one = "good" if r.random() < 0.9 else "fair"
        shoots.append([("good", "fair", float(one == "good")), ("fair", "twin", 0.5)])
    found = rank(shoots, ["twin", "fair", "good"], 60)
    assert (found.models[0].model, found.models[0].ranks) == ("good", "1")
    assert [each.ranks for each in found.models[1:]] == ["2–3", "2–3"]
    assert [{*each.better_than} for each in found.models] == [{"fair", "twin"}, set(), set()]
    assert found.models[0].low > 0.6
    assert sum(each.share for each in found.models) == pytest.approx(1.5)


def test_few_votes_say_so() -> None:
    run = run_over(20)
    votes = [vote(f"c{n}") for n in range(FEWEST - 1)]
    found = ranking_of(run, decisions(*votes))
    assert (
        str(found.reason) == "too few votes for a ranking: on 11 pictures or shoots, 12 are needed"
    )
    assert [each.ranks for each in found.models] == ["–", "–"]
    assert (found.models[0].won, found.models[1].lost) == (11, 11)
    assert [each.model for each in found.models] == ["a", "b"]
    other = ranking_of(run, decisions(*votes[:3], *(vote(f"c{n}", "right") for n in range(3, 9))))
    assert [each.model for each in other.models] == ["b", "a"]
    assert ranking_of(run, decisions(*votes, vote("c15"))).reason is None
    shoots = [[("a", "b", 0.5)], [("c", "b", 1.0)], [("a", "b", 0.5)]]
    assert [each.model for each in rank(shoots, ["b", "a", "c"], 3).models] == ["c", "a", "b"]


def test_a_vote_counts_alike_on_whichever_side_and_an_equal_one_half() -> None:
    run, choices = run_over(20), ["left", "left", "right", "equal"] * 5
    other_side = {"left": "right", "right": "left", "equal": "equal"}
    votes = [vote(f"c{n}", choice) for n, choice in enumerate(choices)]
    turned = [
        vote(f"c{n}", other_side[choice], ("b", "a")) if n % 3 else vote(f"c{n}", choice)
        for n, choice in enumerate(choices)
    ]
    found = ranking_of(run, decisions(*votes))
    assert found == ranking_of(run, decisions(*turned))
    first, second = found.models
    assert (first.model, first.won, first.lost, first.equal) == ("a", 10, 5, 5)
    assert (second.model, second.won, second.lost, second.equal) == ("b", 5, 10, 5)
    equal = ranking_of(run, decisions(*(vote(f"c{n}", "equal") for n in range(20))))
    assert [each.share for each in equal.models] == pytest.approx([0.5, 0.5])


def test_pictures_of_one_shoot_are_one() -> None:
    run = run_over(60, group=10)
    found = ranking_of(run, decisions(*(vote(f"c{n}") for n in range(60))))
    assert (found.pictures, found.shoots) == (60, 6)
    assert "on 6 pictures or shoots" in str(found.reason)
    votes = [vote(f"c{n}", category=("pet", "portrait")[n % 2]) for n in range(60)]
    assert ranking_of(two_categories(run), decisions(*votes)).shoots == 6
    namesakes = vote("c1"), vote("c1", category="pet")
    assert ranking_of(two_categories(run), decisions(*namesakes)).pictures == 2


def test_models_that_no_vote_joins_are_not_ranked_together() -> None:
    run = run_over(30, ("a", "b", "c", "d"))
    some = [vote(f"c{n}", models=pair) for n in range(15) for pair in (("a", "b"), ("c", "d"))]
    found = ranking_of(run, decisions(*some))
    assert str(found.reason) == "no vote joins a and c: they cannot be ranked together"


def test_nobody_has_voted() -> None:
    found = ranking_of(run_over(3), decisions(review()))
    assert (str(found.reason), found.models) == ("nobody has voted", ())


def test_a_model_that_won_all_has_a_share_below_1() -> None:
    found = ranking_of(run_over(20), decisions(*(vote(f"c{n}") for n in range(20))))
    first = found.models[0]
    assert first.model == "a"
    assert first.ranks == "1"
    assert first.low < first.share < 1
    assert found.models[1].ranks == "2"


@pytest.mark.parametrize("count", [12, 30])
def test_an_interval_holds_the_share_of_a_model_that_wins_nearly_all(count: int) -> None:
    won = np.arange(count + 1)
    bounds = np.zeros((count + 1, 2))
    for k in won.tolist():
        found = rank([[("a", "b", float(n < k))] for n in range(count)], ["a", "b"], count)
        (bounds[k],) = [(each.low, each.high) for each in found.models if each.model == "a"]
    for share in (0.5, 0.75, 0.9, 0.95, 0.98, 0.99):
        held = (bounds[:, 0] <= share) & (share <= bounds[:, 1])
        assert stats.binom.pmf(won, count, share)[held].sum() >= 0.95


@pytest.mark.parametrize("votes", [1, 5])
def test_an_interval_is_of_as_many_votes_as_the_spread_of_shoots_says(votes: int) -> None:
    """Of every draw of four shoots, three of which are won; the spread by the formula."""
    won, shares = np.array([1.0, 1, 1, 0]), np.array([0.75, 0.25])
    of_one = won[list(product(range(4), repeat=4))].mean(1)
    wins = votes * np.array([[[0, each], [1 - each, 0]] for each in won])
    found = ranking._intervals(shares, np.stack([of_one, 1 - of_one], 1), wins)
    alone = worth_of(0.75, 0.75 * 0.25 / (4 - 1), 4 * votes, 4, 4 - 1, 4 * votes)
    low, high = exact_interval(0.75, alone)
    np.testing.assert_allclose(found, [(low, high), (1 - high, 1 - low)])


def test_votes_that_are_all_equal_leave_an_interval() -> None:
    one, other = rank([[("a", "b", 0.5)]] * 30, ["a", "b"], 30).models
    assert one.low == other.low < 0.35
    assert one.high > 0.65


def test_votes_of_one_shoot_that_are_all_won_count_as_one() -> None:
    few, many = (rank([[("a", "b", 1.0)] * n] * 12, ["a", "b"], 12).models[0] for n in (1, 20))
    assert many.low < few.low + 0.1


def test_the_shares_of_many_models_lean_little_to_a_half() -> None:
    """Eight with 90 votes, as they are won on average."""
    strength = np.array([100.0, 30, 10, 3, 1, 1, 1, 1])
    wins = 90 / 28 * strength[:, None] / (strength[:, None] + strength) * (1 - np.eye(8))
    np.testing.assert_allclose(
        expected_shares(strengths(wins)), expected_shares(strength), atol=0.01
    )


@pytest.mark.parametrize(
    ("won", "ranks"), [(11, ["1", "2"]), (10, ["1", "2"]), (9, ["1–2", "1–2"])]
)
def test_two_models_are_apart_where_a_sign_test_says_so(won: int, ranks: list[str]) -> None:
    """Of 12 votes, 10 for one are rare by chance (p = 0.04), and 9 are not (0.15)."""
    shoots = [[("a", "b", float(n < won))] for n in range(12)]
    assert [each.ranks for each in rank(shoots, ["a", "b"], 12).models] == ranks


def slow_rare(wins: np.ndarray, one: int, other: int) -> float:
    """How rare a pair's score is among all signs of shoots, with strengths by an optimiser."""
    total = wins.sum(0)
    names = [*range(len(total))]
    names[one], names[other] = other, one
    strength = slow_strengths(total + total[names][:, names])
    scores = []
    for table in wins:
        off = [0.0, 0.0]
        for place, a in enumerate((one, other)):
            for b in set(range(len(table))) - {a}:
                chance = strength[a] / (strength[a] + strength[b])
                off[place] += table[a, b] - (table[a, b] + table[b, a]) * chance
        scores.append(off[0] - off[1])
    signs = np.array(list(product((-1, 1), repeat=len(scores))))
    return float((np.abs(signs @ scores) >= abs(sum(scores)) - 1e-6).mean())


@pytest.mark.parametrize("seed", [0, 2, 3, 7])
def test_models_are_told_apart_step_by_step_as_by_a_slow_version(seed: int) -> None:
    r = np.random.default_rng(seed)
    wins = np.zeros((10, 3, 3))
    for table in wins:
        for a, b in ((0, 1), (0, 2), (1, 2)):
            table[a, b] = r.choice([0, 0.5, 1], p=[0.1, 0.1, 0.8]) * (r.random() < 0.9)
            table[b, a] = 1 - table[a, b]
    rare = sorted((slow_rare(wins, *pair), pair) for pair in ((0, 1), (0, 2), (1, 2)))
    expected, near = set(), False
    for (value, pair), equal in zip(rare, (3, 1, 1), strict=True):  # of the rest, as many at most
        near |= abs(value * equal - 0.05) < 0.01
        if value * equal > 0.05:
            break
        expected.add(pair)
    better = ranking.clearly_better(wins)
    found = {(min(a, b), max(a, b)) for a, b in np.argwhere(better).tolist()}
    assert near or found == expected
