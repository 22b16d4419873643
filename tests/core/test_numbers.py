"""Numbers as people read them."""

from __future__ import annotations

import pytest
from comparisons import rule

from rmbg_eval.core.numbers import duration, figures
from rmbg_eval.measure.delivery import bounds


@pytest.mark.parametrize(
    ("value", "told"),
    [(999.4, "999"), (999.5, "1,000"), (1000.0, "1,000"), (-123456.7, "-123,457"), (0.0, "0")],
)
def test_from_a_thousand_on_a_number_is_whole(value: float, told: str) -> None:
    assert figures(value) == told


def test_a_fourth_digit_does_not_change_that() -> None:
    assert (figures(999.94, 4), figures(999.95, 4), figures(12345, 4)) == (
        "999.9",
        "1,000",
        "12,345",
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (9.9, "9.9 s"), (10, "10 s"), (99.4, "99 s"), (100, "1 min 40 s"), (240, "4 min 0 s"),
        (594.4, "9 min 54 s"), (595, "10 min"), (5969, "99 min"), (5971, "1 h 40 min"),
        (86369, "23 h 59 min"), (86371, "24 h"), (3.6e6, "1000 h"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_the_units_that_it_is_long_in(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_what_a_rule_allows_is_not_rounded() -> None:
    asked = rule(False, least=1000.0, most=10000.5)
    assert str(bounds(asked)) == "1,000 to 10,000.5"
    assert str(bounds(rule(False, least=0.8515))) == "at least 0.8515"
    assert str(bounds(rule(False, least=None, most=0.8515))) == "at most 0.8515"
