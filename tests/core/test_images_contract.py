"""The image contract: what is accepted, what is refused, and that storing loses nothing else."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pictures import (
    DISPLAY_P3,
    HEIGHT,
    WIDTH,
    check_message,
    colourful,
    encode,
    film,
    gamma_curve,
    half_transparent,
    icc_profile,
    picture,
    png16,
    tiff,
)
from PIL import Image

from rmbg_eval.core.images import (
    Cutout,
    check_alpha,
    check_rgb,
    decode,
    decode_cutout,
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


MATTE = np.asarray(picture().convert("L"))
DEEP = (np.arange(HEIGHT * WIDTH) * 21 % 65536).astype(np.uint16).reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(encode(Image.fromarray(MATTE), "PNG"), MATTE / 255, id="grey"),
        pytest.param(encode(Image.fromarray(MATTE).convert("RGB"), "PNG"), MATTE / 255, id="rgb"),
        pytest.param(
            encode(Image.fromarray(MATTE).quantize(256), "PNG"), MATTE / 255, id="palette"
        ),
        pytest.param(encode(Image.fromarray(MATTE > 99), "PNG"), (MATTE > 99) * 1.0, id="one-bit"),
        pytest.param(png16(DEEP), DEEP / 65535, id="16-bit"),
        pytest.param(encode(Image.fromarray(DEEP.astype(">u2")), "TIFF"), DEEP / 65535, id="I;16B"),
    ],
)
def test_reads_a_matte_as_it_is_stored(data, expected):
    rgb, alpha = decode_cutout(data, "x")
    assert rgb is None
    assert alpha.dtype == np.float32
    assert np.abs(alpha - expected).max() < 1e-6


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_reads_the_alpha_of_a_cutout(mode):
    rgb, alpha = decode_cutout(encode(half_transparent(mode), "PNG"), "x")
    assert rgb is not None
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert alpha[:, : WIDTH // 2].max() == 0
    assert alpha[:, WIDTH // 2 :].min() == 1


@pytest.mark.parametrize("orientation", [3, 6])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_a_cutout_is_turned_upright_as_its_picture_is(format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    rgb, alpha = decode_cutout(encode(half_transparent(), format, exif=exif.tobytes()), "x")
    upright = np.rot90(np.asarray(half_transparent()), {3: 2, 6: -1}[orientation])
    assert np.array_equal(alpha * 255, upright[..., 3])
    opaque = upright[..., 3] > 0
    assert np.abs(rgb.astype(int) - upright[..., :3])[opaque].mean() < 3


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_cutouts_colours_are_converted_from_its_profile_and_its_alpha_is_not(mode):
    profile = icc_profile(DISPLAY_P3 if mode == "RGBA" else None, gamma_curve(1.8))
    image = half_transparent(mode)
    rgb, alpha = decode_cutout(encode(image, "PNG", icc_profile=profile), "x")
    opaque = image.convert("L" if mode == "LA" else "RGB")
    assert np.array_equal(rgb, decode(encode(opaque, "PNG", icc_profile=profile), "x").rgb)
    assert not np.array_equal(rgb, np.asarray(opaque.convert("RGB")))
    assert np.array_equal(alpha * 255, np.asarray(image)[..., -1])


def test_a_mattes_profile_changes_nothing():
    values = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1)))
    data = encode(values, "PNG", icc_profile=icc_profile(None, gamma_curve(1.8)))
    assert np.array_equal(decode_cutout(data, "x")[1] * 255, values)


def test_reads_a_premultiplied_grey_tiff_as_straight():
    grey, alpha = np.full((48, 64), 200, np.uint8), np.full((48, 64), 51, np.uint8)
    data = tiff(np.dstack([grey // 5, alpha]).tobytes(), (8, 8), alpha=1)
    rgb, read = decode_cutout(data, "x")
    assert np.abs(rgb.astype(int) - 200).max() <= 2
    assert np.array_equal(read * 255, alpha)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tiff(bytes(64 * 48 * 8), (16,) * 4, 2, 2, 2), id="16-bit-planes"),
        pytest.param(encode(picture(), "PNG"), id="colours-without-alpha"),
        pytest.param(
            encode(Image.fromarray(np.full((48, 64), 0.5, np.float32)), "TIFF"), id="float"
        ),
        pytest.param(
            encode(Image.fromarray(np.full((48, 64), 999, np.int32)), "TIFF"), id="32-bit"
        ),
        pytest.param(encode(half_transparent(), "PNG")[:200], id="cut-short"),
        pytest.param(film("WEBP"), id="animated"),
        pytest.param(b"words", id="text"),
    ],
)
def test_refuses_what_is_neither_cutout_nor_matte(data):
    with pytest.raises(ImageError) as caught:
        decode_cutout(data, "x.tif")
    check_message(caught.value, "x.tif")


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
    with pytest.raises(ImageError) as caught:
        check_alpha(alpha, alpha.shape if received == "(0, 6)" else (4, 6))
    check_message(caught.value, received, str(alpha.shape), str(alpha.dtype))


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
    with pytest.raises(ImageError) as caught:
        check_rgb(rgb)
    check_message(caught.value, str(rgb.shape), str(rgb.dtype))


def test_never_encodes_an_alpha_of_another_size():
    with pytest.raises(ImageError, match=r"\(48, 64\)"):
        encode_png(Cutout(colourful(), GOOD))
