"""The command `rmbg-eval run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..errors import SettingsError
from ..i18n import Message
from ..settings import Settings
from .options import Quiet, takes

if TYPE_CHECKING:
    from ..run.record import Run
    from ..run.shard import Part

Engine = Literal["local", "ray"]
ProgressKind = Literal["bar", "json"]


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
    time_limit: Annotated[
        float,
        typer.Option(
            metavar="S",
            min=0.1,
            help="With --isolate or Ray: seconds without a picture done that end its process.",
        ),
    ] = 900,
    engine: Annotated[
        Engine, typer.Option(help="local, or ray: many workers, on one machine or a cluster.")
    ] = "local",
    address: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Of a Ray cluster, as ray://HOST:10001; empty: this machine."
        ),
    ] = "",
    worker_cores: Annotated[
        int, typer.Option(metavar="N", min=0, help="Cores of a worker of Ray; 0: as fits.")
    ] = 0,
    progress: Annotated[
        ProgressKind,
        typer.Option(help="bar, or json: a line of JSON on stderr, at most one a second."),
    ] = "bar",
    quiet: Quiet = False,
) -> None:
    """Remove the backgrounds and measure, without the report: OUT/run.json and the cut-outs."""
    from ..ci.gate import exit_status
    from ..run.shard import Part
    from .terminal import progress_as, show_run

    if engine == "ray":
        if shard or isolate:
            raise SettingsError(
                Message("With --engine ray there is no --shard and no --isolate"),
                Message("Leave them out: Ray's workers do shards, and isolate what kills them."),
            )
        from ..ci.outputs import build_files
        from ..scale.on_ray import run_on_ray

        with progress_as(progress) as on_step:
            done = run_on_ray(
                settings,
                on_step,
                build_files,
                address=address,
                worker_cores=worker_cores,
                time_limit=time_limit,
            )
    else:
        if address or worker_cores:
            raise SettingsError(
                Message("--address and --worker-cores are for Ray"), Message("Add --engine ray.")
            )
        part = Part.parse(shard) if shard else None
        done = evaluated(settings, part, isolate, time_limit, progress)
    show_run(done, settings.out_folder / "run.json", quiet)
    raise typer.Exit(exit_status(done))


def evaluated(
    settings: Settings,
    part: Part | None = None,
    isolate: bool = False,
    time_limit: float = 900,
    progress: ProgressKind = "bar",
) -> Run:
    """The run, with its progress."""
    from ..ci.outputs import build_files
    from ..run.evaluate import evaluate
    from .terminal import progress_as

    with progress_as(progress) as on_step:
        return evaluate(
            settings, on_step, build_files, part=part, isolate=isolate, time_limit=time_limit
        )
