"""Cut-outs and mattes are decoded as they are stored, upright, and nothing else is."""

from __future__ import annotations

import io

import cv2
import numpy as np
import PIL
import pytest
from pictures import (
    DEEP_GREY,
    DISPLAY_P3,
    HEIGHT,
    WIDTH,
    check_message,
    encode,
    film,
    gamma_curve,
    half_transparent,
    icc_profile,
    pgm,
    picture,
    png,
    png16,
    tiff,
)
from PIL import Image

from rmbg_eval.core.decoding import decode, decode_cutout, decode_matte
from rmbg_eval.errors import ImageError

MATTE = np.asarray(picture().convert("L"))
INK = np.dstack([np.zeros_like(MATTE)] * 3 + [255 - MATTE]) * np.uint16(257)
grey_with_alpha = pytest.mark.skipif(
    int(PIL.__version__.split(".")[0]) < 13, reason="Pillow 12 knows no such TIFF: it is refused"
)


def floats(values: np.ndarray, white: int = 1) -> bytes:
    """A TIFF of them, 32 bits each."""
    return tiff(values.astype(np.float32).tobytes(), (32,), white, kind=3)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(encode(Image.fromarray(MATTE), "PNG"), MATTE / 255, id="grey"),
        pytest.param(encode(Image.fromarray(MATTE).convert("RGB"), "PNG"), MATTE / 255, id="rgb"),
        pytest.param(
            encode(Image.fromarray(MATTE).quantize(256), "PNG"), MATTE / 255, id="palette"
        ),
        pytest.param(encode(Image.fromarray(MATTE > 99), "PNG"), (MATTE > 99) * 1.0, id="one-bit"),
        pytest.param(png16(DEEP_GREY), DEEP_GREY / 65535, id="16-bit"),
        pytest.param(png16(np.dstack([DEEP_GREY] * 3)), DEEP_GREY / 65535, id="16-bit-rgb"),
        pytest.param(pgm(DEEP_GREY), DEEP_GREY / 65535, id="16-bit-pgm"),
        pytest.param(tiff(INK.tobytes(), (16,) * 4, 5), MATTE / 255, id="16-bit-cmyk"),
        pytest.param(
            encode(Image.fromarray(DEEP_GREY.astype(">u2")), "TIFF"), DEEP_GREY / 65535, id="I;16B"
        ),
        pytest.param(floats(DEEP_GREY / 65535), DEEP_GREY / 65535, id="float"),
        pytest.param(floats(MATTE > 99), (MATTE > 99) * 1.0, id="float-of-a-mask"),
        pytest.param(floats(np.full((48, 64), 1 + 2**-23)), np.ones((48, 64)), id="float-rounded"),
    ],
)
def test_reads_a_matte_as_it_is_stored(data, expected):
    rgb, alpha = decode_cutout(data, "x")
    assert rgb is None
    assert alpha.dtype == np.float32
    assert np.abs(alpha - expected).max() < 1e-6


@pytest.mark.parametrize("quality", [20, 80, 100])
def test_reads_a_matte_of_lossy_webp_which_has_no_grey(quality):
    data = encode(Image.fromarray(MATTE), "WEBP", quality=quality)
    assert np.ptp(np.asarray(Image.open(io.BytesIO(data))), axis=2).max() == 1
    rgb, alpha = decode_cutout(data, "x")
    assert rgb is None
    assert np.abs(alpha - MATTE / 255).mean() < 0.02


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


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA"])
def test_a_mattes_profile_changes_nothing(mode):
    values = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1)))
    profile = icc_profile(DISPLAY_P3 if mode == "RGBA" else None, gamma_curve(1.8))
    data = encode(values.convert(mode), "PNG", icc_profile=profile)
    assert np.array_equal(decode_matte(data, "x") * 255, values)


@grey_with_alpha
def test_reads_a_premultiplied_grey_tiff_as_straight():
    grey, alpha = np.full((48, 64), 200, np.uint8), np.full((48, 64), 51, np.uint8)
    data = tiff(np.dstack([grey // 5, alpha]).tobytes(), (8, 8), alpha=1)
    rgb, read = decode_cutout(data, "x")
    assert np.abs(rgb.astype(int) - 200).max() <= 2
    assert np.array_equal(read * 255, alpha)


@pytest.mark.parametrize(
    ("channels", "bits"), [pytest.param(1, 8, marks=grey_with_alpha), (3, 8), (3, 16)]
)
def test_a_tiffs_channel_that_it_says_nothing_of_is_alpha(channels, bits):
    colours = np.asarray(picture())[..., :channels]
    values = np.dstack([colours, MATTE]).astype(f"u{bits // 8}") * (1 if bits == 8 else 257)
    data = tiff(values.tobytes(), (bits,) * (channels + 1), 1 + channels // 2, alpha=0)
    rgb, alpha = decode_cutout(data, "x")
    assert np.array_equal(rgb[..., :channels], colours)
    assert np.array_equal(alpha * 255, MATTE)
    assert decode(data, "x").rgb.shape == rgb.shape, "of an original it is left out"


DEEP = np.random.default_rng(7).integers(0, 65536, (HEIGHT, WIDTH, 4), np.uint16)
COLOURS, DEEP_ALPHA = DEEP[..., :3], DEEP[..., 3]
MULTIPLIED = np.rint(COLOURS * (DEEP[..., 3:] / 65535)).astype(np.uint16)
TURNED = ((b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png16(DEEP), id="png"),
        pytest.param(png16(DEEP, interlaced=True), id="png-interlaced"),
        pytest.param(cv2.imencode(".png", DEEP[..., [2, 1, 0, 3]])[1].tobytes(), id="png-filters"),
        pytest.param(png16(np.rot90(DEEP), more=TURNED), id="png-turned"),
        pytest.param(tiff(DEEP.tobytes(), (16,) * 4, 2, alpha=2), id="tiff"),
        pytest.param(cv2.imencode(".tif", DEEP[..., [2, 1, 0, 3]])[1].tobytes(), id="tiff-lzw"),
    ],
)
def test_the_alpha_of_a_16_bit_cutout_is_read_as_it_is_stored(data):
    rgb, alpha = decode_cutout(data, "x")
    assert alpha.dtype == np.float32
    assert np.array_equal(alpha, DEEP_ALPHA.astype(np.float32) / np.float32(65535))
    assert np.array_equal(rgb, np.rint(COLOURS / 257))


def test_reads_a_premultiplied_16_bit_tiff_as_straight():
    data = tiff(np.dstack([MULTIPLIED, DEEP_ALPHA]).tobytes(), (16,) * 4, 2, alpha=1)
    rgb, alpha = decode_cutout(data, "x")
    assert np.array_equal(alpha, DEEP_ALPHA.astype(np.float32) / np.float32(65535))
    seen = DEEP_ALPHA >= 65535 // 64
    assert np.abs(rgb - COLOURS / 257)[seen].max() < 0.7


def test_colours_of_16_bits_one_after_the_other_are_made_straight_once():
    planes = np.moveaxis(np.dstack([MULTIPLIED, DEEP_ALPHA]), -1, 0).tobytes()
    data = tiff(planes, (16,) * 4, 2, planar=2, alpha=1, deflated=True)
    rgb, alpha = decode_cutout(data, "x")
    assert np.abs(alpha - DEEP_ALPHA / 65535).max() < 1 / 255
    assert np.abs(rgb - COLOURS / 257)[DEEP_ALPHA >= 65535 // 4].max() < 6


@pytest.mark.parametrize("interlaced", [False, True])
def test_reads_grey_with_alpha_of_16_bits_as_it_is_stored(interlaced):
    rgb, alpha = decode_cutout(png16(DEEP[..., 2:], interlaced=interlaced), "x")
    assert np.array_equal(alpha, DEEP_ALPHA.astype(np.float32) / np.float32(65535))
    assert np.array_equal(rgb, np.repeat(np.rint(DEEP[..., 2:3] / 257), 3, axis=2))


def test_a_16_bit_cutout_that_is_cut_short_is_refused():
    for bad in (png16(DEEP)[:-999], cv2.imencode(".tif", DEEP)[1].tobytes()[:-999]):
        with pytest.raises(ImageError) as caught:
            decode_cutout(bad, "x")
        check_message(caught.value, "x")


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_transparent_grey_of_a_png_of_few_bits_is_found(depth):
    greys = np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) % 2**depth
    bits = np.unpackbits(greys.astype(np.uint8)[..., None], axis=2)[..., -depth:]
    rows = (np.packbits(row).tobytes() for row in bits.reshape(HEIGHT, -1))
    clear = 2**depth - 1  # white, as by a program that makes PNGs small
    key = ((b"tRNS", clear.to_bytes(2, "big")),)
    rgb, alpha = decode_cutout(png((WIDTH, HEIGHT), depth, 0, rows, key), "x")
    assert np.array_equal(alpha, greys != clear)
    assert np.array_equal(rgb[..., 0], greys * 255 // clear)


@pytest.mark.parametrize("key", [(0x8123, 0x4456, 0x10FF), (0, 9, 0), (0xFFFF,) * 3])
def test_the_transparent_colour_of_a_16_bit_png_is_found(key):
    values = np.full((48, 64, 3), 0x3000, np.uint16)
    values[:24] = key
    values[24:30] = np.bitwise_xor(key, (0, 0, 1))  # almost
    _, alpha = decode_cutout(png16(values, key), "x")
    assert (alpha[:24] == 0).all()
    assert (alpha[24:] == 1).all()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(tiff(bytes(64 * 48 * 8), (16,) * 4, 2, 2, 2), id="16-bit-planes"),
        pytest.param(encode(picture(), "PNG"), id="colours-without-alpha"),
        pytest.param(floats(MATTE), id="float-to-255"),
        pytest.param(floats(np.full((48, 64), np.nan)), id="float-nan"),
        pytest.param(floats(-np.ones((48, 64))), id="float-negative"),
        pytest.param(floats(MATTE / 255, white=0), id="float-whose-white-is-0"),
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
