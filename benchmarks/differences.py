"""How far the same model moves with threads and instruction set: what tolerances must cover.

Runs rmbg-eval as it is, on one core, and on narrower instruction sets, each with a cache of its
own, and compares. Prints, for each, how far alpha moved and how much of its tolerance the measure
that moved most used up.

    python benchmarks/differences.py [CATEGORY…]
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import SELF, fresh_cache

from rmbg_eval import Run
from rmbg_eval.compare.runs import compare

MODELS = ("isnet", "isnet-quint8")
VARIANTS: dict[str, tuple[list[str], dict[str, str]]] = {
    "again": ([], {}),
    "one core": (["taskset", "-c", "0"], {}),
    "AVX2": ([], {"ONEDNN_MAX_CPU_ISA": "AVX2"}),
    "bf16": ([], {}),
}


def run(
    folder: Path, name: str, prefix: list[str], more: dict[str, str], options: list[str]
) -> Path:
    """A run in a process of its own, with nothing kept from another."""
    cache, out = fresh_cache(folder / f"cache-{name}"), folder / name
    command = [*prefix, *SELF, "run", "--out", str(out), "--quiet"]
    for model in MODELS:
        command += ["--model", model]
    environment = {**os.environ, **more, "RMBG_EVAL_CACHE": str(cache)}
    subprocess.run([*command, *options], check=True, env=environment)
    return out


def main(categories: list[str]) -> None:
    """Run every variant and print what moved."""
    options = [word for name in categories for word in ("--category", name)]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        base = run(folder, "base", [], {}, options)
        print(f"{Run.load(base).machine.processor}, {len(Run.load(base).cases)} cases")
        for name, (prefix, more) in VARIANTS.items():
            precision = ["--dtype", "bf16", "--precision-cases", "0"] if name == "bf16" else []
            found = compare(base, run(folder, name, prefix, more, [*options, *precision]))
            for model in MODELS:
                pairs = [pair for pair in found.pairs if pair.model == model]
                same = sum(pair.identical for pair in pairs)
                alpha = {
                    which: max(
                        v.difference or 0 for p in pairs for v in p.values if v.name == which
                    )
                    for which in ("alpha_mean", "alpha_tile")
                }
                judged = [
                    (abs(v.difference) / v.allowed, p.name, v.name)
                    for p in pairs
                    for v in p.values
                    if v.kind != "alpha" and v.allowed and v.difference is not None
                ]
                most = max(judged, default=(0.0, "", ""))
                print(
                    f"{name:9} {model:13} the same to the bit {same}/{len(pairs)}; alpha moved at "
                    f"most {alpha['alpha_mean']:.2g} in the mean, {alpha['alpha_tile']:.2g} in a "
                    f"square; {most[0]:.0%} of the tolerance ({most[2]} of {most[1]})",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
