"""The records of a run of many cases, in Parquet files beside its run.json.

Files are named after their content, and run.json, which names them, is written last: whoever is
interrupted has what was there before. Loads with pydantic alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from ..core.files import inside_of, remove_below
from ..core.lookup import Keys
from ..core.records import (
    FOLDER,
    ROWS,
    RecordFile,
    Records,
    Shape,
    Stored,
    Writer,
    arrow_types,
    writing,
)
from ..errors import OutputError, printable
from ..i18n import Message
from ..measure.columns import Measurements
from ..measure.record import PointResult, Risk, RuleResult
from ..measure.stored import StoredMeasurements, columns_of, row_of
from ..predictions.prediction import Prediction
from .case_record import CaseRecord
from .shard import PairDistance, Shard, SignPlaces

if TYPE_CHECKING:
    from .record import Run

ONE_FILE = 5000
"""Cases up to which run.json holds every record; of a shard, those of the whole set."""
_AT_ONCE = 8192
"""Rows of all shards together that are in memory where they are merged, as long as none has
groups of fewer than `_FEWEST`: a group costs a kilobyte a column in its file."""
_FEWEST = 32

Kind = Literal[
    "cases", "predictions", "measurements", "points", "rules", "risks", "places", "pairs"
]
Files = dict[Kind, RecordFile]
"""The files of records, by what they hold."""
_OF_RUN: tuple[Kind, ...] = ("cases", "predictions", "points", "rules", "risks")
"""The fields of a run that are records."""
_OF_SHARD: tuple[Kind, ...] = ("places", "pairs")
"""Those of its shard, if it is one."""


def in_parts(cases: int, shard: Shard | None) -> bool:
    """Whether a run of so many cases keeps its records in files of their own."""
    return (shard.cases if shard else cases) > ONE_FILE


@cache
def shapes() -> dict[str, Shape[Any]]:
    """How each kind but the measurements is a row."""
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

    def __init__(self, writers: Mapping[Kind, Writer], metrics: list[str]) -> None:
        self._writers = writers
        self._metrics = metrics

    def add(self, kind: Kind, records: Iterable[BaseModel]) -> None:
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
        return {kind: writer.file for kind, writer in self._writers.items() if writer.file}


@contextmanager
def parts(folder: Path, metrics: list[str], shard: Shard | None) -> Iterator[Parts]:
    """The files of a run in `folder`, in which `metrics` are measured."""
    kinds: tuple[Kind, ...] = (*_OF_RUN, *(_OF_SHARD if shard else ()))
    columns = {kind: shapes()[kind].columns for kind in kinds}
    columns["measurements"] = columns_of(metrics)
    most = _rows_of_a_group(shard)
    with ExitStack() as stack:
        writers = {
            kind: stack.enter_context(writing(folder, kind, arrow_types(own), most))
            for kind, own in columns.items()
        }
        yield Parts(writers, metrics)


def _records(run: Run) -> dict[Kind, Sequence[BaseModel]]:
    """All but the measurements, by what they are."""
    records: dict[Kind, Sequence[BaseModel]] = {kind: getattr(run, kind) for kind in _OF_RUN}
    return records | {kind: getattr(run.shard, kind) for kind in (_OF_SHARD if run.shard else ())}


def _rows_of_a_group(shard: Shard | None) -> int:
    """Merging has a group of every shard in memory at once."""
    return min(ROWS, max(_FEWEST, _AT_ONCE // shard.of)) if shard else ROWS


def write(folder: Path, run: Run) -> Files:
    """Write every record of a run into its files."""
    with parts(folder, run.measurements.metrics(), run.shard) as files:
        for kind, records in _records(run).items():
            files.add(kind, records)
        files.measured(run.measurements)
    return files.files


def there(folder: Path, run: Run) -> Files | None:
    """The files in `folder` that have just the records of `run`, if that was read from them."""
    files: Files = run.records or {}
    for kind, value in (*_records(run).items(), ("measurements", run.measurements)):
        if not isinstance(value, Records | StoredMeasurements) or kind not in files:
            return None
        if value.stored.path != files[kind].path(folder, kind):
            return None
    return files


def without_records(run: Run, files: Files) -> Run:
    """What of a run its run.json holds beside the `files`."""
    none: dict[str, Any] = dict.fromkeys(_OF_RUN, ())
    if run.shard:
        none["shard"] = run.shard.model_copy(update=dict.fromkeys(_OF_SHARD, ()))
    return run.model_copy(
        update={**none, "measurements": run.measurements.only(()), "records": files}
    )


def with_records(folder: Path, run: Run) -> Run:
    """The run whose run.json in `folder` is `run`, with its records, read as they are asked for.

    OutputError where a file is missing or another than run.json says; where a row is none that
    this package writes, once it is read.
    """
    files = run.records or {}
    if {*files} != {*_records(run), "measurements"}:
        raise OutputError(
            Message(
                "{path} does not name the files of all its records",
                path=printable(str(folder / "run.json")),
            ),
            Message("Use a run that was not changed, with its files in its own folder."),
        )
    inside = inside_of(folder)

    def cutout_inside(prediction: Prediction) -> bool:
        return prediction.cutout is None or inside(prediction.cutout)

    def records(kind: Kind) -> Records[Any]:
        shape = shapes()[kind]
        stored = Stored(folder, kind, files[kind], shape.columns)
        return (
            Records(stored, shape, cutout_inside)
            if kind == "predictions"
            else Records(stored, shape)
        )

    update: dict[str, Any] = {kind: records(kind) for kind in _OF_RUN}
    update["measurements"] = StoredMeasurements(
        folder, files["measurements"], run.measurements.columns(), Keys().rows
    )
    if run.shard:
        update["shard"] = run.shard.model_copy(update={kind: records(kind) for kind in _OF_SHARD})
    return run.model_copy(update=update)


def remove_others(folder: Path, files: Mapping[Any, RecordFile]) -> None:
    """Remove files of records that a run or a comparison in `folder` no longer names."""
    named = {file.path(folder, kind) for kind, file in files.items()}
    remove_below(folder / FOLDER, lambda path: not _NAMED.fullmatch(path.name) or path in named)


_NAMED = re.compile(r"[a-z]+-[0-9a-f]{16}\.parquet")
