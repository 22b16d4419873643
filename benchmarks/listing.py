"""What listing pictures costs: `python benchmarks/listing.py [PICTURES …]`, 10,000 and 100,000.

Each in a process of its own, seconds of processor and the peak of memory: nothing but what is
imported; all cases of a folder; the table of them (`cases list`); and one shard of 200 by the
folder, by that table, and by a CSV file of the same. The pictures are hard links of one, so that
nothing but names counts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from bench import HERE, console, printed
from PIL import Image

_WAYS = {
    "imports": "",
    "all, of the folder": "load_cases('cases')",
    "cases list": "write_manifest(Path('m.parquet'), load_cases('cases'))",
    "all, of the table": "load_cases('m.parquet')",
    "a shard, of the folder": "load_cases('cases', keep=listing.has)",
    "a shard, of the table": "load_cases('m.parquet', keep=listing.has)",
    "a shard, of a CSV file": "load_cases('m.csv', keep=listing.has)",
}
PEAK = "peak_memory() // 2**20"
"""MiB of the process that evaluates it, on Linux: what `getrusage` says may be its parent's."""
_BEFORE = """
import time
from pathlib import Path
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.cases.manifest import write_manifest
from rmbg_eval.core.machine import peak_memory
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.run.shard import Listing, Part
listing = Listing(Part(1, 200))
before = time.process_time()
"""
_AFTER = f"\nprint(time.process_time() - before, {PEAK})"


def pictures(folder: Path, count: int) -> list[str]:
    """So many files in a new folder, each 50,000 of them one; their names."""
    folder.mkdir()
    names = [f"{number:06}.png" for number in range(count)]
    for number, name in enumerate(names):
        if number % 50_000:
            os.link(folder / names[number - number % 50_000], folder / name)
        else:
            Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / name)
    return names


def main(counts: list[int]) -> None:
    """Every way for each count."""
    for count in counts:
        with tempfile.TemporaryDirectory(dir=HERE) as folder:
            scratch = Path(folder)
            names = pictures(scratch / "cases", count)
            lines = (f"cases/{name},pictures" for name in names)
            (scratch / "m.csv").write_text("\n".join(["image,category", *lines]))
            for way, code in _WAYS.items():
                whole = _BEFORE + code + _AFTER
                told = printed(whole, cwd=scratch, PYTHONPATH=str(HERE.parent))
                seconds, peak = map(float, told.split())
                console.print(f"{count} pictures, {way}: {seconds:.2f} s, {peak:.0f} MiB peak")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="*", type=int, default=[10_000, 100_000])
    main(parser.parse_args().pictures)
