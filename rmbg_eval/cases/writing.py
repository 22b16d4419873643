"""Write an observation point to a case.toml, whose other text and comments stay as they are."""

from __future__ import annotations

import json
import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.files import MAX_TOML, read_bounded, write_atomic
from ..errors import CaseError, printable, reason_of
from ..i18n import Message
from ..measure.record import ObservationPoint
from .case import Case

_ORDER = ("id", "kind", "title", "box", "polygon", "lines", "expected", "tolerance", "required")
_REGION = ("box", "polygon", "lines")
_PIECE = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:\\.|[^"\\\n])*"|'
    r"'[^'\n]*'|"
    r"#[^\n]*|"
    r"[\[\]{}\n]",
    re.DOTALL,
)
"""Of TOML: a string, a comment, a bracket, or a line's end; the rest lies between them."""


def write_point(case: Case, point: ObservationPoint, was: ObservationPoint | None = None) -> Path:
    """Add `point` to the case.toml of a case, or put it in the place of the one with its id.

    `was`: that one, as it was when it was taken up; None: `point` is new. Returns the file. Raises
    CaseError where the case has no folder of its own or cannot be used, a new point's id is there
    already, or its file has points in a form that is not written to; OutputError where it cannot be
    written.
    """
    if case.failure:
        raise CaseError(case.failure.problem, case.failure.remedy)
    if case.folder is None:
        raise CaseError(
            Message("{name} is a picture without a case.toml", name=case.name),
            Message("Move it into a folder of its own, as category/name/image.jpg."),
        )
    path = case.folder / "case.toml"
    file = f"{printable(case.folder.name)}/case.toml"
    remedy = Message("Copy the point and paste it into the file.")
    try:
        data = b""
        if path.exists():
            data = read_bounded(path, MAX_TOML, file, CaseError, remedy)
        encoding = "utf-8-sig" if data.startswith(BOM_UTF8) else "utf-8"
        new = with_point(data.decode(encoding), point, was).encode(encoding)
    except (ValueError, RecursionError) as error:
        raise CaseError(
            Message("{file} could not be written to: {reason}", file=file, reason=reason_of(error)),
            remedy,
        ) from None
    if len(new) > MAX_TOML:
        raise CaseError(
            Message("{file} is larger than {most} MiB", file=file, most=MAX_TOML >> 20),
            Message("Keep only what the documentation lists."),
        )
    write_atomic(path, new)
    return path


def with_point(text: str, point: ObservationPoint, was: ObservationPoint | None = None) -> str:
    """The text of a case.toml with `point` in it: at its end, or where the one of its id was.

    Every other line is as it was, and of a point that is replaced every line that says the same.
    What `point` says as `was` did stays as it is in the text, where it may have been changed since.
    Raises ValueError, with a Message, where that cannot be.
    """
    about = tomllib.loads(text)
    points = list(about.get("points", []))
    line_end = "\r\n" if "\r\n" in text else "\n"
    ids = [each.get("id") for each in points]
    lines = list(_lines(text))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += line_end
    if point.id not in ids:
        said = _said(point)
        rows = ["[[points]]", *(_row(key, value) for key, value in said.items())]
        lines += [line_end] if text.strip() else []
        lines += [row + line_end for row in rows]
        points.append(said)
    elif was is None:
        raise ValueError(Message("there is a point {point} already", point=point.id))
    else:
        place = ids.index(point.id)
        said = _said(_kept(points[place], was, point))
        start, end = _table(lines, place)
        lines[start:end] = _changed(lines[start:end], said, line_end)
        points[place] = said
    new = "".join(lines)
    try:
        same = tomllib.loads(new) == {**about, "points": points}
    except ValueError:
        same = False
    if not same:
        raise ValueError(Message("its points are not plain tables, [[points]]"))
    return new


def _kept(about: dict[str, Any], was: ObservationPoint, now: ObservationPoint) -> ObservationPoint:
    """`now`; of what it says as `was` did, what a table of TOML says. ValueError where the two do
    not go together."""
    there, old, new = (
        point.model_dump() for point in (ObservationPoint.model_validate(about), was, now)
    )
    for names in (_REGION, *((name,) for name in new if name not in _REGION)):
        if all(new[name] == old[name] for name in names):
            new |= {name: there[name] for name in names}
    return ObservationPoint.model_validate(new)


def _said(point: ObservationPoint) -> dict[str, Any]:
    given = point.model_dump(mode="json", exclude_defaults=True)
    return {key: given[key] for key in _ORDER if key in given}


def _lines(text: str) -> Iterator[str]:
    """TOML's lines, each with its end; one whose brackets or strings go on is one with the next."""
    depth = start = 0
    for piece in _PIECE.finditer(text):
        depth += (piece[0] in "[{") - (piece[0] in "]}")
        if piece[0] == "\n" and not depth:
            yield text[start : piece.end()]
            start = piece.end()
    if start < len(text):
        yield text[start:]


def _table(lines: list[str], place: int) -> tuple[int, int]:
    """Where the table of a point begins, and where the next one does; nowhere: at no line."""
    heads = {
        number: tomllib.loads(line).get("points")
        for number, line in enumerate(lines)
        if line.lstrip().startswith("[")
    }
    starts = [number for number, points in heads.items() if isinstance(points, list)]
    if place >= len(starts):
        return len(lines), len(lines)
    start = starts[place]
    after = (n for n, points in heads.items() if n > start and not isinstance(points, dict))
    return start, next(after, len(lines))


def _changed(lines: list[str], said: dict[str, Any], line_end: str) -> list[str]:
    """The lines of a point's table, saying what it says now."""
    new: list[str] = []
    left, last = dict(said), 0
    for number, line in enumerate(lines):
        code = line.strip()
        if code.startswith("[") and number:  # a table of the point's own, such as its title
            left = {k: v for k, v in left.items() if k not in tomllib.loads(line)["points"]}
            return [*_with(new, last, left, line_end), *lines[number:]]
        if number and code and not code.startswith("#"):
            about = tomllib.loads(line)
            (key,) = about
            if key not in left:
                continue
            value = left.pop(key)
            if about[key] != value:
                indent = line[: len(line) - len(line.lstrip())]
                comment = [p[0] for p in _PIECE.finditer(code) if p[0].startswith("#")][-1:]
                kept = [f"  {each}" for each in comment if code.endswith(each)]
                line = f"{indent}{_row(key, value)}{''.join(kept)}{line_end}"
        new.append(line)
        if code and not code.startswith("#"):
            last = len(new)
    return _with(new, last, left, line_end)


def _with(lines: list[str], at: int, left: dict[str, Any], line_end: str) -> list[str]:
    rows = [_row(key, value) + line_end for key, value in left.items()]
    return [*lines[:at], *rows, *lines[at:]]


def _row(key: str, value: Any) -> str:
    return f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    """As TOML has it: but for tables and DEL, as JSON does."""
    if isinstance(value, dict):
        return f"{{ {', '.join(_row(key, each) for key, each in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
