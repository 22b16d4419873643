"""The command `rmbg-eval run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..settings import Settings
from .options import Quiet, takes

if TYPE_CHECKING:
    from ..run.record import Run
    from ..run.shard import Part


@takes(Settings, without=("lang", "layout"))
def run(
    settings: Settings,
    shard: Annotated[
        str,
        typer.Option(
            metavar="I/N", help="Only the I-th of N parts of the cases; see: rmbg-eval merge."
        ),
    ] = "",
    isolate: Annotated[
        bool,
        typer.Option(
            "--isolate",
            help="Each model in a process of its own; a picture that kills it is a failed case.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Remove the backgrounds and measure, without the report: OUT/run.json and the cut-outs."""
    from ..ci.gate import exit_status
    from ..run.shard import Part
    from .terminal import show_run

    done = evaluated(settings, Part.parse(shard) if shard else None, isolate)
    show_run(done, settings.out_folder / "run.json", quiet)
    raise typer.Exit(exit_status(done))


def evaluated(settings: Settings, part: Part | None = None, isolate: bool = False) -> Run:
    """The run, with a progress bar."""
    from ..ci.outputs import build_files
    from ..run.evaluate import evaluate
    from .terminal import progress

    with progress() as on_step:
        return evaluate(settings, on_step, build_files, part=part, isolate=isolate)
