"""JSON a line at a time, so that git compares it and no process has all of it in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from pydantic import BaseModel


def in_lines(model: BaseModel, lines_of: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """A model's JSON, piece by piece; `lines_of` has that of a field, by its name."""
    for place, name in enumerate(type(model).model_fields):
        yield f"{',' if place else '{'}\n{compact(name)}: "
        yield from lines_of(name)
    yield "\n}\n"


def line_each(texts: Iterable[str]) -> Iterator[str]:
    """The list of what is JSON already, a line for each."""
    yield "["
    for place, text in enumerate(texts):
        yield f"{',' if place else ''}\n{text}"
    yield "\n]"


def compact(value: object) -> str:
    """Without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
