"""A run by Ray: actors that do whole shards as `evaluate` does, and `merge` makes one run of them.

Ray places the workers, on this machine or a cluster, and says when one dies. It carries the number
of a shard and a word back: names, pictures, cut-outs and measurements are files on storage that
all see, and the shards' folders, below OUT/.shards, say what is done. So whatever is killed, the
driver too, costs the shards in flight at most, and of these only what the cache has not.

Nothing but the actors is scheduled, one after the other on each slot, so that they may take
every core. No order is relied on: `merge` sorts.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.choices import split
from ..core.files import cannot_write
from ..core.progress import OnStep, Step, ignore
from ..errors import ModelError, SettingsError
from ..i18n import Message
from ..measure.delivery import load_delivery
from ..run.evaluate import OnSave
from ..run.folder import locked, run_folder
from ..run.plan import metrics_of
from ..run.record import Run
from ..run.shard import DONE
from ..settings import TIME_LIMIT, Settings
from .cluster import import_ray, session
from .merge import merge
from .plan import Plan
from .schedule import Schedule
from .worker import Worker

SHARDS = ".shards"
"""The folder in a run folder that holds the shards' own."""
_WORKER_CORES = 4
_LOOK_EVERY = 1.0
_NODES_EVERY = 5.0
_LISTED_WITHIN = 120.0
"""Seconds within which storage must list what another machine has written."""
_OURS = re.compile(r"[0-9]+-of-[0-9]+-[0-9a-f]{16}|cases-[0-9a-f]{16}\.parquet")
"""What a shard's folder is called, and a plan's manifest."""
_LOST_AFTER = 30.0
"""Seconds without an answer of a cluster after which it is given up."""


def run_on_ray(
    settings: Settings,
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, run: None,
    *,
    address: str = "",
    worker_cores: int = 0,
    time_limit: float = TIME_LIMIT,
) -> Run:
    """The run that `evaluate` makes of the settings, by Ray on this machine or at `address`.

    `address`: of a cluster: `auto`, `ray://HOST:10001`, `HOST:6379`. Every machine of it has this
    package and sees the cases, the run folder and the folder that this is called in under the same
    paths. `worker_cores`: cores of a worker, each of which loads the models once; 0: four, or what
    a GPU's share of its machine has, where there are GPUs: then each worker has one.
    `time_limit`: seconds without a picture done, after which a worker is ended; whatever ended
    a worker twice at the same picture is a failed case.

    Raises what `evaluate` and `merge` raise; SettingsError where Ray is not installed or cannot be
    reached; ModelError where shards end every worker.
    """
    if len(split(settings.device)) > 1:
        raise SettingsError(
            Message("With Ray each worker has one device; {device} names several",
                    device=repr(settings.device)),
            Message("Give one kind: --device cuda. Each GPU gets a worker."),
        )  # fmt: skip
    metrics_of(settings)
    load_delivery(settings.rules)
    ray = import_ray()
    with run_folder(settings.out_folder) as out:
        shards = out / SHARDS
    with locked(shards):
        on_step(Step("listing"))
        plan = Plan.apart(settings, shards)
        with session(ray, address) as answers:
            _Engine(ray, plan, worker_cores, time_limit, on_step, answers).work()
        folders = [shard.folder for shard in plan.shards]
        _wait_until_listed(folders)
        run = merge(folders, Path(settings.out), on_step, on_save, settings.lang, plan.manifest)
        _remove_others(shards, {plan.manifest.name, *(folder.name for folder in folders)})
    return run


@dataclass(eq=False)
class _Slot:
    """A place for a worker: so many cores, perhaps a GPU, of one machine."""

    node: str
    cores: float
    gpus: int
    actor: Any = None
    ready: Any = None
    """What there is to wait for until the worker is there; None from then on."""
    number: int | None = None
    """The shard at hand."""
    result: Any = None
    asked: Any = None
    """How many steps it has taken, asked for."""
    steps: int = 0
    moved: float = 0.0
    """When it last took a step."""
    closed: bool = False


class _Engine:
    """Gives shards to workers until none is left."""

    def __init__(
        self,
        ray: Any,
        plan: Plan,
        worker_cores: int,
        time_limit: float,
        on_step: OnStep,
        answers: Callable[[], bool] = lambda: True,
    ) -> None:
        self.ray, self.plan, self.device = ray, plan, plan.settings.device
        self.worker_cores, self.time_limit, self.on_step = worker_cores, time_limit, on_step
        self.schedule = Schedule(range(len(plan.shards)))
        self.slots: list[_Slot] = []
        self.looked = -math.inf
        self.answers, self.answered = answers, time.monotonic()
        self.remote = ray.remote(Worker)
        self.on_node = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy

    def work(self) -> None:
        """Until every shard is done; raises what none could be done for."""
        began = time.monotonic()
        try:
            while not self.schedule.finished:
                self._look_for_nodes()
                for slot in self.slots:
                    self._give(slot)
                self._tell()
                self._wait()
                if any(slot.actor is not None and slot.ready is None for slot in self.slots):
                    began = time.monotonic()
                elif time.monotonic() - began > self.time_limit:
                    raise _no_worker(self.time_limit)
        finally:
            with suppress(Exception):  # the cluster may be lost, of which the error says enough
                for slot in self.slots:
                    self._kill(slot)
        if self.schedule.lost:
            self._raise_lost()

    def _look_for_nodes(self) -> None:
        """New machines get slots; those of machines that are gone go with them."""
        if time.monotonic() - self.looked < _NODES_EVERY:
            return
        self.looked = time.monotonic()
        if self.answers():
            self.answered = self.looked
        elif self.looked - self.answered > _LOST_AFTER:
            raise ConnectionError(f"no answer for {_LOST_AFTER:.0f} s")
        else:
            return  # asked for its nodes now, Ray would wait, and end this process after a minute
        nodes = {node["NodeID"]: node["Resources"] for node in self.ray.nodes() if node["Alive"]}
        for slot in self.slots:
            if slot.node not in nodes and not slot.closed:
                self._died(slot)
                slot.closed = True
        there = {slot.node for slot in self.slots}
        gpus = self.device not in ("cpu", "mps") and any(
            resources.get("GPU", 0) >= 1 for resources in nodes.values()
        )
        if self.device.startswith("cuda") and not gpus:
            raise SettingsError(
                Message("No machine of the Ray cluster has a GPU"),
                Message("Give --device cpu, or start Ray on the machines with --num-gpus."),
            )
        for node, resources in nodes.items():
            if node not in there:
                self.slots += slots_of(node, resources, gpus, self.worker_cores)
        if not self.slots:
            raise SettingsError(
                Message("No machine of the Ray cluster has a core for a worker"),
                Message("Start Ray on the machines with --num-cpus, or give --worker-cores 1."),
            )

    def _give(self, slot: _Slot) -> None:
        """A worker where there is none, and a shard to one that has none."""
        if slot.closed or slot.number is not None:
            return
        if slot.actor is None:
            slot.actor = self.remote.options(
                num_cpus=slot.cores,
                num_gpus=slot.gpus,
                max_restarts=0,
                max_concurrency=2,  # `do`, and `steps` beside it
                scheduling_strategy=self.on_node(slot.node, soft=False),
            ).remote(os.getcwd())
            slot.ready = slot.actor.ready.remote()
            return
        if slot.ready is None:
            number = self.schedule.take()
            if number is not None:
                isolate = self.schedule.isolated(number)
                task = self.plan.task(number, isolate, self.time_limit)
                slot.number, slot.result = number, slot.actor.do.remote(task)
                slot.asked, slot.steps, slot.moved = None, 0, time.monotonic()

    def _wait(self) -> None:
        """For whatever happens next, at most a second."""
        waiting = {
            ref: slot for slot in self.slots for ref in (slot.ready, slot.result) if ref is not None
        }
        if not waiting:
            time.sleep(_LOOK_EVERY)
            return
        ready, _ = self.ray.wait([*waiting], timeout=_LOOK_EVERY)
        for ref in ready:
            self._take(waiting[ref], ref)
        for slot in self.slots:
            if slot.number is not None:
                self._watch(slot)

    def _take(self, slot: _Slot, ref: Any) -> None:
        try:
            error = self.ray.get(ref)
        except self.ray.exceptions.RayError:
            self._died(slot)
            return
        if slot.ready is not None:
            slot.ready = None
            return
        assert slot.number is not None
        number, slot.number, slot.result = slot.number, None, None
        if error is None:
            self.schedule.end(number)
            return
        # Its disk may be full, or it does not see the storage: another machine may do better.
        slot.closed = True
        self._kill(slot)
        if not self.schedule.raised(number) or all(slot.closed for slot in self.slots):
            raise error

    def _watch(self, slot: _Slot) -> None:
        """End a worker that takes no step for too long: it hangs, or its machine is lost."""
        if slot.asked is None:
            slot.asked = slot.actor.steps.remote()
        answered, _ = self.ray.wait([slot.asked], timeout=0)
        if answered:
            try:
                steps = self.ray.get(slot.asked)
            except self.ray.exceptions.RayError:
                return  # `do` has ended with it
            slot.asked = None
            if steps != slot.steps:
                slot.steps, slot.moved = steps, time.monotonic()
        # Isolated, the worker itself ends what hangs, which may be several times in a row.
        isolated = slot.number is not None and self.schedule.isolated(slot.number)
        if time.monotonic() - slot.moved > self.time_limit * (4 if isolated else 1):
            self._died(slot)

    def _died(self, slot: _Slot) -> None:
        self._kill(slot)
        if slot.number is not None:
            self.schedule.died(slot.number, slot.steps)
        slot.number = slot.result = None

    def _kill(self, slot: _Slot) -> None:
        if slot.actor is not None and self.answers():  # Ray would wait for its head
            self.ray.kill(slot.actor)
        slot.actor = slot.ready = slot.asked = None

    def _tell(self) -> None:
        done = self.schedule.done
        at_work = sum(slot.number is not None for slot in self.slots)
        workers = "1 worker" if at_work == 1 else f"{at_work} workers"
        text = f"shards · {len(done)} of {self.schedule.total} · {workers}"
        pictures = [shard.pictures for shard in self.plan.shards]
        self.on_step(Step(text, sum(pictures[number] for number in done), sum(pictures)))

    def _raise_lost(self) -> None:
        names = [str(self.plan.shards[number].part) for number in self.schedule.lost]
        raise ModelError(
            Message(
                "{n} shard ended every worker: {names}",
                many="{n} shards ended every worker: {names}",
                n=len(names),
                names=names[:20],
            ),
            Message(
                "The others are done and kept. See whether the memory suffices, and run the same "
                "again."
            ),
        )


def slots_of(node: str, resources: dict[str, float], gpus: bool, worker_cores: int) -> list[_Slot]:
    """The places for workers that a machine has; with `gpus`, one for each that it has."""
    there = math.floor(resources.get("CPU", 0))
    count = math.floor(resources.get("GPU", 0))
    if there < 1 or (gpus and count < 1):
        return []
    if gpus:
        each = min(worker_cores or there, max(1, there // count))
        count = min(count, there // each)
    else:
        each = min(worker_cores or _WORKER_CORES, there)
        count = there // each
    return [_Slot(node, each, int(gpus)) for _ in range(count)]


def _no_worker(seconds: float) -> SettingsError:
    return SettingsError(
        Message("Ray has started no worker within {seconds} seconds", seconds=round(seconds)),
        Message(
            "See with ray status who has the cluster's cores; give fewer with --worker-cores, or "
            "wait longer with --time-limit."
        ),
    )


def _wait_until_listed(folders: list[Path]) -> None:
    """Until storage lists what other machines have written; what is missing then, `merge` says."""
    end = time.monotonic() + _LISTED_WITHIN
    for folder in folders:
        while not (folder / DONE).exists() and time.monotonic() < end:
            time.sleep(_LOOK_EVERY)


def _remove_others(shards: Path, kept: set[str]) -> None:
    """Remove the folders of shards, and plans, that are no part of the run any more."""
    try:
        for path in shards.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in kept and not path.is_symlink():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise cannot_write(shards, error) from None
