"""Shards are given out until each is done, or has ended every worker that it was given to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.scale.schedule import PATIENCE, Schedule


@given(
    st.integers(0, 12),
    st.sets(st.integers(0, 11)),
    st.sets(st.integers(0, 11)),
    st.lists(st.integers(0, 5), max_size=60),
    st.integers(1, 4),
)
def test_every_shard_is_done_but_those_that_end_isolated_workers_too(
    count: int, killers: set[int], hopeless: set[int], chance: list[int], workers: int
) -> None:
    """`killers` end a worker unless they are isolated, `hopeless` always; chance ends others, each
    a little farther on."""
    schedule = Schedule(range(count))
    killers -= hopeless
    deaths = iter(chance)
    at_work: list[int] = []
    given_out = [0] * count
    while not schedule.finished:
        while len(at_work) < workers and (number := schedule.take()) is not None:
            assert number not in at_work
            at_work.append(number)
            given_out[number] += 1
        number = at_work.pop(0)
        if number in hopeless or (number in killers and not schedule.isolated(number)):
            schedule.died(number, steps=3)
        elif next(deaths, None) == number:
            schedule.died(number, steps=10 + given_out[number])
        else:
            schedule.end(number)
    lost = hopeless & set(range(count))
    assert set(schedule.lost) == lost
    assert sorted(schedule.done + schedule.lost) == list(range(count))
    assert all(given_out[n] == PATIENCE + 2 for n in lost)
    assert all(given_out[n] <= 3 + 2 * chance.count(n) for n in set(range(count)) - lost)


def test_what_raised_once_may_be_tried_elsewhere() -> None:
    schedule = Schedule([0])
    assert schedule.take() == 0
    assert schedule.take() is None
    assert schedule.raised(0)
    assert schedule.take() == 0
    assert not schedule.raised(0)
    assert not schedule.isolated(0)
