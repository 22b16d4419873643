"""The command `rmbg-eval bench`."""

from __future__ import annotations

import typer

from ..i18n import Message
from ..settings import BenchSettings
from .options import takes


@takes(BenchSettings)
def bench(settings: BenchSettings) -> None:
    """How fast models are here: latency, throughput and memory.

    By device, dtype and batch, each combination in a fresh process.

    \b
    For example:
      rmbg-eval bench -m isnet
      rmbg-eval bench -m rmbg-2.0 --random-weights --batch 1 --batch 8
    """
    from ..bench import bench as measure
    from ..bench.tables import tables
    from .terminal import out, progress, say, show_path

    with progress() as on_step:
        measured = measure(settings, on_step)
    for table in tables(measured, settings.lang):
        out.print(table)
    if settings.random_weights:
        note = Message("With random weights: times and memory are true, the cut-outs mean nothing.")
        say(note.to(settings.lang))
    for name in ("bench.json", "bench.png"):
        show_path(settings.out_folder / name)
    if all(row.failure for row in measured.rows):
        raise typer.Exit(2)
