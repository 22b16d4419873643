"""The share usable: its intervals, against slow versions, and who counts."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
import pytest
from comparisons import FAILED
from pictures import time_limit
from reviewers import decisions, later, review, run_over, sha, two_categories
from scipy import stats

from rmbg_eval.decisions.acceptance import (
    FEWEST,
    acceptances,
    agreement,
    more_needed,
    of_run_interval,
    settle,
    share_interval,
    weighted_share,
)
from rmbg_eval.decisions.sampling import plan_of
from rmbg_eval.measure.record import Risk
from rmbg_eval.run.intervals import exact_interval
from rmbg_eval.run.parts import ONE_FILE
from rmbg_eval.run.statistics import ALL


def test_a_stratum_counts_as_much_as_there_is_of_it() -> None:
    assert weighted_share([(9, 10, 100), (0, 10, 100)]) == 0.45
    assert weighted_share([(5, 5, 50), (0, 10, 150)]) == 0.25


def test_where_nothing_is_known_of_a_risk_there_is_neither_share_nor_interval() -> None:
    for strata in ([(9, 9, 9), (0, 0, 50)], [(0, 0, 50), (5, 10, 50)], []):
        assert weighted_share(strata) is None
        assert share_interval([(1, 1)] * 9, strata) is None
        assert of_run_interval(strata) is None


def test_there_is_no_interval_of_few() -> None:
    few = [(1, 1)] * (FEWEST - 1)
    assert share_interval(few, [(4, 4, 100)]) is None
    assert of_run_interval([(4, 4, 100)]) is None
    assert share_interval([*few, (0, 1)], [(4, 5, 100)]) is not None
    a, *_ = acceptances(run_over(20), decisions(*(review(f"c{n}") for n in range(FEWEST - 1))))
    assert (a.share, a.low, a.run_low) == (1, None, None)
    assert str(a.reason) == f"too few for an interval: {FEWEST - 1} pictures, {FEWEST} are needed"
    a, *_ = acceptances(run_over(20), decisions(*(review(f"c{n}") for n in range(FEWEST))))
    assert a.low is not None
    words = ["usable"] * (FEWEST - 1) + ["unsure"] * FEWEST
    some = (review(f"c{n}", answer=word) for n, word in enumerate(words))
    a, *_ = acceptances(run_over(20), decisions(*some))
    assert (a.share, a.low, a.run_low) == (1, None, None)
    a, *_ = acceptances(run_over(20, group=5), decisions(*(review(f"c{n}") for n in range(20))))
    assert str(a.reason) == f"too few for an interval: 4 shoots, {FEWEST} are needed"


def test_the_run_s_own_share_is_known_when_all_are_seen() -> None:
    assert of_run_interval([(8, 10, 10)]) == (0.8, 0.8)
    low, high = of_run_interval([(8, 9, 10)])
    assert low >= 0.8
    assert high <= 0.9


@pytest.mark.parametrize("there", [10, 60])
def test_that_of_the_run_is_of_a_draw_without_replacement(there: int) -> None:
    """A share's variance is then (N − n) ÷ (N − 1) of that with it; ends are whole cut-outs."""
    for decided in range(FEWEST, there):
        for usable in range(decided + 1):
            count = decided * (there - 1) / (there - decided)
            low, high = (there * bound for bound in exact_interval(usable / decided, count))
            assert of_run_interval([(usable, decided, there)]) == (
                max(floor(low + 1e-9), usable) / there,
                min(ceil(high - 1e-9), there - decided + usable) / there,
            )


def held(bounds: list[tuple[float, float] | None], chances: np.ndarray, share: float) -> float:
    """How often they hold a share, of so many usable by these chances."""
    low, high = np.array([each for each in bounds if each]).T
    return float((chances * ((low <= share + 1e-12) & (share <= high + 1e-12))).sum())


@pytest.mark.parametrize("count", [10, 50])
def test_the_interval_holds_shares_near_0_and_1(count: int) -> None:
    usable = np.arange(count + 1)
    bounds = [
        share_interval([(1, 1)] * k + [(0, 1)] * (count - k), [(k, count, 10**6)])
        for k in usable.tolist()
    ]
    for share in np.linspace(0.001, 0.999, 300):
        assert held(bounds, stats.binom.pmf(usable, count, share), share) >= 0.95


@pytest.mark.parametrize(("count", "there"), [(10, 60), (50, 60), (20, 200), (100, 200)])
def test_that_of_the_run_holds_shares_near_0_and_1(count: int, there: int) -> None:
    usable = np.arange(count + 1)
    bounds = [of_run_interval([(k, count, there)]) for k in usable.tolist()]
    for all_of in range(there + 1):
        chances = stats.hypergeom.pmf(usable, there, all_of, count)
        assert held(bounds, chances, all_of / there) >= 0.95


RISKS = 20
"""Cut-outs of each risk."""


def test_riskiest_first_and_stopped_anywhere_no_interval_is_told_without_a_caveat() -> None:
    run = run_over(3 * RISKS, ("a",))
    risks = (Risk(category="portrait", case=key.case, model="a", value=1 - int(key.case[1:]) / 100)
             for key in plan_of(run).order)  # fmt: skip
    run = run.model_copy(update={"risks": tuple(risks)})
    said = [review(f"c{n}", answer="usable" if n % 3 else "mend") for n in range(3 * RISKS)]
    for seen in range(1, 3 * RISKS):
        a, *_ = acceptances(run, decisions(*said[:seen]))
        assert a.reason, seen
        if seen <= 2 * RISKS:
            assert (a.share, a.low, a.run_low) == (None, None, None)
            assert "some of low, of middle and of high risk" in str(a.reason)


@pytest.mark.parametrize("low", [1, 2, 5])
def test_riskiest_first_and_then_some_by_chance_both_intervals_hold(low: int) -> None:
    r = np.random.default_rng(5)
    held = np.zeros(2)
    for _ in range(500):
        risks = np.split(r.random(3 * RISKS) < np.repeat([0.9, 0.5, 0.3], RISKS), 3)
        strata = [(int(each[:n].sum()), n, RISKS)
                  for each, n in zip(risks, (low, RISKS, RISKS), strict=True)]  # fmt: skip
        usable = sum(k for k, _, _ in strata)
        groups = [(1, 1)] * usable + [(0, 1)] * (2 * RISKS + low - usable)
        bounds = share_interval(groups, strata), of_run_interval(strata)
        for place, true in enumerate((1.7 / 3, np.mean(risks))):
            held[place] += bounds[place][0] - 1e-12 <= true <= bounds[place][1] + 1e-12
    assert min(held) / 500 >= 0.95


def test_more_needed_is_enough_and_one_less_is_not() -> None:
    for share, there, within in ((0.9, 200, 0.05), (0.5, 1000, 0.1), (1.0, 60, 0.02)):
        total = 10 + more_needed(10, share, there, within)
        assert 10 < total < there
        for count, enough in ((total, True), (total - 1, False)):
            low, high = exact_interval(share, count * (there - 1) / (there - count))
            assert ((high - low) / 2 <= within) is enough
    assert more_needed(200, 0.9, 200, 0.01) == 0


@pytest.mark.parametrize(("there", "undecided"), [(60, 4), (200, 5), (200, 20), (1000, 9)])
def test_more_needed_is_enough_beside_those_that_may_be_either(there: int, undecided: int) -> None:
    """As the intervals take them: refused at the low end, usable at the high end."""

    def width(more: int) -> float:
        usable, decided = 20 + more, 20 + more
        ends = [(usable + each, decided + undecided, there) for each in (0, undecided)]
        (low, _), (_, high) = (of_run_interval([end]) for end in ends)
        return high - low

    more = more_needed(20, 1.0, there, 0.05, undecided=undecided)
    assert width(more) / 2 <= 0.05 + 1 / there  # its ends are whole cut-outs
    assert width(more_needed(20, 1.0, there, 0.05)) / 2 > 0.05 + 1 / there  # as if there were none
    assert more_needed(20, 1.0, 10 * undecided - 1, 0.05, undecided=undecided) is None


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ("uum", "usable"),
        ("um", "disputed"),
        ("uumx", "disputed"),  # as many refuse it
        ("umx", "mend"),
        ("mx", "mend"),  # both refuse it
        ("uxxm", "unusable"),
        ("uumq", "disputed"),
        ("mq", "disputed"),
        ("qqm", "unsure"),
        ("q", "unsure"),
    ],
)
def test_what_more_than_half_say_counts_and_to_mend_is_to_refuse(
    answers: str, verdict: str
) -> None:
    words = {"u": "usable", "m": "mend", "x": "unusable", "q": "unsure"}
    reviews = [review(person=f"p{n}", answer=words[each]) for n, each in enumerate(answers)]
    (opinion,) = settle(reviews).values()
    assert opinion.answer == verdict


def test_where_none_is_decided_somebody_has_looked() -> None:
    a, *_ = acceptances(run_over(3), decisions(review(answer="unsure")))
    assert (a.undecided, str(a.reason)) == (1, "of those looked at, none is decided")


def test_the_undecided_are_refused_at_the_low_end_and_usable_at_the_high_end() -> None:
    run = run_over(40)
    words = ["usable"] * 25 + ["unsure"] * 15
    a, *_ = acceptances(run, decisions(*(review(f"c{n}", answer=w) for n, w in enumerate(words))))
    assert (a.share, a.run_low, a.run_high) == (1, 25 / 40, 1)
    assert (a.low, a.high) == pytest.approx((exact_interval(25 / 40, 40)[0], 1))
    assert str(a.reason) == "undecided ones are refused at the low end, usable at the high end"


def test_undecided_ones_make_both_intervals_wider_whatever_they_are_of() -> None:
    r = np.random.default_rng(3)
    run = run_over(40, group=2)
    risks = (Risk(category="portrait", case=f"c{n}", model="a", value=n / 40) for n in range(40))
    run = run.model_copy(update={"risks": tuple(risks)})
    order = [key.case for key in plan_of(run).order if key.model == "a"]
    for seen in (12, 20, 33, 40):
        said = {
            c: str(r.choice(["usable", "mend", "unsure"], p=[0.6, 0.2, 0.2])) for c in order[:seen]
        }
        a, *_ = acceptances(run, decisions(*(review(c, answer=w) for c, w in said.items())))
        for side, instead in ((0, "mend"), (1, "usable")):
            all_decided = (
                review(c, answer=instead if w == "unsure" else w) for c, w in said.items()
            )
            b, *_ = acceptances(run, decisions(*all_decided))
            assert ((a.low, a.high)[side], (a.run_low, a.run_high)[side]) == (
                (b.low, b.high)[side], (b.run_low, b.run_high)[side]
            )  # fmt: skip
        assert a.low <= a.share <= a.high
        assert a.run_low <= a.share <= a.run_high


def test_what_nobody_has_looked_at_is_never_usable() -> None:
    run = run_over(20)
    seen = [review(f"c{n}", answer=answer) for n, answer in
            enumerate(["usable"] * 6 + ["mend", "unusable", "unsure"])]  # fmt: skip
    a, b, *_ = acceptances(run, decisions(*seen))
    assert (a.usable, a.refused, a.undecided, a.unseen, a.failed) == (6, 2, 1, 11, 0)
    assert a.share == 0.75
    assert (b.usable, b.decided, b.unseen, b.share, b.low) == (0, 0, 20, None, None)
    assert str(b.reason) == "nobody has looked"
    assert "not drawn by chance" in str(a.reason)


def test_in_the_plan_s_order_they_are_drawn_by_chance() -> None:
    run = run_over(20)
    order = [key for key in plan_of(run).order if key.model == "a"][:8]
    a, *_ = acceptances(run, decisions(*(review(key.case) for key in order)))
    assert a.reason is None
    assert a.low is not None


def test_copies_which_are_decided_on_together_are_drawn_by_chance_together() -> None:
    run = run_over(40)
    copies = tuple(
        each.model_copy(update={"cutout_sha256": sha(each.model, f"c{int(each.case[1:]) // 2}")})
        for each in run.predictions
    )
    risks = tuple(
        Risk(category="portrait", case=f"c{n}", model="a", value=n // 2 / 20) for n in range(40)
    )
    for one in (run, run.model_copy(update={"risks": risks})):
        twice = one.model_copy(update={"predictions": copies})
        order = [int(key.case[1:]) // 2 for key in plan_of(twice).order if key.model == "a"]
        for count in range(1, 20):
            pictures = list(dict.fromkeys(order))[:count]
            answers = (review(f"c{2 * n + more}") for n in pictures for more in (0, 1))
            a, *_ = acceptances(twice, decisions(*answers))
            assert "not drawn by chance" not in str(a.reason)


def test_that_of_the_run_holds_its_share_where_copies_are_drawn_together() -> None:
    run = run_over(60, ("a",))
    twice = run.model_copy(
        update={
            "predictions": tuple(
                each.model_copy(update={"cutout_sha256": sha("", f"c{int(each.case[1:]) // 3}")})
                for each in run.predictions
            )
        }
    )
    order = [int(key.case[1:]) // 3 for key in plan_of(twice).order]
    seen = [*dict.fromkeys(order)][:10]
    r = np.random.default_rng(5)
    held = 0
    for _ in range(200):
        good = r.random(20) < 0.7
        answers = {n: "usable" if good[n // 3] else "mend" for n in range(60) if n // 3 in seen}
        said = (review(f"c{n}", answer=each) for n, each in answers.items())
        a, *_ = acceptances(twice, decisions(*said))
        held += a.run_low - 1e-12 <= good.mean() <= a.run_high + 1e-12
    assert held / 200 >= 0.95


def test_shoots_make_the_interval_of_all_wider_and_not_that_of_the_run() -> None:
    answers = [review(f"c{n}", answer="usable" if n // 4 % 2 else "mend") for n in range(40)]
    alone, *_ = acceptances(run_over(60), decisions(*answers))
    shot, *_ = acceptances(run_over(60, group=4), decisions(*answers))
    assert shot.shoots == 10
    assert shot.high - shot.low > 1.5 * (alone.high - alone.low)
    assert (shot.run_low, shot.run_high) == (alone.run_low, alone.run_high)


def test_a_shoot_of_two_categories_is_one() -> None:
    run = two_categories(run_over(20, group=2))
    answers = [review(f"c{n}", category=("pet", "portrait")[n % 2]) for n in range(20)]
    every, *_ = acceptances(run, decisions(*answers))
    assert (every.decided, every.shoots) == (20, 10)


@pytest.mark.parametrize("same", ["picture_sha256", "cutout_sha256"])
@pytest.mark.parametrize("most", [ONE_FILE, 1])
def test_copies_of_a_picture_are_a_shoot(
    same: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte, or saved anew: then their cut-outs are the same, and decided on together."""
    monkeypatch.setattr("rmbg_eval.run.parts.ONE_FILE", most)
    run = run_over(20)
    copies = tuple(
        each.model_copy(update={same: sha("", f"c{int(each.case[1:]) // 2}")})
        for each in run.predictions
    )
    answers = [review(f"c{n}", answer="usable" if n // 2 % 2 else "mend") for n in range(20)]
    alone, *_ = acceptances(run, decisions(*answers))
    twice, *_ = acceptances(run.model_copy(update={"predictions": copies}), decisions(*answers))
    assert (alone.shoots, twice.shoots) == (20, 10)
    assert twice.high - twice.low > 1.3 * (alone.high - alone.low)


def test_the_plan_has_every_cut_out_once_and_is_the_same_for_all() -> None:
    run = run_over(30)
    risks = tuple(
        Risk(category="portrait", case=f"c{n}", model=model, value=n * 7 % 30 / 30)
        for n in range(30) for model in "ab"
    )  # fmt: skip
    risky = run.model_copy(update={"risks": risks})
    for one in (run, risky):
        plan = plan_of(one)
        assert plan == plan_of(one)
        assert sorted(plan.order) == sorted(p.key for p in one.predictions)
    plan = plan_of(risky)
    assert [len(stratum) for stratum in plan.strata] == [20, 20, 20]
    assert {key.case for key in plan.strata[0]} == {f"c{n}" for n in range(30) if n * 7 % 30 < 10}
    early = [key.case for key in plan.order[:12]]
    assert {int(case[1:]) * 7 % 30 // 10 for case in early} == {0, 1, 2}


@pytest.mark.parametrize("risky", [False, True])
def test_a_row_is_as_in_a_run_of_that_model_and_category_alone(risky: bool) -> None:
    run = two_categories(run_over(24))
    lost = {"cutout": None, "cutout_sha256": None, "failure": FAILED}
    first, *others = run.predictions
    risks = tuple(
        Risk(category=p.category, case=p.case, model=p.model, value=int(p.case[1:]) / 24)
        for p in run.predictions
    )
    update = {"predictions": (first.model_copy(update=lost), *others)}
    run = run.model_copy(update={**update, "risks": risks if risky else ()})
    some = decisions(*(
        review(f"c{n}", model, answer, category=("pet", "portrait")[n % 2])
        for model, seen, answers in (("a", 13, ("mend", "usable", "usable")), ("b", 7, ("unsure",)))
        for n, answer in enumerate(answers * seen, 1)
        if n < seen
    ))  # fmt: skip
    rows = acceptances(run, some)
    assert [(row.model, row.category) for row in rows] == [
        (model, category) for category in (ALL, "pet", "portrait") for model in "ab"
    ]
    assert {row.failed for row in rows} == {0, 1}
    for row in rows:
        if row.category == ALL or not risky:  # how risky is told among all of a model
            alone = {
                "models": tuple(m for m in run.models if m.info.name == row.model),
                "cases": tuple(c for c in run.cases if row.category in (ALL, c.category)),
                "predictions": tuple(
                    p
                    for p in run.predictions
                    if p.model == row.model and row.category in (ALL, p.category)
                ),
            }
            assert row in acceptances(run.model_copy(update=alone), some)


def test_a_review_of_later_counts() -> None:
    run = run_over(20)
    some = decisions(review(), review(answer="mend", time=later(1)))
    a, *_ = acceptances(run, some)
    assert (a.usable, a.refused) == (0, 1)


def test_of_many_categories_each_is_of_its_own_pictures_alone() -> None:
    run = run_over(20_000)
    categories = [f"k{place % 500}" for place in range(20_000)]
    records = zip(run.cases, categories, strict=True)
    both = zip(run.predictions, categories * 2, strict=True)
    run = run.model_copy(
        update={
            "cases": tuple(r.model_copy(update={"category": name}) for r, name in records),
            "predictions": tuple(p.model_copy(update={"category": name}) for p, name in both),
        }
    )
    with time_limit(10):
        shares = acceptances(run, decisions(review(category="k0")))
    assert [(each.usable, each.unseen) for each in shares[:3]] == [
        (1, 19_999), (0, 20_000), (1, 39)
    ]  # fmt: skip


def test_agreement_is_krippendorff_s() -> None:
    """Against his formula, for two people: 1 − (N − 1) · disagreements ÷ products of counts."""
    one = ["usable", "usable", "mend", "unusable", "mend", "usable"]
    other = ["usable", "mend", "mend", "unusable", "usable", "usable"]
    some = [
        review(f"c{n}", answer=answer, person=who)
        for who, answers in (("Ada", one), ("Bo", other)) for n, answer in enumerate(answers)
    ]  # fmt: skip
    value, shared = agreement(decisions(*some))
    counts = [[*one, *other].count(word) for word in ("usable", "mend", "unusable")]
    apart = 2 * sum(a != b for a, b in zip(one, other, strict=True))
    pairs = sum(a * b for i, a in enumerate(counts) for j, b in enumerate(counts) if i != j)
    assert value == pytest.approx(1 - 11 * apart / pairs)
    assert shared == 6
    assert agreement(decisions()) is agreement(decisions(*some[:6])) is None
    assert agreement(decisions(review(), review(person="Bo"))) is None
