"""What a run by an engine has to do: shards of the case set as it is now.

The cases are listed by a process of its own, whose memory goes with it. It writes them to a
manifest with a group of rows a shard, beside the shards' folders; of each shard only its name and
how many pictures it has come back. Whoever does a shard reads its rows.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..cases.case import Case
from ..cases.folder import load_cases
from ..cases.manifest import write_groups
from ..cases.table import About
from ..core.machine import Machine
from ..core.processes import Call, in_processes
from ..core.remote import Source
from ..run.previews import laid_out
from ..run.shard import Part, Shard, listing_sha256
from ..settings import Settings
from .worker import Task

_LARGEST, _SMALLEST, _SEVERAL = 500, 20, 64
"""Pictures of a shard, and how many shards there are as long as they are between the two."""


class Planned(NamedTuple):
    """A shard that is to be done."""

    part: Part
    pictures: int
    folder: Path
    group: int | None
    """Of the manifest's rows; None where it has no picture."""


@dataclass(frozen=True)
class Plan:
    """What there is to do."""

    settings: Settings
    manifest: Path
    shared: Shard
    """The first shard; the others differ in the number."""
    shards: tuple[Planned, ...]

    @classmethod
    def of(cls, settings: Settings, folder: Path) -> Plan:
        """The shards of the cases that are there now, and their manifest, in `folder`.

        A shard's folder is named after all that decides what is in it but the models and rules:
        settings, versions, the names of all cases, and its own files' sizes and times. One that
        is done is so whoever asks; where a picture was replaced, only its shard is done anew.
        """
        case_set = load_cases(settings.cases_source, settings.categories, settings.layout_of)
        cases = case_set.cases
        settings = laid_out(settings, len(cases) * len(settings.models))
        machine = Machine.here()
        same = settings.model_dump(exclude={"out", "lang"}), machine.versions, machine.commit
        of = shards_for(len(cases))
        listing = listing_sha256(case.key for case in cases)
        shared = Shard(number=1, of=of, cases=len(cases), listing_sha256=listing)
        source = case_set.source  # of a million files, their listing is read for it
        versions = source.versions() if source else {}
        own: list[list[Case]] = [[] for _ in range(of)]
        for case in cases:
            own[Part.number_of(case.category, case.id, of) - 1].append(case)
        width = len(str(of))
        shards: list[Planned] = []
        group = 0
        for number, some in enumerate(own, 1):
            shard = shared.model_copy(update={"number": number})
            files = [_files_of(case, source, versions) for case in some]
            decided = json.dumps([same, shard.model_dump(mode="json"), files])
            name = f"{number:0{width}}-of-{of}-{hashlib.sha256(decided.encode()).hexdigest()[:16]}"
            place = group if some else None
            shards.append(Planned(shard.part, len(some), folder.absolute() / name, place))
            group += bool(some)
        content = hashlib.sha256(" ".join(shard.folder.name for shard in shards).encode())
        manifest = folder.absolute() / f"cases-{content.hexdigest()[:16]}.parquet"
        about = About(version=1, ordered=False, skipped=case_set.skipped)
        write_groups(manifest, filter(None, own), about, source)
        return cls(settings, manifest, shared, tuple(shards))

    @classmethod
    def apart(cls, settings: Settings, folder: Path) -> Plan:
        """The same by a process of its own."""
        call = Call("listing", _send, (settings, folder))
        (plan,) = (sent for _, sent in in_processes([call]))
        return plan

    def task(self, number: int, isolate: bool, time_limit: float) -> Task:
        """What a worker is told of a shard."""
        planned = self.shards[number]
        shard = self.shared.model_copy(update={"number": planned.part.number})
        settings = self.settings.model_copy(update={"out": str(planned.folder)})
        return Task(shard, self.manifest, planned.group, settings, isolate, time_limit)


def _send(settings: Settings, folder: Path, send: Callable[[Any], None]) -> None:
    send(Plan.of(settings, folder))


def shards_for(cases: int) -> int:
    """How many shards so many cases are cut into, whatever there is to work on them.

    >>> [shards_for(n) for n in (1, 100, 1280, 10_000, 1_000_000)]
    [1, 5, 64, 64, 2000]
    """
    size = min(_LARGEST, max(_SMALLEST, math.ceil(cases / _SEVERAL)))
    return math.ceil(cases / size)


def _files_of(case: Case, source: Source | None, versions: Mapping[str, str]) -> list[Any]:
    """Names, sizes and times of a case's files, or as which of the `versions` they were listed at a
    URL, and what its case.toml says."""
    told: list[Any] = [case.category, case.id, case.about.model_dump_json()]
    for path in (case.image, case.alpha, case.foreground, case.trimap):
        if path is None:
            continue
        if source and (name := source.name_of(path)):
            told.append([source.url, name, versions.get(name, source.listing)])
            continue
        try:
            there = path.stat()
            told.append([os.fsdecode(path), there.st_size, there.st_mtime_ns])
        except (OSError, ValueError):  # the run will say so
            told.append([os.fsdecode(path)])
    return told
