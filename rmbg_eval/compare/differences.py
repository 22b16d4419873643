"""How two runs differ apart from what they found: said first, for it may explain the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..core.key import CaseKey, Names
from ..core.records import columns
from ..errors import printable
from ..i18n import Message, and_more, join
from ..i18n.message import Value
from ..models.folder import FINISHED
from ..run.record import Run

_OF_A_MODEL = (
    "title", "weights_sha256", "weights_from", "pipeline", "runtime", "device", "dtype",
    "foreground",
)  # fmt: skip
_MOST = 5
"""Names that one sentence lists."""


def counterparts(was: Run, now: Run) -> dict[str, str]:
    """Models that have one name in `was` and another in `now`: old name → new name.

    Those of one computation (weights, pipeline, dtype, foreground), or of finished cut-outs in a
    folder of one name, wherever that lies, where each run has one such; and the only model of each
    run, whatever it is. No other model is taken for another.
    """
    infos = [{m.info.name: m.info for m in run.models} for run in (was, now)]
    if len(infos[0]) == len(infos[1]) == 1 and infos[0].keys() != infos[1].keys():
        return dict(zip(*infos, strict=True))
    computing: tuple[dict[object, list[str]], ...] = ({}, {})
    for side, (names, other) in enumerate((infos, infos[::-1])):
        for name, info in names.items():
            weights = info.weights_sha256 or info.weights_from
            if info.pipeline.startswith(FINISHED):
                weights = info.title
            if name not in other and weights:
                key = weights, info.pipeline, info.dtype, info.foreground
                computing[side].setdefault(key, []).append(name)
    return {
        names[0]: computing[1][key][0]
        for key, names in computing[0].items()
        if len(names) == len(computing[1].get(key, ())) == 1
    }


def names_of(was: Run, now: Run) -> Names:
    """What of `was` has another name in `now`: models, as `counterparts` says, and cases whose
    picture, to the byte, each run has once under a name that the other lacks."""
    one, other = _alone(was, now), _alone(now, was)
    cases = {case: other[sha] for sha, case in one.items() if sha in other}
    return Names(counterparts(was, now), cases)


def _alone(run: Run, other: Run) -> dict[str, CaseKey]:
    """The cases whose names `other` lacks, by their picture's hash; no two of one picture."""
    known = {*columns(other.cases, "category", "id")}
    pictures: dict[CaseKey, str] = {}
    for category, case, sha in columns(run.predictions, "category", "case", "picture_sha256"):
        if sha and (category, case) not in known:
            pictures.setdefault((category, case), sha)
    times = Counter(pictures.values())
    return {sha: case for case, sha in pictures.items() if times[sha] == 1}


def differences(was: Run, now: Run, names: Names) -> Iterator[Message]:
    """Sentences on completeness, schema, models, cases, measures, settings and machine.

    `names`: those of the one in the other.
    """
    renamed = names.models
    parts = [str(run.shard.part) if run.shard else "" for run in (was, now)]
    for name, run in (("BASE", was), ("NEW", now)):
        if not run.complete:
            yield Message(
                "{run} was interrupted: it holds only part of what it was to do", run=name
            )
        if run.shard and parts[0] != parts[1]:
            yield Message(
                "{run} is shard {shard}, of {cases} cases: merge all shards with rmbg-eval merge, "
                "and compare the merged run",
                run=name,
                shard=str(run.shard.part),
                cases=run.shard.cases,
            )
    if was.schema_version != now.schema_version:
        yield Message(
            "BASE has schema version {was}, NEW {now}: what only one of them keeps is not compared",
            was=was.schema_version,
            now=now.schema_version,
        )
    for one, other in renamed.items():
        yield Message(
            "{one} in BASE is compared with {other} in NEW",
            one=printable(one),
            other=printable(other),
        )
    own = [renamed.get(m.info.name, m.info.name) for m in was.models]
    others = [m.info.name for m in now.models]
    if own and others and not {*own} & {*others}:
        yield Message("No model is in both runs: no cut-out is compared with another")
    models = [*_only(own, others)]
    for what in models:
        yield Message(
            "{n} model in {run} only: {names}", many="{n} models in {run} only: {names}", **what
        )
    if len(models) == 2:
        yield Message("A label keeps two versions of one model comparable: LABEL=SPEC")
    if names.cases:
        pairs = [printable(" → ".join(map("/".join, both))) for both in names.cases.items()]
        yield Message(
            "{n} case has another name in NEW, and the same picture: {names}",
            many="{n} cases have another name in NEW, and the same picture: {names}",
            n=len(pairs),
            names=listed(pairs),
        )
    before = (names.cases.get(case, case) for case in columns(was.cases, "category", "id"))
    after = columns(now.cases, "category", "id")
    for what in _only(*(map("/".join, some) for some in (before, after))):
        yield Message(
            "{n} case in {run} only: {names}", many="{n} cases in {run} only: {names}", **what
        )
    for what in _only(was.measurements.metrics(), now.measurements.metrics()):
        only = Message(
            "{n} measure in {run} only: {names}", many="{n} measures in {run} only: {names}", **what
        )
        yield Message("{what}; what only one run has is not compared", what=only)
    rules = [run.delivery.rules if run.delivery else {} for run in (was, now)]
    for what in _only(*map(list, rules)):
        only = Message(
            "{n} delivery rule in {run} only: {names}",
            many="{n} delivery rules in {run} only: {names}",
            **what,
        )
        yield Message("{what}; of these, only a required one that NEW breaks counts", what=only)
    yield from _models(was, now, renamed)
    yield from _machines(was, now)


def _models(was: Run, now: Run, renamed: Mapping[str, str]) -> Iterator[Message]:
    infos = {renamed.get(m.info.name, m.info.name): m.info for m in was.models}
    for model in now.models:
        if model.info.name not in infos:
            continue
        before, after = infos[model.info.name], model.info
        for field in _OF_A_MODEL:
            one, other = getattr(before, field), getattr(after, field)
            if one != other:
                yield join(" · ", [printable(after.name), _changed(field, one, other)])


def _machines(was: Run, now: Run) -> Iterator[Message]:
    for field in ("commit", "dirty", "system", "processor", "cores", "threads"):
        one, other = getattr(was.machine, field), getattr(now.machine, field)
        if one != other and None not in (one, other):  # a baseline does not keep each
            yield _changed(field, one, other)
    libraries = dict.fromkeys([*was.machine.versions, *now.machine.versions])
    for name in libraries:
        one, other = was.machine.versions.get(name), now.machine.versions.get(name)
        if one != other:
            yield _changed(name, one, other)


def _changed(what: str, one: object, other: object) -> Message:
    return Message("{what}: {one} → {other}", what=_cut(what), one=_cut(one), other=_cut(other))


def _only(was: Iterable[str], now: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What only one of the runs has: number, run and names."""
    one, other = dict.fromkeys(was), dict.fromkeys(now)
    for run, there, elsewhere in (("BASE", one, other), ("NEW", other, one)):
        only = [printable(name) for name in there if name not in elsewhere]
        if only:
            yield {"n": len(only), "run": run, "names": listed(only)}


def listed(names: Sequence[str]) -> Value:
    """Names in a sentence, the first few of them."""
    return and_more(names[:_MOST], len(names) - _MOST)


def _cut(value: object) -> Message | str:
    if value is None:
        return Message("none")
    text = printable(str(value))
    return text if len(text) <= 120 else f"{text[:119]}…"
