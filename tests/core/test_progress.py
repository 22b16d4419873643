"""How long the rest takes is told once there is something to tell it from, and then it is true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from rmbg_eval.core.progress import Pace, Step


def told(each: Iterable[tuple[float, bool]], total: int) -> Iterator[tuple[float, float | None]]:
    """After each step, of so many seconds and from the cache or not: the time, and what is told."""
    pace, now = Pace(), 0.0
    pace.take(Step("loading"), now)
    pace.take(Step("m", 0, total), now)
    for done, (seconds, cached) in enumerate(each, 1):
        now += seconds
        pace.take(Step(f"m · {done}", done, total, cached), now)
        yield now, pace.left(now)


@pytest.mark.parametrize("first", [1.0, 90.0])
def test_a_steady_pace_is_told_soon_and_a_cold_start_is_no_part_of_it(first: float) -> None:
    seconds = [first] + [0.5, 1.5] * 600
    whole = sum(seconds)
    shown = [(now, left) for now, left in told(((s, False) for s in seconds), 1201) if left]
    assert shown[0][0] < 200
    assert all(left == pytest.approx(whole - now, rel=0.06, abs=2) for now, left in shown)


def test_what_came_from_the_cache_says_nothing_of_the_others() -> None:
    each = [(0.01, True)] * 4000 + [(1.0, False)] * 400
    shown = [(now, left) for now, left in told(each, 4400) if left]
    assert all(left == pytest.approx(440 - now, abs=2) for now, left in shown)
    assert shown[0][0] == pytest.approx(60, abs=10)


def test_while_the_pace_changes_nothing_is_told() -> None:
    each = [(0.1, False)] * 1000 + [(2.0, False)] * 100
    after = [(now - 100, left) for now, left in told(each, 2000) if now > 100]
    assert {left for since, left in after if 20 < since < 50} == {None}
    assert after[-1][1] == pytest.approx(2 * 900, rel=0.01)


def test_a_few_seconds_and_a_few_pictures_are_no_basis() -> None:
    assert all(left is None for _, left in told([(1.0, False)] * 18, 18))
    assert all(left is None for _, left in told([(60.0, False)] * 9, 100))


def test_while_one_picture_hangs_nothing_is_told() -> None:
    pace = Pace()
    for done in range(100):
        pace.take(Step("m", done, 400), float(done))
    assert pace.count(99.0) == "99/400, about 5 min 0 s left"
    assert pace.count(200.0) == "99/400"
    pace.take(Step("page"), 201.0)
    assert pace.count(202.0) == ""
