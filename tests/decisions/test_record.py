"""Decisions: what one is, what holds of many, and that merging loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from reviewers import START, approval, decisions, later, review, run_over, vote

from rmbg_eval.decisions.applying import contradictions, mismatch
from rmbg_eval.decisions.record import ANONYMOUS, LONGEST_COMMENT, Decisions


def some() -> st.SearchStrategy:
    """Decisions of a few people about a few things at a few moments."""
    about = {
        "case": st.sampled_from(["c0", "c1"]),
        "person": st.sampled_from(["Ada", "Bo", ANONYMOUS]),
        "session": st.sampled_from(["", "s1", "s2"]),
        "time": st.integers(0, 3).map(later),
        "undone": st.booleans(),
    }
    reviews = st.builds(
        review, model=st.sampled_from("ab"), answer=st.sampled_from(["usable", "mend"]), **about
    )
    votes = st.builds(
        vote, choice=st.sampled_from(["left", "right", "equal"]),
        models=st.sampled_from([("a", "b"), ("b", "a")]), **about,
    )  # fmt: skip
    return st.lists(st.one_of(reviews, votes, st.builds(approval, **about)), max_size=8)


@settings(max_examples=100)
@given(some(), some(), some())
def test_merging_is_a_union_in_any_order(one: list, two: list, three: list) -> None:
    a, b, c = decisions(*one), decisions(*two), decisions(*three)
    whole = Decisions.of(a, b, c)
    assert whole == Decisions.of(c, Decisions.of(b, a)) == Decisions.of(whole, a)
    assert {*whole.decisions} == {*one, *two, *three}
    assert [d.time for d in whole.decisions] == sorted(d.time for d in whole.decisions)


@settings(max_examples=100)
@given(some())
def test_what_holds_is_the_last_that_each_said_of_each(all_: list) -> None:
    holding = decisions(*all_).current
    for decision in holding:
        same = [d for d in all_ if (d.who, d.about) == (decision.who, decision.about)]
        assert decision.time == max(d.time for d in same)
        assert not decision.undone
    assert len({(d.who, *d.about) for d in holding}) == len(holding)


def test_undo_takes_back_and_may_be_said_anew() -> None:
    first, undo = review(), review(time=later(1), undone=True)
    again = review(time=later(2), answer="mend")
    assert decisions(first).reviews == (first,)
    assert decisions(first, undo).reviews == ()
    assert decisions(undo, again, first).reviews == (again,)


def test_people_without_a_name_are_told_apart_by_their_browser() -> None:
    one, other = (review(person=ANONYMOUS, session=name) for name in ("x1", "x2"))
    assert len(decisions(one, other).reviews) == 2
    named = [review(session="x1"), review(session="x2", time=later(1))]
    assert len(decisions(*named).reviews) == 1


def test_a_name_has_one_spelling_and_a_time_one_zone() -> None:
    assert review(person="  Jose\u0301  M ").person == "José M"
    assert review(person="  ").person == ANONYMOUS
    east = START.astimezone(timezone(timedelta(hours=8)))
    assert review(time=east) == review()
    assert review(time="2026-11-02T17:00:00+08:00").time == datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_a_vote_is_about_two_cut_outs_on_whichever_side() -> None:
    assert vote(models=("a", "b")).about == vote(models=("b", "a")).about
    assert vote(choice="left").winner == "a"
    assert vote(choice="right").winner == "b"
    assert vote(choice="equal").winner is None


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "fine"},
        {"answer": None},
        {"cutout_sha256": "x" * 64},
        {"cutout_sha256": "A" * 64},
        {"cutout_sha256": "a" * 63},
        {"comment": "x" * (LONGEST_COMMENT + 1)},
        {"comment": 3},
        {"place": [1]},
        {"place": [1, -1]},
        {"place": [1.5, 2]},
        {"place": ["1", "2"]},
        {"person": ""},
        {"person": "x" * 81},
        {"session": "<script>"},
        {"time": "yesterday"},
        {"time": "2026-11-02T09:00:00"},
        {"time": 1_790_000_000},
        {"time": "9999-12-31T23:59:59-23:59"},
        {"time": "0001-01-01T00:00:00+23:59"},
        {"undone": 1},
        {"more": 1},
        {"case": ""},
    ],
    ids=str,
)
def test_what_is_no_review(changes: dict) -> None:
    with pytest.raises(ValidationError):
        review(**changes)


def test_names_may_be_as_long_as_a_shoot_and_a_spec_without_a_label_make_them() -> None:
    """Two names of files, of which every byte may be written as an escape, and a path."""
    shoot, spec = f"{'s' * 255}-{'t' * 255}", f"command:/bin/remove {'x' * 4000} {{in}} {{out}}"
    one = review(case=shoot, model=spec)
    assert Decisions.model_validate_json(decisions(one).model_dump_json()).reviews == (one,)


def test_a_vote_is_between_two_models() -> None:
    with pytest.raises(ValidationError, match="between two models"):
        vote(models=("a", "a"))


def test_json_and_back() -> None:
    every = decisions(review(place=(1, 2)), vote(seed=1), approval(base_sha256=None))
    assert Decisions.model_validate_json(every.model_dump_json()) == every


@settings(max_examples=100)
@given(
    st.sampled_from(["a ", "\u0958", "e\u0301"]), st.integers(1, 90),
    st.sampled_from([datetime(2000, 1, 1), datetime(2200, 1, 1)]),
    st.integers(-1500, 1500), st.integers(-1439, 1439),
)  # fmt: skip
def test_what_is_taken_can_be_read_again(
    letters: str, count: int, edge: datetime, minutes: int, offset: int
) -> None:
    time = edge.replace(tzinfo=timezone(timedelta(minutes=offset))) + timedelta(minutes=minutes)
    try:
        whole = decisions(review(person=letters * count, time=time.isoformat()))
    except ValidationError:
        return
    assert Decisions.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.parametrize(
    ("choice", "models", "says"),
    [
        ("left", ("a", "b"), None),
        ("right", ("b", "a"), None),
        ("left", ("b", "a"), "portrait/c0 · a, b: Ada says a is better, Bo says b is better"),
        ("equal", ("b", "a"), "portrait/c0 · a, b: Ada says a is better, Bo says both alike"),
    ],
)
def test_votes_of_two_people_disagree_where_they_prefer_another_model(
    choice: str, models: tuple[str, str], says: str | None
) -> None:
    found = contradictions(decisions(vote(), vote("c0", choice, models, person="Bo")))
    assert [str(each.message) for each in found] == ([says] if says else [])


def test_what_holds_is_found_once() -> None:
    some = decisions(review(), vote())
    assert some.current is some.current
    assert some == decisions(review(), vote())


def test_approving_that_a_cut_out_is_gone_counts_where_it_is_gone() -> None:
    run = run_over(2)
    gone = tuple(p for p in run.predictions if (p.case, p.model) != ("c0", "a"))
    without = run.model_copy(update={"predictions": gone})
    approved = approval(new_sha256=None)
    assert mismatch(without, approved) is None
    assert mismatch(run, approved) is not None
    assert "no model a for portrait/c0" in str(mismatch(without, approval()))
