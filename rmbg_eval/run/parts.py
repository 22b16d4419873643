"""The records of a run of many cases, in Parquet files beside its run.json.

Files are named after their content, and run.json, which names them, is written last: whoever is
interrupted has what was there before. Loads with pydantic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from os.path import islink, realpath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from ..core.files import remove_below
from ..core.key import Key
from ..core.lookup import Keys, Lookup, by_case, by_key
from ..core.records import (
    FOLDER,
    ROWS,
    ByKey,
    RecordFile,
    Records,
    Shape,
    Stored,
    Writer,
    arrow_types,
    stored_in,
    writing,
)
from ..errors import OutputError, printable
from ..i18n import Message
from ..measure.columns import Measurements
from ..measure.record import PointResult, Risk, RuleResult
from ..measure.stored import StoredMeasurements, columns_of, row_of
from ..predictions.prediction import Prediction
from .shard import PairDistance, Shard, SignPlaces

if TYPE_CHECKING:
    from .record import Run

T = TypeVar("T", bound=BaseModel)

ONE_FILE = 5000
"""Cases up to which run.json holds every record; of a shard, those of the whole set."""
_AT_ONCE = 8192
"""Rows of all shards together that are in memory where they are merged, as long as none has
groups of fewer than `_FEWEST`: a group costs a kilobyte a column in its file."""
_FEWEST = 32

Kind = Literal["cases", "predictions", "measurements", "points", "rules", "risks"]
OfShard = Literal["places", "pairs"]
Files = dict[Kind | OfShard, RecordFile]
"""The files of records, by what they hold."""


def in_parts(cases: int, shard: Shard | None) -> bool:
    """Whether a run of so many cases keeps its records in files of their own."""
    return (shard.cases if shard else cases) > ONE_FILE


@cache
def shapes() -> dict[str, Shape[Any]]:
    """How each kind but the measurements is a row."""
    from .record import CaseRecord

    kinds: dict[str, type[BaseModel]] = {
        "cases": CaseRecord,
        "predictions": Prediction,
        "points": PointResult,
        "rules": RuleResult,
        "risks": Risk,
        "places": SignPlaces,
        "pairs": PairDistance,
    }
    return {name: Shape(record) for name, record in kinds.items()}


class Parts:
    """Writes the files of one run, each a row at a time."""

    def __init__(self, writers: Mapping[str, Writer], metrics: list[str]) -> None:
        self._writers = writers
        self._metrics = metrics

    def add(self, kind: Kind | OfShard, records: Iterable[BaseModel]) -> None:
        """Some records of one kind, after those that there are."""
        shape, writer = shapes()[kind], self._writers[kind]
        for record in records:
            writer.add(shape.row(record))

    def measured(self, measurements: Measurements) -> None:
        """Rows of measurements, likewise."""
        writer = self._writers["measurements"]
        for row in measurements.rows():
            writer.add(row_of(row, self._metrics))

    @property
    def files(self) -> Files:
        """Once all are written."""
        return {kind: writer.file for kind, writer in self._writers.items() if writer.file}  # type: ignore[misc]


@contextmanager
def parts(folder: Path, metrics: list[str], shard: Shard | None) -> Iterator[Parts]:
    """The files of a run in `folder`, in which `metrics` are measured."""
    kinds = [*shapes()] if shard else [*shapes()][:-2]
    columns = {kind: shapes()[kind].columns for kind in kinds}
    columns["measurements"] = columns_of(metrics)
    most = _rows_of_a_group(shard)
    with ExitStack() as stack:
        writers = {
            kind: stack.enter_context(writing(folder, kind, arrow_types(own), most))
            for kind, own in columns.items()
        }
        yield Parts(writers, metrics)


def _rows_of_a_group(shard: Shard | None) -> int:
    """Merging has a group of every shard in memory at once."""
    return min(ROWS, max(_FEWEST, _AT_ONCE // shard.of)) if shard else ROWS


def write(folder: Path, run: Run) -> Files:
    """Write every record of a run into its files."""
    with parts(folder, run.measurements.metrics(), run.shard) as files:
        for kind in ("cases", "predictions", "points", "rules", "risks"):
            files.add(kind, getattr(run, kind))
        if run.shard:
            files.add("places", run.shard.places)
            files.add("pairs", run.shard.pairs)
        files.measured(run.measurements)
    return files.files


def there(folder: Path, run: Run) -> Files | None:
    """The files in `folder` that have just the records of `run`, if that was read from them."""
    fields = [(name, getattr(run, name)) for name in ("cases", "predictions", "points", "rules")]
    fields += [("risks", run.risks), ("measurements", run.measurements)]
    if run.shard:
        fields += [("places", run.shard.places), ("pairs", run.shard.pairs)]
    files: Files = run.records or {}
    for name, value in fields:
        if not isinstance(value, Records | StoredMeasurements) or name not in files:
            return None
        if value.stored.path != files[name].path(folder, name):
            return None
    return files


def without_records(run: Run, files: Files) -> Run:
    """What of a run its run.json holds beside the `files`."""
    none: dict[str, Any] = dict.fromkeys(("cases", "predictions", "points", "rules", "risks"), ())
    if run.shard:
        none["shard"] = run.shard.model_copy(update={"places": (), "pairs": ()})
    return run.model_copy(
        update={**none, "measurements": run.measurements.without_rows(), "records": files}
    )


def with_records(folder: Path, run: Run) -> Run:
    """The run whose run.json in `folder` is `run`, with its records, read as they are asked for.

    OutputError where a file is missing or another than run.json says; where a row is none that
    this package writes, once it is read.
    """
    files = run.records or {}
    wanted = {*shapes(), "measurements"} - (set() if run.shard else {"places", "pairs"})
    if {*files} != wanted:
        raise OutputError(
            Message(
                "{path} does not name the files of all its records",
                path=printable(str(folder / "run.json")),
            ),
            Message("Use a run that was not changed, with its files in its own folder."),
        )
    keys = Keys()

    def records(kind: Kind | OfShard, check: Callable[[Any], bool] = lambda record: True) -> Any:
        shape = shapes()[kind]
        return Records(Stored(folder, kind, files[kind], shape.columns), shape, check)

    inside = _inside(folder)
    update: dict[str, Any] = {
        "cases": records("cases"),
        "predictions": records("predictions", lambda p: p.cutout is None or inside(p.cutout)),
        "points": records("points"),
        "rules": records("rules"),
        "risks": records("risks"),
        "measurements": StoredMeasurements(
            folder,
            files["measurements"],
            run.measurements.each_column(),
            keys.rows,
        ),
    }
    if run.shard:
        update["shard"] = run.shard.model_copy(
            update={"places": records("places"), "pairs": records("pairs")}
        )
    return run.model_copy(update=update)


def _inside(folder: Path) -> Callable[[str], bool]:
    """Whether a file of the run lies in its folder, wherever links lead; each folder asked once."""
    whole = realpath(folder)

    @lru_cache(maxsize=4096)
    def there(parent: str) -> bool:
        return Path(realpath(folder / parent)).is_relative_to(whole)

    start = f"{folder}/"

    def check(name: str) -> bool:
        if "\0" in name:
            return False
        parent, _, last = name.rpartition("/")
        if last == ".." or name.startswith("/") or "\\" in name or islink(start + name):
            return Path(realpath(folder / name)).is_relative_to(whole)
        return there(parent)

    return check


@dataclass(frozen=True)
class Groups(Mapping[Key, dict[str, T]], Generic[T]):
    """By key and then by name, records of which a key has several, one after the other."""

    records: Records[T]
    lookup: Lookup[Key]
    name: str

    def __getitem__(self, key: Key) -> dict[str, T]:
        some = (self.records[row] for row in self.lookup.rows(key))
        return {getattr(each, self.name): each for each in some}

    def __contains__(self, key: object) -> bool:
        return key in self.lookup

    def __iter__(self) -> Iterator[Key]:
        return iter(self.lookup)

    def __len__(self) -> int:
        return len(self.lookup)


class _ByCase(Mapping[tuple[str, str], tuple[Prediction, ...]]):
    """The predictions of every model by case, in the order of the models."""

    def __init__(self, predictions: Records[Prediction], rows: Mapping[Key, int]) -> None:
        self._predictions = predictions
        self._rows = rows
        self._models = [*dict.fromkeys(key.model for key in rows)]

    def __getitem__(self, about: tuple[str, str]) -> tuple[Prediction, ...]:
        keys = (Key(*about, model) for model in self._models)
        own = sorted(row for key in keys if (row := self._rows.get(key)) is not None)
        if not own:
            raise KeyError(about)
        return tuple(self._predictions[row] for row in own)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for row, key in enumerate(self._rows):
            others = (key._replace(model=model) for model in self._models if model != key.model)
            if all(self._rows.get(other, row) >= row for other in others):
                yield key.category, key.case

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Cases(Mapping[tuple[str, str], T]):
    """What is known of each case, by category and id."""

    def __init__(self, records: Records[T]) -> None:
        self._records = records
        self.rows = by_case(records.stored)
        """Which of the file's each is."""
        if len(self.rows) != len(records):
            raise records.stored.other()

    def __getitem__(self, about: tuple[str, str]) -> T:
        return self._records[self.rows[about]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, about: object) -> bool:
        return about in self.rows


def index_of(run: Run) -> dict[str, Any]:
    """Fields of the index of a run, of those of its records that lie in files: rows are read where
    they are asked for."""
    measured = run.measurements
    find = measured.find if isinstance(measured, StoredMeasurements) else Keys().rows
    fields: dict[str, Any] = {}
    if (cases := stored_in(run.cases)) is not None:
        fields["cases"] = Cases(cases)
    if (predictions := stored_in(run.predictions)) is not None:
        rows = find(predictions.stored)
        fields["predictions"] = ByKey(predictions, rows)
        fields["by_case"] = _ByCase(predictions, rows)
    if (points := stored_in(run.points)) is not None:
        fields["points"] = Groups(points, by_key(points.stored), "point")
    if (rules := stored_in(run.rules)) is not None:
        fields["rules"] = Groups(rules, by_key(rules.stored), "rule")
    if (risks := stored_in(run.risks)) is not None:
        fields["risks"] = ByKey(risks, find(risks.stored))
    return fields


def remove_others(folder: Path, files: Mapping[Any, RecordFile]) -> None:
    """Remove files of records that a run or a comparison in `folder` no longer names."""
    named = {file.path(folder, kind) for kind, file in files.items()}
    remove_below(folder / FOLDER, lambda path: path.suffix != ".parquet" or path in named)
