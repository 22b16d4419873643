"""Matting errors against slow versions of themselves, written from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measure.mattes import SPECIAL, pairs
from pictures import check_message

from rmbg_eval.errors import ImageError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.kernels.connectivity import connectivity_error
from rmbg_eval.measure.matting import METRICS, conn, grad, gradient_magnitude, mad, mse, sad
from rmbg_eval.measure.region import edge_squares
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure

some = settings(max_examples=40)
NAMES = ("sad", "mad", "mse", "grad", "conn")


def slow_sums(alpha, truth, region):
    differences = [
        abs(float(a) - float(t))
        for a, t, r in zip(alpha.flat, truth.flat, region.flat, strict=True)
        if r
    ]
    squares = [d * d for d in differences]
    return {
        "sad": math.fsum(differences) / 1000,
        "mad": math.fsum(differences) / len(differences),
        "mse": math.fsum(squares) / len(squares),
    }


@some
@given(pairs)
def test_sums_and_means_are_as_they_are_defined(pair):
    alpha, truth = _same_shape(pair)
    region = np.arange(alpha.size).reshape(alpha.shape) % 3 != 0
    for function in (sad, mad, mse):
        whole = slow_sums(alpha, truth, np.ones_like(region))[function.__name__]
        part = slow_sums(alpha, truth, region)[function.__name__]
        assert function(alpha, truth) == pytest.approx(whole, rel=1e-9, abs=1e-12)
        assert function(alpha, truth, region) == pytest.approx(part, rel=1e-9, abs=1e-12)


def slow_gradient(alpha):
    """Every pixel, every tap of two 9×9 filters; the border repeated outwards."""
    sigma, half = 1.4, 4

    def bell(x):
        return math.exp(-x * x / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))

    taps = range(-half, half + 1)
    filters = [
        [[bell(y) * -x * bell(x) / sigma**2 for x in taps] for y in taps],
        [[bell(x) * -y * bell(y) / sigma**2 for x in taps] for y in taps],
    ]
    found = np.zeros(alpha.shape)
    for kernel in filters:
        length = math.sqrt(sum(v * v for row in kernel for v in row))
        padded = np.pad(alpha.astype(float), half, mode="edge")
        for row in range(alpha.shape[0]):
            for column in range(alpha.shape[1]):
                window = padded[row : row + 2 * half + 1, column : column + 2 * half + 1]
                found[row, column] += (np.sum(window * kernel) / length) ** 2
    return np.sqrt(found)


@settings(max_examples=8)
@given(pairs)
def test_gradients_are_those_of_the_two_filters(pair):
    alpha, truth = _same_shape(pair)
    one, other = slow_gradient(alpha), slow_gradient(truth)
    assert np.allclose(gradient_magnitude(alpha), one, rtol=1e-6, atol=1e-9)
    expected = ((one - other) ** 2).sum() / 1000
    assert grad(alpha, truth) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def slow_level(alpha, truth):
    """Each threshold flooded pixel by pixel."""
    height, width = alpha.shape
    level = np.full(alpha.shape, -1.0)
    for step in range(1, 11):
        threshold = np.float32(step / 10)
        reach = (alpha >= threshold) & (truth >= threshold)
        seen, largest = np.zeros(alpha.shape, bool), []
        for start in zip(*np.nonzero(reach), strict=True):
            if seen[start]:
                continue
            seen[start], piece, stack = True, [], [start]
            while stack:
                y, x = stack.pop()
                piece.append((y, x))
                for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                    inside = 0 <= near[0] < height and 0 <= near[1] < width
                    if inside and reach[near] and not seen[near]:
                        seen[near] = True
                        stack.append(near)
            largest = max(largest, piece, key=len)
        source = np.zeros(alpha.shape, bool)
        for spot in largest:
            source[spot] = True
        level[(level == -1) & ~source] = (step - 1) / 10
    level[level == -1] = 1
    return level


@some
@given(pairs)
def test_connectivity_is_that_of_flooded_thresholds(pair):
    alpha, truth = _same_shape(pair)
    level = slow_level(alpha, truth)
    above = [np.where(a - level >= 0.15, a - level, 0) for a in (alpha, truth)]
    expected = np.abs(above[0] - above[1])
    assert np.allclose(connectivity_error(alpha, truth), expected, rtol=1e-6, atol=1e-9)
    assert conn(alpha, truth) == pytest.approx(expected.sum() / 1000, rel=1e-6, abs=1e-9)


@some
@given(pairs)
def test_all_five_are_zero_for_the_truth_and_do_not_mind_who_is_who(pair):
    alpha, truth = _same_shape(pair)
    for function in (sad, mad, mse, grad, conn):
        assert function(truth, truth) == pytest.approx(0, abs=1e-20)
        assert function(alpha, truth) == pytest.approx(function(truth, alpha), rel=1e-9)
        assert function(alpha, truth) >= 0
    assert mad(alpha, truth) <= 1
    assert mse(alpha, truth) <= mad(alpha, truth)


@some
@given(pairs, st.sampled_from((0, 1.5, 3)))
def test_the_unknown_region_is_near_both_sides(pair, radius):
    truth = pair[1]
    region = edge_squares(truth, 3) <= radius**2
    visible, through = np.argwhere(truth > 0), np.argwhere(truth < 1)
    for spot in np.argwhere(np.ones(truth.shape))[::7]:
        near = all(
            len(side) and (np.hypot(*(side - spot).T).min() <= radius)
            for side in (visible, through)
        )
        assert region[tuple(spot)] == near
    assert region[(truth > 0) & (truth < 1)].all()


@pytest.mark.parametrize("name", SPECIAL)
def test_the_table_measures_over_the_whole_and_over_the_unknown_region(name):
    truth = SPECIAL[name]
    alpha = SPECIAL["noise"] / 2
    rgb = np.zeros((*truth.shape, 3), np.uint8)
    found = measure(Subject(alpha, rgb, rgb, truth), METRICS)
    region = edge_squares(truth, 10) <= 100
    for function in (sad, mad, mse, grad, conn):
        assert found[function.__name__] == (function(alpha, truth), None)
        unknown = found[f"{function.__name__}_unknown"]
        if name in ("empty", "full"):
            assert unknown == (
                None,
                Message("the truth has no edge: it is all transparent or all opaque"),
            )
        else:
            assert unknown == (function(alpha, truth, region), None)


def test_without_a_truth_there_is_the_reason():
    alpha = SPECIAL["hard"]
    rgb = np.zeros((*alpha.shape, 3), np.uint8)
    found = measure(Subject(alpha, rgb, rgb, missing={"truth": Message("it was eaten")}), METRICS)
    assert set(found.values()) == {(None, Message("it was eaten"))}
    with pytest.raises(Undefined, match="no truth"):
        Subject(alpha, rgb, rgb).need_truth()


def test_nothing_loses_precision_on_a_large_picture():
    """A float32 sum of ten million would: sums are taken in float64."""
    alpha = np.full((3000, 4000), 0.1, np.float32)
    assert mad(alpha, np.zeros_like(alpha)) == pytest.approx(float(np.float32(0.1)), abs=1e-12)


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
@pytest.mark.parametrize("function", [sad, mad, mse, grad, conn])
def test_what_is_no_alpha_is_refused_on_either_side(function, bad):
    for pair in ((bad, GOOD), (GOOD, bad)):
        with pytest.raises(ImageError) as caught:
            function(*pair)
        check_message(caught.value)


def _same_shape(pair):
    height, width = np.minimum(pair[0].shape, pair[1].shape)
    return tuple(np.ascontiguousarray(a[:height, :width]) for a in pair)
