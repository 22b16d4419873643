"""Shards to one run: the same as if there had been none, but for times.

Whatever is known of all cases together (how far models are apart, which one stands apart, risk,
the comparison with fp32, the worst findings) is found anew, over all; no model is needed for it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ..cases.categories import category_order
from ..core.anchors import case_anchor
from ..core.choices import split
from ..core.files import cannot_write, inside, remove_unfinished, unfinished_prefix, write_atomic
from ..core.key import Key
from ..core.machine import Machine
from ..core.progress import OnStep, Step, ignore
from ..errors import OutputError, printable
from ..i18n import Message
from ..measure import stability
from ..measure.agreement import FLIP
from ..measure.columns import Measurements
from ..measure.record import PointResult, RuleResult
from ..measure.subject import Metric
from ..predictions.precision import precision_check
from ..predictions.prediction import PrecisionCheck, Prediction, StabilityCost
from ..run.agreement import Pair
from ..run.evaluate import OnSave, Results, metrics_of
from ..run.folder import prune, remove_done, run_folder, save
from ..run.previews import CasePreviews, Preview, draw_again
from ..run.record import CaseKey, CaseRecord, ModelRun, Run
from ..run.shard import Shard, listing_sha256
from ..settings import Settings

_OWN = {"out", "device", "lang", "cases"}
"""Settings that shards may differ in: where each reads and writes, and on which of several equal
devices it ran. That the cases are the same, their names decide, and the device, the models."""
_MOST = 20
"""Shards that one message names."""


def merge(
    folders: Sequence[Path],
    out: Path,
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, run: None,
    lang: str | None = None,
) -> Run:
    """One run in `out` of the shards in `folders`, in any order.

    Cut-outs are hard links where that can be. OutputError where a folder holds no complete shard,
    one is missing or there twice, they are not of the same settings, models, versions and
    cases, or a cut-out is not the one that was written.
    """
    shards = _Shards()
    for done, folder in enumerate(folders, 1):
        shards.add(folder, Run.load(folder))
        on_step(Step("reading shards", done, len(folders)))
    shards.check_all_there()
    run, results = shards.merged()
    settings = run.settings.model_copy(update={"out": str(out), **({"lang": lang} if lang else {})})
    if any(folder.resolve() == settings.out_folder.resolve() for folder in folders):
        raise OutputError(
            Message("{folder} holds a shard itself", folder=printable(str(out))),
            Message("Give another folder with --out."),
        )
    run = run.model_copy(update={"settings": settings})
    with run_folder(settings.out_folder) as to:
        remove_unfinished(to)
        remove_done(to)
        save(to, run.model_copy(update={"complete": False}))
        for done, (case, folder) in enumerate(shards.places(), 1):
            _bring(case, results.get(case, ()), folder, to)
            on_step(Step("merging", done, len(run.cases)))
        prune(to, run)
        on_save(to, run)
        save(to, run)
        draw_again(run, on_step)
    return run


class _Shards:
    """What was read of the shards so far; no more of each than the merged run needs."""

    def __init__(self) -> None:
        self.first: Run | None = None
        self.folders: dict[int, Path] = {}
        self.runs: dict[int, Run] = {}
        """By number, without what the others of these hold."""
        self.cases: dict[CaseKey, tuple[CaseRecord, int]] = {}
        self.predictions: dict[Key, Prediction] = {}
        self.points: dict[Key, list[PointResult]] = {}
        self.rules: dict[Key, list[RuleResult]] = {}

    def add(self, folder: Path, run: Run) -> None:
        """Take one in; OutputError if it is none, or does not go with those before."""
        shard = run.shard
        where = printable(str(folder))
        if shard is None:
            raise OutputError(
                Message("{folder} holds a whole run, no shard of one", folder=where),
                Message("Give the folders of: rmbg-eval run --shard I/N."),
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
        keys = {
            Key(record.category, record.id, info.name)
            for record in run.cases
            for info in shard.models
        }
        if not (
            keys == run.index.predictions.keys() == run.index.measurements.keys()
            and len(run.predictions) == len(keys)
            and all(shard.part.has(record.category, record.id) for record in run.cases)
            and [info.name for info in shard.models] == [model.info.name for model in run.models]
        ):
            raise OutputError(
                Message("What {folder} says of its cases does not fit together", folder=where),
                Message("Run the shard again: its run.json was changed."),
            )
        if self.first is not None:
            self._check_same(folder, run, shard)
        self.first = self.first or run.model_copy(
            update={"cases": (), "predictions": (), "measurements": Measurements()}
        )
        self.folders[shard.number] = folder
        for record in run.cases:
            self.cases[record.category, record.id] = record, shard.number
        for prediction in run.predictions:
            self.predictions[prediction.key] = prediction
        for point in run.points:
            self.points.setdefault(point.key, []).append(point)
        for rule in run.rules:
            self.rules.setdefault(rule.key, []).append(rule)
        self.runs[shard.number] = run.model_copy(
            update={"cases": (), "predictions": (), "points": (), "rules": (), "risks": ()}
        )

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
        if listing_sha256(self.order()) != self.first.shard.listing_sha256:
            raise OutputError(
                Message("The shards together are not the case set that each of them listed"),
                Message("Run them again: the run.json of one was changed."),
            )

    def order(self) -> list[CaseKey]:
        """The cases in the order of the whole set."""
        return sorted(self.cases, key=lambda case: (category_order(case[0]), case[1]))

    def places(self) -> Iterator[tuple[CaseKey, Path]]:
        """Each case and the folder that its files are in."""
        for case in self.order():
            yield case, self.folders[self.cases[case][1]]

    def merged(self) -> tuple[Run, dict[CaseKey, list[Prediction]]]:
        """The run of all, and its predictions by case."""
        assert self.first
        runs = [self.runs[number] for number in sorted(self.runs)]
        first, order = runs[0], self.order()
        shards = [run.shard for run in runs if run.shard]
        results = Results()
        metrics = [metric.name for metric in metrics_of(first.settings)]
        again: tuple[Metric, ...] = FLIP if first.settings.flip else ()
        again += stability.METRICS[: first.settings.stability]
        names = [info.name for info in shards[0].models]
        by_case: dict[CaseKey, list[Prediction]] = {}
        for number, name in enumerate(names):
            keys = [(Key(*case, name), self.cases[case][1]) for case in order]
            for key, of in keys:
                results.predictions.append(self.predictions[key])
                by_case.setdefault((key.category, key.case), []).append(self.predictions[key])
                results.points += self.points.pop(key, ())
                results.measurements.take(self.runs[of].measurements, key, metrics)
            for metric in again:
                for key, of in keys:
                    results.measurements.take(self.runs[of].measurements, key, [metric.name])
            results.models.append(_model(number, runs, results.predictions[-len(order) :]))
        results.rules = tuple(
            rule for each in results.predictions for rule in self.rules.get(each.key, ())
        )
        for shard in shards:
            results.places |= {each.key: each.places for each in shard.places}
            for p in shard.pairs:
                pairs = results.pairs.setdefault((p.category, p.case), {})
                pairs[p.one, p.other] = Pair(p.difference, p.apart, p.place)
        results.pairs = {case: results.pairs[case] for case in order if case in results.pairs}
        results.judge()
        seconds = [run.wall_seconds for run in runs if run.wall_seconds is not None]
        run = first.model_copy(
            update={
                "started": min(run.started for run in runs),
                "machine": _machine([run.machine for run in runs]),
                "settings": _settings([run.settings for run in runs]),
                "cases": tuple(self.cases[case][0] for case in order),
                "shard": None,
            }
        )
        return results.on(run, sum(seconds)), by_case


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


def _settings(all_of: Sequence[Settings]) -> Settings:
    """Those of the first, with every device that one named."""
    return all_of[0].model_copy(update={"device": _devices(s.device for s in all_of)})


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


def _model(number: int, runs: Sequence[Run], predictions: Sequence[Prediction]) -> ModelRun:
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
        info = info.model_copy(update={"device": _devices_of(each.info.device for each in own)})
    warnings = tuple(dict.fromkeys(warning for each in own for warning in each.warnings))
    costs = [each.stability for each in own if each.stability]
    return ModelRun(
        info=info,
        precision=_precision(info.name, runs, own, predictions),
        warnings=warnings,
        stability=StabilityCost(
            inferences=sum(cost.inferences for cost in costs),
            seconds=sum(cost.seconds for cost in costs),
        )
        if costs
        else None,
    )


def _devices_of(names: Iterable[str]) -> str:
    return ",".join(dict.fromkeys(names))


def _precision(
    name: str, runs: Sequence[Run], own: Sequence[ModelRun], predictions: Sequence[Prediction]
) -> PrecisionCheck | None:
    """Over the first cases of all that succeeded: each shard has compared as many of its own."""
    if own[0].precision is None:
        return None
    differences = {
        each.key: each
        for run in runs
        for each in (run.shard.precision if run.shard else ())
        if each.model == name
    }
    if not differences:  # the same for all, but for one that has no cases
        reasons = [each.precision for each in own if each.precision]
        return next((each for each in reasons if each.reason != NOTHING.reason), reasons[0])
    succeeded = [p.key for p in predictions if p.cutout][: runs[0].settings.precision_cases]
    return precision_check([differences[key] for key in succeeded if key in differences])


NOTHING = precision_check(())


def _bring(case: CaseKey, predictions: Sequence[Prediction], folder: Path, to: Path) -> None:
    """The files of one case, from its shard's folder."""
    for prediction in predictions:
        if prediction.cutout:
            _link(folder, to, prediction.cutout, prediction.cutout_sha256)
    index = f"assets/{case_anchor(*case)}.json"
    try:
        data = (folder / index).read_bytes()
        previews = CasePreviews.model_validate_json(data)
    except (OSError, ValidationError):
        return  # it is drawn again, from what is there
    for preview in _previews(previews):
        if preview.path.startswith("assets/") and inside(folder / "assets", preview.path[7:]):
            with suppress(OutputError):
                _link(folder, to, preview.path)
    write_atomic(to / index, data)


def _previews(value: object) -> Iterator[Preview]:
    """Every picture file that a record names."""
    if isinstance(value, Preview):
        yield value
    elif isinstance(value, BaseModel):
        for _, each in value:
            yield from _previews(each)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _previews(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from _previews(each)


def _link(folder: Path, to: Path, name: str, sha256: str | None = None) -> None:
    """One file as a hard link, or a copy where there can be none; OutputError where it is not what
    was written."""
    source, target = folder / name, to / name
    try:
        data = source.read_bytes()
    except OSError as error:
        raise OutputError(
            Message(
                "{path} cannot be read: {reason}",
                path=printable(str(source)),
                reason=error.strerror,
            ),
            Message("Bring the whole folder of the shard, or run it again."),
        ) from None
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise OutputError(
            Message("{file} is not what the shard wrote", file=printable(str(source))),
            Message("Bring the whole folder of the shard, or run it again."),
        )
    scratch = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if target.samefile(source):
                return
        scratch = Path(tempfile.mktemp(prefix=unfinished_prefix(), dir=target.parent))  # noqa: S306
        os.link(source, scratch)
        os.replace(scratch, target)
    except OSError as error:
        if scratch is None:
            raise cannot_write(target, error) from None
        scratch.unlink(missing_ok=True)
        write_atomic(target, data)  # another disk, or one without links
