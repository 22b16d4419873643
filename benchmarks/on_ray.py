"""Runs by Ray: what they cost, and what is lost where things die.

`python benchmarks/on_ray.py speed [PICTURES]`: pictures of 320×240 and a graph of one node, so that
nothing is waited for but this package: a bare loop of decode, infer, encode, `predict` by shards,
and `predict` by Ray's workers, in two processes at once, in turn and three times; then 100 pictures
by the whole command, with and without Ray.

`python benchmarks/on_ray.py memory [PICTURES …]`: the peak of the process that the command is, of a
folder and of the table of it, with workers that only read what their cases are.

`python benchmarks/on_ray.py kills [KILLS] [SEED] [PICTURES]`: three nodes on this machine; workers,
nodes and the command itself (a fifth each of the last two) are killed at random moments, the
command is given again, and at the end the run is compared with that of one process: no picture may
be missing, none inferred more often than it was in flight, and files are the same to the byte, but
for times.

Goals: `predict` by shards has 0.85 of the bare loop's throughput, by Ray 0.75; 20 kills lose
nothing.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import listing
import numpy as np
import psutil
import shards
from bench import HERE, SELF, console, printed
from PIL import Image

from rmbg_eval import Run, Settings, load_cases
from rmbg_eval.cases.manifest import write_manifest
from rmbg_eval.core.cache import Store
from rmbg_eval.predictions.stages import predict
from rmbg_eval.scale import on_ray
from rmbg_eval.scale.worker import Task, Worker

VERSION = 1
"""Of `slow`: what the cache knows it by."""
_TIMES = re.compile(
    rb'"(started|wall_seconds|machine)": .*'
    rb'|"out":"[^"]*"|"seconds":\{[^}]*\}|"peak_memory_bytes":\w+|"cached":\w+'
    rb"|started [-0-9: ]+ UTC|.*,seconds_\w+,.*"
    rb'|<testcase[^>]* time="[^"]*"|time="[0-9.]+"'
)


class Predicting(Worker):
    """Only removes backgrounds."""

    def do(self, task: Task) -> None:
        """The shard, by `predict`."""
        settings = task.settings
        model = self._load(settings.models[0], "cpu", "fp32", "raw", False)
        out = settings.out_folder
        for _, prediction in predict(model, task.case_set().cases, out, Store(out / "cache")):
            assert prediction.cutout, prediction.failure


class Reading(Worker):
    """Only reads what its cases are: enough for who looks at the driver."""

    def do(self, task: Task) -> None:
        """The shard's cases."""
        assert len(task.case_set().cases) or task.group is None


def speed(pictures: int, rounds: int = 3) -> None:
    """Throughput, start-up, memory."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from tiny_onnx import mean_of_channels, save_graph

    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        scratch = Path(folder)
        graph = save_graph(scratch / "mean.onnx", [mean_of_channels()])
        spec = f"m=onnx:{graph}?mean=0&std=1"
        shards.write_pictures(scratch / "cases", pictures)
        parts = [f"{n}/{shards.OF}" for n in range(1, shards.OF + 1)]
        by: dict[str, list[float]] = {"bare loop": [], "predict, shards": [], "predict, Ray": []}
        for number in range(rounds):
            for name, seconds in by.items():
                own = scratch / f"round{number}"
                own.mkdir()
                (own / "cases").symlink_to(scratch / "cases")
                if name == "predict, Ray":
                    seconds.append(_by_ray(spec, own))
                else:
                    what = "loop " if name == "bare loop" else ""
                    seconds.append(
                        shards.seconds_of([f"{what}{part}" for part in parts], spec, own)
                    )
                shutil.rmtree(own)  # of 100,000 pictures, 10 GB
        loops = by["bare loop"]
        for name, seconds in by.items():
            ratios = sorted(loop / each for loop, each in zip(loops, seconds, strict=True))
            console.print(
                f"{name}: {pictures / median(seconds):.0f} pictures a second, "
                f"{median(ratios):.2f} of the bare loop ({ratios[0]:.2f} to {ratios[-1]:.2f})",
                soft_wrap=True,
            )
        _start_up(spec, scratch)


def _by_ray(spec: str, scratch: Path, worker: type[Worker] = Predicting, cases: str = "") -> float:
    """Seconds of all shards by Ray's workers, once they are there."""
    ray = on_ray.import_ray()
    settings = Settings(
        cases=cases or str(scratch / "cases"), models=[spec], out=str(scratch / "ray"), device="cpu"
    )
    os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), *sys.path])
    plan = on_ray.Plan.apart(settings, scratch / "ray")
    with on_ray.session(ray, ""):
        engine = on_ray._Engine(ray, plan, 1, 900, lambda step: None)
        engine.remote = ray.remote(worker)
        total, engine.schedule = engine.schedule, on_ray.Schedule([])
        engine._look_for_nodes()
        while any(slot.actor is None or slot.ready is not None for slot in engine.slots):
            for slot in engine.slots:
                engine._give(slot)
            engine._wait()
        engine.schedule = total
        started = time.perf_counter()
        engine.work()
        return time.perf_counter() - started


def _start_up(spec: str, scratch: Path) -> None:
    """Of 100 pictures, the whole command: one process, two shards and `merge`, and Ray."""
    some = scratch / "hundred"
    some.mkdir()
    for path in sorted((scratch / "cases").iterdir())[:100]:
        os.link(path, some / path.name)
    run = [*SELF, "run", "-q", "--cases", str(some), "--model", spec]
    for name in ("one process", "two shards", "Ray"):
        out, cache = scratch / f"100 {name}", scratch / f"100 cache {name}"
        started = time.perf_counter()
        if name == "two shards":
            parts = [
                [*run, "--shard", f"{n}/2", "--out", str(scratch / f"100 {n}")] for n in (1, 2)
            ]
            shards.seconds_until_ended(parts, cache)
            folders = [parts[0][-1], parts[1][-1]]
            merge = [*SELF, "merge", "-q", "--no-page", *folders, "--out", str(out)]
            shards.seconds_until_ended([merge], cache)
        else:
            engine = ["--engine", "ray", "--worker-cores", "1"] if name == "Ray" else []
            shards.seconds_until_ended([[*run, *engine, "--out", str(out)]], cache)
        console.print(f"100 pictures by {name}: {time.perf_counter() - started:.1f} s")


def memory(counts: list[int]) -> None:
    """The driver's peak memory by the number of pictures, where all else is as small as can be."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            scratch = Path(folder)
            listing.pictures(scratch / "cases", count)
            write_manifest(scratch / "m.parquet", load_cases(scratch / "cases"))
            code = "import sys; sys.path.insert(0, sys.argv[1]); import on_ray, pathlib; "
            code += "from rmbg_eval.core.machine import peak_memory; "
            code += "on_ray._by_ray('', pathlib.Path(sys.argv[2]), on_ray.Reading, sys.argv[3]); "
            code += f"print({listing.PEAK})"
            for what, cases in (("folder", "cases"), ("table", "m.parquet")):
                peak = printed(code, str(HERE), str(scratch), str(scratch / cases)).split()[-1]
                console.print(f"driver, {count} pictures of a {what}: {peak} MiB, without merging")


def slow(rgb: np.ndarray) -> np.ndarray:
    """A model that takes its time, and writes down the picture that it was given."""
    with open(os.environ["INFERRED"], "a") as file:
        file.write(f"{rgb[0, 0].tolist()} {rgb[1, 1].tolist()} {rgb[2, 2].tolist()}\n")
    time.sleep(float(os.environ.get("SLOW", "0.4")))
    return rgb[..., 0] / 255


def kills(count: int, seed: int, pictures: int = 0) -> None:
    """So many kills, and what is left."""
    os.environ["RAY_raylet_start_wait_time_s"] = "60"  # noqa: SIM112
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    chance = random.Random(seed)
    pictures = pictures or 60 * count  # as many as are left when the last is killed
    left = ["node"] * math.ceil(count / 5) + ["driver"] * (count // 5)
    left += ["worker"] * (count - len(left))
    chance.shuffle(left)
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        scratch = Path(folder)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), str(HERE.parent)])
        os.environ["INFERRED"] = str(scratch / "inferred")
        os.environ["RMBG_EVAL_CACHE"] = str(scratch / "cache")
        noise = np.random.default_rng(seed)
        (scratch / "cases").mkdir()
        for number in range(pictures):
            pixels = noise.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(scratch / "cases" / f"{number:04}.png")
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        nodes = [cluster.add_node(num_cpus=1) for _ in range(3)]
        run = [
            *SELF, "run", "-q", "--cases", str(scratch / "cases"), "--model",
            "slow=callable:on_ray:slow", "--device", "cpu",
        ]  # fmt: skip
        by_ray = [*run, "--engine", "ray", "--address", cluster.address, "--worker-cores", "1"]
        by_ray += ["--time-limit", "60", "--out", str(scratch / "out")]
        driver = subprocess.Popen(by_ray, stderr=subprocess.PIPE, text=True)
        done: Counter[str] = Counter()
        processes = 0
        limit = time.monotonic() + 45 * 60
        while left and driver.poll() is None:
            if time.monotonic() > limit:
                raise SystemExit("it takes too long")
            time.sleep(chance.uniform(2, 10))
            workers = [p for p in psutil.process_iter(["name"]) if _is_ours(p)]
            if not workers or not nodes:
                _add_nodes(cluster, nodes)
                continue
            what = left.pop()
            done[what] += 1
            if what == "worker":
                processes += 1
                chance.choice(workers).kill()
            elif what == "node":
                processes += 1
                cluster.remove_node(nodes.pop(chance.randrange(len(nodes))), allow_graceful=False)
            else:
                processes += len(workers)
                driver.kill()
                driver.wait()
                driver = subprocess.Popen(by_ray, stderr=subprocess.PIPE, text=True)
            _add_nodes(cluster, nodes)
        said = driver.communicate()[1]
        if driver.returncode:
            raise SystemExit(
                f"status {driver.returncode}: {said} {_first_failure(scratch / 'out')}"
            )
        if left:
            raise SystemExit(f"done before {left} were killed: give more pictures")
        cluster.shutdown()
        inferred = Counter((scratch / "inferred").read_text().splitlines())
        again = sum(inferred.values()) - len(inferred)
        os.environ |= {"RMBG_EVAL_CACHE": str(scratch / "another cache"), "SLOW": "0"}
        subprocess.run([*run, "--out", str(scratch / "whole")], check=True)
        one, other = _contents(scratch / "out"), _contents(scratch / "whole")
        differing = [n for n in one.keys() | other.keys() if one.get(n) != other.get(n)]
        for name in differing[:3]:
            pairs = zip(
                one.get(name, b"").splitlines(), other.get(name, b"").splitlines(), strict=False
            )
            console.print(name, next((p for p in pairs if p[0] != p[1]), "has more lines"))
        merged = Run.load(scratch / "out")
        console.print(
            f"{sum(done.values())} kills ({dict(done)}; {processes} workers ended by them), "
            f"seed {seed}: {pictures} pictures, "
            f"{len(merged.predictions)} predictions, {len(merged.failures)} failed, "
            f"{pictures - len(inferred)} never inferred, {again} inferred again, "
            f"{max(inferred.values())} times at most; files that differ: {differing}",
            soft_wrap=True,
        )
        whole = len(inferred) == len(merged.predictions) == pictures and not merged.failures
        # A worker has one picture inferred and one written at a time, as small as these are.
        if differing or not whole or again > 2 * processes:
            raise SystemExit(1)


def _add_nodes(cluster: Any, nodes: list[Any]) -> None:
    """Nodes until there are three; on a busy machine one may not come up in time."""
    for _ in range(3 - len(nodes)):
        with suppress(Exception):
            nodes.append(cluster.add_node(num_cpus=1))


def _first_failure(out: Path) -> str:
    return next((str(p.failure) for p in Run.load(out).failures), "")


def _is_ours(process: psutil.Process) -> bool:
    try:
        return process.cmdline()[:1] != [] and process.cmdline()[0].startswith("ray::Worker")
    except psutil.Error:
        return False


def _contents(folder: Path) -> dict[str, Any]:
    """Every file without what is of a moment or a machine."""
    return {
        path.relative_to(folder).as_posix(): _TIMES.sub(b"", path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not path.relative_to(folder).parts[0].startswith(".")
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["speed", "memory", "kills"])
    parser.add_argument("numbers", nargs="*", type=int)
    given = parser.parse_args()
    if given.what == "speed":
        speed(*(given.numbers or [400]))
    elif given.what == "memory":
        memory(given.numbers or [2000, 10000])
    else:
        kills(*(given.numbers or [20, 1]))
