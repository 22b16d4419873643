"""kill -9 at any moment: what was finished is kept, and the same command completes the folder."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest
from fakes import FakeModel, some_cases
from systems import KILLED

from rmbg_eval.cases.folder import load_cases
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.core.cache import Store
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.predictions.stages import _WRITE_BEHIND
from rmbg_eval.run.drawing import load
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.record import Run
from rmbg_eval.settings import Settings

_RUN = """
import os, sys, time
import psutil
from pathlib import Path
from fakes import FakeModel
import rmbg_eval.run.evaluate
from rmbg_eval.ci.outputs import build_files
from rmbg_eval.settings import Settings

cases, out, log, last_write = sys.argv[1:]

class Slow(FakeModel):
    def infer(self, inputs):
        time.sleep(0.06)
        outputs = super().infer(inputs)
        with open(log, "a") as file:
            file.write(inputs[0].name + "\\n")
        return outputs

replace, writes = os.replace, 0

def dies_before_it(source, target):
    global writes
    writes += 1
    if writes == int(last_write):
        psutil.Process().kill()
    replace(source, target)

os.replace = dies_before_it
rmbg_eval.run.evaluate.load_model = lambda *_: Slow()
print("ready", flush=True)
settings = Settings(cases=cases, models=["fake"], out=out)
rmbg_eval.run.evaluate.evaluate(settings, on_save=build_files)
"""


class Victim:
    """A case set, a run folder, and a process that runs one into the other until it is killed."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        some_cases(folder / "cases" / "c", count)
        self.cases = load_cases(folder / "cases").cases
        self.out, self.log = folder / "out", folder / "log"
        self.log.touch()
        self.settings = Settings(cases=str(folder / "cases"), models=["fake"], out=str(self.out))

    def run(self, kill: Callable[[subprocess.Popen], None], last_write: int = -1) -> list[str]:
        """Run until killed; the names of the pictures that were inferred."""
        before = self.inferred()
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, self.settings.cases, self.out, self.log, str(last_write)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            kill(process)
        assert process.returncode == KILLED
        return self.inferred()[len(before) :]

    def inferred(self) -> list[str]:
        return self.log.read_text().split()

    def finished(self) -> set[str]:
        """Names of the pictures whose prediction the cache holds whole."""
        store, model = Store.default(), FakeModel().info.identity
        keys = {
            case.name: store.key(hashlib.sha256(case.image.read_bytes()).hexdigest(), model)
            for case in self.cases
        }
        return {name for name, key in keys.items() if store.get(key)}

    def check_what_is_there(self) -> None:
        """Whatever has its final name is whole."""
        for path in (self.out / "cutouts").rglob("*.png"):
            decode_cutout(path.read_bytes(), path.name)
        if (self.out / "run.json").exists():
            assert not Run.load(self.out).complete
        assert not (self.out / "measurements.csv").exists()

    def complete(self) -> Run:
        """Complete it in this process; only what was not finished may be inferred."""
        done = self.finished()
        model = FakeModel()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("rmbg_eval.run.evaluate.load_model", lambda *_: model)
            run = evaluate(self.settings, on_save=build_files)
        assert set(model.inferred) == {case.name for case in self.cases} - done
        assert run.complete
        assert run.failures == ()
        assert Run.load(self.out) == run
        assert [p.case for p in run.predictions] == [case.id for case in self.cases]
        return run


KILLS = 20


def test_killed_at_chance_moments_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """No half file, nothing that was kept is done again, and no more than one case a kill twice."""
    victim = Victim(tmp_path, 60)
    chance = random.Random(20)
    lost = []
    for _ in range(KILLS):
        done = victim.finished()
        inferred = victim.run(partial(after, victim, chance.randint(1, 3), chance.uniform(0, 0.12)))
        assert not done & set(inferred)
        lost.append(len(set(inferred) - victim.finished()))
        assert lost[-1] <= _WRITE_BEHIND + 1
        victim.check_what_is_there()
    assert sum(lost) <= KILLS
    print(f"{KILLS} kills, {len(victim.finished())} cases kept, done twice each time: {lost}")
    victim.complete()


def after(victim: Victim, cases: int, seconds: float, process: subprocess.Popen) -> None:
    """Kill it so long after so many more cases were inferred."""
    enough = len(victim.inferred()) + cases
    while len(victim.inferred()) < enough and process.poll() is None:
        time.sleep(0.002)
    time.sleep(seconds)
    psutil.Process(process.pid).kill()


def wait(process: subprocess.Popen) -> None:
    process.wait(timeout=30)


def left_behind(victim: Victim) -> list[str]:
    return [str(path.relative_to(victim.folder)) for path in victim.out.rglob(".new-*")]


def test_killed_before_any_write_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Writes: run.json, junit.xml, summary.md, three for each case, the first two, the CSV,
    run.json."""
    victim = Victim(tmp_path, 3)
    for last_write in (1, 3, 4, 5, 8):
        done = victim.finished()
        assert not done & set(victim.run(wait, last_write))
        victim.check_what_is_there()
    victim.complete()


@pytest.mark.parametrize("last_write", [13, 15, 16])
def test_killed_at_the_very_end_nothing_is_inferred_again(tmp_path: Path, last_write: int) -> None:
    victim = Victim(tmp_path, 3)
    victim.run(wait, last_write)
    assert len(victim.finished()) == 3
    victim.complete()


def test_killed_while_it_draws_its_pictures_are_completed(tmp_path: Path) -> None:
    victim = Victim(tmp_path, 3)
    victim.complete()
    shutil.rmtree(victim.out)
    victim.run(wait, 14)  # of 10 that are not pictures
    assert Run.load(victim.out).complete
    whole = {path for path in (victim.out / "assets").iterdir() if not path.name.startswith(".")}
    for path in whole:
        assert path.read_bytes()
    previews = load(victim.complete())
    for each in previews.cases.values():
        assert each.original
        assert all((victim.out / shown.result.path).exists() for shown in each.models.values())
    assert whole <= set((victim.out / "assets").iterdir())


def test_what_a_killed_run_left_half_written_goes(tmp_path: Path) -> None:
    victim = Victim(tmp_path, 3)
    victim.run(wait, 1)  # run.json
    assert left_behind(victim)
    victim.complete()
    assert left_behind(victim) == []
