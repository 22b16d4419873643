"""Manifests: a case set as a table, a row a case, so that nothing need be listed again.

What `write_manifest` writes is Parquet in the case set's order, and is read row group by row group:
rows that nobody wants are never in memory. A table of the user's own, Parquet or CSV, has at least
the column `image`; it may be in any order, and its names are gone through before its rows are.

A path is relative to the manifest's own folder, or absolute, or a `file:` URL, as which one is
written that is no UTF-8. It may lead anywhere: a manifest is the user's own file. What is wrong
with a row is its case's failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.files import new_file
from ..core.records import ROWS, arrow_types
from ..core.remote import Source
from ..errors import CaseError, SettingsError, printable, system_reason
from ..i18n import Message
from .case import Case, CaseSet, packaged, second_case
from .categories import CaseOrder, CategoryOrder, case_order
from .names import Name, Names, name_in
from .table import (
    FAILURE,
    KEY,
    KINDS,
    About,
    Csv,
    Parquet,
    Table,
    arrow_for,
    file_name,
    is_utf8,
    values_of,
)

SUFFIXES = (".parquet", ".csv")
Wanted = Callable[[str, str], bool]
"""From category and id to whether a case is to be read."""


def is_manifest(path: Path) -> bool:
    """Whether that is to be read as a table, by its name."""
    return path.suffix.lower() in SUFFIXES and not os.path.isdir(path)


def write_manifest(path: Path, case_set: CaseSet) -> None:
    """Write `case_set` as a table to `path`, which ends in .parquet. OutputError where it cannot
    be, SettingsError where pyarrow is not installed or `path` has another ending."""
    if path.suffix.lower() != ".parquet":
        raise SettingsError(
            Message("{file} is no name of a Parquet file", file=printable(str(path))),
            Message("Give one that ends in .parquet: a CSV is read, and not written."),
        )
    cases = case_set.cases
    groups = (cases[start : start + ROWS] for start in range(0, len(cases), ROWS))
    about = About(version=1, skipped=case_set.skipped, layouts=case_set.layouts)
    write_groups(path, groups, about, case_set.source)


def write_groups(
    path: Path, groups: Iterable[Sequence[Case]], about: About, source: Source | None = None
) -> None:
    """The same of cases in groups that are each read at once, by `read_group`. Where `about` says
    that they are not ordered, they may be in any order, as long as no name is there twice, and
    sizes and times of pictures are left out, but for the sizes of those at a URL, the `source`."""
    if source is not None:
        about = about.model_copy(update={"url": source.url, "listing": source.listing})
    pa = arrow_for(path)
    schema = arrow_types(KINDS).with_metadata({KEY: about.model_dump_json().encode()})
    row_of = _Rows(path.parent, about.ordered or source is not None, source)
    with (
        new_file(path) as file,
        pa.parquet.ParquetWriter(file, schema, compression="zstd") as writer,
    ):
        for cases in groups:
            rows = [*map(row_of, cases)]
            writer.write_table(pa.Table.from_pylist(rows, schema), max(1, len(rows)))


def read_manifest(path: Path, wanted: Wanted) -> CaseSet:
    """The cases of a table that are `wanted`, which is asked of each once, in the case set's order
    unless the table is of `write_groups`.

    Raises CaseError for what concerns the whole table; a row that cannot be used is a case with its
    failure.
    """
    with _errors(path):
        if not path.is_file():
            raise CaseError(
                Message("There is no file {file}", file=printable(str(path))),
                Message("Give a folder of pictures, or a table of them, with --cases."),
            )
        if path.suffix.lower() == ".csv":
            return _of_anybody(Csv(path), wanted)
        table = Parquet(path)
        return _of_anybody(table, wanted) if table.about is None else _of_ours(table, wanted)


def read_group(path: Path, number: int | None) -> CaseSet:
    """The cases of one group that `write_groups` wrote; None: of none."""
    with _errors(path):
        table = Parquet(path)
        if table.about is None or (number is not None and number >= table.file.num_row_groups):
            raise table.changed()
        rows = () if number is None else table.dicts(table.file.read_row_group(number))
        cases = [
            table.case(at, row, row["category"], Name(row["id"], False, bool(row["alone"])))
            for at, row in enumerate(rows, 1)
        ]
    return CaseSet(path, tuple(cases), table.about.skipped, table.about.layouts)


def _of_ours(table: Parquet, wanted: Wanted) -> CaseSet:
    """Of a table that was written here, whose names are all different: nothing is kept of a row."""
    assert table.about is not None
    cases: list[Case] = []
    before: CaseOrder | None = None
    first = 1
    columns = KINDS.keys() - ({"mtime"} if table.about.url else {"bytes", "mtime"})
    for batch in table.file.iter_batches(ROWS, columns=[*columns]):
        pairs = zip(values_of(batch["category"]), values_of(batch["id"]), strict=True)
        kept: list[int] = []
        for at, (category, id) in enumerate(pairs):
            if not (category and id and category.isprintable() and id.isprintable()):
                raise table.changed()
            order = case_order(category, id)
            if before and order <= before and table.about.ordered:
                raise table.changed()
            before = order
            if wanted(category, id):
                kept.append(at)
        for at, row in table.some(batch, kept):
            name = Name(row["id"], False, bool(row["alone"]))
            cases.append(table.case(first + at, row, row["category"], name))
        first += batch.num_rows
    if first == 1:
        raise table.empty()
    if not table.about.ordered:
        cases.sort(key=lambda case: case_order(*case.key))
    return CaseSet(table.path, tuple(cases), table.about.skipped, table.about.layouts)


def _of_anybody(table: Table, wanted: Wanted) -> CaseSet:
    """Of a table in any order: its names first, then the rows that are wanted."""
    names = Names()
    order: list[tuple[CategoryOrder, str, int]] = []
    told: dict[int, tuple[Name, CaseError | None]] = {}
    for number, row in table.rows():
        category, id, problem = table.name(number, row)
        name = names.take(category, id)
        if name.second and not problem:
            problem = second_case(str(row.get("image") or id), category, id)
        order.append((*case_order(category, name.id), number))
        if problem or not name.alone:
            told[number] = name, problem
    if not order:
        raise table.empty()
    order.sort()
    named = ((name_in(category), name_in(id), number) for (_, category), id, number in order)
    chosen = {number: (category, id) for category, id, number in named if wanted(category, id)}
    del order, names
    cases: dict[int, Case] = {}
    for number, row in table.rows() if chosen else ():
        if number in chosen:
            category, id = chosen[number]
            name, problem = told.get(number, (Name(id, False, True), None))
            cases[number] = table.case(number, row, category, name, problem)
    if len(cases) != len(chosen):
        raise table.changed()
    return CaseSet(table.path, tuple(cases[number] for number in chosen), table.unused)


class _Rows:
    """From a case to its row, for a table in `folder`; with `sizes`, files are asked for theirs."""

    def __init__(self, folder: Path, sizes: bool, source: Source | None) -> None:
        self._sizes, self._source = sizes, source
        self._home = _plain(folder)
        self._folders: dict[Path, Path] = {}

    def __call__(self, case: Case) -> dict[str, Any]:
        about = case.about.model_dump_json(exclude_defaults=True, exclude={"group"})
        image = None if _is_packaged(case) else case.image
        try:
            there = image.stat() if image and self._sizes else None
        except (OSError, ValueError):  # the run will say so
            there = None
        return {
            "category": case.category,
            "id": case.id,
            "image": self._text(image),
            "alpha": self._text(case.alpha),
            "foreground": self._text(case.foreground),
            "trimap": self._text(case.trimap),
            "bytes": there and there.st_size,
            "mtime": None if there is None or self._source else _time(there.st_mtime_ns),
            "group": case.about.group,
            "about": None if about == "{}" else about,
            "alone": case.alone,
            "failure": FAILURE.dump_json(case.failure).decode() if case.failure else None,
        }

    def _text(self, path: Path | None) -> str | None:
        if path is None:
            return None
        if self._source and (name := self._source.name_of(path)):
            url = f"{self._source.url}/{name}"
            if is_utf8(url):
                return url
        folder = path.parent
        if folder not in self._folders:
            self._folders[folder] = _plain(folder)
        path = self._folders[folder] / path.name
        if not is_utf8(str(path)):
            return path.as_uri()
        if path.is_relative_to(self._home):
            return path.relative_to(self._home).as_posix()
        return str(path)


def _plain(folder: Path) -> Path:
    """The folder's absolute path, without `..` where that is the same."""
    short = Path(os.path.abspath(folder))
    try:
        return short if short.samefile(folder) else folder.absolute()
    except (OSError, ValueError):
        return folder.absolute()


def _time(mtime_ns: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    except (OverflowError, ValueError, OSError):  # a file may have any
        return None


def _is_packaged(case: Case) -> bool:
    if case.failure or not case.about.is_packaged:
        return False
    try:
        return case.image == packaged(case.about)
    except CaseError:
        return False


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """What a file raises that is not there, damaged, or none of its kind, as CaseError."""
    try:
        yield
    except (OSError, ValueError, NotImplementedError, KeyError) as error:
        raise CaseError(
            Message(
                "{file} could not be read: {reason}",
                file=file_name(path),
                reason=system_reason(error),
            ),
            Message("Check its permissions, that it is whole, and what it is: Parquet or CSV."),
        ) from None
