"""One worker of an engine: whole shards, one after the other, with the models kept from one to the
next. Names of cases, pictures and results go by path; what an engine carries is the number of a
shard and a word back.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ..cases.case import Case, CaseSet
from ..cases.manifest import read_group
from ..core.files import write_atomic
from ..core.progress import Step
from ..core.remote import stands_in
from ..errors import (
    Failure,
    ModelError,
    OutputError,
    RmbgEvalError,
    StorageError,
    printable,
    system_reason,
)
from ..i18n import Message
from ..measure.delivery import load_delivery
from ..models.fetching import fetch
from ..models.info import ModelInfo
from ..models.protocol import Model
from ..models.table import load_model
from ..run.case_record import CaseRecord
from ..run.evaluate import evaluate
from ..run.record import Run
from ..run.shard import DONE, Shard
from ..settings import Settings

_LOCK_SECONDS = 60.0
"""For the process before, which was ended, to let go of the shard's folder."""
_LISTED_WITHIN = 60.0
"""Seconds within which storage must show what the driver has written."""


@dataclass(frozen=True)
class Task:
    """A shard to be done."""

    shard: Shard
    manifest: Path
    group: int | None
    """Of the manifest's rows, those of this shard; None: it has none."""
    settings: Settings
    """Its `out` is the shard's own folder."""
    isolate: bool
    time_limit: float

    def case_set(self) -> CaseSet:
        """Of this shard alone; it is waited for where storage is late to show the manifest."""
        end = time.monotonic() + _LISTED_WITHIN
        while not self.manifest.exists() and time.monotonic() < end:
            time.sleep(1)
        return read_group(self.manifest, self.group)


class Worker:
    """Does tasks in the driver's folder, so that relative paths mean the same."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._steps = 0
        self._models: dict[str, tuple[Model, ModelInfo]] = {}
        """By spec: the settings of all its tasks differ in the folder alone."""

    def ready(self) -> None:
        """Return as soon as there is such a worker."""

    def steps(self) -> int:
        """How many steps the task at hand has taken: that it lives, and how far it has come."""
        return self._steps

    def do(self, task: Task) -> RmbgEvalError | None:
        """Do a shard, unless it is done; what it could not be done for."""
        self._steps = 0
        try:
            self._go_there()
            out, case_set = task.settings.out_folder, task.case_set()
            if not self._is_done(task, case_set):
                _wait_for(out)
                for model in self._models_of(task.settings):
                    fetch(model, lambda text: self._step(Step(text)))
                decided_by = self._decided_by(task, case_set)  # not by what changes meanwhile
                evaluate(
                    task.settings,
                    self._step,
                    part=task.shard,
                    isolate=task.isolate,
                    time_limit=task.time_limit,
                    case_set=case_set,
                    load=self._load,
                )
                write_atomic(out / DONE, decided_by)
        except RmbgEvalError as error:
            return error
        except Exception as error:  # what is foreign may not survive the way to the driver
            failure = Failure.of(error)
            name = str(task.shard.part)
            problem = Message("Shard {shard}: {problem}", shard=name, problem=failure.problem)
            return ModelError(problem, failure.remedy)
        return None

    def _step(self, step: Step) -> None:
        self._steps += 1

    def _go_there(self) -> None:
        try:
            os.chdir(self._folder)
        except OSError as error:
            raise OutputError(
                Message(
                    "A worker does not see the folder {folder}: {reason}",
                    folder=printable(self._folder),
                    reason=system_reason(error),
                ),
                Message("Start where all machines see the same: on storage that they share."),
            ) from None

    def _is_done(self, task: Task, case_set: CaseSet) -> bool:
        """Whether the folder has the shard, of the same cut-outs, judged by the same rules, and
        every picture could be had; its name says all else."""
        out = task.settings.out_folder
        try:
            if (out / DONE).read_text("utf-8") != self._decided_by(task, case_set):
                return False
            run = Run.load(out)
        except (OSError, ValueError, OutputError):
            return False
        return (
            run.complete
            and run.shard is not None
            and run.shard.part == task.shard.part
            and run.delivery == load_delivery(task.settings.rules)
            and not any(
                lost.failure is not None and lost.failure.kind == StorageError.__name__
                for lost in run.failures
            )
            and not any(map(_truth_lost, case_set.cases, run.cases))
        )

    def _decided_by(self, task: Task, case_set: CaseSet) -> str:
        """Hash of all of the models that decides the shard's cut-outs: also of finished cut-outs, a
        program's files and a function's version."""
        hashed = hashlib.sha256()
        for model in self._models_of(task.settings):
            for case in case_set.cases:
                hashed.update(f"{model.identity(case.name)}\n".encode())
        return hashed.hexdigest()

    def _models_of(self, settings: Settings) -> list[Model]:
        return [self._load(spec, settings) for spec in settings.models]

    def _load(self, spec: str, settings: Settings) -> Model:
        """The model, as new: one that warned or that short memory has changed is made anew."""
        if spec in self._models:
            model, began = self._models[spec]
            if model.info == began and not model.warnings:
                return model
            del self._models[spec]
        how = settings.device, settings.dtype, settings.foreground, settings.compile
        model = load_model(spec, *how)
        self._models[spec] = model, model.info
        return model


def _truth_lost(case: Case, record: CaseRecord) -> bool:
    """Whether something of a case's truth is at a URL, and could not be had for its run."""
    files = (case.alpha, case.foreground, case.trimap)
    at_url = any(path is not None and stands_in(path) for path in files)
    return at_url and record.truth_sha256 is None and case.failure is None


def _wait_for(out: Path) -> None:
    """Until whoever had the folder has gone, at most a while: the run then says who has it."""
    if out.exists():
        with suppress(Timeout, OSError), FileLock(out / ".lock", timeout=_LOCK_SECONDS):
            pass
