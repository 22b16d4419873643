"""A table of cases as a file has it, Parquet or CSV, whosever it is: its columns and cells checked,
each row a case. What is wrong with a row is its case's failure.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ..core.files import MAX_TOML, cannot_write, no_path
from ..core.records import ROWS, arrow
from ..core.remote import is_url, stand_in
from ..errors import CaseError, Failure, SettingsError, explain, printable, reason_of
from ..i18n import N_, Message
from .case import Case, CaseFile, packaged
from .categories import LOOSE
from .names import Name, name_of

_NAMES = ("category", "id")
_FILES = ("image", "alpha", "foreground", "trimap")
_PLAIN = ("group", "source", "licence", "author", "sha256")
"""What a column may say of what case.toml says; whatever else it does is in `about`."""
KINDS = {
    "category": "text",
    "id": "text",
    "image": "text",
    "alpha": "text",
    "foreground": "text",
    "trimap": "text",
    "bytes": "whole",
    "mtime": "time",
    "group": "text",
    "about": "text",
    "alone": "flag",
    "failure": "text",
}
"""The columns that are written. `bytes` and `mtime` are the picture's, `about` is JSON of what
case.toml says, `alone` and `failure` are the case's."""
COLUMNS = tuple(dict.fromkeys(("image", *_NAMES, *_FILES, *_PLAIN, *KINDS)))
_TEXTS = tuple(name for name in COLUMNS if KINDS.get(name, "text") == "text")
_NUMBERS_TOO = (*_NAMES, "group")
_LONG = ("about", "failure")
_MOST = 4096
"""Characters of a cell."""
_MOST_NAME = 255
_QUOTES = N_("Correct the row; cells with a comma or a quote need quotes.")
KEY = b"rmbg-eval"
"""Of the metadata of a Parquet file: there `About` is, in JSON."""
FAILURE = TypeAdapter(Failure)
_KEPT = 4096
_NOTHING = CaseFile()

Row = Mapping[str, Any]
"""Cells by column."""


class About(BaseModel):
    """What a manifest that was written here says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    ordered: bool = True
    url: str | None = None
    """Of the folder that was listed; its files' paths begin with it."""
    listing: str = ""
    """A hash of what was there then."""
    skipped: tuple[Message, ...] = ()
    layouts: tuple[Message, ...] = ()


class Table:
    """A table of cases, whosever it is."""

    def __init__(self, path: Path, names: Sequence[str], ours: bool = False) -> None:
        self.path, self.ours = path, ours
        self.url = self.listing = ""
        self.unused: tuple[Message, ...] = ()
        self._abouts: dict[tuple[str | None, ...], CaseFile] = {}
        if not ours:
            self._check(names)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Each row with its number; may be asked for again. What cannot be read of a row is under
        the empty name, as a Message."""
        raise NotImplementedError

    def _check(self, names: Sequence[str]) -> None:
        """CaseError where the columns cannot be what was meant; sets `unused`."""
        shown = [printable(name)[:80] for name in names[:40]]
        if "image" not in names:
            raise CaseError(
                Message("{file} has no column image", file=file_name(self.path)),
                Message(
                    "Call the column with the pictures' paths image. Columns there: {names}.",
                    names=[repr(name) for name in shown],
                ),
            )
        for name in names:
            if name in COLUMNS and names.count(name) > 1:
                raise CaseError(
                    Message("{file} has two columns {name}", file=file_name(self.path), name=name),
                    Message("Leave one out, or call it otherwise."),
                )
        others = [name for name in names if name not in COLUMNS]
        missing = [name for name in (*_NAMES, *_FILES, *_PLAIN) if name not in names]
        for name in others:
            alike = name.strip().lower()[:80]
            meant = get_close_matches(alike, missing, 1, 0.8)
            if meant and abs(len(meant[0]) - len(alike)) <= 1:
                raise CaseError(
                    Message(
                        "{file} has a column {name}, which is no column of cases",
                        file=file_name(self.path),
                        name=repr(printable(name)[:80]),
                    ),
                    Message("If {meant} is meant, call it so; otherwise leave it out.",
                            meant=meant[0]),
                )  # fmt: skip
        if others:
            self.unused = (
                Message(
                    "{file}: columns that are not used: {names}",
                    file=file_name(self.path),
                    names=[repr(printable(name)[:80]) for name in others[:40]],
                ),
            )

    def empty(self) -> CaseError:
        """That it has no row."""
        return CaseError(
            Message("{file} lists no pictures", file=file_name(self.path)),
            Message("Give each picture a row, with its path in the column image."),
        )

    def changed(self) -> CaseError:
        """That it is not what was written or read before."""
        return CaseError(
            Message("{file} was changed since it was written", file=file_name(self.path)),
            Message("Write it again: rmbg-eval cases list DIR --out FILE."),
        )

    def name(self, number: int, row: Row) -> tuple[str, str, CaseError | None]:
        """Category and id of a row, and what is wrong with them; without cells of its own, as the
        picture's path has them."""
        problem = row.get("")
        if isinstance(problem, Message):
            return LOOSE, f"row-{number}", self._at(number, problem, Message(_QUOTES))
        try:
            image = self._cell(row, "image")
            category, id = _names_in(image) if image else (LOOSE, f"row-{number}")
            id = self._name(row, "id") or id or f"row-{number}"
            return self._name(row, "category") or category, id, None
        except CaseError as error:
            return LOOSE, f"row-{number}", self._at(number, error.problem, error.remedy)

    def _name(self, row: Row, column: str) -> str:
        name = self._cell(row, column) or ""
        if "/" in name or len(name) > _MOST_NAME:
            raise CaseError(
                Message(
                    "{column} is {value}: a name has no / and at most {most} characters",
                    column=column,
                    value=repr(printable(name)[:80]),
                    most=_MOST_NAME,
                ),
                Message("Correct it."),
            )
        return name_of(name)

    def _cell(self, row: Row, column: str) -> str | None:
        """The text of a cell, None where there is none; CaseError for one that can be none."""
        value = row.get(column)
        if value is None or value == "":
            return None
        text = str(value)
        most = MAX_TOML if column in _LONG else _MOST
        if len(text) > most:
            raise CaseError(
                Message(
                    "{column} has {n} characters, {most} at most are read",
                    column=column,
                    n=len(text),
                    most=most,
                ),
                Message("Correct it."),
            )
        if "\0" in text or not is_utf8(text):
            raise CaseError(
                Message(
                    "{column} is {value}, which is not UTF-8 or has a NUL",
                    column=column,
                    value=repr(printable(text)[:80]),
                ),
                Message("Save the table as UTF-8."),
            )
        return text

    def case(
        self, number: int, row: Row, category: str, name: Name, problem: CaseError | None = None
    ) -> Case:
        """The case of a row, under that name."""
        about, image = CaseFile(), self.path
        paths: dict[str, Path | None] = {}
        failure = Failure.of(problem) if problem else None
        try:
            if problem is None:
                about = self._about(row)
                for column in _FILES:
                    paths[column] = self._path(row, column)
                image = paths["image"] or self._packaged(about)
                told = self._cell(row, "failure")
                failure = FAILURE.validate_json(told) if told else None
        except CaseError as error:
            failure = Failure.of(self._at(number, error.problem, error.remedy))
        except ValueError as error:
            failure = Failure.of(self._at(number, reason_of(error), Message("Correct it.")))
        return Case(
            category, name.id, image, about, paths.get("alpha"), paths.get("foreground"),
            paths.get("trimap"), failure, None, name.alone,
        )  # fmt: skip

    def _packaged(self, about: CaseFile) -> Path:
        if not about.is_packaged:
            raise CaseError(
                Message("there is no image"),
                Message("Give the picture's path, or leave the row out."),
            )
        return packaged(about)

    def _path(self, row: Row, column: str) -> Path | None:
        text = self._cell(row, column)
        if text is None:
            return None
        if self.url and text.startswith(f"{self.url}/"):
            return self._stand_in(text, row if column == "image" else {})
        if text.startswith("file://"):
            text = os.fsdecode(unquote_to_bytes(text.removeprefix("file://")))
            text = text[1:] if re.match("/[A-Za-z]:", text) else text
            if "\0" in text:
                raise no_path(text, CaseError)
        elif is_url(text):
            raise CaseError(
                Message("{url} is no file on this machine", url=printable(text)[:200]),
                Message("Copy it here, or give the folder's URL with --cases."),
            )
        path = self.path.parent / text
        if not self.ours and not os.path.isfile(path):  # macOS may have written its name otherwise
            for form in ("NFC", "NFD"):
                alike = self.path.parent / unicodedata.normalize(form, text)
                if os.path.isfile(alike):
                    return alike
            raise CaseError(
                Message(
                    "{column} is {value}: there is no such file",
                    column=column,
                    value=repr(printable(text)[:200]),
                ),
                Message("Correct the path; it begins in the folder of the table."),
            )
        return path

    def _stand_in(self, text: str, row: Row) -> Path:
        """What stands for a file of the URL that was listed."""
        name = text.removeprefix(f"{self.url}/")
        try:
            path = stand_in(self.url, self.listing, name, int(row.get("bytes") or 0))
        except OSError as error:
            raise cannot_write(self.path, error) from None
        if path is None:
            raise no_path(name, CaseError)
        return path

    def _about(self, row: Row) -> CaseFile:
        cells = (self._cell(row, "about"), *(self._cell(row, name) for name in _PLAIN))
        if not any(cells):
            return _NOTHING
        if cells not in self._abouts:
            if len(self._abouts) >= _KEPT:
                self._abouts.clear()
            plain = {
                name: cell for name, cell in zip(_PLAIN, cells[1:], strict=True) if cell is not None
            }
            try:
                data = json.loads(cells[0] or "{}")
                if not isinstance(data, dict):
                    raise ValueError(Message("about is no JSON object"))
                self._abouts[cells] = CaseFile.model_validate_json(json.dumps(data | plain))
            except ValidationError as error:
                what = explain(error, list(CaseFile.model_fields))
                raise CaseError(what, Message("Correct it.")) from None
            except (RecursionError, json.JSONDecodeError):
                raise ValueError(Message("about is no JSON object")) from None
        return self._abouts[cells]

    def _at(self, number: int, problem: Message, remedy: Message) -> CaseError:
        return CaseError(
            Message(
                "{file}, row {row}: {problem}",
                file=file_name(self.path),
                row=number,
                problem=problem,
            ),
            remedy,
        )


_LONGEST = 1 << 24
"""Characters of a line of a CSV: a file that is none may be one line of any length."""


class Csv(Table):
    """A row's number is its last line's, so that the header's is 1."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            data = file.read(1 << 16)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise CaseError(
                Message("{file} is UTF-16", file=file_name(path)), Message("Save it as UTF-8.")
            )
        start = data.decode("utf-8-sig", "replace")
        self._delimiter = next((sign for sign in ",;\t" if "image" in _first(start, sign)), ",")
        self.path = path
        number, names = next(self._lines(path), (1, []))
        if isinstance(names, Message):
            raise self._at(number, names, Message(_QUOTES))
        if not names:
            raise self.empty()
        self._names = names
        super().__init__(path, names)

    def _lines(self, path: Path) -> Iterator[tuple[int, list[str] | Message]]:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            lines = iter(partial(file.readline, _LONGEST), "")
            reader = csv.reader(map(self._whole, lines), delimiter=self._delimiter, strict=True)
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield reader.line_num, Message.of(printable(str(error))[:200])
                    continue
                if any(cells):  # a spreadsheet leaves rows of separators alone at its end
                    yield reader.line_num, cells

    def _whole(self, line: str) -> str:
        if len(line) < _LONGEST:
            return line
        raise CaseError(
            Message("{file} has a line of more than {n} characters", file=file_name(self.path),
                    n=f"{_LONGEST:,}"),
            Message("Give each picture a row, with its path in the column image."),
        )  # fmt: skip

    def rows(self) -> Iterator[tuple[int, Row]]:
        lines = self._lines(self.path)
        next(lines, None)
        for number, cells in lines:
            if isinstance(cells, Message):
                yield number, {"": cells}
            elif len(cells) != len(self._names):
                told = Message(
                    "it has {n} cells, the header {most}", n=len(cells), most=len(self._names)
                )
                yield number, {"": told}
            else:
                yield number, dict(zip(self._names, cells, strict=True))


def _first(text: str, delimiter: str) -> list[str]:
    """The cells of a CSV's first row; none where it cannot be read so."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return next(filter(any, rows), [])
    except csv.Error:
        return []


class Parquet(Table):
    """Rows are counted from 1."""

    def __init__(self, path: Path) -> None:
        self._pa = pa = arrow_for(path)
        self.path = path
        self.file = pa.parquet.ParquetFile(path)
        schema = self.file.schema_arrow
        told = (schema.metadata or {}).get(KEY)
        try:
            self.about = None if told is None else About.model_validate_json(told)
        except ValidationError:
            raise self.changed() from None
        names = list(schema.names)
        super().__init__(path, names, self.about is not None)
        if self.about is not None:
            if not set(names) >= set(KINDS):
                raise self.changed()
            self.url, self.listing = self.about.url or "", self.about.listing
        self._columns = [name for name in COLUMNS if name in names]
        for name in self._columns:
            self._check_type(name, schema.field(name).type)

    def _check_type(self, name: str, of: Any) -> None:
        types = self._pa.types
        if types.is_dictionary(of):
            of = of.value_type
        fits = (
            name not in _TEXTS
            or types.is_string(of)
            or types.is_large_string(of)
            or types.is_string_view(of)
            or types.is_null(of)
            or (name in _NUMBERS_TOO and types.is_integer(of))
        )
        if not fits:
            raise CaseError(
                Message(
                    "The column {name} of {file} has values of the type {type}, not text",
                    name=name,
                    file=file_name(self.path),
                    type=printable(str(of))[:80],
                ),
                Message("Write it as text."),
            )

    def rows(self) -> Iterator[tuple[int, Row]]:
        first = 1
        texts = [name for name in self._columns if name in _TEXTS]
        for batch in self.file.iter_batches(ROWS, columns=texts):
            yield from enumerate(self.dicts(batch), first)
            first += batch.num_rows

    def some(self, table: Any, kept: Sequence[int]) -> Iterator[tuple[int, Row]]:
        """Of a part of it, the rows at those places, with the place: `take` would load pandas."""
        if 4 * len(kept) < table.num_rows:
            for at in kept:
                yield from ((at, row) for row in self.dicts(table.slice(at, 1)))
            return
        wanted = set(kept)
        yield from ((at, row) for at, row in enumerate(self.dicts(table)) if at in wanted)

    def dicts(self, table: Any) -> Iterator[Row]:
        """The rows of a part of it, each by column."""
        names = table.schema.names
        columns = [values_of(table.column(name)) for name in names]
        return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


def _names_in(image: str) -> tuple[str, str]:
    """Category and id by the path of a picture, much as a folder of cases has them.

    >>> _names_in("pet/rex.jpg"), _names_in("pet/monday/rex.jpg"), _names_in("/srv/rex.jpg")
    (('pet', 'rex'), ('pet', 'monday-rex'), ('pictures', 'rex'))
    """
    path = PurePath(image)
    *folders, _ = path.parts or ("",)
    if not folders or path.anchor or ".." in folders or is_url(image):
        return LOOSE, name_of(path.stem)
    return name_of(folders[0]), name_of("-".join([*folders[1:], path.stem]))


def values_of(column: Any) -> list[Any]:
    """A column's values; bytes that are no UTF-8 as Python has them in file names."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        values = column.cast(arrow().binary()).to_pylist()
        return [v if v is None else v.decode("utf-8", "surrogateescape") for v in values]


def is_utf8(text: str) -> bool:
    """Whether a text can be written as UTF-8: a file's name may not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def file_name(path: Path) -> str:
    """What messages call a table."""
    return printable(path.name)


def arrow_for(path: Path) -> Any:
    """pyarrow; SettingsError, which names the table, where it is not installed."""
    try:
        return arrow()
    except SettingsError as error:
        raise SettingsError(
            Message("For {file}, a Parquet file, pyarrow is needed", file=file_name(path)),
            error.remedy,
        ) from None
