"""Runs by Ray: whatever dies, every picture is done, and the run is that of one process.

`Fake` stands for Ray, with workers in this process that die, hang and fail as a test says: there
a hundred ends take no longer than one. The last test has the real one, where it is installed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from commands import call, rmbg
from fakes import FakeModel, save_picture
from filelock import FileLock
from pictures import check_message, refused
from PIL import Image
from test_merge import contents

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.cache import Store
from rmbg_eval.errors import ModelError, OutputError, RmbgEvalError, SettingsError
from rmbg_eval.i18n import Message
from rmbg_eval.run import drawing
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.record import Run
from rmbg_eval.run.shard import DONE
from rmbg_eval.scale import on_ray, plan, worker
from rmbg_eval.scale.on_ray import SHARDS, run_on_ray, slots_of
from rmbg_eval.scale.plan import Plan
from rmbg_eval.scale.worker import Task, Worker
from rmbg_eval.settings import Settings


class Ended(Exception):
    """Stands for Ray's word that an actor has died."""


Fate = Callable[[Task, str], str | RmbgEvalError]
"""From a task and the node that it is done on, to what happens: "fine", "dies" before it, "late"
just after it, "hangs" without a step; or what it raises."""


class Ref:
    def __init__(self, value: Any = None, error: Exception | None = None, open: bool = False):
        self.value, self.error, self.open = value, error, open


class Method:
    def __init__(self, call: Callable[..., Ref]) -> None:
        self.remote = call


class Actor:
    """A worker in this process, which does as it is told to at once."""

    def __init__(self, fake: Fake, made: Worker, node: str) -> None:
        self.fake, self.made, self.node = fake, made, node
        self.dead = False
        self.ready = Method(lambda: Ref(open=not fake.starts))
        self.steps = Method(lambda: Ref(error=Ended()) if self.dead else Ref(made.steps()))
        self.do = Method(self._do)

    def _do(self, task: Task) -> Ref:
        self.fake.tasks.append(task)
        fate = self.fake.fate(task, self.node)
        if isinstance(fate, RmbgEvalError):
            return Ref(fate)
        if fate == "hangs":
            return Ref(open=True)
        if fate != "dies":
            result = self.made.do(task)
        if fate in ("dies", "late"):
            self.dead = True
            return Ref(error=Ended())
        return Ref(result)


class Fake:
    """Stands for Ray: nodes of two cores, in which all happens in turn."""

    def __init__(self, fate: Fate = lambda task, node: "fine", nodes: int = 2) -> None:
        self.fate = fate
        self.exceptions = SimpleNamespace(RayError=Ended)
        affinity = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, soft: node)
        self.util = SimpleNamespace(scheduling_strategies=affinity)
        self.there = [{"NodeID": f"{n}", "Alive": True, "Resources": {"CPU": 2}} for n in
                      range(nodes)]  # fmt: skip
        self.tasks: list[Task] = []
        self.killed: list[Actor] = []
        self.now = 0.0
        self.starts = True

    def pass_(self, seconds: float) -> None:
        self.now += seconds

    def is_initialized(self) -> bool:
        return True

    def nodes(self) -> list[dict[str, Any]]:
        return self.there

    def remote(self, kind: type[Worker]) -> Any:
        def options(*, scheduling_strategy: str, **_: object) -> Any:
            return Method(lambda folder: Actor(self, kind(folder), scheduling_strategy))

        return SimpleNamespace(options=options)

    def wait(self, refs: list[Ref], timeout: float) -> tuple[list[Ref], list[Ref]]:
        ready = [ref for ref in refs if not ref.open][:1]
        if not ready:
            self.pass_(timeout)
        return ready, [ref for ref in refs if ref not in ready]

    def get(self, ref: Ref) -> Any:
        if ref.error:
            raise ref.error
        return ref.value

    def kill(self, actor: Actor) -> None:
        actor.dead = True
        self.killed.append(actor)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for number in range(12):
        save_picture(tmp_path / "cases" / ("pet", "zoo")[number % 2] / f"{number}.png", number,
                     (48, 40))  # fmt: skip
    monkeypatch.setenv("RMBG_EVAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "_SMALLEST", 3)
    monkeypatch.setattr(Plan, "apart", Plan.of)  # in this process: none is started
    monkeypatch.setattr(on_ray, "_NODES_EVERY", 0)

    def load(name: str, *_: object) -> FakeModel:
        return FakeModel(name)

    monkeypatch.setattr(worker, "load_model", load)
    monkeypatch.setattr("rmbg_eval.run.evaluate.load_model", load)
    monkeypatch.setattr("rmbg_eval.run.evaluate.predict_isolated", alone)
    return Settings(cases="cases", models=["fake"], out="out")


def by(fake: Fake, settings: Settings, **options: float) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_ray, "import_ray", lambda: fake)
        patch.setattr(on_ray, "time", SimpleNamespace(monotonic=lambda: fake.now, sleep=fake.pass_))
        return run_on_ray(settings, **options)  # type: ignore[arg-type]


def visible(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if not name.startswith(".")}


def test_the_run_is_that_of_one_process_to_the_byte_whatever_dies(settings: Settings) -> None:
    whole = settings.model_copy(update={"out": "whole"})
    evaluate(settings.model_copy(update={"out": "first"}))  # so that all find the same seconds
    evaluate(whole)
    chance = random.Random(1)

    def fate(task: Task, node: str) -> str:
        return chance.choice(["fine", "fine", "dies", "late", "hangs"])

    fake = Fake(fate, nodes=3)
    run = by(fake, settings, time_limit=30)
    assert run.outcome() == Run.load("whole").outcome()
    assert visible(Path("out")) == visible(Path("whole"))
    assert len(fake.tasks) > 8
    # Done is done: the same again gives every shard out, and none is evaluated.
    again = Fake()
    before = {path: path.stat().st_mtime_ns for path in Path("out", SHARDS).rglob("run.json")}
    by(again, settings)
    assert len(again.tasks) == len(before) == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before
    # Another picture is another case set; what was is gone.
    save_picture(Path("cases/pet/more.png"), 99, (48, 40))
    by(Fake(), settings)
    folders = [path for path in Path("out", SHARDS).iterdir() if path.is_dir()]
    assert len(folders) == 5
    assert not set(folders) & {path.parent for path in before}


def test_what_always_ends_its_worker_is_isolated_and_the_rest_done(settings: Settings) -> None:
    fake = Fake(lambda task, node: "fine" if task.isolate or task.shard.number != 2 else "dies")
    run = by(fake, settings)
    second = [task for task in fake.tasks if task.shard.number == 2]
    assert [task.isolate for task in second] == [False, False, True]
    assert not any(task.isolate for task in fake.tasks if task.shard.number != 2)
    assert run.complete
    assert len(run.predictions) == 12


def alone(make: object, device: str, name: str, warnings: list[Message], cases: Any, out: Path,
          store: Store, time_limit: float) -> Any:  # fmt: skip
    from rmbg_eval.predictions.stages import predict

    return predict(FakeModel(name), cases, out, store)


def test_a_shard_that_ends_isolated_workers_too_is_named_and_the_rest_kept(
    settings: Settings,
) -> None:
    fake = Fake(lambda task, node: "dies" if task.shard.number == 2 else "fine")
    with refused(ModelError) as caught:
        by(fake, settings)
    assert "1 shard ended every worker: 2/4" in str(caught.value)
    done = sorted(path.parent.name[:4] for path in Path("out").rglob(DONE))
    assert done == ["1-of", "3-of", "4-of"]


def test_the_driver_does_not_list_the_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def listed(source: Path, *rest: Any) -> Any:
        asked.append(source)
        return load_cases(source, *rest)

    monkeypatch.setattr(drawing, "load_cases", listed)
    assert by(Fake(), settings).complete
    assert {path.parent.name for path in asked} == {SHARDS}


def test_a_full_disk_of_one_node_is_not_that_of_another(settings: Settings) -> None:
    full = OutputError("The disk is full", "Make room.")
    fake = Fake(lambda task, node: full if node == "0" else "fine")
    assert by(fake, settings).complete
    with pytest.raises(OutputError, match="disk is full"):
        by(Fake(lambda task, node: full), settings.model_copy(update={"out": "other"}))


def test_a_node_that_is_lost_takes_no_shard_with_it(settings: Settings) -> None:
    fake = Fake(nodes=2)

    def fate(task: Task, node: str) -> str:
        if node == "0":
            fake.there = [{**fake.there[0], "Alive": False}, *fake.there[1:]]
            return "hangs"
        return "fine"

    fake.fate = fate
    assert by(fake, settings).complete


def test_clocks_of_other_machines_may_be_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate(settings.model_copy(update={"out": "first"}))
    evaluate(settings.model_copy(update={"out": "whole"}))
    fake = Fake(nodes=2)
    days = {"0": -400, "1": 3}
    ahead = timedelta()

    def fate(task: Task, node: str) -> str:
        nonlocal ahead
        ahead = timedelta(days=days[node])
        return "fine"

    class Clock:
        @staticmethod
        def now(zone: tzinfo) -> datetime:
            return datetime.now(zone) + ahead

    fake.fate = fate
    monkeypatch.setattr("rmbg_eval.run.evaluate.datetime", Clock)
    run = by(fake, settings)
    assert run.outcome() == Run.load("whole").outcome()
    assert visible(Path("out")) == visible(Path("whole"))
    for number, path in enumerate(sorted(Path("out", SHARDS).rglob("*"))):
        moment = time.time() + [-400, 3][number % 2] * 86400
        os.utime(path, (moment, moment))
    before = {path: path.stat().st_mtime_ns for path in Path("out", SHARDS).rglob("run.json")}
    assert by(Fake(), settings).outcome() == run.outcome()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_storage_that_lists_late_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / "1", tmp_path / "2"]
    fake = Fake()

    def listed_late(seconds: float) -> None:
        fake.now += seconds
        if fake.now == 3:
            folders[0].mkdir()
            (folders[0] / DONE).touch()

    monkeypatch.setattr(
        on_ray, "time", SimpleNamespace(monotonic=lambda: fake.now, sleep=listed_late)
    )
    on_ray._wait_until_listed(folders[:1])
    assert fake.now == 3
    on_ray._wait_until_listed(folders)  # the second is really missing: merging will say so
    assert fake.now == 3 + on_ray._LISTED_WITHIN


def test_a_second_driver_is_refused(settings: Settings) -> None:
    (Path("out") / SHARDS).mkdir(parents=True)
    other = FileLock(Path("out") / SHARDS / ".lock")
    with other, pytest.raises(OutputError, match="Another command"):
        by(Fake(), settings)


def test_without_a_worker_it_does_not_wait_for_ever(settings: Settings) -> None:
    fake = Fake()
    fake.starts = False
    with refused(SettingsError, "no worker within"):
        by(fake, settings, time_limit=30)


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path: Path, settings: Settings) -> None:
    gone = Worker(str(tmp_path / "gone"))
    error = gone.do(SimpleNamespace())  # type: ignore[arg-type]
    assert error
    check_message(error)
    assert "does not see the folder" in str(error)


@pytest.mark.parametrize(
    ("resources", "gpus", "cores", "expected"),
    [
        ({"CPU": 16.0}, False, 0, [(4, 0)] * 4),
        ({"CPU": 2.0}, False, 0, [(2, 0)]),
        ({"CPU": 16.0, "GPU": 4.0}, True, 0, [(4, 1)] * 4),
        ({"CPU": 6.0, "GPU": 4.0}, True, 2, [(1, 1)] * 4),
        ({"CPU": 2.0, "GPU": 4.0}, True, 0, [(1, 1)] * 2),
        ({"CPU": 16.0}, True, 0, []),
        ({"memory": 1.0}, False, 0, []),
    ],
)
def test_a_machine_has_as_many_workers_as_fit(
    resources: dict[str, float], gpus: bool, cores: int, expected: list[tuple[int, int]]
) -> None:
    slots = slots_of("n", resources, gpus, cores)
    assert [(slot.cores, slot.gpus) for slot in slots] == expected


@pytest.mark.parametrize(
    ("command", "options", "problem"),
    [
        ("run", ["--shard", "1/2"], "no --shard"),
        ("run", ["--isolate"], "no --isolate"),
        ("report", ["--isolate"], "no --isolate"),
        ("run", ["--device", "cuda:0,cuda:1"], "one device"),
    ],
)
def test_what_does_not_go_with_ray_is_refused(
    command: str, options: list[str], problem: str
) -> None:
    status, text = call(command, "--engine", "ray", *options)
    assert status == 2
    assert problem in text
    status, text = call(command, "--address", "auto")
    assert status == 2
    assert "--engine ray" in text


def test_a_report_may_be_worked_on_by_ray(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Run] = []

    def render(settings: Settings, kernel: object) -> Path:
        shown.append(Run.load(settings.out_folder))
        return settings.out_folder / "run.json"

    monkeypatch.setattr("rmbg_eval.report.notebooks.render", render)
    monkeypatch.setattr("rmbg_eval.core.kernel.Kernel.start_ahead", lambda self: None)
    fake = Fake()
    monkeypatch.setattr(on_ray, "import_ray", lambda: fake)
    status, text = call("report", "--engine", "ray", "--cases", "cases", "-m", "fake",
                        "--out", "out", "--progress", "json")  # fmt: skip
    assert status == 0, text
    assert [run.complete for run in shown] == [True]
    assert len(fake.tasks) == 4
    steps = [json.loads(line)["text"] for line in text.splitlines() if line.startswith("{")]
    assert steps[-1] == "report · notebook and page"


def test_a_cluster_whose_head_is_gone_is_given_up(settings: Settings) -> None:
    fake = Fake(lambda task, node: "hangs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(on_ray, "session", lambda ray, address: nullcontext(lambda: fake.now < 60))
        with pytest.raises(ConnectionError, match="no answer"):
            by(fake, settings)
    assert fake.now == pytest.approx(60 + on_ray._LOST_AFTER, abs=3)
    assert not fake.killed  # Ray would wait for the head


def test_without_ray_the_remedy_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    status, text = call("run", "--engine", "ray", "--cases", "cases", "--model", "grabcut")
    assert status == 2
    assert "rmbg-eval[ray]" in text
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def deadly(rgb: np.ndarray) -> np.ndarray:
    """A model that the darkest picture kills the process of."""
    if rgb[0, 0, 0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return rgb[..., 0] / 255


def test_ray_itself(tmp_path: Path) -> None:
    """One start of Ray: its worker dies twice of a picture, which fails; the others are done."""
    pytest.importorskip("ray", reason='Ray is not installed: pip install "rmbg-eval[ray]"')
    for number in range(3):
        pixels = np.full((40, 48, 3), 60 * number, np.uint8)
        (tmp_path / "cases").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "cases" / f"{number}.png")
    done = rmbg(
        "run", "--engine", "ray", "--cases", tmp_path / "cases", "--out", tmp_path / "out",
        "--model", "d=callable:test_on_ray:deadly", "--progress", "json",
        PYTHONPATH=os.pathsep.join([*map(str, Path(__file__).parents[:2]), *sys.path]),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = Run.load(tmp_path / "out")
    assert [bool(p.failure) for p in run.predictions] == [True, False, False]
    assert "exit status -9" in str(run.predictions[0].failure)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert lines[-1]["total"] == 3
    assert any("shards" in line["text"] for line in lines)
