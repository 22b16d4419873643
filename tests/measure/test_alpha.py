"""Measures against slow versions of themselves, written from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pictures import check_message

from rmbg_eval.errors import ImageError
from rmbg_eval.images import quantise
from rmbg_eval.measure.alpha import in_between_share, mad, opaque_share

few = settings(max_examples=80, deadline=None)
shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=12)
values = st.floats(0, 1, width=32) | st.sampled_from([k / 510 for k in range(511)]).map(np.float32)


def alphas(shape):
    return arrays.arrays(np.float32, shape, elements=values)


pairs = shapes.flatmap(lambda shape: st.tuples(alphas(shape), alphas(shape)))


@few
@given(pairs)
def test_mad_is_the_mean_of_the_differences(pair):
    alpha, truth = pair
    differences = [
        abs(float(a) - float(t))
        for row, truth_row in zip(alpha, truth, strict=True)
        for a, t in zip(row, truth_row, strict=True)
    ]
    assert mad(alpha, truth) == pytest.approx(math.fsum(differences) / len(differences), abs=1e-7)


@few
@given(pairs)
def test_mad_is_a_distance(pair):
    alpha, truth = pair
    assert 0 <= mad(alpha, truth) <= 1
    assert mad(alpha, truth) == mad(truth, alpha)
    assert (mad(alpha, truth) == 0) == np.array_equal(alpha, truth)
    third = np.roll(truth, 1)
    assert mad(alpha, third) <= mad(alpha, truth) + mad(truth, third) + 1e-6


@few
@given(pairs)
def test_mad_does_not_care_where_a_difference_lies(pair):
    alpha, truth = pair
    assert mad(alpha[::-1, ::-1], truth[::-1, ::-1]) == pytest.approx(mad(alpha, truth), abs=1e-9)


def test_mad_does_not_lose_precision_on_a_large_picture():
    """A float32 sum of ten million would: the mean is taken in float64."""
    alpha = np.full((3000, 4000), 0.1, np.float32)
    assert mad(alpha, np.zeros_like(alpha)) == pytest.approx(float(np.float32(0.1)), abs=1e-12)


@few
@given(shapes.flatmap(alphas))
def test_every_pixel_is_transparent_in_between_or_opaque(alpha):
    flat = [float(a) for row in alpha for a in row]
    between = sum(1 for a in flat if 0.05 <= np.float32(a) <= np.float32(0.95))
    opaque = sum(1 for a in flat if np.float32(a) > np.float32(0.95))
    assert in_between_share(alpha) == pytest.approx(between / alpha.size, abs=1e-12)
    assert opaque_share(alpha) == pytest.approx(opaque / alpha.size, abs=1e-12)


@pytest.mark.parametrize(
    ("alpha", "between", "opaque"),
    [
        ([0, 1], 0, 0.5),
        ([0.5, 0.5], 1, 0),
        ([12 / 255, 243 / 255], 0, 0.5),
        ([13 / 255, 242 / 255], 1, 0),
        ([0, 0.5, 1, 1], 0.25, 0.5),
    ],
    ids=str,
)
def test_shares_at_their_borders(alpha, between, opaque):
    assert in_between_share(np.float32([alpha])) == between
    assert opaque_share(np.float32([alpha])) == opaque


@few
@given(shapes.flatmap(alphas))
def test_storing_an_alpha_moves_no_pixel_beyond_half_a_step(alpha):
    clear = np.where(np.abs(alpha - 0.5) < 0.4, alpha, np.round(alpha))
    stored = quantise(clear) / np.float32(255)
    assert in_between_share(stored) == in_between_share(clear)


GOOD = np.full((3, 4), 0.5, np.float32)
BAD = {
    "another-shape": GOOD.T,
    "broadcastable": GOOD[:1],
    "8-bit": (GOOD * 255).astype(np.uint8),
    "float64": GOOD.astype(np.float64),
    "above-1": GOOD * 255,
    "nan": np.full_like(GOOD, np.nan),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_mad_refuses_what_is_no_alpha_on_either_side(bad):
    for pair in ((bad, GOOD), (GOOD, bad)):
        with pytest.raises(ImageError) as caught:
            mad(*pair)
        check_message(caught.value)


@pytest.mark.parametrize("name", ["8-bit", "float64", "above-1", "nan"])
def test_in_between_refuses_what_is_no_alpha(name):
    with pytest.raises(ImageError):
        in_between_share(BAD[name])
