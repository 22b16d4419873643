"""Measures against slow versions of themselves, written from their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from measure.mattes import blobs, pieces

from rmbg_eval.core.images import quantise
from rmbg_eval.errors import ImageError
from rmbg_eval.measure.alpha import (
    METRICS,
    Strays,
    contour_breaks,
    in_between_share,
    opaque_share,
    soft_band_widths,
    strays,
)
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure

few = settings(max_examples=80)
shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=12)
values = st.floats(0, 1, width=32) | st.sampled_from([k / 510 for k in range(511)]).map(np.float32)


def alphas(shape):
    return arrays.arrays(np.float32, shape, elements=values)


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
    "8-bit": (GOOD * 255).astype(np.uint8),
    "float64": GOOD.astype(np.float64),
    "above-1": GOOD * 255,
    "nan": np.full_like(GOOD, np.nan),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize(
    "function", [in_between_share, opaque_share, soft_band_widths, strays, contour_breaks]
)
def test_what_is_no_alpha_is_refused(function, bad):
    with pytest.raises(ImageError):
        function(bad)


def slow_widths(alpha):
    height, width = alpha.shape
    solid, clear = (np.argwhere(m) for m in (alpha >= np.float32(0.92), alpha <= np.float32(0.08)))
    found = []
    for y in range(height):
        for x in range(width):
            around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
            below = [alpha[p] < 0.5 for p in around if 0 <= p[0] < height and 0 <= p[1] < width]
            if alpha[y, x] >= 0.5 and any(below):
                found.append(sum(np.hypot(*(m - (y, x)).T).min() for m in (solid, clear)))
    return found


@few
@given(blobs)
def test_soft_band_is_the_way_to_the_nearest_of_both_sides(alpha):
    try:
        widths = soft_band_widths(alpha)
    except Undefined:
        nothing = not (alpha >= 0.92).any() or not (alpha <= np.float32(0.08)).any()
        assert nothing or (alpha >= 0.5).all() or (alpha < 0.5).all()
        return
    assert widths == pytest.approx(slow_widths(alpha), rel=1e-6)
    rgb = np.zeros((*alpha.shape, 3), np.uint8)
    found = measure(Subject(alpha, rgb, rgb), METRICS)
    assert found["soft_band_median"] == (pytest.approx(np.median(widths)), None)
    assert found["soft_band_p95"] == (pytest.approx(np.percentile(widths, 95)), None)


@settings(max_examples=40)
@given(blobs, st.integers(0, 1000))
def test_strays_are_small_pieces(alpha, seed):
    alpha = np.kron(alpha, np.ones((3, 3), np.float32))
    spots = np.random.default_rng(seed).integers(0, alpha.size, 12)
    alpha.flat[spots] = 1 - alpha.flat[spots]
    shape = alpha >= 0.5
    if not shape.any():
        return
    bodies = [len(p) for p in pieces(shape, 2)]
    height, width = shape.shape
    holes = [
        len(p)
        for p in pieces(~shape, 1)
        if all(0 < y < height - 1 and 0 < x < width - 1 for y, x in p)
    ]
    islands = [n for n in bodies if n < 0.01 * max(bodies)]
    pinholes = [n for n in holes if n < 0.01 * max(bodies)]
    assert strays(alpha) == Strays(len(islands), sum(islands), len(pinholes), sum(pinholes))


def test_breaks_are_narrow_long_and_open_to_the_outside():
    square = np.zeros((60, 60), np.float32)
    square[10:50, 10:50] = 1

    def cut(rows, columns):
        alpha = square.copy()
        alpha[rows, columns] = 0
        return contour_breaks(alpha)

    assert contour_breaks(square) == 0
    assert cut(slice(30, 32), slice(20, 60)) == 1
    assert cut(slice(None), slice(29, 31)) == 1  # through and through
    assert cut(slice(30, 36), slice(20, 60)) == 0, "too wide"
    assert cut(slice(30, 32), slice(46, 60)) == 0, "too short"
    assert cut(slice(30, 32), slice(20, 40)) == 0, "a hole"
    y, x = np.mgrid[:60, :60]
    assert contour_breaks((np.hypot(x - 30, y - 30) < 20).astype(np.float32)) == 0


def slow_breaks(alpha):
    """By what every disc of 5 px that holds a pixel meets, and the pieces of that."""
    shape = alpha >= 0.5
    height, width = shape.shape
    disc = [(y, x) for y, x in np.ndindex(5, 5) if (y - 2) ** 2 + (x - 2) ** 2 <= 5]
    around = np.pad(shape, 4, mode="edge")
    met = np.any([around[y : y + height + 4, x : x + width + 4] for y, x in disc], 0)
    closed = np.all([met[y : y + height, x : x + width] for y, x in disc], 0)
    outside = np.pad(~closed, 1)
    return sum(
        max(np.ptp(side) for side in zip(*piece, strict=True)) >= 7
        and any(outside[y : y + 3, x : x + 3].any() for y, x in piece)
        for piece in pieces(closed & ~shape, 2)
    )


@few
@given(st.integers(0, 2**32 - 1))
def test_breaks_are_those_of_a_slow_version_and_of_the_picture_on_its_side(seed):
    random = np.random.default_rng(seed)
    alpha = np.full((50, 60), 0.5, np.float32)
    alpha[:, 42:] = alpha[:4] = 0
    for _ in range(8):
        y, x = random.integers(0, (46, 40))
        wide, long = random.integers(1, 7), random.integers(5, 40)
        part = (y, x, wide, long) if random.random() < 0.5 else (y, x, long, wide)
        alpha[part[0] : part[0] + part[2], part[1] : part[1] + part[3]] = random.choice(
            [0, 0.49, 0.49, 1]
        )
    assert contour_breaks(alpha) == slow_breaks(alpha)
    assert contour_breaks(alpha) == contour_breaks(alpha.T.copy())


@pytest.mark.parametrize("function", [soft_band_widths, strays, contour_breaks])
def test_nothing_visible_is_undefined(function):
    with pytest.raises(Undefined):
        function(np.zeros((5, 6), np.float32))


def test_a_hard_edge_has_a_soft_band_of_one_pixel():
    alpha = np.zeros((9, 9), np.float32)
    alpha[:, :4] = 1
    assert set(soft_band_widths(alpha)) == {1}
