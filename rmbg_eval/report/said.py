"""Messages in both languages, for the page."""

from __future__ import annotations

from ..cases.categories import CATEGORIES, LOOSE
from ..i18n import Message
from ..measure.kinds import KINDS
from ..settings import Language
from .strings import Words


def measured(english: str, lang: Language) -> Words:
    """A unit or a region, in both languages."""
    return reason(Message(english), lang)


def category(name: str, lang: Language) -> Words:
    """What a category is called: one of the table in both languages, another by its folder."""
    if name == LOOSE:
        return measured("Pictures", lang)
    known = CATEGORIES.get(name)
    return measured(known.title, lang) if known else Words(name, name, lang)


def kind(name: str, lang: Language) -> Words:
    """What a kind of point asks for, in both languages; its name where it is not known here."""
    return measured(KINDS[name].title, lang) if name in KINDS else Words(name, name, lang)


def reason(message: Message | str, lang: Language) -> Words:
    """A message in both languages."""
    message = Message.of(message) if isinstance(message, str) else message
    return Words(message.to("en"), message.to("zh"), lang)


def failure(problem: Message, remedy: Message, lang: Language) -> tuple[Words, Words]:
    """A problem and its remedy, in both languages."""
    return reason(problem, lang), reason(remedy, lang)
