"""The report of a run of many made-up records: `python benchmarks/catalogue.py [CASES …]`.

By default 100,000 cases in four categories with two models: 45 measures, two observation points a
case, one failure in 2,000, and no picture at all, so that nothing but the records counts. Goal: the
report of 100,000 in 120 s, its page below 3 MB.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import HERE, SELF, console

from rmbg_eval import Run
from rmbg_eval.core.files import write_atomic
from rmbg_eval.core.key import Key
from rmbg_eval.core.machine import Machine
from rmbg_eval.errors import Failure
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Column, Measurements
from rmbg_eval.measure.record import ObservationPoint, PointResult, Risk, Sign
from rmbg_eval.measure.table import TABLE
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.run.parts import parts
from rmbg_eval.run.record import CaseRecord, ModelRun
from rmbg_eval.settings import Settings

CATEGORIES = "portrait", "product", "pet", "garment"
MODELS = "first", "second"
POINTS = tuple(
    ObservationPoint(id=name, kind=kind, box=(0, 0, 9, 9))
    for name, kind in (("inside", "opaque"), ("outside", "transparent"))
)
NO_TRUTH = Message("the case has no truth")
FAILED = Failure("ModelError", Message("made up"), Message("Do nothing."))


def main(counts: list[int]) -> None:
    """Each number of cases, in a folder of its own, by a process of its own."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            _measure(count, Path(folder))


def _measure(count: int, out: Path) -> None:
    started = time.perf_counter()
    write(count, out)
    written = time.perf_counter() - started
    size = sum(path.stat().st_size for path in (out / "records").iterdir())
    console.print(f"{count} cases × 2 models: {size / 1e6:.0f} MB, written in {written:.0f} s")
    code = "import sys; from rmbg_eval import Run; from rmbg_eval.report.notebooks import render; "
    code += "render(Run.load(sys.argv[1]).settings)"
    started = time.perf_counter()
    process = subprocess.Popen([SELF[0], "-c", code, str(out)], cwd=HERE.parent)
    status = process.wait()
    if status:
        raise SystemExit("it did not render")
    console.print(
        f"report: {time.perf_counter() - started:.0f} s; "
        f"index.html {(out / 'index.html').stat().st_size / 1e6:.2f} MB"
    )


def write(count: int, out: Path) -> None:
    """A run folder of so many cases, without a picture."""
    chance = random.Random(count)
    metrics = [Column(metric=m.name, unit=m.unit, region=m.region) for m in TABLE]
    scored = {m.name for m in TABLE if m.guide or m.headline or m.name in ("risk", "islands")}
    book = Measurements.of_columns(metrics)
    with parts(out, [column.metric for column in metrics], shard=False) as files:
        files.add("cases", _cases(count))
        for model in MODELS:
            for category, case in _names(count):
                key = Key(category, case, model)
                failed = chance.random() < 1 / 2000
                risk = chance.random() ** 3
                files.add("predictions", [_prediction(key, failed, chance)])
                files.add("points", _points(key, chance))
                sign = Sign(measure="crumbs", text=Message("crumbs"), place=(1, 2, 9, 9), weight=1)
                files.add("risks", [Risk(**key._asdict(), value=risk, signs=(sign,))])
                values = [
                    (chance.random(), None) if column.metric in scored else (None, NO_TRUTH)
                    for column in metrics
                ]
                book.add(key, metrics, values)
                files.measured(book)
                book.clear()
    infos = [
        ModelInfo(
            name=name, title=name, licence="MIT", runtime="none", device="cpu", dtype="fp32",
            pipeline="made up", weights_sha256=None, weights_from=None, trained_on=(),
            foreground="raw",
        )
        for name in MODELS
    ]  # fmt: skip
    run = Run(
        complete=True,
        settings=Settings(out=str(out), models=[*MODELS], layout="folder"),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        wall_seconds=1.0,
        machine=Machine.here(),
        cases=(),
        skipped=(),
        models=tuple(ModelRun(info=info) for info in infos),
        predictions=(),
        measurements=book,
        records=files.files,
    )
    write_atomic(out / "run.json", run.lines())


def _names(count: int) -> Iterator[tuple[str, str]]:
    for number, category in enumerate(CATEGORIES):
        for case in range(number, count, len(CATEGORIES)):
            yield category, f"picture {case:07}"


def _cases(count: int) -> Iterator[CaseRecord]:
    return _cases_of(_names(count))


def _cases_of(names: Iterable[tuple[str, str]]) -> Iterator[CaseRecord]:
    for category, case in names:
        yield CaseRecord(
            category=category, id=case, title={}, licence="CC0", author=None, source=None,
            has_truth=False, points=POINTS,
        )  # fmt: skip


def _prediction(key: Key, failed: bool, chance: random.Random) -> Prediction:
    if failed:
        return Prediction(**key._asdict(), failure=FAILED)
    sha256 = f"{chance.getrandbits(256):064x}"
    return Prediction(
        **key._asdict(), picture_sha256=sha256, width=320, height=240,
        cutout=f"cutouts/{key.model}/{key.category}/{key.case}.png", cutout_sha256=sha256,
        seconds={"decode": chance.random(), "infer": chance.random(), "encode": 0.01},
        peak_memory_bytes=10**9, device="cpu", dtype="fp32",
    )  # fmt: skip


def _points(key: Key, chance: random.Random) -> list[PointResult]:
    return [
        PointResult(
            **key._asdict(), point=point.id, kind=point.kind, measured=0.1, expected=0.0,
            tolerance=0.05, unit="alpha, 0 to 1", passed=chance.random() < 0.9,
        )
        for point in POINTS
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", type=int, default=[100_000])
    main(parser.parse_args().cases)
