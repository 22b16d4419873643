"""How fast a machine is: model × device × dtype × batch × compile, each in a fresh process."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from ..cases.folder import load_cases
from ..core.files import is_process, write_atomic
from ..core.machine import Machine
from ..core.paths import cache_folder
from ..core.processes import Call, Send, in_processes
from ..core.progress import OnStep, Step, ignore
from ..errors import ModelError, SettingsError, WeightsError
from ..i18n import Message
from ..models.birefnet.family import FAMILY
from ..models.birefnet.member import Member
from ..models.fetching import fetch
from ..models.table import load_model
from ..settings import BenchSettings
from .claims import answer_claims
from .picture import draw
from .records import Bench, Row, Wanted
from .timing import time_model, without_label

_PREFIX = "random-weights-"


def bench(settings: BenchSettings, on_step: OnStep = ignore) -> Bench:
    """Measure every combination; write bench.json and bench.png to the settings' `out`.

    What one combination could not do is its row's failure. `rounds` inferences are timed, fewer
    where they would take longer than `seconds`, but at least three. `random_weights` are for the
    members of the BiRefNet family; other models have their own. SettingsError and CaseError for
    what cannot be asked; WeightsError where weights cannot be had.
    """
    pictures = tuple(
        case for case in load_cases(settings.cases_source).cases if case.failure is None
    )
    if not pictures:
        raise SettingsError(
            Message("There is no picture that could be used"),
            Message("See: rmbg-eval cases check."),
        )
    started = datetime.now(UTC)
    with ExitStack() as stack:
        specs = [
            stack.enter_context(_random(spec, on_step))
            if settings.random_weights and member(spec)
            else spec
            for spec in settings.models
        ]
        compiled = (False, True) if settings.compile else (False,)
        wanted = [
            Wanted(model=spec, device=device, dtype=dtype, batch=batch, compiled=fast)
            for spec, device, dtype, batch, fast in product(
                specs, settings.devices, settings.dtypes, settings.batches, compiled
            )
        ]
        for spec in specs:
            _fetch(spec, on_step)
        rows = []
        for number, one in enumerate(wanted, 1):
            arguments = (one, pictures, settings.rounds, settings.seconds)
            rows.append(_row(one, arguments, f"{number}/{len(wanted)} {one.words}", on_step))
    made = Bench(
        started=started,
        machine=Machine.here(),
        rounds=settings.rounds,
        seconds=settings.seconds,
        random_weights=settings.random_weights,
        rows=tuple(rows),
        claims=answer_claims(rows),
    )
    write_atomic(settings.out_folder / "bench.json", made.model_dump_json(indent=1))
    write_atomic(settings.out_folder / "bench.png", draw(made))
    return made


def member(spec: str) -> Member | None:
    """The member of the BiRefNet family that a spec names without a folder of its own."""
    name = without_label(spec).partition("?")[0]
    return next((one for one in FAMILY if one.name == name), None)


def _row(one: Wanted, arguments: tuple[Any, ...], text: str, on_step: OnStep) -> Row:
    on_step(Step(text))
    try:
        for _, sent in in_processes([Call(one.words, time_model, arguments)]):
            if isinstance(sent, Row):
                return sent
            what, done, total = sent
            on_step(Step(f"{text} · {what}", done, total))
    except ModelError as error:
        return Row(wanted=one, failure=str(error))
    return Row(wanted=one, failure="It ended without a result.")


def _fetch(spec: str, on_step: OnStep) -> None:
    try:
        fetch(load_model(spec), lambda text: on_step(Step(text)))
    except WeightsError as error:
        if member(spec) is None:
            raise
        raise WeightsError(
            error.problem,
            Message("{remedy} Or try the machine with --random-weights.", remedy=error.remedy),
        ) from None


@contextmanager
def _random(spec: str, on_step: OnStep) -> Iterator[str]:
    """A spec of the same network with random weights, which are removed in the end."""
    one = member(spec)
    assert one is not None
    on_step(Step(f"{one.name}: writing random weights"))
    parent = cache_folder()
    parent.mkdir(parents=True, exist_ok=True)
    _remove_left_over(parent)
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent) as folder:
        for _ in in_processes([Call("random weights", _write, (one, Path(folder)))]):
            pass
        query = spec.partition("?")[2]
        order = str(one.config["patch_order"]).replace(" ", "-")
        query = f"patch-order={order}{'&' if query else ''}{query}"
        yield f"{one.name} random weights={one.name}:{folder}?{query}"


def _remove_left_over(parent: Path) -> None:
    """Remove the random weights of processes that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not is_process(owner):
            shutil.rmtree(folder, ignore_errors=True)


def _write(one: Member, folder: Path, send: Send) -> None:
    from ..models.birefnet.random_weights import write_random_weights  # loads torch

    write_random_weights(one, folder)
