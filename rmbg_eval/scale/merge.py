"""Shards to one run: the same as if there had been none, but for times.

Whatever is known of all cases together (how far models are apart, which one stands apart, risk,
the worst findings) is found anew, over all; no model is needed for it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

from ..cases.categories import CaseOrder, case_order
from ..core.choices import split
from ..core.files import remove, remove_unfinished
from ..core.machine import Machine
from ..core.progress import OnStep, Step, ignore
from ..errors import OutputError, printable
from ..i18n import Message
from ..measure import agreement
from ..measure.columns import Column, Measurements
from ..measure.risk import RISK
from ..predictions.prediction import PrecisionCheck, Prediction, StabilityCost
from ..run.agreement import OfCase, Peers, agreements_of, disagreements, peers_of
from ..run.drawing import draw_again
from ..run.evaluate import OnSave
from ..run.folder import prune, run_folder, save
from ..run.parts import Parts, in_parts, parts, with_records
from ..run.record import CaseRecord, ModelRun, Run
from ..run.risks import risks_of
from ..run.sample import sample_of
from ..run.shard import DONE, Shard, listing_sha256
from .files import bring
from .rows import InMemory, Place, ShardRow, ShardRows, Sink

_OWN = {"out", "device", "lang", "cases"}
"""Settings that shards may differ in: where each reads and writes, and on which of several equal
devices it ran. That the cases are the same, their names decide, and the device, the models."""
_WHOSE = Message("Give the folders of: rmbg-eval run --shard I/N.")
_MOST = 20
"""Shards that one message names."""


def merge(
    folders: Sequence[Path],
    out: Path,
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, run: None,
    lang: str | None = None,
    cases: Path | None = None,
) -> Run:
    """One run in `out` of the shards in `folders`, in any order.

    `cases`: a manifest of theirs, by which close-ups are drawn instead of the settings' folder.
    Cut-outs are hard links where that can be. OutputError where a folder holds no complete shard,
    one is missing or there twice, they are not of the same settings, models, versions and
    cases, or a cut-out is not the one that was written.
    """
    shards = _Shards()
    for done, folder in enumerate(folders, 1):
        shards.add(folder, Run.load(folder, _WHOSE))
        on_step(Step("reading shards", done, len(folders)))
    shards.check_all_there()
    run = shards.header()
    settings = run.settings.model_copy(update={"out": str(out), **({"lang": lang} if lang else {})})
    if any(folder.resolve() == settings.out_folder.resolve() for folder in folders):
        raise OutputError(
            Message("{folder} holds a shard itself", folder=printable(str(out))),
            Message("Give another folder with --out."),
        )
    run = run.model_copy(update={"settings": settings})
    with run_folder(settings.out_folder) as to:
        remove_unfinished(to)
        remove(to / DONE)
        save(to, run.model_copy(update={"complete": False}))
        run = shards.merged(run, to, on_step)
        sample = sample_of(run)
        shown = None if sample is None else {*sample.cases}
        for done, (predictions, folder) in enumerate(shards.by_case(), 1):
            bring(predictions, folder, to, shown)
            on_step(Step("merging", done, len(run.cases)))
        del shards  # what is known of hundreds is as much as what comes now
        prune(to, run)
        on_save(to, run)
        save(to, run)
        draw_again(run, on_step, cases)
    return run


class _Shards:
    """The shards so far; of those whose records lie in files, nothing that grows with them."""

    def __init__(self) -> None:
        self.folders: dict[int, Path] = {}
        self.shards: dict[int, ShardRows] = {}
        self.columns: dict[Column, Place] = {}

    @property
    def first(self) -> Run | None:
        return next((rows.run for rows in self.shards.values()), None)

    @property
    def many(self) -> bool:
        """Whether the records of all lie in files of their own."""
        return self.first is not None and in_parts(0, self.first.shard)

    def add(self, folder: Path, run: Run) -> None:
        """Take one in; OutputError if it is none, or does not go with those before."""
        shard = run.shard
        where = printable(str(folder))
        if shard is None:
            raise OutputError(
                Message("{folder} holds a whole run, no shard of one", folder=where),
                _WHOSE,
            )
        if not run.complete:
            raise OutputError(
                Message(
                    "Shard {shard} in {folder} is not complete", shard=str(shard.part), folder=where
                ),
                Message("Run it again with the same command: it goes on from what is done."),
            )
        if shard.number in self.folders:
            raise OutputError(
                Message(
                    "Shard {shard} is there twice: {one} and {other}",
                    shard=str(shard.part),
                    one=printable(str(self.folders[shard.number])),
                    other=where,
                ),
                Message("Give each shard once."),
            )
        if self.first is not None:
            self._check_same(folder, run, shard)
            run = _sharing(run, self.first)
        rows = ShardRows(run)
        try:
            columns = rows.check()
        except ValueError:
            raise OutputError(
                Message("What {folder} says of its cases does not fit together", folder=where),
                Message("Run the shard again: its run.json was changed."),
            ) from None
        self.folders[shard.number] = folder
        self.shards[shard.number] = rows
        for column, place in columns.items():
            self.columns[column] = min(place, self.columns.get(column, place))

    def _check_same(self, folder: Path, run: Run, shard: Shard) -> None:
        first = self.first
        assert first is not None
        assert first.shard is not None
        for (what, theirs), (_, ours) in zip(
            _alike(first, first.shard), _alike(run, shard), strict=True
        ):
            if ours != theirs:
                other = next(iter(self.folders.values()))
                raise OutputError(
                    Message(
                        "{one} and {other} are not parts of one run: {what} differs",
                        one=printable(str(other)),
                        other=printable(str(folder)),
                        what=what,
                    ),
                    Message(
                        "Run every shard with the same command, version, weights and pictures; "
                        "only --shard, --out and --device cuda:N may differ."
                    ),
                )

    def check_all_there(self) -> None:
        """OutputError where a shard is missing, or their cases are not those that were listed."""
        if self.first is None or self.first.shard is None:
            raise OutputError(
                Message("There are no shards to merge"), Message("Give their folders.")
            )
        of = self.first.shard.of
        missing = [number for number in range(1, of + 1) if number not in self.folders]
        if missing:
            names = [f"{number}/{of}" for number in missing[:_MOST]]
            more = len(missing) - len(names)
            raise OutputError(
                Message(
                    "{n} of {of} shards is missing: {names}",
                    many="{n} of {of} shards are missing: {names}",
                    n=len(missing),
                    of=of,
                    names=[*names, *(["…"] if more else [])],
                ),
                Message(
                    "Run what is missing, with --shard {shard} and so on, and give its folder too.",
                    shard=names[0],
                ),
            )
        listed = (record.key for record, _ in self.cases())
        if listing_sha256(listed) != self.first.shard.listing_sha256:
            raise OutputError(
                Message("The shards together are not the case set that each of them listed"),
                Message("Run them again: the run.json of one was changed."),
            )

    def cases(self) -> Iterator[tuple[CaseRecord, ShardRows]]:
        """The cases in the order of the whole set, each with the shard that it is in."""
        streams = [((record, rows) for record in rows.run.cases) for rows in self.shards.values()]
        return heapq.merge(*streams, key=lambda each: case_order(*each[0].key))

    def by_case(self) -> Iterator[tuple[tuple[Prediction, ...], Path]]:
        """The predictions of each case, and the folder that their files are in."""

        def own(number: int, rows: ShardRows) -> Iterator[tuple[CaseOrder, Any, Path]]:
            for record, predictions in zip(rows.run.cases, rows.by_case(), strict=True):
                yield case_order(*record.key), predictions, self.folders[number]

        streams = [own(number, rows) for number, rows in self.shards.items()]
        for _, predictions, folder in heapq.merge(*streams, key=lambda each: each[0]):
            yield predictions, folder

    def header(self) -> Run:
        """The run of all without its records, but for its cases where run.json holds them."""
        runs = [rows.run for _, rows in sorted(self.shards.items())]
        first = runs[0]
        seconds = [run.wall_seconds for run in runs if run.wall_seconds is not None]
        return first.model_copy(
            update={
                "started": min(run.started for run in runs),
                "machine": _machine([run.machine for run in runs]),
                "settings": first.settings.model_copy(
                    update={"device": _devices(run.settings.device for run in runs)}
                ),
                "cases": () if self.many else tuple(record for record, _ in self.cases()),
                **dict.fromkeys(("models", "predictions", "points", "rules", "risks"), ()),
                "agreements": (),
                "measurements": Measurements(),
                "wall_seconds": sum(seconds),
                "shard": None,
                "records": None,
            }
        )

    def merged(self, run: Run, to: Path, on_step: OnStep) -> Run:
        """`run` with the records of all: in memory, or in files in `to`."""
        runs = [rows.run for _, rows in sorted(self.shards.items())]
        infos = runs[0].shard.models if runs[0].shard else ()
        names = [info.name for info in infos]
        agreements = agreements_of(
            (pairs for rows in self.shards.values() for _, pairs in rows.pairs()), names
        )
        peers = peers_of(agreements, infos)
        book = Measurements.of_columns(sorted(self.columns, key=self.columns.__getitem__))
        metrics = [*dict.fromkeys(column.metric for column in book.columns())]
        metrics += [metric.name for metric in (*agreement.METRICS, *RISK)] if metrics else []
        models: list[ModelRun] = []
        kept = InMemory()
        with parts(to, metrics, None) if self.many else nullcontext(kept) as sink:
            if self.many:
                sink.add("cases", (record for record, _ in self.cases()))
            streams = {number: rows.rows() for number, rows in self.shards.items()}
            count = sum(len(rows.run.cases) for rows in self.shards.values())
            for number, name in enumerate(names):
                pairs = [_with_pairs(streams[n], rows) for n, rows in self.shards.items()]
                merging = heapq.merge(*pairs, key=lambda each: each[0].order)
                for done, (row, own) in enumerate(merging, 1):
                    _judge(row, own, peers, book, sink)
                    if self.many:
                        book.clear()
                    on_step(Step(f"merging records · {name}", done, count))
                models.append(_model(number, runs))
        update = {"models": tuple(models), "agreements": agreements, "measurements": book}
        if self.many:
            assert isinstance(sink, Parts)
            return with_records(to, run.model_copy(update={**update, "records": sink.files}))
        return run.model_copy(
            update={**update, **{kind: tuple(some) for kind, some in kept.records.items()}}
        )


def _sharing(run: Run, first: Run) -> Run:
    """A shard with another one's objects where they are equal: there may be hundreds."""
    theirs = {name: getattr(first, name) for name in ("machine", "models", "delivery")}
    same = {name: each for name, each in theirs.items() if each == getattr(run, name)}
    return run.model_copy(update=same)


def _with_pairs(stream: Iterator[ShardRow], rows: ShardRows) -> Iterator[tuple[ShardRow, OfCase]]:
    """The rows of the next model of a shard, each with what its case's pairs are."""
    pairs = rows.pairs()
    there = next(pairs, None)
    for row in islice(stream, len(rows.run.cases)):
        about = row.prediction.category, row.prediction.case
        own: OfCase = {}
        if there is not None and there[0] == about:
            own, there = there[1], next(pairs, None)
        yield row, own


def _judge(
    row: ShardRow,
    pairs: OfCase,
    peers: Peers,
    book: Measurements,
    sink: Sink,
) -> None:
    """One prediction with all that is known of it, also by the other shards, into `sink`."""
    prediction, key = row.prediction, row.prediction.key
    book.take(row.of.run.measurements, key, row.of.metrics, row.numbers)
    farthest = disagreements([prediction], {key.case_key: pairs}, peers, book)
    (risk,) = risks_of([prediction], {key: row.places}, book, farthest, peers.alike)
    sink.add("predictions", [prediction])
    sink.add("points", row.points)
    sink.add("rules", row.rules)
    sink.add("risks", [risk])
    sink.measured(book)


def _alike(run: Run, shard: Shard) -> list[tuple[Message | str, object]]:
    """What must be the same in every shard, and what it is called."""
    machine = run.machine
    return [
        (Message("the number of shards"), shard.of),
        *run.settings.model_dump(exclude=_OWN).items(),
        (Message("the case set"), (shard.cases, shard.listing_sha256, run.skipped)),
        (Message("a version"), (run.schema_version, machine.versions, machine.commit)),
        (Message("a model"), [info.model_dump(exclude={"device"}) for info in shard.models]),
        (Message("the kind of device"), [info.identity for info in shard.models]),
        (Message("the delivery rules"), run.delivery),
    ]


def _devices(names: Iterable[str]) -> str:
    """`cuda:0,cuda:1`: each once, in order; the first alone where it leaves the choice open."""
    devices = [*dict.fromkeys(one for name in names for one in split(name))]
    return devices[0] if "auto" in devices else ",".join(devices)


def _machine(machines: Sequence[Machine]) -> Machine:
    """What all have; of several kinds of machine, each is named, and the least counts."""

    def names(of: Iterable[str]) -> str:
        return "; ".join(dict.fromkeys(of))

    memory = [each.memory_bytes for each in machines if each.memory_bytes is not None]
    same = all(each.threads == machines[0].threads for each in machines)
    return machines[0].model_copy(
        update={
            "system": names(each.system for each in machines),
            "processor": names(each.processor for each in machines),
            "cores": min(each.cores for each in machines),
            "memory_bytes": min(memory) if memory else None,
            "threads": machines[0].threads if same else {},
            "dirty": any(each.dirty for each in machines) if machines[0].commit else None,
        }
    )


def _model(number: int, runs: Sequence[Run]) -> ModelRun:
    """A model as it ran in all of them; short memory in one of them shows."""
    own = [run.models[number] for run in runs]
    began = [run.shard.models[number] for run in runs if run.shard]
    changed = [
        each.info
        for each, before in zip(own, began, strict=True)
        if each.info.model_dump(exclude={"device"}) != before.model_dump(exclude={"device"})
    ]
    info = changed[0] if changed else own[0].info
    if not changed:
        devices = dict.fromkeys(each.info.device for each in own)
        info = info.model_copy(update={"device": ",".join(devices)})
    warnings = tuple(dict.fromkeys(warning for each in own for warning in each.warnings))
    costs = [each.stability for each in own if each.stability]
    return ModelRun(
        info=info,
        precision=_precision(own),
        warnings=warnings,
        stability=StabilityCost(
            inferences=sum(cost.inferences for cost in costs),
            seconds=sum(cost.seconds for cost in costs),
        )
        if costs
        else None,
    )


def _precision(own: Sequence[ModelRun]) -> PrecisionCheck | None:
    """The same for all on one kind of machine; where kinds differ, the farthest from fp32."""
    checks = [each.precision for each in own if each.precision]
    measured = [(each.largest, each.mean, n) for n, each in enumerate(checks) if each.cases]
    if not measured:
        return checks[0] if checks else None
    return checks[max(measured)[-1]]
