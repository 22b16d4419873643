"""JSON that is written a line at a time, so that git compares it and no process has all of it in
memory, and read within bounds: whoever it is from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json

from ..errors import OutputError, printable
from ..i18n import Message
from .files import Error, read_bounded

MOST_BYTES = 1 << 30
"""Of a file: ten times what 5000 pictures with ten models have in one."""


def read_json(path: Path, remedy: Message) -> Any:
    """What a JSON file holds, for a record to be validated by; OutputError if it cannot be read.

    `model_validate_json` would take a kilobyte for each list or table of it that the record does
    not have: of a file of 60 MB more than machines have. So it takes 60 bytes.
    """
    where = printable(str(path))
    data = read_bounded(path, MOST_BYTES, where, OutputError, remedy)
    try:
        return from_json(data)
    except ValueError:
        if any(line.startswith(b"<<<<<<< ") for line in data.splitlines()):
            raise OutputError(
                Message("{path} holds the conflict markers of git", path=where),
                Message("Resolve the conflict: take one side's file whole."),
            ) from None
        raise OutputError(
            Message("{path} is no JSON: it is cut off or was changed", path=where),
            Message("Restore it, or run it again."),
        ) from None


def of_newer(refusal: type[Error], file: str, version: int, newest: int) -> Error:
    """The `refusal` of a file that a later version of this program wrote."""
    return refusal(
        Message(
            "{file} has schema version {version}; this version of rmbg-eval reads 1 to {newest}",
            file=file,
            version=str(version)[:20],
            newest=newest,
        ),
        Message("Use the version of rmbg-eval that wrote it, or a newer one."),
    )


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
