"""The catalogues: a gettext .po file for each language, read as it lies in the source.

English is the language that messages are written in: its catalogue holds nothing but its header.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "catalogues"
SOURCE = "en"
"""The language of the messages themselves."""


class _Catalogue(NamedTuple):
    texts: dict[str, tuple[str, ...]]
    form: Callable[[int], int]
    """Which of a plural's texts is for a number."""
    tag: str


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, English first: `("en", "zh")`."""
    found = sorted(path.stem for path in FOLDER.glob("*.po"))
    return tuple(sorted(found, key=lambda lang: lang != SOURCE))


def tag(lang: str) -> str:
    """A language as HTML names it: `zh-CN`."""
    return catalogue(lang).tag


def translation(text: str, many: str | None, number: int, lang: str) -> str:
    """The sentence, or its plural for a number, with its placeholders; English if need be."""
    if lang != SOURCE:
        there = catalogue(lang)
        if found := there.texts.get(text):
            return found[there.form(abs(number)) if many and len(found) > 1 else 0]
    return many if many and number != 1 else text


@cache
def catalogue(lang: str) -> _Catalogue:
    """What a language's file says; KeyError where there is none."""
    if lang not in languages():
        raise KeyError(lang)
    import gettext

    from babel.messages.pofile import read_po  # not for those who speak English

    with (FOLDER / f"{lang}.po").open("rb") as file:
        read = read_po(file, ignore_obsolete=True)
    texts = {}
    for message in read:
        one, given = message.id, message.string or ""
        one = one if isinstance(one, str) else one[0]
        forms = (given,) if isinstance(given, str) else tuple(given)
        if one and all(forms) and not message.fuzzy:
            texts[one] = forms
    named = str(read.locale_identifier or lang).replace("_", "-")
    return _Catalogue(texts, gettext.c2py(read.plural_expr), named)
