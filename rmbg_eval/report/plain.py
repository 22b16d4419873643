"""What a notebook itself shows of a panel: plain HTML in one language, with small pictures in it.

Of an output that it does not trust, JupyterLab drops style, scripts and what it does not know, and
it looks for pictures beside the notebook, which may have been moved. So nothing here needs any of
them: headings, tables, and pictures as data: addresses. The page is made of the panel's other form.
"""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from markupsafe import Markup
from PIL import Image

from ..core.choices import Language
from ..core.decoding import MAX_PIXELS, read_bytes
from ..core.files import inside
from ..core.images import encode
from .frame import environment
from .views import ImageView

MOST_CASES = 100
"""Cases of which a notebook has the pictures: with six models some 3 MB."""
_WIDE, _LARGEST, _SMALLEST = 800, 176, 72
"""Pixels that a row of pictures has, and that one of them has at most and at least."""
_SQUARE = 8
"""Pixels of a square of the checkerboard."""


def side_of(pictures: int) -> int:
    """Pixels of the long side of one of so many beside each other."""
    return max(_SMALLEST, min(_LARGEST, _WIDE // max(pictures, 1)))


class Plain:
    """Fills templates of `templates/notebook/`, whose pictures lie in one folder."""

    def __init__(self, folder: Path, lang: Language) -> None:
        self._folder = folder
        self._environment = environment(lang, plain=True)

    def render(self, template: str, view: object, side: int = _LARGEST) -> str:
        """A template filled in with a view; its pictures have `side` pixels at most."""

        def picture(image: ImageView | None) -> Markup:
            return self._picture(image, side) if image else Markup("–")

        page = self._environment.get_template(f"notebook/{template}.html.j2")
        return page.render(view=view, picture=picture)

    def _picture(self, image: ImageView, side: int) -> Markup:
        """The picture, or in words what is not there to be seen."""
        alt = self._environment.filters["plain"](image.alt)
        path = unquote(image.src)
        small = _small(self._folder / path, side) if inside(self._folder, path) else None
        if small is None:
            return Markup("[{}]").format(alt)
        data = base64.b64encode(encode(small, "WEBP", quality=80)).decode()
        tag = '<img src="data:image/webp;base64,{}" width="{}" height="{}" alt="{}">'
        return Markup(tag).format(data, *small.size, alt)


def _small(path: Path, side: int) -> Image.Image | None:
    """A preview, opaque: what is transparent shows a light checkerboard, in any theme. None where
    the file has gone or is damaged."""
    try:
        image = Image.open(io.BytesIO(read_bytes(path)), formats=("WEBP", "PNG"))
        if image.width * image.height > MAX_PIXELS:
            return None
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    except Exception:  # as read_bytes says; and Pillow raises whatever a broken file makes it
        return None
    if "A" not in image.getbands():
        return image.convert("RGB")
    over = _checkerboard(image.size).copy()
    over.alpha_composite(image.convert("RGBA"))
    return over.convert("RGB")


@lru_cache(8)
def _checkerboard(size: tuple[int, int]) -> Image.Image:
    board = Image.new("RGBA", size, (255, 255, 255, 255))
    for top in range(0, size[1], _SQUARE):
        for left in range(top % (2 * _SQUARE), size[0], 2 * _SQUARE):
            board.paste((225, 225, 225, 255), (left, top, left + _SQUARE, top + _SQUARE))
    return board
