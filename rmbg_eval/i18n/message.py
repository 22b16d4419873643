"""A sentence and the values in it, in no language yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Union

from .catalogue import languages, translation

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema

Scalar = Union[str, int, float, "Message", None]
Value = Scalar | Sequence[Scalar]

PLACE = re.compile(r"\{(\w+)\}", re.ASCII)
"""A placeholder; the scripts of the pages have the same expression."""
_DEEPEST = 8
"""Messages within messages; a file of a stranger may have more, which are refused."""
_LONGEST = 10_000
"""Characters of a message; a placeholder may be repeated, so that little could become much."""


class Message:
    """An English sentence with `{name}` placeholders, and their values: frozen, hashable.

    Only `{name}` is filled in, in one pass: a value is never read as a placeholder, a format or an
    attribute. A value that is a `Message` is translated with the whole; a list is joined by the
    language's comma. `many` is the sentence for another number `n` than one.

    >>> str(Message("{name} has {n} frame", many="{name} has {n} frames", name="a.gif", n=3))
    'a.gif has 3 frames'
    >>> Message("the case has no truth").to("zh")
    '此案例没有真值'
    """

    __slots__ = ("_hash", "_values", "many", "text")
    text: str
    many: str | None
    _values: tuple[tuple[str, Value], ...]
    _hash: int

    def __init__(self, text: str, /, *, many: str | None = None, **values: Value) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "many", many)
        held = tuple(sorted((name, _frozen(value)) for name, value in values.items()))
        object.__setattr__(self, "_values", held)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Message is frozen; its {name} cannot be set")

    @classmethod
    def of(cls, text: str) -> Message:
        """A text that is in no catalogue, such as another program's, as a message.

        >>> str(Message.of("{0!r} in a stranger's text"))
        "{0!r} in a stranger's text"
        """
        return cls("{text}", text=text) if "{" in text else cls(text)

    @property
    def values(self) -> Mapping[str, Value]:
        """By the placeholders' names; lists are tuples."""
        return dict(self._values)

    def to(self, lang: str) -> str:
        """The sentence in a language; in English where its catalogue does not have it."""
        values = dict(self._values)
        text = self._sentence(lang)
        if not values:
            return text[:_LONGEST]
        parts, length = [], 0
        for index, part in enumerate(_pieces(text)):
            if index % 2:  # a placeholder's name
                part = _shown(values[part], lang) if part in values else f"{{{part}}}"
            parts.append(part)
            length += len(part)
            if length > _LONGEST:
                break
        return "".join(parts)[:_LONGEST]

    def _sentence(self, lang: str) -> str:
        """It in a language, its places open."""
        number = self.values.get("n")
        return translation(self.text, self.many, number if isinstance(number, int) else 0, lang)

    def capital(self, lang: str) -> str:
        """`to`, as a sentence by itself: its first letter is a capital, unless a name comes first.

        >>> Message("{what} is gone", what=Message("the hair")).capital("en")
        'The hair is gone'
        >>> Message("{path} cannot be read", path="ada.png").capital("en")
        'ada.png cannot be read'
        """
        text = self.to(lang)
        return text[:1].upper() + text[1:] if self._in_words(lang) else text

    def _in_words(self, lang: str) -> bool:
        """Whether it begins with a word of its own, not with a value."""
        text, *places = _pieces(self._sentence(lang))
        if text or not places:
            return True
        first = self.values.get(places[0])
        return isinstance(first, Message) and first._in_words(lang)

    def everywhere(self) -> dict[str, str]:
        """The sentence in every language there is."""
        return {lang: self.to(lang) for lang in languages()}

    def __str__(self) -> str:
        return self.to("en")

    def __repr__(self) -> str:
        given = [repr(self.text), *(f"{name}={value!r}" for name, value in self._values)]
        return f"Message({', '.join(given)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return self is other or self._key() == other._key()

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:  # every measurement has reasons: it is asked for often
            object.__setattr__(self, "_hash", hash(self._key()))
            return self._hash

    def __bool__(self) -> bool:
        return bool(self.text)

    def __reduce__(self) -> tuple[Any, ...]:
        return _load, (self.data(),)

    def _key(self) -> tuple[object, ...]:
        return self.text, self.many, self._values

    def data(self) -> dict[str, Any]:
        """As JSON: `text`, `many` and `values`, those that there are."""
        values = {name: _data(value) for name, value in self._values}
        held = {"text": self.text, "many": self.many, "values": values}
        return {name: value for name, value in held.items() if value or name == "text"}

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            _load,
            ref=f"{cls.__module__}.{cls.__qualname__}:{id(cls)}",
            serialization=core_schema.plain_serializer_function_ser_schema(cls.data),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        about = "A text, a number, a message again, or a list of those."
        return {
            "description": "An English sentence, {name} standing for each of the values.",
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                "many": {"description": "For another number n than one.", "type": "string"},
                "values": {"type": "object", "additionalProperties": {"description": about}},
            },
            "required": ["text"],
            "additionalProperties": False,
        }


class Named(Message):
    """What its owner calls it, in the languages that they gave; it is in no catalogue."""

    __slots__ = ("given",)
    given: Mapping[str, str]

    def __init__(self, given: Mapping[str, str], otherwise: str) -> None:
        """`otherwise`: what to call it where no language was given."""
        super().__init__(given.get("en") or next(filter(None, given.values()), otherwise))
        object.__setattr__(self, "given", dict(given))

    def to(self, lang: str) -> str:
        """In a language, or as it is called in another."""
        return self.given.get(lang) or self.text

    def _in_words(self, lang: str) -> bool:
        return False


def N_(text: str) -> str:  # noqa: N802, gettext's own name
    """Marks a constant for the catalogues, where `Message(text)` is made of it elsewhere."""
    return text


_BETWEEN = {
    ", ": N_("{one}, {other}"),
    "; ": N_("{one}; {other}"),
    " ": N_("{one} {other}"),
}
"""What languages put otherwise between two clauses or sentences."""


def join(separator: str, parts: Iterable[Scalar]) -> Message:
    """Messages and plain text one after the other; a comma, a semicolon or a blank between them is
    the language's. Names in a list are a list in `Message`: its comma may be another.

    >>> str(join(" · ", ["isnet", Message("alpha, 0 to 1")]))
    'isnet · alpha, 0 to 1'
    >>> join("; ", ["isnet", Message("the case has no truth")]).to("zh")
    'isnet；此案例没有真值'
    """
    values: dict[str, Any] = {str(number): part for number, part in enumerate(parts)}
    places = [f"{{{name}}}" for name in values]
    if separator in _BETWEEN and len(places) > 1:
        values["between"] = Message(_BETWEEN[separator], one="", other="")
        separator = "{between}"
    return Message(separator.join(places), **values)


def and_more(names: Value, more: int) -> Value:
    """The first of some names, and how many more there are."""
    return Message("{names} and {n} more", names=names, n=more) if more > 0 else names


LANGUAGE = Message("English")
"""In each language, its own name."""


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[str, ...]:
    """A text, a placeholder's name, a text, and so on."""
    return tuple(PLACE.split(text))


def _frozen(value: object) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_frozen(each) for each in value)
    known = value is None or isinstance(value, str | int | float | Message)
    return value if known else str(value)


def _shown(value: object, lang: str) -> str:
    if isinstance(value, Message):
        return value.to(lang)
    if isinstance(value, tuple):
        return Message(N_(", ")).to(lang).join(_shown(each, lang) for each in value)
    return str(value)


def _data(value: object) -> object:
    if isinstance(value, tuple):
        return [_data(each) for each in value]
    return value.data() if isinstance(value, Message) else value


def _load(data: object, depth: int = 0) -> Message:
    """A message from JSON; ValueError where it is none. A plain text, as before messages, is one.

    A text of a stranger's file is not worse than another: it is filled in and shown as text.
    """
    if isinstance(data, Message):
        return data
    if isinstance(data, str):
        return Message.of(data)
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise ValueError("a message is a text, or a table with a text and its values")
    many, values = data.get("many"), data.get("values", {})
    if not (many is None or isinstance(many, str)) or not isinstance(values, dict):
        raise ValueError("of a message, many is a text, and values are a table")
    if not data.keys() <= {"text", "many", "values"} or depth > _DEEPEST:
        raise ValueError(f"a message has a text, many and values, {_DEEPEST} in each other at most")
    if not (many or values):
        return _plain(data["text"])
    message = Message(data["text"], many=many)
    held = tuple(sorted((str(name), _loaded(value, depth)) for name, value in values.items()))
    object.__setattr__(message, "_values", held)
    return message


@lru_cache(maxsize=4096)
def _plain(text: str) -> Message:
    """The same for the same text: most messages of a file are."""
    return Message(text)


def _loaded(value: object, depth: int) -> Any:
    if isinstance(value, list | tuple):
        if any(isinstance(each, list | tuple) for each in value):
            raise ValueError("a value of a message is no list of lists")
        return tuple(_loaded(each, depth) for each in value)
    if isinstance(value, dict | Message):
        return _load(value, depth + 1)
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError("a value of a message is a text, a number, a message, or a list of those")
