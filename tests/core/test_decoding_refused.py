"""Bad files, each a real one in a case set: a failed case with the file, the reason, the remedy."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zlib
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from pictures import (
    HEIC_TURNED,
    check_message,
    encode,
    film,
    half_transparent,
    make_pipe,
    ordinary_user,
    picture,
    png,
    public_folder,
    put,
    tiff,
    time_limit,
    transparent_in,
)
from PIL import Image
from systems import WINDOWS, file_names, links, rights

from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core import decoding, libtiff
from rmbg_eval.core.decoding import decode, decode_cutout, read_bytes
from rmbg_eval.core.remote import MAX_BYTES
from rmbg_eval.errors import ImageError, RmbgEvalError

JPEG, PNG = encode(picture(), "JPEG"), encode(picture(), "PNG")


def flipped(data: bytes, at: int) -> bytes:
    """`data` with one byte changed."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def cut(data: bytes, scan: int) -> bytes:
    """A JPEG that ends, with its end marker, amid one of its scans, counted from 0."""
    starts = [match.start() for match in re.finditer(b"\xff\xda", data)] + [len(data)]
    return data[: (starts[scan] + starts[scan + 1]) // 2] + b"\xff\xd9"


PROGRESSIVE = encode(picture(), "JPEG", progressive=True)
FAX = encode(picture().convert("1"), "TIFF", compression="group4")
ZIP = encode(picture(), "TIFF", compression="tiff_adobe_deflate")
SIZE = bytes.fromhex("ffc00011080030 0040")  # of a JPEG: 48 high, 64 wide
LARGE = JPEG.replace(SIZE, bytes.fromhex("ffc00011082000 2000"))
SCANS = LARGE[:-2] + b"\xff\xda\0\2" * 200 + LARGE[-2:]

# Refused: (file, words that the problem must have)
REFUSED = {
    "text.jpg": (b"just some words\n" * 9, "not a picture"),
    "svg.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "postscript.jpg": (encode(picture(), "EPS"), "not a picture"),
    "film.jpg": (b"\0\0\0\x18ftypisom" + bytes(99), "not a picture"),
    "empty.jpg": (b"", "0 bytes"),
    "scans.jpg": (SCANS, "201 scans"),
    "plain.ppm": (b"P3 64 48 255 " + b"9 " * (64 * 48 * 3), "not a picture"),
    "cut.jpg": (JPEG[: len(JPEG) // 2], "cut short"),
    "ended.jpg": (JPEG[:-80] + JPEG[-2:], "its data end before the picture does"),
    "scan.jpg": (cut(PROGRESSIVE, 5), "its data end before the picture does"),
    "head-only.jpg": (JPEG[:20], "not a picture"),
    "cut.png": (PNG[: len(PNG) // 2], "cut short"),
    "damaged.png": (PNG[:-60] + bytes(60), "damaged"),
    "cut.heic": (HEIC_TURNED[:-40], "not a picture"),
    "cut.avif": (encode(picture(), "AVIF")[:-30], "cut short"),
    "cut.webp": (encode(picture(), "WEBP")[:-30], "cut short"),
    "cut.tif": (encode(picture(), "TIFF")[:-30], "cut short"),
    "fax.tif": (flipped(FAX, len(FAX) // 2), "damaged or cut short (libtiff: "),
    "zip.tif": (flipped(ZIP, len(ZIP) // 2), "damaged or cut short (libtiff: "),
    "dot.png": (encode(picture(1, 1), "PNG"), "1×1"),
    "strip.png": (encode(Image.new("RGB", (20_000, 20)), "PNG"), "20000×20"),
    "band.png": (encode(Image.new("RGB", (20_000, 40)), "PNG"), "20-fold"),
    "bomb.png": (png((30_000, 30_000), 8, 2, [bytes(99)]), "178,956,970"),
    "large.png": (png((12_000, 12_000), 8, 2, [bytes(99)]), "89,478,485"),
    "profile-bomb.png": (
        png(
            (64, 48),
            8,
            2,
            [bytes(192)] * 48,
            ((b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 21))),),
        ),
        "too large",
    ),
    "palette.png": (
        encode(picture().quantize(4), "PNG", transparency=1),
        "transparent",
    ),
    "palette-half-opaque.png": (
        encode(picture().quantize(4), "PNG", transparency=bytes([128] * 4)),
        "wholly or in part, in 100.0%",
    ),
    "corner-and-more.png": (encode(transparent_in((6, 6)), "PNG"), "wholly or in part, in 1.2%"),
    "planes-16-bit.tif": (tiff(bytes(64 * 48 * 6), (16,) * 3, 2, planar=2), "16 bits a channel"),
    "planes-premultiplied.tif": (
        tiff(bytes(64 * 48 * 4), (8,) * 4, 2, planar=2, alpha=1),
        "one channel after the other",
    ),
    "planes-grey.tif": (
        tiff(bytes(64 * 48 * 2), (8,) * 2, 1, planar=2, alpha=2),
        "8 bits a channel, one channel after the other",
    ),
    "cutout.png": (encode(half_transparent(), "PNG"), "50.0%"),
    "cutout-grey.png": (encode(half_transparent("LA"), "PNG"), "50.0%"),
    "cutout.webp": (encode(half_transparent(), "WEBP"), "50.0%"),
    "cutout.tif": (encode(half_transparent(), "TIFF"), "50.0%"),
    "animated.gif": (film("GIF"), "2 frames"),
    "animated.webp": (film("WEBP"), "2 frames"),
    "animated.png": (film("PNG"), "2 frames"),
    "animated.avif": (film("AVIF"), "2 frames"),
    "pages.tif": (film("TIFF"), "2 frames or pages"),
    "float.tif": (encode(Image.fromarray(np.ones((48, 64), np.float32)), "TIFF"), "floating point"),
    "integers.tif": (encode(Image.fromarray(np.ones((48, 64), np.int32)), "TIFF"), "32-bit"),
    "signed.tif": (tiff(bytes(64 * 48), (8,), kind=2), "holds int8 numbers"),
}

told = pytest.mark.skipif(WINDOWS, reason="there Pillow keeps libtiff to itself")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        pytest.param(n, *row, marks=told if "libtiff" in row[1] else ())
        for n, row in REFUSED.items()
    ],
    ids=REFUSED,
)
def test_refuses_and_says_why(name, data, words, tmp_path):
    put(tmp_path / "pet" / name, data)
    put(tmp_path / "pet" / "good.jpg")
    bad, good = sorted(load_cases(tmp_path).cases, key=lambda case: case.image.name != name)
    with time_limit(10), pytest.raises(ImageError) as caught:
        check_case(bad)
    check_message(caught.value, name, words)
    assert check_case(good) == ((64, 48), None), "the others are none the worse"


def test_what_follows_a_jpeg_is_none_of_its_scans(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_SCANNED", 64 * 48)
    moving = b"\xff\xda" * 9  # a telephone's moving picture, say
    assert decode(JPEG + moving, "a.jpg", "a").size == (64, 48)


@told
@pytest.mark.parametrize("name", ["fax.tif", "zip.tif"])
def test_libtiff_prints_nothing_that_names_no_file(name, capfd):
    for read in (decode, decode_cutout):
        with pytest.raises(ImageError, match=f"{name} is damaged"):
            read(REFUSED[name][0], name)
    assert capfd.readouterr().err == ""
    decode(ZIP, "good.tif")  # and what was told of one file is not told of the next


def test_what_libtiff_says_stands_without_its_values():
    with libtiff.errors() as errors:
        libtiff._tell(b"", b"%s compression: %5.1f of %llu bytes", None)
    assert errors == ["libtiff: … compression: … of … bytes"]


def test_pillow_warns_of_no_metadata_on_the_terminal(tmp_path):
    path = tmp_path / "x.jpg"
    Image.new("RGB", (48, 40)).save(path, exif=b"Exif\0\0II*\0 garbage")
    bad = io.BytesIO()
    Image.new("RGB", (48, 40)).save(bad, "TIFF")
    samples = b"\x15\x01\x03\0\x01\0\0\0"  # to a pixel, more than Pillow decodes
    assert samples + b"\3\0" in bad.getvalue()
    many = bad.getvalue().replace(samples + b"\3\0", samples + b"\xff\xff")
    (tmp_path / "bits.tif").write_bytes(many)
    code = (
        "import sys; from pathlib import Path; from rmbg_eval.core.decoding import decode\n"
        "for name in sys.argv[1:]:\n"
        "    try: decode(Path(name).read_bytes(), name)\n"
        "    except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path), str(tmp_path / "bits.tif")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout == "ImageError\n"


@pytest.mark.parametrize("name", ["cutout.png", "cutout.webp"])
def test_a_finished_cutout_is_sent_to_the_folder_model(name, tmp_path):
    put(tmp_path / name, REFUSED[name][0])
    with pytest.raises(ImageError) as caught:
        load_cases(tmp_path).cases[0].picture()
    assert "folder:" in str(caught.value.remedy)


def unreadable(path: Path) -> None:
    put(path)
    path.chmod(0)


def huge(path: Path) -> None:
    put(path, b"x")
    os.truncate(path, MAX_BYTES + 1)


def link_loop(path: Path) -> None:
    path.symlink_to(path.name)


# (what is made, words that the problem must have)
NO_FILES = {
    "missing": (lambda path: None, "does not exist"),
    "broken-link": (lambda path: path.symlink_to("nowhere.jpg"), "does not exist"),
    "link-loop": (link_loop, "x.jpg"),
    "folder": (lambda path: path.mkdir(), "not a regular file"),
    "pipe": (make_pipe, "not a regular file"),
    "link-to-pipe": (
        lambda path: (make_pipe(path.parent / "pipe"), path.symlink_to("pipe")),
        "not a regular file",
    ),
    "device": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "unreadable": (unreadable, "may not be read"),
    "closed-folder": (lambda path: path.parent.chmod(0), "may not be read"),
    "no-bytes": (lambda path: put(path, b""), "0 bytes"),
    "half-a-gigabyte": (huge, f"{MAX_BYTES:,}"),
    "name-too-long": (lambda path: None, "" if WINDOWS else "could not be read"),
}
LACKING = {
    **dict.fromkeys(["broken-link", "link-loop", "link-to-pipe", "device"], links),
    **dict.fromkeys(["unreadable", "closed-folder"], rights),
}


@pytest.mark.parametrize("what", [pytest.param(w, marks=LACKING.get(w, ())) for w in NO_FILES])
def test_reads_regular_files_only(what):
    make, words = NO_FILES[what]
    with public_folder() as root:
        (root / "inner").mkdir()
        path = root / "inner" / ("n" * 300 + ".jpg" if what == "name-too-long" else "x.jpg")
        make(path)
        user = nullcontext() if WINDOWS else ordinary_user()
        with time_limit(5), user, pytest.raises(ImageError) as caught:
            read_bytes(path)
    check_message(caught.value, path.name, words)


@pytest.mark.parametrize(
    "name",
    file_names("x.jpg", "strange\nname\x1b[31m\u202e.jpg", "caf\udce9.jpg"),
)
def test_a_strange_name_never_reaches_a_message_as_it_is(name, tmp_path):
    path = put(tmp_path / name, b"words")
    with pytest.raises(RmbgEvalError) as caught:
        check_case(load_cases(tmp_path).cases[0])
    check_message(caught.value)
    path.unlink()
    with pytest.raises(ImageError) as caught:
        read_bytes(path)
    check_message(caught.value)
