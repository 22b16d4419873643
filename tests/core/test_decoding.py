"""Decoding what people have, refusing what cannot be judged, and never changing a pixel unsaid."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from pictures import (
    ADOBE_RGB,
    DEEP_GREY,
    DISPLAY_P3,
    HEIC_TURNED,
    HEIGHT,
    SRGB,
    WIDTH,
    bmp565,
    colourful,
    encode,
    film,
    gamma_curve,
    icc_profile,
    pgm,
    picture,
    png16,
    srgb_curve,
    tiff,
    to_xyz,
    transparent_in,
    turned,
)
from PIL import Image, ImageCms

from rmbg_eval.core.decoding import decode
from rmbg_eval.core.notes import NOTES

GREY = np.asarray(picture().convert("L"))


def grey_as_rgb(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.rint(values)[..., None], 3, axis=2)


def nearly_opaque() -> Image.Image:
    image = picture().convert("RGBA")
    image.putalpha(253)
    return image


def twelve_bit(values: np.ndarray) -> bytes:
    """Two numbers in three bytes."""
    one, two = values.ravel()[::2], values.ravel()[1::2]
    return np.stack([one >> 4, (one & 15) << 4 | two >> 8, two & 255], 1).astype(np.uint8).tobytes()


def keys(picture):
    return tuple(key for note in picture.notes for key, known in NOTES.items() if known == note)


DEEP_COLOURS = np.dstack([DEEP_GREY, DEEP_GREY[::-1], DEEP_GREY[:, ::-1]])
GREY_ALL = np.full((HEIGHT, WIDTH, 3), 128)

# Handled: (file, the pixels expected, how far they may be off, the notes expected)
HANDLED = {
    "png": (encode(picture(), "PNG"), colourful(), 0, ()),
    "jpeg": (encode(picture(), "JPEG", quality=95), colourful(), 4, ()),
    "jpeg-that-ends-grey": (encode(picture().point(lambda _: 128), "JPEG"), GREY_ALL, 0, ()),
    "progressive-jpeg": (
        encode(picture(), "JPEG", quality=95, progressive=True),
        colourful(),
        4,
        (),
    ),
    "webp": (encode(picture(), "WEBP", lossless=True), colourful(), 0, ()),
    "avif": (encode(picture(), "AVIF", quality=95), colourful(), 6, ()),
    "tiff-lzw": (encode(picture(), "TIFF", compression="tiff_lzw"), colourful(), 0, ()),
    "bmp": (encode(picture(), "BMP"), colourful(), 0, ()),
    "ppm": (encode(picture(), "PPM"), colourful(), 0, ()),
    "palette-png": (
        encode(picture().quantize(16), "PNG"),
        np.asarray(picture().quantize(16).convert("RGB")),
        0,
        (),
    ),
    "still-gif": (encode(picture().quantize(16), "GIF"), colourful(), 60, ()),
    "mpo-with-a-second-picture": (film("MPO"), colourful(), 12, ()),
    "cmyk-jpeg": (encode(picture().convert("CMYK"), "JPEG", quality=95), colourful(), 6, ("cmyk",)),
    "cmyk-tiff": (encode(picture().convert("CMYK"), "TIFF"), colourful(), 2, ("cmyk",)),
    "grey": (encode(picture().convert("L"), "PNG"), grey_as_rgb(GREY), 0, ("grey",)),
    "one-bit": (
        encode(picture().convert("1"), "PNG"),
        grey_as_rgb(np.asarray(picture().convert("1")) * 255.0),
        0,
        ("grey",),
    ),
    "grey-16-bit-png": (
        png16(DEEP_GREY),
        grey_as_rgb(DEEP_GREY / 257),
        0.51,
        ("reduced-16-bit", "grey"),
    ),
    "grey-16-bit-big-endian-tiff": (
        encode(Image.fromarray(DEEP_GREY.astype(">u2")), "TIFF"),
        grey_as_rgb(DEEP_GREY / 257),
        0.51,
        ("reduced-16-bit", "grey"),
    ),
    "grey-16-bit-png-with-a-clear-grey-that-is-nowhere": (
        png16(DEEP_GREY, key=[1]),
        grey_as_rgb(DEEP_GREY / 257),
        0.51,
        ("reduced-16-bit", "opaque-alpha-dropped", "grey"),
    ),
    "grey-16-bit-tiff-whose-white-is-0": (
        tiff(DEEP_GREY.tobytes(), (16,), white=0),
        grey_as_rgb(255 - DEEP_GREY / 257),
        0.51,
        ("reduced-16-bit", "grey"),
    ),
    "grey-12-bit-tiff": (
        tiff(twelve_bit(DEEP_GREY >> 4), (12,)),
        grey_as_rgb((DEEP_GREY >> 4) * (255 / 4095)),
        0.51,
        ("reduced-16-bit", "grey"),
    ),
    "grey-16-bit-pgm": (
        pgm(DEEP_GREY),
        grey_as_rgb(DEEP_GREY / 257),
        0.51,
        ("reduced-16-bit", "grey"),
    ),
    "colour-16-bit-ppm": (
        pgm(colourful().astype(np.uint16) * 257),
        colourful(),
        0,
        ("reduced-16-bit",),
    ),
    "colour-16-bit-png": (
        png16(colourful().astype(np.uint16) * 257),
        colourful(),
        0,
        ("reduced-16-bit",),
    ),
    "colour-16-bit-png-between-the-steps": (
        png16(DEEP_COLOURS),
        DEEP_COLOURS / 257,
        0.5,
        ("reduced-16-bit",),
    ),
    "colour-16-bit-tiff-between-the-steps": (
        cv2.imencode(".tif", DEEP_COLOURS[..., ::-1])[1].tobytes(),
        DEEP_COLOURS / 257,
        0.5,
        ("reduced-16-bit",),
    ),
    "grey-16-bit-png-with-alpha": (
        png16(np.dstack([DEEP_GREY, np.full_like(DEEP_GREY, 65535)])),
        grey_as_rgb(DEEP_GREY / 257),
        0.5,
        ("reduced-16-bit", "opaque-alpha-dropped", "grey"),
    ),
    "bmp-of-two-bytes-a-pixel": (  # which is no deep picture
        bmp565(np.full((HEIGHT, WIDTH), 0b11111_000000_11111)),
        np.full((HEIGHT, WIDTH, 3), [255, 0, 255]),
        0,
        (),
    ),
    "opaque-rgba": (
        encode(picture().convert("RGBA"), "PNG"),
        colourful(),
        0,
        ("opaque-alpha-dropped",),
    ),
    "nearly-opaque-rgba": (  # as some editors round
        encode(nearly_opaque(), "PNG"),
        colourful(),
        0,
        ("alpha-dropped",),
    ),
    "clear-corner": (
        encode(transparent_in((5, 6)), "PNG"),
        colourful(),
        0,
        ("alpha-dropped",),
    ),
    "one-clear-colour": (
        encode(picture(), "PNG", transparency=(20, 30, 27)),
        colourful(),
        0,
        ("alpha-dropped",),
    ),
    "opaque-grey-with-alpha": (
        encode(picture().convert("LA"), "PNG"),
        grey_as_rgb(GREY),
        0,
        ("opaque-alpha-dropped", "grey"),
    ),
    "cmyk-inks-inverted-as-adobe-does": (
        encode(Image.new("CMYK", (WIDTH, HEIGHT), (0, 255, 255, 0)), "JPEG", quality=95),
        np.full((HEIGHT, WIDTH, 3), [255, 0, 0]),
        6,
        ("cmyk",),
    ),
}


@pytest.mark.parametrize(("data", "expected", "tolerance", "notes"), HANDLED.values(), ids=HANDLED)
def test_reads_and_notes(data, expected, tolerance, notes):
    decoded = decode(data, "x")
    assert decoded.rgb.dtype == np.uint8
    assert decoded.size == (WIDTH, HEIGHT)
    assert np.abs(decoded.rgb.astype(float) - expected).max() <= tolerance
    assert keys(decoded) == notes


# The array operation that turns what is stored into what EXIF orientation k shows (TIFF 6.0).
UPRIGHT = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: a[::-1].transpose(1, 0, 2),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: a[:, ::-1].transpose(1, 0, 2),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_turns_upright_as_exif_says(orientation, format):
    options = {"JPEG": {"quality": 95}, "AVIF": {"quality": 95}, "WEBP": {"lossless": True}}
    decoded = decode(turned(format, orientation, **options.get(format, {})), "x")
    expected = UPRIGHT[orientation](colourful()).astype(int)
    assert decoded.rgb.shape == expected.shape
    assert np.abs(decoded.rgb - expected).max() <= 6
    assert keys(decoded) == ("exif-rotated",)


@pytest.mark.parametrize("orientation", [0, 1, 9, 65535])
def test_an_orientation_that_turns_nothing_is_not_noted(orientation):
    decoded = decode(turned("PNG", orientation), "x")
    assert np.array_equal(decoded.rgb, colourful())
    assert keys(decoded) == ()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0 garbage", b"garbage"])
def test_broken_exif_does_not_cost_the_picture(exif, format):
    data = encode(picture(), format, exif=exif)
    assert decode(data, "x").size == (WIDTH, HEIGHT)


def test_a_tiffs_smaller_versions_and_thumbnail_are_no_pages():
    small = picture(32, 24)
    small.encoderinfo = {"tiffinfo": {254: 1}}  # NewSubfileType
    pyramid = encode(picture(), "TIFF", save_all=True, append_images=[small, small])
    assert np.array_equal(decode(pyramid, "x").rgb, colourful())
    jpeg = encode(picture(32, 24), "JPEG")
    data = bytearray(tiff(colourful().tobytes(), (8, 8, 8), 2))
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * count, len(data))  # where the next is
    tags = ((259, 3, 1, 6), (513, 4, 1, len(data) + 42), (514, 4, 1, len(jpeg)))
    data += struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    assert np.array_equal(decode(bytes(data + bytes(4) + jpeg), "x").rgb, colourful())


def test_reads_heic_upright():
    decoded = decode(HEIC_TURNED, "x")
    assert decoded.size == (32, 48)
    assert np.abs(decoded.rgb[5, 16] - np.array([200.0, 40, 40])).max() <= 4
    assert np.abs(decoded.rgb[43, 16] - np.array([40.0, 60, 200])).max() <= 4


def test_reads_avif_under_its_general_brand():
    """`mif1` as the major brand and `avif` among the compatible ones is an AVIF too."""
    data = encode(picture(), "AVIF")
    assert data[8:12] == b"avif"
    assert decode(data[:8] + b"mif1" + data[12:], "x").size == (WIDTH, HEIGHT)


COLOURS = [(200, 120, 60), (128, 128, 128), (30, 200, 90), (10, 10, 200), (255, 0, 0)]


def linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def as_srgb(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("colour", COLOURS, ids=str)
@pytest.mark.parametrize(
    ("primaries", "curve", "to_light"),
    [
        pytest.param(DISPLAY_P3, srgb_curve(), linear, id="display-p3"),
        pytest.param(ADOBE_RGB, gamma_curve(563 / 256), lambda v: v ** (563 / 256), id="adobe-rgb"),
    ],
)
def test_converts_a_wide_gamut_as_the_matrices_say(primaries, curve, to_light, colour):
    image = Image.new("RGB", (WIDTH, HEIGHT), colour)
    decoded = decode(encode(image, "PNG", icc_profile=icc_profile(primaries, curve)), "x")
    light = np.linalg.solve(to_xyz(SRGB), to_xyz(primaries) @ to_light(np.array(colour) / 255))
    assert np.abs(decoded.rgb - as_srgb(light)).max() < 1.5
    assert keys(decoded) == ("icc-converted",)


@pytest.mark.parametrize(("mode", "value"), [("L", 100), ("I;16", 100 * 257)])
def test_converts_a_grey_profile(mode, value):
    profile = icc_profile(None, gamma_curve(1.8))
    image = Image.new(mode, (WIDTH, HEIGHT), value)
    decoded = decode(encode(image, "PNG", icc_profile=profile), "x")
    assert "icc-converted" in keys(decoded)
    assert np.abs(decoded.rgb - as_srgb(np.array((100 / 255) ** 1.8))).max() < 1.5


def test_a_turned_wide_gamut_picture_is_turned_and_converted():
    data = turned("JPEG", 6, icc_profile=icc_profile(DISPLAY_P3, srgb_curve()))
    decoded = decode(data, "x")
    assert decoded.size == (HEIGHT, WIDTH)
    assert keys(decoded) == ("exif-rotated", "icc-converted")


def test_an_opaque_alpha_does_not_hide_the_profile():
    data = encode(
        picture().convert("RGBA"), "PNG", icc_profile=icc_profile(DISPLAY_P3, srgb_curve())
    )
    assert keys(decode(data, "x")) == ("opaque-alpha-dropped", "icc-converted")


@pytest.mark.parametrize(
    ("profile", "notes"),
    [
        pytest.param(
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), (), id="srgb"
        ),
        pytest.param(b"no profile at all" * 10, ("icc-unreadable",), id="broken"),
        pytest.param(icc_profile(None, gamma_curve(2.2)), ("icc-unreadable",), id="for-grey"),
    ],
)
def test_leaves_pixels_alone_without_a_usable_foreign_profile(profile, notes):
    decoded = decode(encode(picture(), "PNG", icc_profile=profile), "x")
    assert np.array_equal(decoded.rgb, colourful())
    assert keys(decoded) == notes
