"""How fast, and with how much memory: `make bench`, or some of its parts by name.

    python benchmarks/bench.py [rembg] [report] [memory] [runtimes]

rembg     our `run` and `rembg p` on the same photographs with the same IS-Net weights, in turn, and
          the bare inference; rembg lives in an environment of its own, benchmarks/.rembg.
          `compared before`: as from the second run in bf16 on, which finds how far it is from fp32
report    a cold `report` against the bare inference within it, and a report of a finished run
memory    peak memory of `run` over 10 and over 300 pictures
runtimes  one inference by OpenVINO and by ONNX Runtime, for both forms of IS-Net

Every figure is the median of rounds in which the candidates take turns; each
whole process counts, start-up included, unless a line says otherwise. Weights,
and what is compiled once on a machine, are in the cache before anything is timed;
predictions never are.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps
from rich.console import Console

from rmbg_eval.core.machine import Machine
from rmbg_eval.core.paths import PACKAGE, cache_folder
from rmbg_eval.models import weights

HERE = Path(__file__).parent
REMBG = HERE / ".rembg"
REMBG_VERSION = "2.0.86"
ROUNDS = 3
PHOTOGRAPHS = (
    "astronaut chelsea coffee rocket hubble_deep_field retina motorcycle_left motorcycle_right "
    "camera moon coins brick grass gravel ihc"
).split()
SELF = [sys.executable, "-m", "rmbg_eval"]
RENDER = (
    "import sys; from rmbg_eval import Run; from rmbg_eval.report.notebooks import render; "
    "render(Run.load(sys.argv[1]).settings)"
)
"""Makes the page of the run in a folder."""
console = Console()


def main(parts: list[str]) -> None:
    """Run the parts in order and print their figures."""
    chosen = {"rembg": rembg, "report": report, "memory": memory, "runtimes": runtimes}
    machine = Machine.here()
    console.print(f"{machine.processor}, {machine.cores} cores, {machine.system}")
    console.print(f"commit {machine.commit}{' (dirty)' if machine.dirty else ''}")
    weights.fetch(weights.ISNET_MEDIUM, console.print)
    for part in parts or list(chosen):
        console.rule(part)
        with tempfile.TemporaryDirectory(dir=HERE) as scratch:
            chosen[part](Path(scratch))


def rembg(scratch: Path) -> None:
    """Ours ÷ rembg's, whole processes on the same photographs."""
    program = _rembg_installed()
    photographs = _photographs(scratch / "in")
    models = scratch / "models"
    models.mkdir()
    os.symlink(weights.ISNET_MEDIUM.path, models / "isnet.onnx")
    extras = json.dumps({"model_path": str(models / "isnet.onnx")})
    theirs = [program, "p", "-m", "dis_custom", "-x", extras, str(photographs)]

    def ours(*options: str) -> Callable[[], float]:
        def timed() -> float:
            with _Fresh(scratch) as fresh:
                return fresh.run(["run", "--model", "isnet", *options], photographs)

        return timed

    def rembg_p() -> float:
        with tempfile.TemporaryDirectory(dir=scratch) as out:
            seconds = timed_command([*theirs, out], {**os.environ, "U2NET_HOME": str(models)})[0]
            if len(list(Path(out).rglob("*.png"))) != len(PHOTOGRAPHS):
                raise SystemExit("rembg did not write every cut-out")
            return seconds

    rows = in_turn(
        {
            "rembg p": rembg_p,
            "ours, fp32": ours(),
            "ours, bf16": ours("--dtype", "bf16"),
            "bare inference, fp32": lambda: _bare(photographs),
            "bare inference, bf16": lambda: _bare(photographs, "bf16"),
            "ours, bf16, compared before": ours("--dtype", "bf16", "--precision-cases", "0"),
        }
    )
    for name, seconds in rows.items():
        print_row(name, seconds, rows["rembg p"])
    for name, bare in (("fp32", "fp32"), ("bf16, compared before", "bf16")):
        base = rows[f"bare inference, {bare}"]
        print_row(f"{name} ÷ bare", rows[f"ours, {name}"], base)


def report(scratch: Path) -> None:
    """A cold report ÷ the bare inference of its pictures; a report of a finished run."""
    photographs = _photographs(scratch / "in")

    def cold() -> float:
        with _Fresh(scratch) as fresh:
            return fresh.run(["report", "--model", "isnet"], photographs)

    with _Fresh(scratch) as finished:
        finished.run(["report", "--model", "isnet"], photographs)

        def again() -> float:
            return finished.run(["report", "--model", "isnet"], photographs)

        rows = in_turn(
            {
                "bare inference": lambda: _bare(photographs),
                "cold report": cold,
                "finished run": again,
            }
        )
    for name, seconds in rows.items():
        print_row(name, seconds, rows["bare inference"])
    beyond = statistics.median(rows["cold report"]) - 1.25 * statistics.median(
        rows["bare inference"]
    )
    console.print(f"cold report − 1.25 × bare inference = {beyond:+.2f} s")


def _bare(photographs: Path, dtype: str = "auto") -> float:
    """Seconds of nothing but the inference of IS-Net, in a process of its own."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from rmbg_eval import load_cases, load_model\n"
        "model = load_model('isnet', 'auto', sys.argv[2]); model.load()\n"
        "cases = load_cases(Path(sys.argv[1])).cases\n"
        "inputs = [model.preprocess(case.picture()) for case in cases]\n"
        "started = time.perf_counter()\n"
        "for tensor in inputs: model.infer([tensor])\n"
        "print(time.perf_counter() - started)\n"
    )
    return float(printed(code, str(photographs), dtype))


def memory(scratch: Path) -> None:
    """Peak memory of a whole `run`, by number of pictures."""
    for count in (10, 300):
        folder = scratch / f"in{count}"
        _many_photographs(folder, count)
        with _Fresh(scratch) as fresh:
            fresh.run(["run", "--model", "isnet"], folder)
            console.print(f"{count:>4} pictures of 1 MP: {fresh.peak / 2**20:.0f} MiB peak")


def runtimes(scratch: Path) -> None:
    """One inference, bare: which runtime for which weights."""
    code = (
        "import sys, time, statistics, numpy as np\n"
        "from rmbg_eval.models import runtimes, weights\n"
        "kind, name = sys.argv[1:]\n"
        "pinned = getattr(weights, name)\n"
        "net = runtimes.open_onnxruntime(pinned.path, 'output') if kind == 'ort'"
        " else runtimes.open_openvino(pinned.path, kind)\n"
        "x = np.random.default_rng(0).normal(0, .3, (1, 3, 1024, 1024)).astype(np.float32)\n"
        "net(x); times = []\n"
        "for _ in range(5):\n"
        "    started = time.perf_counter(); net(x); times.append(time.perf_counter() - started)\n"
        "print(statistics.median(times))\n"
    )

    def timed(kind: str, name: str) -> Callable[[], float]:
        return lambda: float(printed(code, kind, name))

    names = {"fp32": "OpenVINO fp32", "bf16": "OpenVINO bf16", "ort": "ONNX Runtime"}
    for weight in ("ISNET_MEDIUM", "ISNET_SMALL"):
        rows = in_turn({f"{weight} {names[k]}": timed(k, weight) for k in names})
        for name, seconds in rows.items():
            print_row(name, seconds, rows[f"{weight} ONNX Runtime"])


def fresh_cache(folder: Path) -> Path:
    """A new cache with the weights and compiled loops that are there, and nothing else."""
    folder.mkdir()
    for name in ("weights", "compiled"):
        if (cache_folder() / name).is_dir():
            (folder / name).symlink_to(cache_folder() / name)
    return folder


def printed(code: str, *arguments: str, cwd: Path | None = None, **environment: str) -> str:
    """What Python prints of this, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE, text=True, check=True, cwd=cwd, env=os.environ | environment,
    ).stdout  # fmt: skip


class _Fresh:
    """An empty run folder, and a fresh cache."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.peak = 0
        """Bytes of the largest process of the last run."""

    def __enter__(self) -> _Fresh:
        self._folder = tempfile.TemporaryDirectory(dir=self._scratch)
        self.path = Path(self._folder.name)
        self._cache = fresh_cache(self.path / "cache")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def run(self, arguments: list[str], cases: Path) -> float:
        """Seconds of one whole command."""
        command = [*SELF, *arguments, "--cases", str(cases), "--out", str(self.path / "out")]
        environment = {**os.environ, "RMBG_EVAL_CACHE": str(self._cache)}
        seconds, self.peak = timed_command(command, environment)
        return seconds


def timed_command(
    command: list[str], environment: dict[str, str], good: tuple[int, ...] = (0,)
) -> tuple[float, int]:
    """Wall seconds of a process, which must end with a `good` status, and the peak resident bytes
    of it or of the largest that it started."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=PACKAGE.parent, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            said.seek(0)
            raise SystemExit(f"{command} failed:\n{said.read().decode()[-2000:]}")
    kilo = 1 if platform.system() == "Darwin" else 1024
    return seconds, usage.ru_maxrss * kilo


def in_turn(candidates: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Seconds of each candidate, which take turns so that a slow minute hits all of them."""
    rows: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(ROUNDS):
        for name, timed in candidates.items():
            with console.status(f"round {number + 1} of {ROUNDS}: {name}"):
                rows[name].append(timed())
    return rows


def print_row(name: str, seconds: list[float], base: list[float]) -> None:
    """Its median, its range, and the median of its ratios to `base`, round by round."""
    ratios = [a / b for a, b in zip(seconds, base, strict=True)]
    console.print(
        f"{name:<28} median {statistics.median(seconds):6.2f} s "
        f"({min(seconds):.2f}–{max(seconds):.2f})   ratio {statistics.median(ratios):.2f}"
    )


def _photographs(folder: Path) -> Path:
    """The photographs packaged with scikit-image, as files of one folder."""
    import skimage

    source = Path(skimage.__file__).parent / "data"
    folder.mkdir(parents=True)
    for name in PHOTOGRAPHS:
        path = next(p for p in (source / f"{name}.png", source / f"{name}.jpg") if p.exists())
        Image.open(path).convert("RGB").save(folder / f"{name}.jpg", quality=95)
    return folder


def _many_photographs(folder: Path, count: int) -> None:
    """`count` different pictures of 1 megapixel."""
    photographs = sorted(_photographs(folder / "source").iterdir())
    for number in range(count):
        with Image.open(photographs[number % len(photographs)]) as image:
            fitted = ImageOps.fit(image.rotate(3 * number), (1152, 896))
        fitted.save(folder / f"{number:03}.jpg", quality=90)
    for path in photographs:
        path.unlink()
    (folder / "source").rmdir()


def _rembg_installed() -> str:
    program = REMBG / "bin" / "rembg"
    if not program.exists():
        with console.status("Installing rembg for comparison (once)"):
            subprocess.run([sys.executable, "-m", "venv", str(REMBG)], check=True)
            pip = [str(REMBG / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            subprocess.run([*pip, f"rembg[cpu,cli]=={REMBG_VERSION}"], check=True)
    return str(program)


if __name__ == "__main__":
    main(sys.argv[1:])
