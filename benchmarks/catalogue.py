"""The report of a run of many made-up records: `python benchmarks/catalogue.py [CASES …]`; with
`--merge`, what `merge` takes to make one run of eight shards of them, without the page; with
`--compare`, what `compare` takes of two such runs, every cut-out of which changed, with its page.

By default 100,000 cases in four categories with two models: 45 measures, two observation points a
case, one failure in 2,000, and no picture at all, so that nothing but the records counts. Goal: the
report of 100,000 in 120 s, its page below 3 MB; `merge` of 100,000 in 1.1 of the memory of 10,000.
Of shards and of runs that are compared, every cut-out is a link to one small file.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import HERE, RENDER, SELF, console, timed_command
from PIL import Image

from rmbg_eval import Run
from rmbg_eval.core.files import sha256_file, write_atomic
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
from rmbg_eval.run.plan import metrics_of
from rmbg_eval.run.record import CaseRecord, ModelRun
from rmbg_eval.run.shard import PairDistance, Shard, listing_sha256
from rmbg_eval.settings import Settings

SHARDS = 8
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
    seconds, _ = timed_command([SELF[0], "-c", RENDER, str(out)], dict(os.environ))
    console.print(
        f"report: {seconds:.0f} s; index.html {(out / 'index.html').stat().st_size / 1e6:.2f} MB"
    )


def merge(counts: list[int]) -> None:
    """Merging shards of each number of cases, each by a process of its own."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            scratch = Path(folder)
            names = [*_names(count)]
            listed = listing_sha256(names)
            for number in range(1, SHARDS + 1):
                shard = Shard(number=number, of=SHARDS, cases=count, listing_sha256=listed)
                own = [name for name in names if shard.part.has(*name)]
                write(count, scratch / f"{number}", own, shard)
            folders = [str(scratch / f"{number}") for number in range(1, SHARDS + 1)]
            command = [*SELF, "merge", *folders, "--out", str(scratch / "merged")]
            what = f"merge of {count} cases × 2 models in {SHARDS} shards"
            _tell(what, [*command, "--no-page", "--quiet"], 0)


def compare(counts: list[int]) -> None:
    """Comparing two runs of each number of cases."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            scratch = Path(folder)
            runs = [scratch / "was", scratch / "now"]
            for number, run in enumerate(runs):
                write(count, run, linked=True, chance=random.Random(number))
            command = [*SELF, "compare", *map(str, runs), "--out", str(scratch / "out")]
            what = f"compare of {count} cases × 2 models"
            _tell(f"{what}, without its page", [*command, "--no-page", "--quiet"], 1)
            _tell(f"{what}, with it", [*command, "--quiet"], 1)
            size = sum(p.stat().st_size for p in (scratch / "out" / "records").iterdir())
            page = (scratch / "out" / "index.html").stat().st_size
            console.print(f"records {size / 1e6:.0f} MB, index.html {page / 1e6:.2f} MB")


def _tell(what: str, command: list[str], expected: int) -> None:
    """Run a command; its own process's peak memory and seconds. SystemExit for another status."""
    load, started = os.getloadavg()[0], time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != expected:
        raise SystemExit(f"{what}: status {os.waitstatus_to_exitcode(status)}")
    console.print(
        f"{what}: {used.ru_maxrss / 1024:.0f} MiB peak, {time.perf_counter() - started:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of processor (load {load:.0f})",
        soft_wrap=True,
    )


def write(
    count: int,
    out: Path,
    names: Sequence[tuple[str, str]] | None = None,
    shard: Shard | None = None,
    linked: bool = False,
    chance: random.Random | None = None,
) -> None:
    """A run folder of so many cases, without a picture; or of those `names` of them, a shard, in
    which cut-outs are there, as they are where they shall be `linked`."""
    names = [*_names(count)] if names is None else names
    chance = chance or random.Random(shard.number if shard else count)
    opacity = chance.randrange(256)
    table = metrics_of(Settings()) if shard else TABLE
    metrics = [Column(metric=m.name, unit=m.unit, region=m.region) for m in table]
    scored = {m.name for m in TABLE if m.guide or m.headline or m.name in ("risk", "islands")}
    book = Measurements.of_columns(metrics)
    with parts(out, [column.metric for column in metrics], shard) as files:
        files.add("cases", _cases_of(names))
        for model in MODELS:
            for category, case in names:
                key = Key(category, case, model)
                failed = chance.random() < 1 / 2000
                risk = chance.random() ** 3
                prediction = _prediction(key, failed, chance)
                if shard or linked:
                    prediction = _linked(prediction, out, opacity)
                files.add("predictions", [prediction])
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
        if shard:
            files.add("pairs", (_pair(about, chance) for about in names))
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
        shard=shard and shard.model_copy(update={"models": tuple(infos)}),
        records=files.files,
    )
    write_atomic(out / "run.json", run.lines())


def _names(count: int) -> Iterator[tuple[str, str]]:
    for number, category in enumerate(CATEGORIES):
        for case in range(number, count, len(CATEGORIES)):
            yield category, f"picture {case:07}"


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
    picture = hashlib.sha256(repr(key[:2]).encode()).hexdigest()
    return Prediction(
        **key._asdict(), picture_sha256=picture, width=320, height=240,
        cutout=f"cutouts/{key.model}/{key.category}/{key.case}.png", cutout_sha256=sha256,
        seconds={"decode": chance.random(), "infer": chance.random(), "encode": 0.01},
        peak_memory_bytes=10**9, device="cpu", dtype="fp32",
    )  # fmt: skip


def _linked(prediction: Prediction, out: Path, opacity: int) -> Prediction:
    """With a cut-out that is there: a link to one of a few, for a file has no more than 65,000."""
    if not prediction.cutout:
        return prediction
    one = out / f"one of {prediction.model} {prediction.category}.png"
    path = out / prediction.cutout
    if not one.exists():
        Image.new("RGBA", (64, 48), (9, 9, 9, opacity)).save(one)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(one, path)
    return prediction.model_copy(update={"cutout_sha256": sha256_file(one)})


def _pair(about: tuple[str, str], chance: random.Random) -> PairDistance:
    return PairDistance(
        category=about[0], case=about[1], one=MODELS[0], other=MODELS[1],
        difference=0.1, apart=chance.random() / 10, place=(1, 2, 3, 4),
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
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--compare", action="store_true")
    given = parser.parse_args()
    (merge if given.merge else compare if given.compare else main)(given.cases)
