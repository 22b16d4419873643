"""The command `rmbg-eval run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..core.progress import OnStep
from ..errors import SettingsError
from ..i18n import Message
from ..settings import Settings, WorkSettings
from .options import ProgressKind, Quiet, takes

if TYPE_CHECKING:
    from ..run.record import Run


@takes(Settings, WorkSettings, without=("lang", "layout"), unnamed="cases")
def run(
    settings: Settings,
    work: WorkSettings,
    shard: Annotated[
        str,
        typer.Option(
            metavar="I/N", help="Only the I-th of N parts of the cases; see: rmbg-eval merge."
        ),
    ] = "",
    progress: ProgressKind = "bar",
    quiet: Quiet = False,
) -> None:
    """Remove backgrounds and measure, without making the report.

    OUT has run.json, the cut-outs, and what a build reads: summary.md and junit.xml.

    \b
    For example:
      rmbg-eval run my-pictures -m "ours=onnx:ours.onnx?mean=0.5&std=1" --out reports/new
      rmbg-eval run my-pictures --shard 1/4 --out shards/1
    """
    from ..ci.gate import exit_status
    from .terminal import exit_with, progress_as, show_run

    with progress_as(progress) as on_step:
        done = evaluated(settings, work, on_step, shard)
    with exit_with(exit_status(done)):
        show_run(done, settings.out_folder / "run.json", quiet)


def evaluated(settings: Settings, work: WorkSettings, on_step: OnStep, shard: str = "") -> Run:
    """The run of the settings, by whichever engine; SettingsError for what is not its own."""
    from ..ci.outputs import build_files

    if work.engine == "ray":
        if shard or work.isolate:
            raise SettingsError(
                Message("With --engine ray there is no --shard and no --isolate"),
                Message("Leave them out: Ray's workers do shards, and isolate what kills them."),
            )
        from ..scale.on_ray import run_on_ray

        return run_on_ray(
            settings,
            on_step,
            build_files,
            address=work.address,
            worker_cores=work.worker_cores,
            time_limit=work.time_limit,
        )
    if work.address or work.worker_cores:
        raise SettingsError(
            Message("--address and --worker-cores are for Ray"), Message("Add --engine ray.")
        )
    from ..core.machine import keep_freed_memory
    from ..run.evaluate import evaluate
    from ..run.shard import Part

    keep_freed_memory()
    part = Part.parse(shard) if shard else None
    return evaluate(
        settings,
        on_step,
        build_files,
        part=part,
        isolate=work.isolate,
        time_limit=work.time_limit,
    )
