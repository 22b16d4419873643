"""Damaged and hostile files, by chance from a seed: what reading them may raise, and no more.

The tests do a few seconds of it. An hour, on what this machine makes of the clock:

    PYTHONPATH=tests python tests/fuzzing.py SECONDS [SEED]

A file that breaks the rule is written to `tests/data/fuzz/`, from where every test run tries it.
"""

from __future__ import annotations

import hashlib
import io
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from fakes import disc, save_picture
from pictures import png16
from PIL import Image
from reviewers import approval, decisions, review, run_over, vote

from rmbg_eval.cases.checks import check_case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.compare.tolerances import Tolerances
from rmbg_eval.core.decoding import decode, decode_cutout
from rmbg_eval.core.images import check_alpha, check_rgb
from rmbg_eval.decisions.files import kept, save, take
from rmbg_eval.errors import ImageError, RmbgEvalError, SettingsError

KEPT = Path(__file__).parent / "data" / "fuzz"

CASE_TOML = """title = { en = "Ada", zh = "阿达" }
image = "image.png"
alpha = "alpha.png"
licence = "CC0-1.0"
source = "skimage:chelsea"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
[[points]]
id = "lens"
kind = "soft-band"
title = { en = "x" }
lines = [[[1, 2], [30, 40]], [[5, 5], [9, 9]]]
expected = 1.5
tolerance = 0.25
required = true
[[points]]
id = "area"
kind = "transparent"
polygon = [[0, 0], [9, 0], [9, 9]]
"""
_WORDS = [
    b"../../../etc/passwd", b"\x00", b"\xff\xfe", b"1e999", b"-1", b"99999999999999999999999",
    b"nan", b"inf", b"true", b"[", b"]", b"{", b"}", b'"', b"'''", b"\n[[points]]\n", b"=", b"#",
    "\u202e发".encode(), b"<script>", b"=cmd|'/c calc'!A1", b"2026-01-01T00:00:00Z", b"0x7fffffff",
]  # fmt: skip


@cache
def pictures() -> list[bytes]:
    """One small file of every kind that is read."""
    rgb, alpha = disc(1, (48, 40))
    image, cutout = Image.fromarray(rgb), Image.fromarray(np.dstack([rgb, alpha]))
    found = []
    for format_, made, options in (
        ("PNG", image, {}),
        ("PNG", cutout, {}),
        ("PNG", image.convert("P"), {}),
        ("PNG", image.convert("I;16"), {}),
        ("JPEG", image, {"quality": 80, "exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}),
        ("JPEG", image.convert("CMYK"), {}),
        ("WEBP", image, {"quality": 70}),
        ("WEBP", cutout, {"lossless": True}),
        ("TIFF", image, {"compression": "tiff_lzw"}),
        ("BMP", image, {}),
        ("GIF", image.convert("P"), {}),
        ("AVIF", image, {"quality": 60}),
        ("PPM", image, {}),
    ):
        buffer = io.BytesIO()
        made.save(buffer, format_, **options)
        found.append(buffer.getvalue())
    deep = np.asarray(cutout).astype(np.uint16) * 257
    return [*found, png16(deep), cv2.imencode(".tif", deep)[1].tobytes()]


def damaged(data: bytes, chance: np.random.Generator) -> bytes:
    """`data` with one to eight things done to it."""
    made = bytearray(data)
    for _ in range(int(chance.integers(1, 9))):
        place = int(chance.integers(len(made) + 1))
        kind = int(chance.integers(6))
        if kind == 0 and place < len(made):
            made[place] ^= 1 << int(chance.integers(8))
        elif kind == 1:
            made[place : place + int(chance.integers(1, 40))] = b""
        elif kind == 2:
            made[place:place] = _WORDS[int(chance.integers(len(_WORDS)))]
        elif kind == 3:
            made[place : place + 4] = chance.choice(
                [b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01"]
            )
        elif kind == 4:
            made = made[:place] or bytearray(b"x")
        else:
            start = int(chance.integers(len(made) + 1))
            made[place:place] = made[start : start + int(chance.integers(1, 60))]
    return bytes(made)


def try_picture(data: bytes) -> None:
    """A picture is what the contract says, or an ImageError; nothing else comes of any bytes."""
    for read in (_picture, _cutout):
        with suppress(ImageError, MemoryError):
            read(data)


def _picture(data: bytes) -> None:
    check_rgb(decode(data, "x").rgb)


def _cutout(data: bytes) -> None:
    rgb, alpha = decode_cutout(data, "x")
    check_alpha(alpha, alpha.shape)
    if rgb is not None:
        check_rgb(np.ascontiguousarray(rgb))


def try_case_toml(data: bytes, folder: Path) -> None:
    """A case.toml makes a case, failed or not, that stays in its folder; and no other error."""
    case = folder / "set" / "c" / "x"
    if not case.exists():
        save_picture(case / "image.png", 1)
        (folder / "outside.png").write_bytes((case / "image.png").read_bytes())
    (case / "case.toml").write_bytes(data)
    (found,) = load_cases(folder / "set").cases
    for path in (found.image, found.alpha, found.foreground):
        inside = path is None or path.resolve().is_relative_to((folder / "set").resolve())
        assert inside or found.failure or "skimage" in str(path), path
    try:
        check_case(found)
    except RmbgEvalError as error:
        assert str(error).isprintable()
    if not found.failure:
        tomllib.loads(data.decode())


def try_tolerances(data: bytes, folder: Path) -> None:
    """A file of tolerances is one, or a SettingsError in words."""
    path = folder / "tolerances.toml"
    path.write_bytes(data)
    try:
        Tolerances.load(path)
    except SettingsError as error:
        assert str(error).isprintable()


def try_decisions(data: bytes, folder: Path) -> None:
    """A file of decisions is taken or refused in words, and what is taken can be kept and read."""
    path = folder / "from-a-page.json"
    path.write_bytes(data)
    intake = take(_RUN, [path], folder / "run")
    for refused in intake.refused:
        assert str(refused.message).isprintable()
    save(folder / "run", intake.decisions)
    assert kept(folder / "run") == intake.decisions
    (folder / "run" / "decisions.json").unlink()


_RUN = run_over(3)
DECISIONS = (
    b'{"schema_version": 1, "decisions": ['
    + b", ".join(
        decision.model_dump_json().encode()
        for decision in decisions(
            review(comment="hair", place=(3, 4)), review("c1", "b", "mend"), vote("c2", seed=7),
            approval(),
        ).decisions
    )
    + b"]}"
)  # fmt: skip
TOLERANCES = b"""[metric.mad]\nabsolute = 0.5\nrelative = 0.1\nreason = "x"
[case."pet/rex".iou]\nabsolute = 1\nreason = "y"\n[point."pet/rex/ear"]\nabsolute = 1\nreason = "z"
"""


def main(seconds: float, seed: int) -> int:
    """Fuzz so long; how many files broke the rule, each of them kept."""
    chance, until = np.random.default_rng(seed), time.monotonic() + seconds
    counts, broken = {"picture": 0, "case.toml": 0, "tolerances": 0, "decisions": 0}, 0
    seeds = pictures()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        tries: dict[str, Callable[[bytes], None]] = {
            "picture": try_picture,
            "case.toml": lambda data: try_case_toml(data, folder),
            "tolerances": lambda data: try_tolerances(data, folder),
            "decisions": lambda data: try_decisions(data, folder),
        }
        while time.monotonic() < until:
            kind = ("picture", "picture", *list(tries)[1:])[int(chance.integers(1 + len(tries)))]
            source = {
                "case.toml": CASE_TOML.encode(),
                "tolerances": TOLERANCES,
                "decisions": DECISIONS,
            }.get(kind)
            data = damaged(source or seeds[int(chance.integers(len(seeds)))], chance)
            counts[kind] += 1
            try:
                tries[kind](data)
            except Exception as error:  # what must not be
                broken += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                name = f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
                (KEPT / name).write_bytes(data)
                print(f"{name}: {type(error).__name__}: {error}", flush=True)
    print(f"seed {seed}, {seconds:.0f} s: {counts}, {broken} broken", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(bool(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)))
