"""Picture files of every kind, good and bad, made by code; and what messages must be like."""

from __future__ import annotations

import base64
import io
import os
import shutil
import signal
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rmbg_eval.errors import RmbgEvalError
from rmbg_eval.run.plots import TOO_OPAQUE, TOO_TRANSPARENT

WIDTH, HEIGHT = 64, 48
DEEP_GREY = (np.arange(HEIGHT * WIDTH) * 21 % 65536).astype(np.uint16).reshape(HEIGHT, WIDTH)

# sRGB (IEC 61966-2-1), Display P3 (SMPTE EG 432-1) and Adobe RGB (1998): x, y of red, green, blue.
SRGB = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
_D65 = (0.3127, 0.3290)
_D50 = np.array([0.9642, 1.0, 0.8249])

HEIC_TURNED = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAACkAAgAAAAACFQABAAAAAAAAACQAAAA4aWluZgAAAAAAAgAAABVp"
    "bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZo"
    "dmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAA"
    "AwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAA"
    "AAAAQAAAAEAAAAAoY2xhcAAAADAAAAABAAAAIAAAAAH////wAAAAAv///+AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90"
    "AwAAABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAFVtZGF0AAAAJSgBrxOA5TH3"
    "/7bJP9j1P8JZLBLP2qPuSsv5qjv4Sw+soo9pz8AAAAAGRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA="
)
"""A real HEIC, which pi-heif reads but cannot write: x265 by way of pillow-heif 1.8.1, from
48×32 pixels, the left half (200, 40, 40), the right (40, 60, 200), with `exif` orientation 6,
so that upright it is 32×48 with the red half on top."""


def colourful(width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth picture `(H, W, 3) uint8` that no rotation or mirroring leaves as it is."""
    x = np.linspace(20, 235, width)[None, :]
    y = np.linspace(30, 210, height)[:, None]
    planes = [x + 0 * y, y + 0 * x, (x + 2 * y) / 3]
    return np.rint(np.stack(planes, axis=-1)).astype(np.uint8)


def picture(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    return Image.fromarray(colourful(width, height))


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def film(format: str) -> bytes:
    """Two different pictures in one file."""
    return encode(picture(), format, save_all=True, append_images=[picture().rotate(180)])


def turned(format: str, orientation: int, **options: Any) -> bytes:
    """A picture whose EXIF says how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(picture(), format, exif=exif.tobytes(), **options)


def half_transparent(mode: str = "RGBA") -> Image.Image:
    """A picture whose left half is transparent."""
    return transparent_in((WIDTH // 2, HEIGHT), mode)


def transparent_in(size: tuple[int, int], mode: str = "RGBA") -> Image.Image:
    """A picture of which so much is transparent, at its upper left."""
    image = picture().convert(mode)
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[: size[1], : size[0]] = 0
    image.putalpha(Image.fromarray(alpha))
    return image


def png(
    size: tuple[int, int],
    depth: int,
    colour_type: int,
    rows: Iterable[bytes],
    extra: tuple[tuple[bytes, bytes], ...] = (),
    interlaced: bool = False,
) -> bytes:
    """A PNG put together chunk by chunk: what Pillow would not write."""
    header = struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [(b"IHDR", header), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


_ADAM7 = (
    (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
    (1, 0, 2, 1),
)  # fmt: skip
"""Of each pass the first row and column, and how far apart they are (PNG, section 8)."""


def png16(
    values: np.ndarray,
    key: Iterable[int] = (),
    more: tuple[tuple[bytes, bytes], ...] = (),
    interlaced: bool = False,
) -> bytes:
    """A 16-bit PNG of `(H, W)` or `(H, W, channels)`, uint16; `key`: the colour that is clear;
    `more`: chunks."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    rows = (
        row.astype(">u2").tobytes()
        for top, left, down, right in passes
        for row in values[top::down, left::right]
        if row.size
    )
    clear = b"".join(struct.pack(">H", value) for value in key)
    extra = ((b"tRNS", clear),) if clear else ()
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    size = (values.shape[1], values.shape[0])
    return png(size, 16, kind, rows, (*extra, *more), interlaced)


def bmp565(pixels: np.ndarray) -> bytes:
    """A BMP of two bytes a pixel, `(H, W) uint16`: 5 bits of red, 6 of green, 5 of blue."""
    height, width = pixels.shape
    data = pixels[::-1].astype("<u2").tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3, len(data), 0, 0, 0, 0)
    head += struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    return struct.pack("<2sIII", b"BM", 14 + len(head) + len(data), 0, 14 + len(head)) + head + data


def pgm(values: np.ndarray) -> bytes:
    """A PGM or PPM of 16 bits of `(H, W)` or `(H, W, 3)`, uint16."""
    head = b"P%d %d %d 65535\n" % (5 if values.ndim == 2 else 6, *values.shape[1::-1])
    return head + values.astype(">u2").tobytes()


def tiff(
    data: bytes,
    bits: tuple[int, ...],
    white: int = 1,
    planar: int = 1,
    alpha: int | None = None,
    kind: int = 1,
    deflated: bool = False,
) -> bytes:
    """A TIFF of WIDTH×HEIGHT put together tag by tag: what Pillow would not write.

    `white`: PhotometricInterpretation; `alpha`: what the last channel is, 1 premultiplied; `kind`:
    2 of signed numbers, 3 of floating-point ones.
    """
    parts = [data]
    if planar == 2:
        plane = len(data) // len(bits)
        parts = [data[at : at + plane] for at in range(0, len(data), plane)]
    if deflated:
        parts = [zlib.compress(part) for part in parts]
    data, lengths = b"".join(parts), [len(part) for part in parts]
    tags = {256: [WIDTH], 257: [HEIGHT], 258: [*bits], 262: [white], 259: [8 if deflated else 1]}
    tags |= {277: [len(bits)], 278: [HEIGHT], 279: lengths, 284: [planar]}
    tags[273] = [8 + sum(lengths[:n]) for n in range(len(parts))]
    if alpha is not None:
        tags[338] = [alpha]
    if kind > 1:
        tags[339] = [kind] * len(bits)
    entries, more = b"", b""
    after = 8 + len(data) + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}I", *values)
        if len(values) > 1:
            packed, more = struct.pack("<I", after + len(more)), more + packed
        entries += struct.pack("<HHI", tag, 4, len(values)) + packed
    head = b"II*\0" + struct.pack("<I", 8 + len(data))
    return head + data + struct.pack("<H", len(tags)) + entries + bytes(4) + more


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> np.ndarray:
    """The matrix from linear RGB with these primaries and white D65 to CIE XYZ."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    x, y = _D65
    return columns * np.linalg.solve(columns, [x / y, 1, (1 - x - y) / y])


def icc_profile(
    primaries: tuple[tuple[float, float], ...] | None, curve: bytes, description: str = "A display"
) -> bytes:
    """An ICC profile (version 4) of a display with white D65; of a grey one without primaries."""
    named = description.encode("utf-16-be")
    tags = {
        b"desc": b"mluc"
        + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(named), 28)
        + named,
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50),
    }
    if primaries is None:
        tags[b"kTRC"] = curve
    else:
        adapted = _bradford_to_d50() @ to_xyz(primaries)
        for letter, column in zip(b"rgb", adapted.T, strict=True):
            tags[bytes([letter]) + b"XYZ"] = b"XYZ \0\0\0\0" + _fixed(column)
            tags[bytes([letter]) + b"TRC"] = curve
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    space = b"GRAY" if primaries is None else b"RGB "
    header = struct.pack(
        ">IIB3x4s4s4s12x4s", start + len(body), 0, 4, b"mntr", space, b"XYZ ", b"acsp"
    )
    return (header + b"\0" * 28 + _fixed(_D50)).ljust(128, b"\0") + table + body


def gamma_curve(gamma: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + _fixed([gamma])


def srgb_curve() -> bytes:
    numbers = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed(numbers)


def _fixed(numbers: Iterable[float]) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _bradford_to_d50() -> np.ndarray:
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    white = to_xyz(SRGB) @ np.ones(3)
    return np.linalg.inv(cone) @ np.diag((cone @ _D50) / (cone @ white)) @ cone


def put(path: Path, data: bytes | str | None = None) -> Path:
    """Write a file, by default a good picture if its suffix says so, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if data is None:
        format = Image.registered_extensions().get(path.suffix.lower())
        data = encode(picture(), format) if format else "words"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def check_message(error: RmbgEvalError, *named: str) -> None:
    """A message a person can act on: it names the file, has a remedy, fits a terminal."""
    assert error.problem
    assert error.remedy
    assert str(error).isprintable(), f"control characters in {str(error)!r}"
    assert len(str(error)) < 1000
    assert "None" not in str(error)
    for name in named:
        assert name in str(error)


@contextmanager
def refused(
    kind: type[RmbgEvalError], *named: str
) -> Iterator[pytest.ExceptionInfo[RmbgEvalError]]:
    """Something fails here with a message that a person can act on."""
    with pytest.raises(kind) as caught:
        yield caught
    check_message(caught.value, *named)


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Fail instead of waiting for ever, as on a pipe that nobody writes to."""

    def stop(*_: object) -> None:
        pytest.fail(f"still waiting after {seconds} s")  # no Exception: nothing may swallow it

    if not hasattr(signal, "SIGALRM"):  # Windows, which has no pipes among files either
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def make_pipe(path: Path) -> None:
    """A pipe among the files, on systems that have such."""
    if not hasattr(os, "mkfifo"):
        pytest.skip("os.mkfifo is missing")
    os.mkfifo(path)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up root's right to read and write everything, for a while."""
    if not hasattr(os, "geteuid"):
        pytest.skip("this system has no such permissions: os.seteuid is missing")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that an ordinary user can enter; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="rmbg-eval-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        for parent, inner, _ in os.walk(folder):
            for name in inner:  # closed ones too can be removed
                os.chmod(os.path.join(parent, name), 0o755)
        shutil.rmtree(folder)


def error_map(alpha: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """`(H, W, 3) float` of what the page draws of alphas `(H, W)`: grey by the truth, and over it
    the colour of the sign, full from a difference of a half."""
    difference = (alpha - truth)[..., None]
    grey = np.repeat(170 + 70 * truth[..., None], 3, axis=2)
    colour = np.where(difference > 0, np.array(TOO_OPAQUE), np.array(TOO_TRANSPARENT))
    strength = np.clip(np.abs(difference) / 0.5, 0, 1)
    return grey * (1 - strength) + colour * strength
