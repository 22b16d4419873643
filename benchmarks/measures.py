"""Every measure of a case against one inference by IS-Net: `python benchmarks/measures.py`.

The reference cases of about 2 megapixels that have a truth and true colours: decoding and
observation points are included, findings kept before are not. Goal: 0.35 of an inference, and
1 GiB. Medians of rounds that take turns.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

from bench import HERE, console, in_turn, print_row, printed

from rmbg_eval import Case, Settings, load_cases, load_model, predict
from rmbg_eval.core.cache import MeasureCache, Store
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.risk import judge_risk
from rmbg_eval.measure.signs import METRICS, places
from rmbg_eval.measure.table import measure
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.run.measurements import measure_prediction, read
from rmbg_eval.run.plan import metrics_of

LEAST = 1_900_000
"""Pixels: what counts as 2 megapixels here."""


def main(scratch: Path) -> None:
    """All measurements of each case ÷ one inference; goal 0.35 over all of them, and 1 GiB."""
    cases = [
        case for case in load_cases(resource("cases")).cases if case.foreground and _large(case)
    ]
    model = load_model("isnet")
    metrics = metrics_of(Settings())
    predicted = predict(model, cases, scratch, Store(scratch / "cache"))
    made = {case.name: prediction for case, prediction in predicted}
    inputs = model.preprocess(cases[0].picture())

    def infer() -> float:
        started = time.perf_counter()
        model.infer([inputs])
        return time.perf_counter() - started

    def find_all(case: Case) -> float:
        with tempfile.TemporaryDirectory(dir=scratch) as fresh:
            started = time.perf_counter()
            measure_prediction(case, made[case.name], scratch, metrics, MeasureCache(Path(fresh)))
            return time.perf_counter() - started

    find_all(cases[0])
    rows = in_turn(
        {"one inference": infer} | {case.name: partial(find_all, case) for case in cases}
    )
    for name, seconds in rows.items():
        print_row(name, seconds, rows["one inference"])
    together = sum(median(rows[case.name]) for case in cases) / len(cases)
    ratio = together / median(rows["one inference"])
    console.print(f"all measurements, mean of {len(cases)} cases: {ratio:.2f} of an inference")
    _risk(cases, made, scratch, median(rows["one inference"]))
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rmbg_eval import Settings, load_cases\n"
        "from rmbg_eval.run import measurements\n"
        "from rmbg_eval.core.machine import peak_memory\n"
        "from rmbg_eval.measure.table import measure\n"
        "from rmbg_eval.run.plan import metrics_of\n"
        "case = next(c for c in load_cases(Path(sys.argv[1])).cases if c.name == sys.argv[2])\n"
        "subject = measurements.read(case, Path(sys.argv[3]))\n"
        "measure(subject, metrics_of(Settings()))\n"
        "print(peak_memory())\n"
    )
    name, cutout = cases[0].name, str(scratch / str(made[cases[0].name].cutout))
    peak = int(printed(code, str(resource("cases")), name, cutout))
    console.print(f"a process that only measures: {peak / 2**20:.0f} MiB peak")
    _compiling(scratch / "another cache")


def _risk(cases: list[Case], made: dict[str, Prediction], scratch: Path, inference: float) -> None:
    """What risk alone takes, of pictures already in memory: every sign, its place, and the sum."""
    spent = []
    for case in cases:
        subject = read(case, scratch / str(made[case.name].cutout))
        started = time.perf_counter()
        places(subject)
        judge_risk({name: value for name, (value, _) in measure(subject, METRICS).items()})
        spent.append(time.perf_counter() - started)
    console.print(
        f"risk alone, median: {median(spent) / inference:.3f} of an inference (goal 0.15)"
    )


def _large(case: Case) -> bool:
    width, height = case.picture().size
    return width * height >= LEAST


def _compiling(cache: Path) -> None:
    """What the compiled measures cost before the first of them: on a new machine, and later on."""
    code = (
        "import time, rmbg_eval, numpy\n"
        "started = time.perf_counter()\n"
        "from rmbg_eval.measure.kernels import ciede, connectivity, neighbours\n"
        "print(time.perf_counter() - started)\n"
    )
    for name in ("compiled, once on a machine", "loaded, once in a process"):
        seconds = float(printed(code, RMBG_EVAL_CACHE=str(cache)))
        console.print(f"measures {name}: {seconds:.1f} s, which the above leaves out")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        main(Path(folder))
