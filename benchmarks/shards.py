"""What shards cost, and merging them: `python benchmarks/shards.py [PICTURES] [--merge CASES …]`.

Pictures of 320×240 (400 by default) and a graph of one node, so that nothing is waited for but this
package, in two processes at once, each with a shard: a bare loop of decode, infer, encode in one
thread; `predict`, which keeps each cut-out in the cache too; and `rmbg-eval run`, which also
measures and draws previews. Goal: `predict` has 0.85 of the bare loop's throughput.

Then the peak memory and seconds of `rmbg-eval merge`, by cases: 1,000 and 10,000 made-up ones with
two models in eight shards.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench import HERE, SELF, console
from PIL import Image, ImageOps

from rmbg_eval import Run, load_cases
from rmbg_eval.core.anchors import case_anchor
from rmbg_eval.core.cache import Store
from rmbg_eval.core.decoding import decode
from rmbg_eval.core.files import write_atomic
from rmbg_eval.core.images import encode_png
from rmbg_eval.core.paths import resource
from rmbg_eval.measure.columns import Column, Measurements
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.predictions.stages import predict
from rmbg_eval.run.folder import write_run
from rmbg_eval.run.previews import CasePreviews
from rmbg_eval.run.shard import Part, Shard, listing_sha256

OF = 2
MERGED = 8


def main(pictures: int, counts: list[int]) -> None:
    """Throughput, then merging."""
    sys.path.insert(0, str(HERE.parent / "tests"))
    from tiny_onnx import mean_of_channels, save_graph

    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        scratch = Path(folder)
        graph = save_graph(scratch / "mean.onnx", [mean_of_channels()])
        spec = f"m=onnx:{graph}?mean=0&std=1"
        write_pictures(scratch / "cases", pictures)
        load = os.getloadavg()[0]
        parts = [f"{n}/{OF}" for n in range(1, OF + 1)]
        loops = seconds_of([f"loop {part}" for part in parts], spec, scratch)
        shards = seconds_of(parts, spec, scratch)
        runs = [
            [*SELF, "run", "-q", "--cases", str(scratch / "cases"), "--model", spec,
             "--shard", part, "--out", str(scratch / f"out{part[0]}")]
            for part in parts
        ]  # fmt: skip
        for name, seconds in (
            (f"bare loop, {OF} processes", loops),
            (f"predict, {OF} shards", shards),
            (f"run, {OF} shards, with start-up", seconds_until_ended(runs, scratch / "run-cache")),
        ):
            console.print(
                f"{name}: {pictures / seconds:.0f} pictures a second, "
                f"{loops / seconds:.2f} of the bare loop",
                soft_wrap=True,
            )
        console.print(f"load of the machine before: {load:.0f}")
        for count in counts:
            _merge(count, Run.load(scratch / "out1"), scratch)


def work(what: str, spec: str, scratch: Path) -> None:
    """In a process of its own: the bare loop over a shard, or `predict`; prints its seconds."""
    part = Part.parse(what.removeprefix("loop "))
    own = [case for case in load_cases(scratch / "cases").cases if part.has("pictures", case.id)]
    model = load_model(spec, "cpu", "fp32")
    out = scratch / what.replace("/", " of ")
    model.load()
    started = time.perf_counter()
    if what.startswith("loop"):
        for case in own:
            picture = decode(case.image.read_bytes(), case.name, case.name)
            output = model.infer([model.preprocess(picture)])[0]
            write_atomic(out / f"{case.id}.png", encode_png(model.postprocess(output, picture)))
    else:
        for _, prediction in predict(model, own, out, Store(scratch / f"cache-{part.number}")):
            assert prediction.cutout, prediction.failure
    sys.stdout.write(f"{time.perf_counter() - started}\n")


def seconds_of(what: list[str], spec: str, scratch: Path) -> float:
    """Seconds of the slowest, all at once, without start-up."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import shards, pathlib; "
    code += "shards.work(sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4]))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(HERE), each, spec, str(scratch)],
            stdout=subprocess.PIPE,
        )
        for each in what
    ]
    return max(float(process.communicate()[0]) for process in running)


def seconds_until_ended(commands: list[list[str]], cache: Path) -> float:
    """Seconds until all have ended."""
    started = time.perf_counter()
    environment = {**os.environ, "RMBG_EVAL_CACHE": str(cache)}
    running = [subprocess.Popen(command, env=environment) for command in commands]
    for process in running:
        if process.wait():
            raise SystemExit(f"status {process.returncode}")
    return time.perf_counter() - started


def write_pictures(folder: Path, count: int) -> None:
    """So many of 320×240, as in a catalogue: the reference cases that have a truth on white, each
    in some places, and as often as need be, with another comment each time."""
    contents = []
    for case in load_cases(resource("cases")).cases:
        truth = case.truth()
        if truth is not None:
            rgb = case.picture().rgb * truth[..., None] + 255 * (1 - truth[..., None])
            image = Image.fromarray(np.rint(rgb).astype(np.uint8))
            for left in range(0, 90, 3):
                file = io.BytesIO()
                cut = ImageOps.fit(image.crop((left, 0, *image.size)), (320, 240))
                cut.save(file, "JPEG", quality=85)
                contents.append(file.getvalue())
    folder.mkdir()
    for number in range(count):
        comment = f"{number:07}".encode()
        head, rest = contents[number % len(contents)][:2], contents[number % len(contents)][2:]
        whole = head + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + rest
        (folder / f"{number:06}.jpg").write_bytes(whole)


def _merge(count: int, one: Run, scratch: Path) -> None:
    """Of shards that are made up: each case is one of those that there are, under another name."""
    names = [("pictures", f"{number:07}") for number in range(count)]
    models = [
        one.models[0].model_copy(update={"info": one.models[0].info.model_copy(update={"name": m})})
        for m in ("a", "b")
    ]
    folders = []
    for number in range(1, MERGED + 1):
        part, folder = Part(number, MERGED), scratch / f"merge{count}" / f"{number}"
        folders.append(folder)
        own = [name for name in names if part.has(*name)]
        predictions, measurements = [], Measurements()
        for model in models:
            for category, case in own:
                like = one.predictions[int(case) % len(one.predictions)]
                about = {"category": category, "case": case, "model": model.info.name}
                path = f"cutouts/{model.info.name}/{case}.png"
                _link(scratch / "out1" / (like.cutout or ""), folder / path)
                predictions.append(like.model_copy(update={**about, "cutout": path}))
                row = [m.model_copy(update=about) for m in one.measurements.of_key(like.key)]
                measurements.add(
                    predictions[-1].key,
                    [Column(metric=m.metric, unit=m.unit, region=m.region) for m in row],
                    [(m.value, m.reason) for m in row],
                )
        for category, case in own:
            like = one.predictions[int(case) % len(one.predictions)]
            _previews(like, category, case, scratch, folder)
        run = one.model_copy(
            update={
                "cases": tuple(
                    one.cases[0].model_copy(update={"category": c, "id": i}) for c, i in own
                ),
                "models": tuple(models),
                "predictions": tuple(predictions),
                "measurements": measurements,
                "risks": (),
                "shard": Shard(
                    number=number,
                    of=MERGED,
                    cases=count,
                    listing_sha256=listing_sha256(names),
                    models=tuple(model.info for model in models),
                ),
                "settings": one.settings.model_copy(update={"cases": str(scratch / "none")}),
            }
        )
        write_run(folder, run)
    started = time.perf_counter()
    command = [*SELF, "merge", *map(str, folders), "--out", str(scratch / f"merged{count}")]
    process = subprocess.Popen([*command, "--no-page", "--quiet"])
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit("it did not merge")
    console.print(
        f"merge of {count} cases × 2 models in {MERGED} shards: {used.ru_maxrss / 1024:.0f} MiB "
        f"peak, {time.perf_counter() - started:.0f} s, "
        f"{used.ru_utime + used.ru_stime:.0f} s of processor"
    )


def _previews(like: Prediction, category: str, case: str, scratch: Path, folder: Path) -> None:
    """What a shard has drawn of a case: that of another, as if both models had made it."""
    source = scratch / "out1" / "assets" / f"{case_anchor(like.category, like.case)}.json"
    drawn = CasePreviews.model_validate_json(source.read_bytes())
    (of_model,) = drawn.models.values()
    both = {name: like.cutout_sha256 or "" for name in ("a", "b")}
    drawn = drawn.model_copy(update={"cutouts": both, "models": dict.fromkeys(both, of_model)})
    write_atomic(folder / "assets" / f"{case_anchor(category, case)}.json", drawn.model_dump_json())
    for path in source.parent.glob(f"{drawn.name}-*"):
        _link(path, folder / "assets" / path.name)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.link(source, target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="?", type=int, default=400)
    parser.add_argument("--merge", nargs="*", type=int, default=[1000, 10000], metavar="CASES")
    given = parser.parse_args()
    main(given.pictures, given.merge)
