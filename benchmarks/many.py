"""Memory and time of a run by its number of cases: `python benchmarks/many.py [CASES …]`.

With `--engine ray` by Ray's workers, and the page of it: the memory is that of the command.

By default 1000 and 10000 cases of 64×48 pixels, `--side 1000` for others. All are of a few pictures
under many names and with finished cut-outs, so that nothing but their number counts: what is
measured of a picture is kept by its content. Goal: from 1,000 to 10,000 cases, the peak memory of
the evaluating process grows by a tenth at most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from bench import HERE, SELF, console
from PIL import Image, ImageOps

from rmbg_eval import Run, load_cases
from rmbg_eval.core.machine import peak_memory
from rmbg_eval.core.paths import resource

CONTENTS = 40


def main(counts: list[int], side: int, engine: str) -> None:
    """Each number of cases, in a folder of its own, by a process of its own."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            _measure(count, side, engine, Path(folder))


def _measure(count: int, side: int, engine: str, scratch: Path) -> None:
    _cases(count, side, scratch)
    options = ["--cases", str(scratch / "cases"), "--model", f"m=folder:{scratch / 'mattes'}"]
    out = scratch / "out"
    started = time.perf_counter()
    by_ray = ["--engine", "ray", "--worker-cores", "1"] if engine == "ray" else []
    peak = _peak([*SELF, "run", "--quiet", *options, *by_ray, "--out", str(out)], scratch)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    run = Run.load(out)
    loading = time.perf_counter() - started
    console.print(
        f"{len(run.predictions):>6} cases of {side}×{side * 3 // 4}: "
        f"{peak:.0f} MiB peak, {seconds:.0f} s; "
        f"run.json {(out / 'run.json').stat().st_size / 1e6:.1f} MB, "
        f"loads in {loading:.2f} s",
        soft_wrap=True,
    )
    if engine == "ray":
        started = time.perf_counter()
        peak = _peak([*SELF, "merge", "-q", *shards_of(out), "--out", str(out)], scratch)
        seconds = time.perf_counter() - started
        size = (out / "index.html").stat().st_size / 1e6
        console.print(
            f"merged again, with its page: {seconds:.0f} s, {peak:.0f} MiB; {size:.2f} MB"
        )


def shards_of(out: Path) -> list[str]:
    """The folders of a run's shards."""
    return [str(folder) for folder in sorted((out / ".shards").glob("*-of-*"))]


def _peak(command: list[str], scratch: Path) -> float:
    """Run a command; the most MiB that its own process had, without those that it started."""
    process = subprocess.Popen(
        command, env={**os.environ, "RMBG_EVAL_CACHE": str(scratch / "cache")}
    )
    peak = 0.0
    while process.poll() is None:
        peak = (peak_memory(process.pid) or 0) / 2**20 or peak
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"the command ended with status {process.returncode}")
    return peak


def _cases(count: int, side: int, scratch: Path) -> None:
    """Hard links to a few pictures, and to their mattes, in four categories."""
    size = side, side * 3 // 4
    sources = [case.picture().rgb for case in load_cases(resource("cases")).cases]
    y, x = np.mgrid[: size[1], : size[0]]
    contents = []
    for number in range(CONTENTS):
        picture, matte = scratch / f"{number}.jpg", scratch / f"{number}.png"
        image = Image.fromarray(sources[number % len(sources)])
        left = 2 * number
        ImageOps.fit(image.crop((left, 0, *image.size)), size).save(picture, quality=85)
        away = np.hypot(x - size[0] / 2, y - size[1] / 2)
        alpha = np.clip((size[1] * (0.2 + number / 200) - away) / 4 + 0.5, 0, 1)
        Image.fromarray(np.rint(255 * alpha).astype(np.uint8)).save(matte)
        contents.append((picture, matte))
    for number in range(count):
        category = ("portrait", "product", "pet", "garment")[number % 4]
        for folder, source in zip(("cases", "mattes"), contents[number % CONTENTS], strict=True):
            path = scratch / folder / category / f"case {number:06}{source.suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", type=int, default=[1000, 10000])
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    given = parser.parse_args()
    main(given.cases, given.side, given.engine)
