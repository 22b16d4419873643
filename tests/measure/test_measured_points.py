"""Observation points: each kind where it passes, fails, and cannot be said; truth passes all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from measure.mattes import blobs
from pydantic import ValidationError

from rmbg_eval.measure.colours import composite
from rmbg_eval.measure.kinds import KINDS
from rmbg_eval.measure.places import SOFT_FROM, SOFT_TO, band_width, profile, region_mask
from rmbg_eval.measure.points import far_off, judge
from rmbg_eval.measure.record import ObservationPoint, PointResult, RuleResult
from rmbg_eval.measure.subject import Subject

some = settings(max_examples=60)
WIDTH, HEIGHT = 100, 80


def ball(soft=8.0):
    """A disc about (50, 40) with radius 25 and a soft rim, and two whiskers to the right."""
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    alpha = np.clip((25 - np.hypot(x - 50, y - 40)) / soft + 0.5, 0, 1)
    alpha[35, 70:95] = np.maximum(alpha[35, 70:95], 0.7)
    alpha[45, 70:95] = np.maximum(alpha[45, 70:95], 0.5)
    return (np.rint(alpha * 255) / 255).astype(np.float32)


TRUTH = ball()
FOREGROUND = np.full((HEIGHT, WIDTH, 3), [180, 60, 40], np.uint8)
PICTURE = composite(FOREGROUND, TRUTH, np.uint8([30, 120, 60]))


def subject(alpha, truth=TRUTH, foreground=FOREGROUND, rgb=FOREGROUND):
    return Subject(alpha, rgb, PICTURE, truth, foreground)


def point(kind, **where):
    return ObservationPoint.model_validate({"id": "p", "kind": kind, **where})


RADIAL = [[[50, 40], [15, 40]], [[50, 40], [50, 4]], [[50, 40], [25, 12]]]
WHISKERS = [[[72, 35], [94, 35]], [[72, 45], [94, 45]]]
RING = [[[50, 18], [68, 28], [72, 40], [60, 58], [40, 59], [29, 45], [30, 32], [50, 18]]]
GOOD = [
    point("transparent", box=[0, 0, 15, 20]),
    point("transparent", lines=[[[2, 2], [90, 3]]]),
    point("opaque", polygon=[[40, 30], [60, 30], [60, 50], [40, 50]]),
    point("semi-transparent", box=[70, 34, 25, 3]),
    point("soft-band", lines=RADIAL),
    point("smooth-fall", lines=RADIAL),
    point("in-between", box=[0, 0, 100, 80]),
    point("unbroken", lines=RING),
    point("strands", lines=WHISKERS),
    point("no-fringe", box=[0, 0, 50, 80]),
]
assert {p.kind for p in GOOD} == set(KINDS)


@pytest.mark.parametrize("where", GOOD, ids=lambda p: p.kind)
def test_the_truth_passes_every_point(where):
    seen = judge(where, subject(TRUTH))
    assert seen.passed, seen
    assert seen.reason is None


areas = st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 20)] * 2)
spots = st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT))
lines = st.lists(st.tuples(spots, spots), min_size=1, max_size=4)


@some
@given(
    st.one_of(
        st.builds(
            lambda kind, box: point(kind, box=list(box)),
            st.sampled_from(["semi-transparent", "in-between", "no-fringe"]),
            areas,
        ),
        st.builds(
            lambda kind, paths: point(kind, lines=[[list(s) for s in path] for path in paths]),
            st.sampled_from(["soft-band", "strands"]),
            lines,
        ),
    ),
    st.sampled_from([1.0, 3.0, 8.0, 30.0]),
)
def test_wherever_it_is_the_truth_has_what_the_truth_has(where, soft):
    truth = ball(soft)
    seen = judge(where, subject(truth, truth))
    assert seen.passed is not False
    assert (seen.passed is None) == (seen.reason is not None)


BAD = [
    (GOOD[0], np.ones_like(TRUTH), 1.0),
    (GOOD[2], TRUTH * np.float32(0.5), 0.5),
    (GOOD[3], np.float32(TRUTH > 2), 0.0),
    (GOOD[4], ball(3.0), None),
    (GOOD[6], np.float32(TRUTH > 0.5), 0.0),
    (GOOD[8], np.where(np.mgrid[:HEIGHT, :WIDTH][1] > 72, np.float32(0), TRUTH), 0.0),
]


@pytest.mark.parametrize(("where", "alpha", "measured"), BAD, ids=lambda v: getattr(v, "kind", ""))
def test_what_is_wrong_fails(where, alpha, measured):
    seen = judge(where, subject(alpha))
    assert seen.passed is False
    if measured is not None:
        assert seen.measured == pytest.approx(measured)


def test_a_soft_band_is_as_wide_as_it_is():
    seen = judge(GOOD[4], subject(TRUTH))
    assert seen.expected == seen.measured == pytest.approx(8 * 0.84, abs=0.4)
    without = judge(GOOD[4].model_copy(update={"expected": 7.0}), subject(TRUTH, None, None))
    assert without.measured == seen.measured
    assert without.passed


def test_no_edge_at_all_fails_and_says_so():
    for where in (GOOD[4], GOOD[5]):
        seen = judge(where, subject(np.zeros_like(TRUTH)))
        assert (seen.measured, seen.passed) == (None, False)
        assert "does not fall" in str(seen.reason) or "falls by no more" in str(seen.reason)
        about = {"category": "pet", "case": "rex", "model": "a", "point": "p", "unit": "px"}
        result = PointResult(**about, kind=where.kind, tolerance=0.1, **vars(seen))
        assert far_off(result) == 1


def test_a_rise_on_the_way_out_is_measured():
    alpha = TRUTH.copy()
    alpha[:, 16:19] = 0.4
    seen = judge(GOOD[5], subject(alpha))
    assert seen.passed is False
    assert seen.measured == pytest.approx(0.4, abs=0.02)


def test_a_break_where_a_closed_line_begins_is_one():
    alpha = TRUTH.copy()
    alpha[:30, 46:54] = 0
    assert judge(GOOD[7], subject(alpha)).measured == 1
    assert judge(GOOD[7], subject(np.zeros_like(TRUTH))).measured == 1


def test_breaks_are_counted_once_each():
    alpha = TRUTH.copy()
    alpha[:30, 55:60] = 0
    alpha[50:, 45:48] = 0
    seen = judge(GOOD[7], subject(alpha))
    assert (seen.measured, seen.expected, seen.passed) == (2, 0, False)


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_no_one_alpha_passes_a_point_that_is_not_about_it(value):
    constant = np.full_like(TRUTH, value)
    literal = {"transparent": 0.0, "opaque": 1.0, "semi-transparent": 0.3}
    for where in GOOD:
        seen = judge(where, subject(constant))
        assert not seen.passed or literal.get(where.kind) == value, where.kind
    assert not judge(GOOD[7], Subject(constant, FOREGROUND, PICTURE)).passed


def test_in_between_is_near_the_truth_and_not_merely_between():
    between = np.where((TRUTH > 0.05) & (TRUTH < 0.95), 1 - TRUTH, TRUTH)
    assert judge(GOOD[6], subject(between)).measured == 0
    haze = np.maximum(TRUTH, np.float32(0.3))
    assert not judge(GOOD[6], subject(haze)).passed
    half = TRUTH + np.float32(0.1) * (TRUTH > 0.05) * (TRUTH < 0.85)
    assert 0.3 < judge(GOOD[6], subject(half)).measured < 0.8


def test_an_edge_that_is_cut_off_does_not_fall_smoothly():
    seen = judge(GOOD[5], subject(np.float32(TRUTH > 0.5)))
    assert (seen.passed, seen.measured) == (False, None)
    assert "cut off" in str(seen.reason)


def test_a_contour_with_nothing_clear_beside_it_is_none():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    filled = np.where((x > 50) & (y < 40), np.float32(1), TRUTH)
    seen = judge(GOOD[7], subject(filled))
    assert (seen.measured, seen.passed) == (1, False)
    inside = point("unbroken", lines=[[[48, 40], [52, 40]]])
    seen = judge(inside, subject(np.ones_like(TRUTH), np.ones_like(TRUTH)))
    assert (seen.passed, str(seen.reason)) == (None, "the truth is nowhere clear beside line 1")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("away", range(-42, 42))
def test_what_is_clear_beside_a_contour_is_seen_at_every_pixel(away, turned):
    alpha = np.ones((100, 100), np.float32)
    alpha[:, 50 + away] = 0  # a gap of one pixel
    alpha = alpha.T.copy() if turned else alpha
    line = [[20, 50], [80, 50]] if turned else [[50, 20], [50, 80]]
    rgb = np.zeros((100, 100, 3), np.uint8)
    seen = judge(point("unbroken", lines=[line]), Subject(alpha, rgb, rgb))
    assert seen.measured == (0 if -41 <= away <= 40 else 1)


def test_a_strand_without_its_gap_or_too_thick_is_none():
    gap = TRUTH.copy()
    gap[28:52, 74:] = np.maximum(gap[28:52, 74:], 0.7)
    assert judge(GOOD[8], subject(gap)).measured == 0
    opaque = np.where(TRUTH > 0.4, np.float32(1), TRUTH)
    assert judge(GOOD[8], subject(opaque)).measured == 0


def test_a_contour_is_where_alpha_reaches_a_half():
    rgb = np.zeros((60, 60, 3), np.uint8)
    where = point("unbroken", lines=[[[20, 30], [40, 30]]])
    for level, breaks in ((0.5, 0), (0.499, 1)):
        alpha = np.zeros((60, 60), np.float32)
        alpha[20:40] = level
        assert judge(where, Subject(alpha, rgb, rgb)).measured == breaks


@pytest.mark.parametrize(("kept", "found"), [(0.82, 1), (0.78, 0)])
def test_a_strand_is_one_of_which_four_fifths_are_there(kept, found):
    truth, rgb = np.zeros((60, 240), np.float32), np.zeros((60, 240, 3), np.uint8)
    truth[30, 20:220] = 1
    alpha = truth.copy()
    alpha[30, 20 + round(200 * kept) :] = 0
    where = point("strands", lines=[[[20, 30], [220, 30]]])
    assert judge(where, Subject(alpha, rgb, rgb, truth)).measured == found


@pytest.mark.parametrize(("share", "measured"), [(0.51, 0), (0.49, None)])
def test_an_edge_is_there_where_alpha_falls_half_as_far_as_the_truth(share, measured):
    seen = judge(GOOD[5], subject(TRUTH * np.float32(share)))
    assert seen.measured == measured


@pytest.mark.parametrize("side", [slice(28, 35), slice(46, 54)])
def test_a_strand_that_is_filled_at_one_side_is_lost(side):
    filled = TRUTH.copy()
    filled[side, 74:] = np.maximum(filled[side, 74:], 0.7)
    assert judge(GOOD[8], subject(filled)).measured == 1


@pytest.mark.parametrize(("gap", "found"), [(0.0, 1), (0.7, 0)])
def test_the_gap_is_where_the_truth_is_low_and_not_on_a_strand_s_shoulder(gap, found):
    truth, alpha = np.zeros((2, 60, 60), np.float32)
    alpha[:] = gap
    truth[25:36], alpha[25:36] = 0.3, 0.9
    truth[29:32] = alpha[29:32] = 1
    rgb = np.zeros((60, 60, 3), np.uint8)
    where = point("strands", lines=[[[10, 30], [50, 30]]])
    assert judge(where, Subject(alpha, rgb, rgb, truth)).measured == found


WAYS = {
    "mirrored": (lambda a: a[:, ::-1], lambda x, y, width, height: (width - x, y)),
    "upside down": (lambda a: a[::-1], lambda x, y, width, height: (x, height - y)),
    "turned": (lambda a: a.swapaxes(0, 1), lambda x, y, width, height: (y, x)),
}


@settings(max_examples=200)
@given(
    blobs,
    st.integers(-2, 2),
    st.lists(st.tuples(*[st.floats(0, 1)] * 2), min_size=2, max_size=3),
    st.booleans(),
    st.sampled_from(list(WAYS)),
)
def test_lines_see_the_same_in_a_mirrored_picture(truth, shift, ends, straight, way):
    height, width = truth.shape
    spots = [(round(x * width), round(y * height)) for x, y in ends]
    if straight:
        spots[1] = spots[0][0], spots[1][1]
    turn, moved = WAYS[way]
    values = profile(np.roll(truth, shift), tuple(spots[:2]))[1]
    for level in (SOFT_FROM, SOFT_TO):  # of a sample just there, rounding decides
        assume(np.abs(values - level).min() > 1e-9)

    def seen(picture, line):
        alpha, due = (np.ascontiguousarray(picture(a)) for a in (np.roll(truth, shift), truth))
        rgb = np.zeros((*due.shape, 3), np.uint8)
        results = [
            judge(
                point(kind, lines=[line[:2] if KINDS[kind].across else line]),
                Subject(alpha, rgb, rgb, due),
            )
            for kind in ("opaque", "soft-band", "smooth-fall", "unbroken", "strands")
        ]
        return [str(each.reason) for each in results], [each.measured for each in results]

    reasons, measured = seen(lambda a: a, spots)
    there, again = seen(turn, [moved(*spot, width, height) for spot in spots])
    assert there == reasons
    assert again == [None if each is None else pytest.approx(each, abs=1e-5) for each in measured]


def test_fringe_is_seen_though_alpha_is_right():
    seen = judge(GOOD[9], subject(TRUTH, rgb=PICTURE))
    assert seen.passed is False
    assert seen.measured > 3


def test_a_strand_one_pixel_beside_is_recovered_and_a_lost_one_counted():
    assert judge(GOOD[8], subject(np.roll(TRUTH, 1, 0))).measured == 2
    half = TRUTH.copy()
    half[45, 70:] = 0
    seen = judge(GOOD[8], subject(half))
    assert (seen.measured, seen.expected, seen.passed) == (1, 2, False)
    nothing = judge(point("strands", lines=[[[2, 2], [10, 2]]]), subject(TRUTH))
    assert (nothing.passed, str(nothing.reason)) == (None, "the truth has nothing along line 1")


@pytest.mark.parametrize("where", GOOD, ids=lambda p: p.kind)
def test_without_truth_what_needs_none_is_measured_and_the_rest_says_why(where):
    seen = judge(where, Subject(TRUTH, FOREGROUND, PICTURE))
    kind = KINDS[where.kind]
    if kind.needs == "nothing" and isinstance(kind.expected, float):
        assert seen.passed
    else:
        assert seen.passed is None
        assert str(seen.reason).startswith("the case has no truth")


def test_an_own_tolerance_and_expected_value_count():
    where = point("transparent", box=[40, 30, 20, 20], expected=0.9, tolerance=0.1)
    assert judge(where, subject(TRUTH)).passed
    strict = where.model_copy(update={"tolerance": 0.05})
    assert judge(strict, subject(TRUTH)).passed is False


@some
@given(st.lists(spots, min_size=3, max_size=6))
def test_a_polygon_holds_the_pixels_whose_centre_is_inside(corners):
    where = point("transparent", polygon=[list(c) for c in corners])
    try:
        mask = region_mask(where, (HEIGHT, WIDTH))
    except Exception as error:  # a polygon without a pixel
        assert "holds no pixel" in str(error)
        return
    for y in range(0, HEIGHT, 7):
        for x in range(0, WIDTH, 7):
            inside, on_edge = False, False
            for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                cross = (x1 - x0) * (y + 0.5 - y0) - (y1 - y0) * (x + 0.5 - x0)
                on_edge |= abs(cross) < 1e-9
                if (y0 > y + 0.5) != (y1 > y + 0.5):
                    inside ^= x + 0.5 < x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            if not on_edge:
                assert mask[y, x] == inside


def test_a_polygon_without_a_pixel_is_not_judged():
    for corners in ([[5, 5], [9, 5], [5, 5]], [[5, 5], [6, 5], [5, 5]]):
        seen = judge(point("transparent", polygon=corners), subject(TRUTH))
        assert (seen.passed, str(seen.reason)) == (None, "the region holds no pixel's centre")


@some
@given(st.lists(spots, min_size=2, max_size=4))
def test_a_profile_is_bilinear_and_close(path):
    slope = (np.mgrid[:HEIGHT, :WIDTH].sum(0) / (WIDTH + HEIGHT)).astype(np.float32)
    distances, values = profile(slope, tuple(path))
    assert (np.diff(distances) <= 0.5 + 1e-9).all()
    x, y = (np.clip(path[-1][i] - 0.5, 0, (WIDTH, HEIGHT)[i] - 1) for i in (0, 1))
    assert values[-1] == pytest.approx((x + y) / (WIDTH + HEIGHT), abs=1e-6)
    assert distances[-1] == pytest.approx(np.hypot(*np.diff(path, axis=0).T).sum())


@some
@given(st.floats(2, 30), st.floats(0, 0.5))
def test_a_ramps_width_does_not_depend_on_where_samples_fall(width, shift):
    distances = np.arange(0, 60, 0.5)
    values = np.clip((30 + shift - distances) / width + 0.5, 0, 1)
    assert band_width(distances, values) == pytest.approx(0.84 * width, abs=0.26)
    assert band_width(distances, values[::-1]) == np.inf


@pytest.mark.parametrize(
    "changes",
    [
        {"measured": None, "passed": None},
        {"measured": 0.1, "passed": None},
        {"measured": 0.1, "reason": "no truth"},
        {"measured": float("nan")},
    ],
)
def test_a_result_has_a_value_or_a_reason(changes):
    row = {"category": "pet", "case": "rex", "model": "m", "point": "p", "kind": "opaque"}
    row |= {"expected": 1.0, "tolerance": 0.05, "unit": "alpha", "passed": True, "measured": 1.0}
    assert PointResult(**row)
    with pytest.raises(ValidationError):
        PointResult(**(row | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"measured": None},
        {"measured": None, "passed": None},
        {"passed": None},
        {"reason": "no truth"},
        {"measured": None, "reason": "no truth"},
    ],
)
def test_a_rule_has_a_value_and_a_verdict_or_a_reason(changes):
    row = {"category": "pet", "case": "rex", "model": "m", "rule": "fill", "unit": "share"}
    row |= {"measured": 0.9, "least": 0.8, "most": None, "passed": True}
    assert RuleResult(**row)
    assert RuleResult(**(row | {"measured": None, "passed": None, "reason": "nothing is kept"}))
    with pytest.raises(ValidationError):
        RuleResult(**(row | changes))
