"""The models that run here, on the reference cases: a table and a chart for the documentation.

    python benchmarks/models.py [SPEC…]

Each model runs by itself with an empty cache: points, errors, seconds and memory are its own.
Writes docs/guide/models-measured.md and docs/models.svg. Close other programs first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import SELF, fresh_cache
from matplotlib import pyplot

from rmbg_eval import Run
from rmbg_eval.core.machine import Machine
from rmbg_eval.report.scatter import Dot, pareto
from rmbg_eval.run.charts import COLOURS, MARKS
from rmbg_eval.run.statistics import ALL, Points, inference, summarise

DOCS = Path(__file__).resolve().parents[1] / "docs"
SPECS = (
    "isnet",
    "isnet --dtype bf16",
    "isnet-matting",
    "isnet-guided=isnet?refine=guided",
    "isnet-int8",
    "isnet-quint8",
    "u2netp",
    "u2netp-guided=u2netp?refine=guided",
    "grabcut",
)
"""Models, and options of the command."""
COLUMNS = ("mad_unknown", "delta_e_white_edge")
TITLES = ("MAD, unknown region", "colour difference at the edge over white")
"""Measures whose means are printed, over the cases with a truth, and how they are headed."""


@dataclass(frozen=True)
class Row:
    """A model's figures."""

    name: str
    licence: str
    points: Points
    means: tuple[tuple[float | None, str, int], ...]
    """Of COLUMNS: mean, unit, cases."""
    seconds: float | None
    memory: int | None

    @property
    def share(self) -> float:
        return self.points.passed / self.points.measured


def main(specs: list[str]) -> None:
    """Run each, write the table and the chart."""
    rows = [_measure(spec) for spec in specs]
    _draw(rows)
    (DOCS / "guide" / "models-measured.md").write_text(_page(rows), "utf-8")


def _measure(spec: str) -> Row:
    """Run one model in a process of its own, which finds its weights and nothing else."""
    model, *options = spec.split()
    with tempfile.TemporaryDirectory() as scratch:
        cache, out = fresh_cache(Path(scratch) / "cache"), Path(scratch) / "out"
        command = [*SELF, "run", "--quiet", "--fail-on", "required"]
        command += ["--model", model, *options, "--out", str(out)]
        status = subprocess.run(
            command, env=os.environ | {"RMBG_EVAL_CACHE": str(cache)}, check=False
        ).returncode
        if status > 1:  # 1: a required point is missed
            sys.exit(f"{spec} ended with {status}")
        run = Run.load(out)
        (ours,) = run.models
        summary = summarise(run)
        means = []
        for metric in COLUMNS:
            row = summary.row(metric)
            assert row is not None
            (mean,) = row.means
            means.append((mean.value, row.unit, mean.scored))
        (points,) = (each for each in summary.points if each.category == ALL)
        name = f"{ours.info.name} {ours.info.dtype}" if options else ours.info.name
        memory = run.tally[ours.info.name].memory
        licence = ours.info.licence
        return Row(name, licence, points, tuple(means), inference(run, ours.info.name), memory)


def _front(rows: list[Row]) -> list[Row]:
    """Those that no other is both as fast and as good as, the fastest first."""
    dots = [Dot(row.name, "", row.seconds or 0, row.share) for row in rows]
    return [rows[number] for number in pareto(dots)]


def _draw(rows: list[Row]) -> None:
    pyplot.rcParams["svg.hashsalt"] = "models"
    pyplot.rcParams["svg.fonttype"] = "none"
    figure, axes = pyplot.subplots(figsize=(8.4, 4.2), layout="constrained")
    front = _front(rows)
    axes.step(
        [row.seconds or 0 for row in front], [100 * row.share for row in front],
        where="post", color="0.7", linestyle="--", zorder=0,
    )  # fmt: skip
    for number, row in enumerate(sorted(rows, key=lambda row: row.seconds or 0)):
        y = 100 * row.share
        low, high = (100 * end for end in (row.points.low or row.share, row.points.high or 1))
        megabytes = f"{row.memory / 1e6:.0f} MB" if row.memory else "memory unknown"
        axes.errorbar(
            row.seconds or 0, y, [[y - low], [high - y]], linestyle="", capsize=3,
            marker=MARKS[number % len(MARKS)], color=COLOURS[number % len(COLOURS)],
            label=f"{row.name}: {row.licence}, {megabytes}",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("seconds of inference a picture, median")
    axes.set_ylabel("% of the points passed")
    axes.set_title(f"{rows[0].points.measured} points on the reference cases, with 95 % intervals")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8)
    figure.savefig(DOCS / "models.svg", metadata={"Date": None})


def _page(rows: list[Row]) -> str:
    here = Machine.here()
    front = _front(rows)
    heads = ["model", "licence", "points passed", "95 % interval"]
    for title, (_, unit, count) in zip(TITLES, rows[0].means, strict=True):
        heads.append(f"{title}, {unit}, {count} cases")
    heads += ["s a picture, inference", "peak memory, MB"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in sorted(rows, key=lambda row: -row.share):
        ends = (row.points.low, row.points.high)
        interval = "–" if None in ends else "{:.0%} to {:.0%}".format(*ends)
        cells = [f"`{row.name}`" + (" ◆" if row in front else ""), row.licence]
        cells += [f"{row.points.passed} of {row.points.measured}", interval]
        cells += ["–" if mean is None else f"{mean:.4g}" for mean, _, _ in row.means]
        cells += [f"{row.seconds:.2f}" if row.seconds else "–"]
        cells += [f"{row.memory / 1e6:.0f}" if row.memory else "–"]
        lines.append("| " + " | ".join(cells) + " |")
    memory = f"{(here.memory_bytes or 0) / 2**30:.0f} GiB"
    return f"""# Models, measured

How good, how fast and how large the models are that run without an account. Give your own
pictures to `rmbg-eval report`: another set has another order.

Measured by `python benchmarks/models.py` on {datetime.now(UTC):%Y-%m-%d}, on the reference cases,
each model by itself: {here.processor}, {here.cores} cores, {memory}. Errors are means over the
cases with a truth. ◆: no other is both faster and better.

![Points passed against seconds of inference, with intervals, licences and memory](../models.svg)

{chr(10).join(lines)}
"""


if __name__ == "__main__":
    main(sys.argv[1:] or [*SPECS])
