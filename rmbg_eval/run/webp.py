"""A report's pictures as WebP files of the run folder: how exactly they are stored, and read."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from ..core.decoding import read_bytes
from ..core.files import inside, write_atomic
from ..core.images import encode
from .previews import Preview

T = TypeVar("T")

CUTOUT: dict[str, Any] = {"quality": 70, "alpha_quality": 100, "method": 2}
"""How a thumb of a cut-out is stored: colours as in a photograph, alpha exactly. Of WebP's methods
the second takes half the time of the fourth, its own choice, for 2 to 4 % more bytes."""
FULL: dict[str, Any] = {"quality": 82, "alpha_quality": 100, "method": 2}
"""How colours are stored at full size: for the reference cases a fifth less than with 88."""
EXACT: dict[str, Any] = {"lossless": True, "quality": 25, "method": 2}
"""How what must be exact is stored; `quality` is the effort too: a third less time than with WebP's
own 80, and for the reference cases 1 % fewer bytes. The second method takes a fifth less time for
2 % more bytes."""


def save(folder: Path, path: str, image: Image.Image, options: Mapping[str, Any]) -> Preview:
    """Write an image to `path` from the run folder, with Pillow's own options."""
    write_atomic(folder / path, encode(image, "WEBP", **options))
    return Preview(path=path, width=image.width, height=image.height)


def opened(path: str, folder: Path) -> Image.Image:
    """The picture at `path`, which an index names that may be a stranger's; OSError where it leads
    out of the folder."""
    if not inside(folder, path):
        raise OSError(path)
    return Image.open(io.BytesIO(read_bytes(folder / path)), formats=("WEBP",))


def stored(path: str, folder: Path) -> Preview | None:
    """The picture at `path`, if it is there and whole enough to say its size."""
    try:
        with Image.open(folder / path, formats=("WEBP",)) as image:
            return Preview(path=path, width=image.width, height=image.height)
    except (OSError, SyntaxError):
        return None


def or_none(read: Callable[[], T | None]) -> T | None:
    """What `read` gives; None where it raises anything."""
    with suppress(Exception):  # one bad picture never ends a run; its prediction says why
        return read()
    return None


def clear_hidden(rgba: np.ndarray) -> np.ndarray:
    """The cut-out without the colours that full transparency hides."""
    return rgba * (rgba[..., 3:] > 0)
