"""One picture, one model, one cut-out: what the page's button does, for Python too."""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..cases.in_memory import rgb_of
from ..core.decoding import decode, decode_own, read_bytes
from ..core.files import write_atomic
from ..core.images import Cutout, Picture, encode_png
from ..models.fetching import fetch
from ..models.table import OneModel, model_from
from ..predictions.stages import check_cutout, infer

OnStage = Callable[[str], None]
"""Told the name of every stage as it begins: preprocess, infer, postprocess, encode."""

_NAME_LENGTH = 80


@dataclass(frozen=True)
class Result:
    """A finished cut-out: the PNG as it is saved, byte for byte that of `rmbg-eval cutout`."""

    name: str
    """File name under which it is saved: `<stem>-cutout.png`."""
    png: bytes = field(repr=False)
    seconds: dict[str, float]
    """Wall time of decode (where it was done), preprocess, infer, postprocess and encode."""
    pipeline: str
    """Every step from RGB to alpha, in words."""

    @cached_property
    def cutout(self) -> Cutout:
        """Colours `(H, W, 3) uint8` and alpha `(H, W) float32` as they are in the PNG."""
        return decode_own(self.png, self.name)

    def save(self, path: str | Path | None = None) -> Path:
        """Write the PNG to `path`, by default to `name` in the current folder."""
        target = Path(path or self.name).expanduser()
        write_atomic(target, self.png)
        return target

    def _repr_png_(self) -> bytes:
        return self.png


def remove_background(
    model: OneModel,
    picture: Picture | str | Path | Any,
    on_stage: OnStage = lambda stage: None,
) -> Result:
    """The picture without its background.

    Args:
        model: a spec, a model as `load_model` gives it, or a function; its weights are fetched and
            loaded if they are not yet.
        picture: a file, a decoded picture, `(H, W, 3) uint8`, sRGB, or a Pillow image.
        on_stage: is told what begins.

    Returns:
        The PNG, at the picture's full size; its alpha is the model's, untouched.

    Raises ImageError for a file that cannot be used, ModelError for a model that cannot.
    """
    model = model_from(model)
    fetch(model, lambda text: None)
    model.load()
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        on_stage(name)
        started = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - started

    if not isinstance(picture, Picture | str | Path):
        picture = Picture("picture", rgb_of(picture))
    if not isinstance(picture, Picture):
        path = Path(picture).expanduser()
        with stage("decode"):
            picture = decode(read_bytes(path), path.name, path.stem)
    with stage("preprocess"):
        inputs = model.preprocess(picture)
    with stage("infer"):
        (output,) = infer(model, [inputs])
    with stage("postprocess"):
        cutout = model.postprocess(output, picture)
    check_cutout(model, cutout, picture)
    with stage("encode"):
        png = encode_png(cutout)
    return Result(cutout_name(picture.name), png, seconds, model.info.pipeline)


def cutout_name(name: str) -> str:
    r"""The file name under which the cut-out of the picture `name` is saved.

    Letters and digits of any script, spaces, `.`, `_`, `-` and parentheses stay; all else, which
    some system forbids or takes for a path, becomes `-`.

    >>> cutout_name("portrait.jpg")
    'portrait-cutout.png'
    >>> cutout_name("../../etc/passwd")
    'etc-passwd-cutout.png'
    >>> cutout_name("杯子 (2).HEIC")
    '杯子 (2)-cutout.png'
    """
    stem = re.sub(r"\.[A-Za-z]{2,5}$", "", unicodedata.normalize("NFC", name))
    plain = re.sub(r"[^\w .()-]+", "-", stem)[:_NAME_LENGTH].strip("-. ")
    return f"{plain or 'picture'}-cutout.png"
