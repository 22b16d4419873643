"""Every measure of a case against one inference by IS-Net: `python benchmarks/measures.py`.

A 2-megapixel case with truth and foreground; decoding is included, findings kept before are not.
Goal: 0.35 of an inference, and 1 GiB. Medians of rounds that take turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from bench import HERE, _in_turn, _line, console
from PIL import Image, ImageOps

from rmbg_eval import load_cases, load_model, predict
from rmbg_eval.findings import find
from rmbg_eval.measure import OPTIONAL, TABLE
from rmbg_eval.resources import packaged_picture
from rmbg_eval.store import Findings, Store


def main(scratch: Path) -> None:
    """All measurements of a case ÷ one inference; goal 0.35, and 1 GiB."""
    case = load_cases(_case_with_truth(scratch / "in")).cases[0]
    model = load_model("isnet")
    ((_, prediction),) = predict(model, [case], scratch, Store(scratch / "cache"))
    inputs = model.preprocess(case.picture())
    metrics = [metric for metric in TABLE if metric not in OPTIONAL]

    def infer() -> float:
        started = time.perf_counter()
        model.infer([inputs])
        return time.perf_counter() - started

    def find_all() -> float:
        with tempfile.TemporaryDirectory(dir=scratch) as fresh:
            started = time.perf_counter()
            find(case, prediction, scratch, metrics, Findings(Path(fresh)))
            return time.perf_counter() - started

    find_all()
    rows = _in_turn({"one inference": infer, "all measurements": find_all})
    for name, seconds in rows.items():
        _line(name, seconds, rows["one inference"])
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rmbg_eval import load_cases, findings\n"
        "from rmbg_eval.machine import peak_memory\n"
        "from rmbg_eval.measure import OPTIONAL, TABLE, measure\n"
        "case = load_cases(Path(sys.argv[1])).cases[0]\n"
        "subject = findings.read(case, Path(sys.argv[2]))\n"
        "measure(subject, [metric for metric in TABLE if metric not in OPTIONAL])\n"
        "print(peak_memory())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(scratch / "in"), str(scratch / str(prediction.cutout))],
        capture_output=True,
        text=True,
        check=True,
    )
    console.print(f"a process that only measures: {int(done.stdout) / 2**20:.0f} MiB peak")
    _compiling(scratch / "another cache")


def _compiling(cache: Path) -> None:
    """What the compiled measures cost before the first of them: on a new machine, and later on."""
    code = (
        "import time, rmbg_eval, numpy\n"
        "started = time.perf_counter()\n"
        "from rmbg_eval.measure import ciede, connectivity, neighbours\n"
        "print(time.perf_counter() - started)\n"
    )
    environment = {**os.environ, "RMBG_EVAL_CACHE": str(cache)}
    for name in ("compiled, once on a machine", "loaded, once in a process"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        console.print(f"measures {name}: {float(done.stdout):.1f} s, which the above leaves out")


def _case_with_truth(folder: Path) -> Path:
    """One case of 1600×1250: a photograph as foreground, a soft disc with hair before another."""
    case = folder / "bench" / "ball"
    case.mkdir(parents=True)
    width, height = 1600, 1250
    y, x = np.mgrid[:height, :width]
    truth = np.clip((430 - np.hypot(x - 800, y - 625)) / 6 + 0.5, 0, 1)
    hair = np.zeros((3 * height, 3 * width), np.float32)
    for turn in np.random.default_rng(0).uniform(0, 2 * np.pi, 300):
        ends = [
            (round(3 * (800 + r * np.cos(a))), round(3 * (625 + r * np.sin(a))))
            for r, a in ((420, turn), (540, turn + 0.1))
        ]
        cv2.line(hair, *ends, 0.9, 4, cv2.LINE_AA)
    truth = np.maximum(truth, cv2.resize(hair, (width, height), interpolation=cv2.INTER_AREA))
    truth = np.rint(255 * truth) / 255
    fitted = []
    for name in ("astronaut", "coffee"):
        with Image.open(str(packaged_picture(name))) as image:
            fitted.append(np.asarray(ImageOps.fit(image.convert("RGB"), (width, height))))
    front, behind = fitted
    mixed = np.rint(front * truth[..., None] + behind * (1 - truth[..., None]))
    Image.fromarray(mixed.astype(np.uint8)).save(case / "image.png")
    Image.fromarray(front).save(case / "foreground.png")
    Image.fromarray(np.rint(255 * truth).astype(np.uint8)).save(case / "alpha.png")
    return folder


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        main(Path(folder))
