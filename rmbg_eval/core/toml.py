"""A TOML file that a person wrote, as the model that says what may be in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import RmbgEvalError, explain, reason_of
from ..i18n import Message
from .files import MAX_TOML, read_bounded

Wanted = TypeVar("Wanted", bound=BaseModel)
_NAME = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w-]+)"""
_LONG_KEY = re.compile(rf"(?:^|[\[{{,])[ \t]*(?:{_NAME}[ \t]*\.[ \t]*){{99}}", re.MULTILINE)
"""A key of a hundred names with dots between them. tomllib keeps all its beginnings: of one of
100 kB, tens of GB."""


def read_toml(
    path: Path,
    file: str,
    wanted: type[Wanted],
    inner: type[BaseModel],
    refusal: type[RmbgEvalError],
) -> Wanted:
    """What the file says; a `refusal`, which calls it `file`, for anything but a good one.

    `inner`: the model of the tables within it, whose names are told where one of theirs is wrong.
    """
    remedy = Message("Give a TOML file that has only what the documentation lists.")
    data = read_bounded(path, MAX_TOML, file, refusal, remedy)
    try:
        text = data.decode("utf-8-sig")
        if long := _LONG_KEY.search(text):
            line = text.count("\n", 0, long.end()) + 1
            raise ValueError(Message("a key has a hundred parts (at line {n})", n=line))
        return wanted.model_validate(tomllib.loads(text))
    except ValidationError as error:
        within = len(error.errors()[0]["loc"]) > 1
        allowed = (inner if within else wanted).model_fields
        raise refusal(
            Message("{file}: {what}", file=file, what=explain(error, list(allowed))),
            Message("Correct it."),
        ) from None
    except (ValueError, RecursionError) as error:  # also a number with too many digits
        raise refusal(
            Message("{file} is not TOML: {reason}", file=file, reason=reason_of(error)),
            Message("Correct it; strings need quotes."),
        ) from None
