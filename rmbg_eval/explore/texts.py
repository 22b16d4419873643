"""What the page says, in every language: the messages in its script, and the titles of categories
and of kinds of points."""

from __future__ import annotations

from functools import cache
from typing import Literal

from ..cases.categories import CATEGORIES, LOOSE, category_title
from ..i18n import Message, tag
from ..i18n.extraction import script_texts
from ..measure.kinds import KINDS
from ..web import script


@cache
def strings(entry: Literal["served", "widget"]) -> dict[str, dict[str, str]]:
    """By language, then by the English of it, but for English; by "", the language's tag."""
    titles = [Message(str(category_title(name))) for name in (*CATEGORIES, LOOSE)]
    titles += [Message(kind.title) for kind in KINDS.values()]
    return {
        lang: {"": tag(lang), **texts, **{str(title): title.to(lang) for title in titles}}
        for lang, texts in script_texts(script(entry)).items()
    }
