"""What a missed point is said to be, in plain words, and the axis that its range is drawn on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.i18n import Message
from rmbg_eval.measure.kinds import KINDS, expectation, missed
from rmbg_eval.measure.points import far_off
from rmbg_eval.measure.record import PointResult


def result(kind, measured, expected=0.0, tolerance=0.0, reason=None):
    return PointResult(
        category="pet", case="rex", model="isnet", point="ear", kind=kind, measured=measured,
        expected=expected, tolerance=tolerance, unit="1", passed=False, reason=reason,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "measured", "expected", "words"),
    [
        ("transparent", 0.874, 0, "87 % is left where it should be clear"),
        ("transparent", 0.1, 0.3, "10 % opaque; 30 % would be right"),
        ("opaque", 0.95, 1, "Only 95 % solid"),
        ("opaque", 0.999, 1, "Only 99.9 % solid"),
        ("opaque", 0.004, 1, "Nothing of it is solid"),
        ("opaque", 1, 0.6, "100 % opaque; 60 % would be right"),
        ("semi-transparent", 1, 0.27, "100 % opaque; 27 % would be right"),
        ("semi-transparent", 0, 0.27, "0 % opaque; 27 % would be right"),
        ("soft-band", 11, 3.2, "Edge 11 px wide; 3 px in the photo"),
        ("soft-band", 3.1, 3.4, "Edge 3.1 px wide; 3.4 px in the photo"),
        ("smooth-fall", 0.31, 0, "Does not only fall: it rises again by 31 % of full alpha"),
        ("smooth-fall", 0, 0.3, "Rises by 0 % on the way out; 30 % would be right"),
        ("in-between", 0.36, 1, "Only 36 % of the soft edge is right"),
        ("in-between", 0, 1, "None of the soft edge is right"),
        ("in-between", 0.9, 0.4, "90 % of the soft edge is right, where 40 % was expected"),
        ("unbroken", 1, 0, "The outline breaks in 1 place"),
        ("unbroken", 3, 0, "The outline breaks in 3 places"),
        ("unbroken", 0, 2, "The outline breaks in 0 places; 2 would be right"),
        ("strands", 8, 18, "8 of 18 strands are recovered"),
        ("strands", 8, 5, "8 strands are left; 5 would be right"),
        ("no-fringe", 36.2, 0, "Wrong colour in the edge, ΔE 36"),
        ("no-fringe", 1, 9, "The edge's colour is off by ΔE 1; 9 would be right"),
        ("shiny", 0.25, 2.5, "0, where 2 would be right"),
    ],
)  # fmt: skip
def test_a_missed_point_is_a_plain_sentence(kind, measured, expected, words):
    said = str(missed(result(kind, measured, expected)))
    assert said.replace("\u00a0", " ") == words


def test_without_a_number_it_says_why():
    why = Message("the truth has no edge in the region")
    assert missed(result("no-fringe", None, reason=why)) == why
    assert missed(result("shiny", None, reason=why)) == why
    flat = Message("alpha does not fall from 0.92 to 0.08 on {some} of {all} lines", some=2, all=3)
    assert str(missed(result("soft-band", None, reason=flat))) == (
        "No such edge there: alpha does not fall from 0.92 to 0.08 on 2 of 3 lines"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_words_of_its_own_in_each_language(kind):
    said = missed(result(kind, 0.25, 3.0 if kind in ("strands", "soft-band") else 1.0))
    assert said.to("zh") != said.to("en")


numbers = st.floats(0, 1e6)


@given(st.sampled_from([*KINDS, "shiny"]), numbers, numbers, st.floats(0, 10))
def test_the_range_lies_on_its_axis_and_holds_what_is_right(kind, measured, expected, tolerance):
    seen = expectation(result(kind, measured, expected, tolerance))
    assert seen is not None
    assert seen.start <= seen.low <= seen.high <= seen.end
    if KINDS.get(kind) is None or KINDS[kind].scale is None:
        assert seen.start <= measured <= seen.end
        assert seen.low <= expected <= seen.high
    assert str(missed(result(kind, measured, expected)))
    assert 0 <= far_off(result(kind, measured, expected)) <= 1


def test_an_axis_ends_at_a_round_number():
    ends = [expectation(result("soft-band", value, 1.0)) for value in (0.5, 7, 11, 36, 200, 201)]
    assert [end.end for end in ends if end] == [5, 10, 20, 50, 200, 500]
    assert expectation(result("soft-band", 1, None)) is None
    seen = expectation(result("opaque", 0.5, 1.0, 0.05))
    assert seen
    assert (seen.low, seen.high, seen.start, seen.end) == (0.95, 1, 0, 1)
