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

CUTOUT: dict[str, Any] = {"quality": 70, "alpha_quality": 100, "method": 4}
"""How a thumb of a cut-out is stored: colours as in a photograph, alpha exactly. WebP's fourth
method takes 0.01 s more a thumb than the second, for 5 % fewer bytes and 0.2 dB less of error."""
FULL: dict[str, Any] = {"quality": 81, "alpha_quality": 100, "method": 2}
"""How colours are stored at full size: for the reference cases 0.2 dB more error than with 82, and
4 % fewer bytes. From the third method on the same error has 7 % fewer, but in fur and skin the
finest grain, of which hair is judged, loses an eighth of its contrast and more."""
EXACT: dict[str, Any] = {"lossless": True, "quality": 25, "method": 4}
"""How what must be exact is stored; `quality` is the effort too: a fifth less time than with WebP's
own 80, for the same bytes."""


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
