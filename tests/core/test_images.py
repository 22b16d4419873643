"""The image contract: arrays that are accepted and refused, and that storing loses nothing else."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pictures import colourful, refused
from PIL import Image

from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.images import (
    Cutout,
    check_alpha,
    check_rgb,
    encode_png,
    png_of,
    quantise,
    resize_alpha,
)
from rmbg_eval.errors import ImageError

few = settings(max_examples=60)
alphas = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=24),
    elements=st.floats(0, 1, width=32),
)


@few
@given(alphas)
def test_stores_alpha_to_the_nearest_step(alpha):
    slow = [[round(float(np.float32(value) * np.float32(255))) for value in row] for row in alpha]
    assert quantise(alpha).tolist() == slow


@few
@given(alphas, st.integers(0, 2**32 - 1))
def test_a_cutout_comes_back_exactly(alpha, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (*alpha.shape, 3), dtype=np.uint8)
    rgb = np.pad(rgb, ((0, 32), (0, 32), (0, 0)))  # the smallest picture that is read is 32×32
    alpha = np.pad(alpha, (0, 32))
    colours, back = decode_cutout(encode_png(Cutout(rgb, alpha)), "x")
    assert np.array_equal(colours, rgb), "colours under alpha 0 must survive too"
    assert back.dtype == np.float32
    assert np.array_equal(back, quantise(alpha) / np.float32(255))
    assert np.array_equal(quantise(back), quantise(alpha)), "storing again changes nothing"


@few
@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 24), st.integers(1, 24), st.sampled_from([0, 3, 4])).map(
            lambda shape: shape if shape[2] else shape[:2]
        ),
    )
)
def test_a_png_is_what_two_decoders_read(pixels):
    data = png_of(pixels)
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        image.verify()
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        assert np.array_equal(np.asarray(image), pixels)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels.ndim == 3:  # OpenCV has blue first
        read = read[..., [2, 1, 0, 3][: read.shape[2]]]
    assert np.array_equal(read, pixels)


sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@few
@given(alphas, sizes)
def test_a_resized_alpha_has_its_size_and_stays_within_its_range(alpha, size):
    resized = resize_alpha(alpha, size)
    check_alpha(resized, (size[1], size[0]))
    assert resized.min() >= alpha.min() - 1e-6
    assert resized.max() <= alpha.max() + 1e-6


@few
@given(alphas)
def test_resizing_to_its_own_size_changes_nothing(alpha):
    assert np.array_equal(resize_alpha(alpha, (alpha.shape[1], alpha.shape[0])), alpha)


def test_resizes_bilinearly_with_the_corners_at_pixel_edges():
    """Computed by hand: output pixel i lies at (i + 0.5) / 2 - 0.5 of the input."""
    resized = resize_alpha(np.float32([[0, 1], [0, 1]]), (4, 2))
    assert np.allclose(resized, [[0, 0.25, 0.75, 1]] * 2, atol=1e-6)


def test_shrinking_averages_instead_of_picking():
    stripes = np.tile(np.float32([0, 1]), (64, 32))
    assert np.abs(resize_alpha(stripes, (8, 8))[1:-1, 1:-1] - 0.5).max() < 0.05


GOOD = np.full((4, 6), 0.5, np.float32)


@pytest.mark.parametrize(
    ("alpha", "received"),
    [
        pytest.param(GOOD.T, "(6, 4)", id="shape"),
        pytest.param(GOOD[None], "(1, 4, 6)", id="dimensions"),
        pytest.param(GOOD.astype(np.float64), "float64", id="float64"),
        pytest.param((GOOD * 255).astype(np.uint8), "uint8", id="uint8"),
        pytest.param(GOOD > 0.2, "bool", id="bool"),
        pytest.param(GOOD - 1, "-0.5", id="below-0"),
        pytest.param(GOOD + 1, "1.5", id="above-1"),
        pytest.param(
            np.where(np.eye(4, 6) > 0, np.nan, GOOD).astype(np.float32), "4 of 24", id="nan"
        ),
        pytest.param(
            np.where(np.eye(4, 6) > 0, np.inf, GOOD).astype(np.float32), "4 of 24", id="inf"
        ),
        pytest.param(np.zeros((0, 6), np.float32), "(0, 6)", id="no-pixels"),
    ],
)
def test_refuses_an_alpha_outside_the_contract_and_prints_it(alpha, received):
    with refused(ImageError, received, str(alpha.shape), str(alpha.dtype)):
        check_alpha(alpha, alpha.shape if received == "(0, 6)" else (4, 6))


@few
@given(alphas)
def test_accepts_every_alpha_within_the_contract(alpha):
    check_alpha(alpha, alpha.shape)


@pytest.mark.parametrize(
    "rgb",
    [
        pytest.param(colourful()[..., 0], id="grey"),
        pytest.param(np.dstack([colourful(), colourful()[..., :1]]), id="four-channels"),
        pytest.param(colourful().astype(np.float32), id="float"),
        pytest.param(colourful()[:0], id="no-pixels"),
    ],
)
def test_refuses_rgb_outside_the_contract_and_prints_it(rgb):
    with refused(ImageError, str(rgb.shape), str(rgb.dtype)):
        check_rgb(rgb)


def test_never_encodes_an_alpha_of_another_size():
    with pytest.raises(ImageError, match=r"\(48, 64\)"):
        encode_png(Cutout(colourful(), GOOD))
