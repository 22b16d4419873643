"""Records of one kind in a Parquet file: written as a stream, read a group of rows at a time.

Loads with pydantic alone; pyarrow is there once such a file is written or read.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from threading import Lock
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from ..errors import OutputError, SettingsError, printable
from ..i18n import Message
from .files import cannot_read, new_file, no_file
from .frozen import Frozen

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

T = TypeVar("T", bound=BaseModel)
K = TypeVar("K")
V = TypeVar("V")
Row = Mapping[str, Any]
"""A row's values by column; what is nested is JSON."""

FOLDER = "records"
"""The folder of the files, beside run.json."""
ROWS = 1024
"""Rows of a group: what is read at once."""
_ROWS_MOST = 1 << 16
_BYTES_MOST = 1 << 29
"""Of a group as it is in memory: no file that this package writes has as many."""
_PIECES = 1 << 14
"""Columns of all groups of a file up to which its metadata is read each time: in 20 ms."""
_SHARED = 1000
"""Characters of JSON up to which what it says is kept, should it be there again."""
_STEP = 8
"""Rows that are made records at once where all are gone through: merging goes through hundreds of
files at once."""


class RecordFile(Frozen):
    """A file of records, as run.json names it: its own name is its kind's and its content's."""

    rows: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    def path(self, folder: Path, kind: str) -> Path:
        """Where it lies, of a run in `folder`."""
        return folder / FOLDER / f"{kind}-{self.sha256[:16]}.parquet"


def arrow() -> Any:
    """pyarrow with its Parquet part; SettingsError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.parquet
    except ImportError:
        raise SettingsError(
            Message("Records of so many cases lie in Parquet files, for which pyarrow is needed"),
            Message('Install it: pip install "rmbg-eval[scale]".'),
        ) from None
    # The system's allocator gives memory back that pyarrow's own would keep.
    pyarrow.set_memory_pool(pyarrow.system_memory_pool())
    return pyarrow


class Shape(Generic[T]):
    """How a kind of record is a row: a column a field, what is nested as JSON."""

    def __init__(self, record: type[T]) -> None:
        self.record = record
        self.columns = {name: _type_of(f.annotation) for name, f in record.model_fields.items()}
        self._nested = {name for name, kind in self.columns.items() if kind == "json"}
        self._adapters: dict[str, TypeAdapter[Any]] = {
            name: TypeAdapter(f.annotation or Any)
            for name, f in record.model_fields.items()
            if name in self._nested
        }
        self._read: dict[tuple[str, str], Any] = {}

    def optional(self, name: str) -> bool:
        """Whether a field may be None."""
        return type(None) in get_args(self.record.model_fields[name].annotation)

    def row(self, record: T) -> Row:
        """A record's values by column."""
        return {
            name: self._text(name, getattr(record, name))
            if kind == "json"
            else [*getattr(record, name).items()]
            if kind == "numbers"
            else getattr(record, name)
            for name, kind in self.columns.items()
        }

    def _text(self, name: str, value: object) -> str | None:
        return None if value is None else self._adapters[name].dump_json(value).decode()

    def records(self, columns: Mapping[str, Sequence[Any]]) -> Iterator[T]:
        """The records of some rows, each checked; ValueError for what is none."""
        made = [self.values(name, columns[name]) for name in self.columns]
        validate, names = self.record.__pydantic_validator__.validate_python, [*self.columns]
        return (validate(dict(zip(names, row, strict=True))) for row in zip(*made, strict=True))

    def values(self, name: str, column: Sequence[Any]) -> Sequence[Any]:
        """A column's values as fields have them."""
        kind = self.columns[name]
        if kind == "json":
            return [None if text is None else self._nested_of(name, text) for text in column]
        return [dict(pairs or ()) for pairs in column] if kind == "numbers" else column

    def _nested_of(self, name: str, text: str) -> Any:
        """The same object for the same text: most records have the same. A long one is hardly
        there twice."""
        if len(text) > _SHARED:
            return self._adapters[name].validate_json(text)
        found = self._read.get((name, text))
        if found is None:
            found = self._adapters[name].validate_json(text)
            if len(self._read) > 4096:
                self._read.clear()
            self._read[name, text] = found
        return found


def _type_of(annotation: Any) -> str:
    """`text`, `whole`, `real`, `flag`, `numbers` by name, or else `json`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        some = [each for each in get_args(annotation) if each is not type(None)]
        return _type_of(some[0]) if len(some) == 1 else "json"
    if get_origin(annotation) is dict:
        return "numbers" if _type_of(get_args(annotation)[1]) == "real" else "json"
    return {str: "text", int: "whole", float: "real", bool: "flag"}.get(annotation, "json")


def arrow_types(columns: Mapping[str, str]) -> Any:
    """The Arrow schema of columns whose kinds are `_type_of`'s, or `time`."""
    return _schema(tuple(columns.items()))


@lru_cache(maxsize=64)
def _schema(columns: tuple[tuple[str, str], ...]) -> Any:
    """The same object for the same columns: each file of hundreds of shards has one."""
    pa = arrow()
    types = {
        "text": pa.string(),
        "json": pa.string(),
        "whole": pa.int64(),
        "real": pa.float64(),
        "flag": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "numbers": pa.map_(pa.string(), pa.float64()),
    }
    return pa.schema([(name, types[kind]) for name, kind in columns])


@contextmanager
def writing(folder: Path, kind: str, schema: Any, most: int) -> Iterator[Writer]:
    """A file of records in the folder of a run, with so many rows a group at most, under its own
    name once all is written."""

    def named(written: Path) -> Path:
        with written.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        writer.file = RecordFile(rows=writer.rows, sha256=sha256)
        return writer.file.path(folder, kind)

    with new_file(folder / FOLDER / f"{kind}.parquet", named) as file:
        writer = Writer(file, schema, most)
        try:
            yield writer
            writer.close()
        finally:
            writer.abandon()


class Writer:
    """Takes rows, and writes each group of them once it is full."""

    def __init__(self, file: Any, schema: Any, most: int) -> None:
        self.rows = 0
        self.file: RecordFile | None = None
        """Once all is written."""
        self._schema = schema
        self._waiting: dict[str, list[Any]] = {field.name: [] for field in schema}
        self._most = most
        self._writer = arrow().parquet.ParquetWriter(file, schema, compression="zstd")

    def add(self, row: Row) -> None:
        """One row."""
        for name, column in self._waiting.items():
            column.append(row[name])
        self.rows += 1
        if self.rows % self._most == 0:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        if self.rows % self._most:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the file, if that has not been: pyarrow would complain of it later."""
        try:
            self._writer.close()
        except OSError:
            self._writer.is_open = False

    def _flush(self) -> None:
        pa = arrow()
        arrays = [pa.array(self._waiting[field.name], field.type) for field in self._schema]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), self._most)
        for column in self._waiting.values():
            column.clear()


class Stored:
    """A file of records that is there to be read, checked against what run.json says of it.

    OutputError where it cannot be read, is another, or has other columns.
    """

    def __init__(
        self, folder: Path, kind: str, file: RecordFile, columns: Mapping[str, str]
    ) -> None:
        self.path = file.path(folder, kind)
        pa = arrow()
        self._schema = arrow_types(columns)
        with self.errors():
            if no_file(self.path):
                raise self.other()
            with self.path.open("rb") as read:
                sha256 = hashlib.file_digest(read, "sha256").hexdigest()
            metadata = pa.parquet.read_metadata(self.path)
            types = metadata.schema.to_arrow_schema()
        groups = [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        if sha256 != file.sha256 or metadata.num_rows != file.rows:
            raise self.other()
        self._metadata = metadata if len(groups) * metadata.num_columns > _PIECES else None
        if not types.equals(self._schema) or any(
            group.num_rows > _ROWS_MOST or group.total_byte_size > _BYTES_MOST for group in groups
        ):
            raise self.other()
        self.counts = [group.num_rows for group in groups]
        """Rows of each group."""
        self.starts = [*accumulate(self.counts, initial=0)]
        """The first row of each, and how many there are."""

    @property
    def metadata(self) -> Any:
        """Parquet's: where each column of each group is. It has almost a kilobyte for each of
        them, so that it is only kept where reading it again takes long."""
        if self._metadata is not None:
            return self._metadata
        with self.errors():
            return arrow().parquet.read_metadata(self.path)

    def place(self, at: int) -> tuple[int, int]:
        """The group that a row is in, and where it is there."""
        number = bisect_right(self.starts, at) - 1
        return number, at - self.starts[number]

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What a file that is damaged or has gone raises, as OutputError."""
        try:
            yield
        except ValidationError:
            raise self.other() from None
        except OSError as error:
            remedy = Message("Bring the whole folder of the run, or run it again.")
            raise cannot_read(self.path, error, remedy) from None
        except (ValueError, NotImplementedError, KeyError):
            raise self.other() from None

    def other(self) -> OutputError:
        """That it is not what it should be."""
        return OutputError(
            Message(
                "{path} is not the file of records that the JSON file of its folder describes",
                path=printable(str(self.path)),
            ),
            Message(
                "Use what was not changed since it was made, with its files in its own folder."
            ),
        )

    def group(self, number: int, columns: Iterable[str] | None = None) -> Any:
        """A group of rows as a table, of all columns or some."""
        names = None if columns is None else [*columns]
        with self._open() as file:
            return self._read(file, number, names)

    def groups(self, columns: Iterable[str]) -> Iterator[Any]:
        """Some columns of every group, one after the other, from a file that is opened once."""
        names = [*columns]
        with self._open() as file:
            for number in range(len(self.counts)):
                yield self._read(file, number, names)

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with self.errors(), self.path.open("rb") as read:
            yield arrow().parquet.ParquetFile(
                read, metadata=self._metadata, read_dictionary=_texts(self._schema)
            )

    def _read(self, file: Any, number: int, columns: list[str] | None) -> Any:
        table = file.read_row_group(number, columns=columns, use_threads=False)
        table.validate(full=True)
        if table.num_rows != self.counts[number] or _bytes_of_texts(table) > _BYTES_MOST:
            raise ValueError
        return table.cast(arrow().schema([self._schema.field(name) for name in table.schema.names]))


def _texts(schema: Any) -> list[str]:
    """Where a file's texts are, as Parquet names them. They are read as a list of those that differ
    and their places in it: one text of a megabyte in each of a thousand rows takes a kilobyte in a
    file, and as a thousand texts a gigabyte."""
    types = arrow().types
    return [
        f"{field.name}.key_value.key" if types.is_map(field.type) else field.name
        for field in schema
        if types.is_map(field.type) or types.is_string(field.type)
    ]


def _bytes_of_texts(table: Any) -> int:
    """Of a group that is read so, were each text there as often as it is said."""
    pa = arrow()
    total = 0
    for chunk in (chunk for column in table.columns for chunk in column.chunks):
        texts = chunk.keys if pa.types.is_map(chunk.type) else chunk
        if pa.types.is_dictionary(texts.type):
            lengths = pa.compute.binary_length(texts.dictionary).take(texts.indices)
            total += pa.compute.sum(lengths).as_py() or 0
    return total


class Records(Sequence[T]):
    """The records of a file, which is read as they are gone through: in the memory of a few groups
    of rows, however many there are. Equal to a tuple of the same."""

    FEW = 16
    """Rows that are made records at once where single ones are asked for."""
    GROUPS = 12
    """Groups that are kept there as they are in the file."""

    def __init__(
        self,
        stored: Stored,
        shape: Shape[T],
        check: Callable[[T], bool] = lambda record: True,
    ) -> None:
        """`check`: what every record must hold to besides."""
        self.stored = stored
        self._shape = shape
        self._check = check
        self._tables: dict[int, Any] = {}
        self._made_of: dict[tuple[int, int], list[T]] = {}

    def __len__(self) -> int:
        return self.stored.starts[-1]

    def __iter__(self) -> Iterator[T]:
        return self.between(0, len(self))

    def between(self, start: int, stop: int) -> Iterator[T]:
        """Those from one place to before another, a few at a time."""
        for number, first in enumerate(self.stored.starts[:-1]):
            low, high = max(start, first), min(stop, self.stored.starts[number + 1])
            if low < high:
                table = self.stored.group(number)
                for at in range(low, high, _STEP):
                    some = table.slice(at - first, min(_STEP, high - at))
                    yield from self._made(some)

    def where(self, column: str, which: Callable[[Any], bool]) -> Iterator[T]:
        """Those whose value in a column, as it is in the file, is one of some; of other rows
        nothing else is read."""
        for first, table in zip(self.stored.starts, self.stored.groups([column]), strict=False):
            values = table.column(column).to_pylist()
            for at in (n for n, value in enumerate(values) if which(value)):
                yield self.at(first + at)

    def columns(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """The values of some fields of each row: no record is made, and of one that is none
        little is seen but what is missing."""
        for table in self.stored.groups(names):
            columns = [table.column(name) for name in names]
            for name, column in zip(names, columns, strict=True):
                if column.null_count and not self._shape.optional(name):
                    raise self.stored.other()
            with self.stored.errors():
                values = [
                    self._shape.values(name, column.to_pylist())
                    for name, column in zip(names, columns, strict=True)
                ]
            yield from zip(*values, strict=True)

    def _made(self, table: Any) -> list[T]:
        with self.stored.errors():
            records = [*self._shape.records(table.to_pydict())]
            if not all(map(self._check, records)):
                raise self.stored.other()
            return records

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return tuple(self[at] for at in range(*place.indices(len(self))))
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        return self.at(at)

    def at(self, row: int) -> T:
        """That of a row of the file, from 0."""
        number, row = self.stored.place(row)
        few, row = divmod(row, self.FEW)

        def made() -> list[T]:
            table = keep(self._tables, number, self.GROUPS, lambda: self.stored.group(number))
            return self._made(table.slice(few * self.FEW, self.FEW))

        return keep(self._made_of, (number, few), self.GROUPS * self.FEW, made)[row]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(
            one == another for one, another in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} records in {self.stored.path.name}>"


def keep(of: dict[K, V], key: K, most: int, make: Callable[[], V]) -> V:
    """What `of` holds under a key, made if need be; of more than `most` the oldest goes. Threads
    may ask at once: a report is served by several."""
    with suppress(KeyError):
        return of[key]
    made = make()
    with _KEEPING:
        while len(of) >= most:
            del of[next(iter(of))]
        of[key] = made
    return made


_KEEPING = Lock()


def stored_in(value: object) -> Records[Any] | None:
    """What a field holds, if that is no tuple but a file's records."""
    return value if isinstance(value, Records) else None


def columns(records: Sequence[T], *names: str) -> Iterator[tuple[Any, ...]]:
    """Some fields of each of a tuple of records or of `Records`."""
    if isinstance(records, Records):
        return records.columns(*names)
    return (tuple(getattr(each, name) for name in names) for each in records)


def having(records: Sequence[T], name: str) -> Iterator[T]:
    """Those of a tuple of records or of `Records` of which a field is not None."""
    if isinstance(records, Records):
        return records.where(name, lambda value: value is not None)
    return (each for each in records if getattr(each, name) is not None)


def without(records: Sequence[T], name: str) -> Iterator[T]:
    """Those of a tuple of records or of `Records` of which a field is None or False."""
    if isinstance(records, Records):
        return records.where(name, lambda value: not value)
    return (each for each in records if not getattr(each, name))


class OrRecords:
    """In the annotation of a field that is a tuple of records: it may be `Records` as well."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from pydantic_core import core_schema

        inner = handler(source)
        return core_schema.no_info_wrap_validator_function(
            lambda value, validate: value if isinstance(value, Records) else validate(value),
            inner,
            serialization=core_schema.wrap_serializer_function_ser_schema(
                lambda value, dump: dump(tuple(value)), schema=inner
            ),
        )


class ByKey(Mapping[K, T], Generic[K, T]):
    """Records by what they are known by, one of each; made of a row where it is asked for."""

    def __init__(self, records: Records[T], rows: Mapping[K, int]) -> None:
        self._records = records
        self.rows = rows
        """Which of the file's each is."""

    def __getitem__(self, key: K) -> T:
        return self._records[self.rows[key]]

    def __iter__(self) -> Iterator[K]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, key: object) -> bool:
        return key in self.rows
