"""The nouns of a finished run, as run.json keeps them.

What is computed of a run are functions of it in other modules: those that are `once` keep it there.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, wraps
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from ..core.files import cannot_read, inside_of, user_path
from ..core.frozen import Frozen
from ..core.json_lines import compact, in_lines, line_each, of_newer, read_json
from ..core.key import CaseKey as CaseKey
from ..core.machine import Machine
from ..core.records import OrRecords, Records, columns, having, without
from ..errors import OutputError, printable
from ..i18n import Message
from ..measure.columns import Measurements
from ..measure.record import Agreement, Delivery, PointResult, Risk, RuleResult
from ..models.info import ModelInfo
from ..predictions.prediction import PrecisionCheck, Prediction, StabilityCost
from ..settings import Settings
from .case_record import CaseRecord as CaseRecord
from .index import Index as Index
from .parts import Files, with_records
from .shard import Shard
from .tally import Tally, middle, tally_of

if TYPE_CHECKING:
    from pandas import DataFrame

T = TypeVar("T")
Result = TypeVar("Result", PointResult, RuleResult)


class ModelRun(Frozen):
    """A model as it ran."""

    info: ModelInfo
    precision: PrecisionCheck | None = None
    """Present where the dtype is a reduced one."""
    stability: StabilityCost | None = None
    """Present where it was asked for."""
    warnings: tuple[Message, ...] = ()
    """What the model had to say of how it ran."""


_REASONS = 3
"""Why cut-outs failed, at most, that a notebook shows of a run: the most frequent."""

SCHEMA_VERSION: Literal[10] = 10
"""Raised with every change of what run.json holds; older ones still load."""


class Run(Frozen):
    """Everything that was found; run.json is its JSON.

    >>> from rmbg_eval import load_run
    >>> print(load_run("reports/latest"))  # doctest: +ELLIPSIS
    <Run of 2 cases × 2 models, ...latest>
    """

    schema_version: Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10] = SCHEMA_VERSION
    """1 had no `machine.threads`; 1 and 2 had texts in English where there are messages now; 1 to 3
    did not say which truth a case had; 1 to 4 had no risks and no delivery rules; in 1 to 5, every
    measurement named its case, model, unit and region; 1 to 6 did not say how far models are
    apart; 1 to 7 had no stability and knew no shards; 1 to 8 had every record in run.json; 1 to 9
    compared a reduced dtype with fp32 on the run's own first cases."""
    complete: bool
    settings: Settings
    started: datetime
    wall_seconds: float | None
    machine: Machine
    cases: Annotated[tuple[CaseRecord, ...], OrRecords()]
    skipped: tuple[Message, ...]
    models: tuple[ModelRun, ...]
    predictions: Annotated[tuple[Prediction, ...], OrRecords()]
    measurements: Measurements
    points: Annotated[tuple[PointResult, ...], OrRecords()] = ()
    delivery: Delivery | None = None
    """The delivery rules that were asked for."""
    rules: Annotated[tuple[RuleResult, ...], OrRecords()] = ()
    risks: Annotated[tuple[Risk, ...], OrRecords()] = ()
    """Of each prediction."""
    agreements: tuple[Agreement, ...] = ()
    """Of each two models."""
    shard: Shard | None = None
    """Where it is over a part of its case set: which."""
    records: Files | None = None
    """Of many cases: the Parquet files that have the records; those here are then empty."""

    @cached_property
    def index(self) -> Index:
        """Its records by what they are about."""
        return Index.of(self)

    @cached_property
    def tally(self) -> dict[str, Tally]:
        """What is counted of each model's predictions, by name."""
        return tally_of((model.info.name for model in self.models), self.predictions)

    @cached_property
    def computed(self) -> dict[object, Any]:
        """What functions that are `once` gave of it."""
        return {}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Run:
        changes = dict(update or {})
        if "measurements" in changes and not isinstance(changes["measurements"], Measurements):
            changes["measurements"] = Measurements(changes["measurements"])
        copy = super().model_copy(update=changes, deep=deep)
        for name in ("index", "tally", "computed"):  # of the run copied
            copy.__dict__.pop(name, None)
        return copy

    @property
    def failures(self) -> tuple[Prediction, ...]:
        """The predictions without a cut-out, each with its `failure`."""
        return tuple(having(self.predictions, "failure"))

    @property
    def missed(self) -> tuple[PointResult, ...]:
        """The required points that did not pass, whether they failed or could not be measured."""
        return tuple(lost(self.points))

    @property
    def broken(self) -> tuple[RuleResult, ...]:
        """The required delivery rules that did not pass, likewise."""
        return tuple(lost(self.rules))

    @property
    def main_measure(self) -> str:
        """`mad_unknown`, alpha's mean error where it is hard, if any picture has a truth to measure
        it by; else `risk`.

        >>> from rmbg_eval import load_run
        >>> load_run("reports/latest").main_measure
        'mad_unknown'
        """
        scored = any(m.value is not None for m in self.measurements.of("mad_unknown"))
        return "mad_unknown" if scored else "risk"

    def worst(self, count: int, metric: str, model: str | None = None) -> DataFrame:
        """The `count` cut-outs that `metric` says are worst, of one model or of all, as a pandas
        frame: `category`, `case`, `model`, the measure's value, `unit` and `region`, worst first.

        Of a measure that is no score, the largest come first. What it is undefined for is left out.
        SettingsError for a measure or a model that the run does not have.

        >>> from rmbg_eval import load_run
        >>> load_run("reports/latest").worst(1, "mad_unknown", model="isnet")["case"].tolist()
        ['bottle']
        """
        from .frames import worst_frame  # needs more than pydantic

        return worst_frame(self, count, metric, model)

    def __repr__(self) -> str:
        """One line; `print(run.model_dump_json())` has all of it."""
        state = "" if self.complete else ", partial"
        lost = Counter(p.failure.state for p in self.failures if p.failure)
        failed = "".join(f", {lost[how]} {how}" for how in ("failed", "missing") if lost[how])
        return (
            f"<Run of {_counted(len(self.cases), 'case')} × {_counted(len(self.models), 'model')}, "
            f"{self.started:%Y-%m-%d %H:%M}{state}{failed}: {printable(self.settings.out)}>"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """What a notebook shows of it: a row a model, and why cut-outs failed."""
        heads = ("", "dtype", "cut-outs", "failed", "points passed", "inference, median seconds")
        rows = []
        points = Counter[tuple[Any, ...]](columns(self.points, "model", "passed"))
        for name, model in self.index.models.items():
            tally = self.tally[name]
            seconds = None if model.info.finished else middle(tally.inference)
            judged = sum(points[name, passed] for passed in (True, False, None))
            rows.append(
                (
                    name,
                    model.info.dtype,
                    str(tally.cutouts),
                    f"{tally.failed}" + (f", {tally.missing} missing" if tally.missing else ""),
                    f"{points[name, True]} of {judged}" if judged else "–",
                    "–" if seconds is None else f"{seconds:.3g}",
                )
            )
        cells = [
            "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in (("th", heads), *(("td", row) for row in rows))
        ]
        reasons = Counter(f"{p.model}: {p.failure}" for p in self.failures)
        told = [f"{n} × {text}" for text, n in reasons.most_common(_REASONS)]
        if len(reasons) > _REASONS:
            told.append("… and for other reasons: see failures")
        said = "".join(f"<p>{escape(text)}</p>" for text in told)
        return f"<p>{escape(repr(self)[1:-1])}</p><table>{''.join(cells)}</table>{said}"

    @classmethod
    def load(
        cls,
        folder: Path | str,
        remedy: Message = Message("Give the folder of a finished run."),
    ) -> Run:
        """The run kept in `folder`, wherever that was when it was made: `settings.out` is where it
        is. OutputError if there is none that can be read, with that `remedy`, or its cut-outs are
        not in it.

        >>> from rmbg_eval import Run
        >>> len(Run.load("reports/latest").predictions)
        4
        """
        folder = user_path(folder, OutputError)
        path = folder / "run.json"
        found = read_json(path, remedy)
        try:
            run = cls.model_validate(found)
            if run.records is not None:
                run = with_records(folder, run)
        except OSError as error:
            raise cannot_read(path, error, remedy) from None
        except ValidationError as error:
            raise _no_run(printable(str(path)), found, error.error_count()) from None
        own = () if run.records else run.predictions  # what lies in files is checked as it is read
        inside = inside_of(folder)
        outside = [p.cutout for p in own if p.cutout and not inside(p.cutout)]
        if outside:
            raise OutputError(
                Message(
                    "{path} names a cut-out that lies elsewhere: {name}",
                    path=printable(str(path)),
                    name=printable(outside[0]),
                ),
                Message("Use a run that was not changed, with its files in its own folder."),
            )
        settings = run.settings.model_copy(update={"out": str(folder)})
        return run.model_copy(update={"settings": settings})

    def outcome(self) -> str:
        """The SHA-256 of all that must be equal for two runs to have found the same: no times, no
        machine."""
        hashed = hashlib.sha256()
        for name in type(self).model_fields:
            if name not in _CIRCUMSTANCES:
                for line in self._lines(name, _CIRCUMSTANCES_OF_ONE):
                    hashed.update(line.encode())
        return hashed.hexdigest()

    def lines(self) -> Iterator[str]:
        """Its JSON, piece by piece: a line for each record, and for each number that was
        measured."""
        return in_lines(self, self._lines)

    def _lines(self, name: str, without: dict[str, Any] | None = None) -> Iterator[str]:
        """Of one field; of its records, all but the fields `without`."""
        value = getattr(self, name)
        if isinstance(value, Measurements):
            metrics = [column.model_dump() for column in value.columns()]
            yield f'{{"metrics":{compact(metrics)},"rows":'
            yield from line_each(map(_of_measured, value.rows()))
            yield "}"
        elif isinstance(value, tuple | Records):
            yield from line_each(
                each.model_dump_json(exclude=without)
                if isinstance(each, BaseModel)
                else compact(each.data())
                for each in value
            )
        else:
            yield compact(self.model_dump(mode="json", include={name})[name])


def once(compute: Callable[[Run], T]) -> Callable[[Run], T]:
    """A function that computes what it gives of a run once, for as long as there is the run."""

    @wraps(compute)
    def of_run(run: Run) -> T:
        if of_run not in run.computed:
            run.computed[of_run] = compute(run)
        found: T = run.computed[of_run]
        return found

    return of_run


def _of_measured(row: dict[str, Any]) -> str:
    """A row's JSON, with a line for each of its numbers."""
    values = ",".join(f"\n{compact(m)}:{compact(v)}" for m, v in row.pop("values").items())
    return compact(row)[:-1] + f',"values":{{{values}}}}}'


def lost(results: Sequence[Result]) -> Iterator[Result]:
    """The required points or delivery rules that did not pass, whether they failed or could not be
    measured, one after the other."""
    return (each for each in without(results, "passed") if each.required)


_CIRCUMSTANCES = {"settings", "started", "wall_seconds", "machine", "records"}
_CIRCUMSTANCES_OF_ONE = {
    **dict.fromkeys(("seconds", "peak_memory_bytes", "cached", "warnings", "stability"), True),
    "precision": {"measured"},
}
"""Of a prediction or a model."""


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _no_run(path: str, found: Any, mistakes: int) -> OutputError:
    """That a run.json is none that this version reads, and why."""
    version = found.get("schema_version") if isinstance(found, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        return of_newer(OutputError, path, version, SCHEMA_VERSION)
    return OutputError(
        Message(
            "{path} is not a run this version reads: {n} place differs",
            many="{path} is not a run this version reads: {n} places differ",
            path=path,
            n=mistakes,
        ),
        Message("Run it again with this version of rmbg-eval."),
    )
