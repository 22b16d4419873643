"""What shards cost: `python benchmarks/shards.py [PICTURES]`; `catalogue.py --merge` merges them.

Pictures of 320×240 (400 by default) and a graph of one node, so that nothing is waited for but this
package, in two processes at once, each with a shard: a bare loop of decode, infer, encode in one
thread; `predict`, which keeps each cut-out in the cache too; and `rmbg-eval run`, which also
measures and draws previews. Goal: `predict` has 0.85 of the bare loop's throughput.
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

from rmbg_eval import load_cases
from rmbg_eval.core.cache import Store
from rmbg_eval.core.decoding import decode
from rmbg_eval.core.files import write_atomic
from rmbg_eval.core.images import encode_png
from rmbg_eval.core.paths import resource
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict
from rmbg_eval.run.shard import Part

OF = 2


def main(pictures: int) -> None:
    """Throughput."""
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="?", type=int, default=400)
    main(parser.parse_args().pictures)
