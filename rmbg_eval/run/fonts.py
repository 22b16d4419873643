"""What matplotlib draws names in, whatever their script: the fonts that this machine has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

_FAMILIES = (
    "DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC",
    "WenQuanYi Zen Hei", "WenQuanYi Micro Hei", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Hiragino Sans GB", "Heiti TC", "Arial Unicode MS", "Noto Serif CJK SC", "Noto Serif CJK JP",
    "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Segoe UI Symbol", "Symbola",
)  # fmt: skip
"""matplotlib's own first, then those that have what it lacks."""


def plain(artist: Any) -> None:
    """Have all text in a matplotlib artist drawn in the fonts that are there, a $ as what it is: a
    name is no TeX, whatever a matplotlibrc asks for."""
    from matplotlib.text import Text

    for text in artist.findobj(Text):
        text.set_parse_math(False)
        text.set_usetex(False)
        text.set_fontfamily(list(_fonts()))


def drawable(text: str) -> str:
    """`text` with what no font here has a picture of as its escape, instead of as an empty box.

    >>> drawable("isnet 2")
    'isnet 2'
    """
    return "".join(
        c if c.isspace() or any(font.get_char_index(ord(c)) for font in _fonts().values())
        else ascii(c)[1:-1]
        for c in text
    )  # fmt: skip


@lru_cache(maxsize=1)
def _fonts() -> dict[str, Any]:
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    there = set(fontManager.get_font_names())
    return {
        name: get_font(fontManager.findfont(FontProperties(family=[name])))
        for name in _FAMILIES
        if name in there
    }
