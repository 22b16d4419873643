"""The command `rmbg-eval merge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.progress import Step
from ..settings import Settings
from .options import Quiet, takes


@takes(Settings, only=("lang",))
def merge(
    settings: Settings,
    shards: Annotated[list[Path], typer.Argument(help="Folders of all the shards.", metavar="DIR")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the one run of all.")
    ] = Path("reports/latest"),
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Only what run makes, without index.html.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Make one run, and its report, of the parts of a large one.

    They are the folders that run --shard I/N made.

    \b
    For example:
      rmbg-eval merge shards/* --out reports/all
    """
    from ..ci.gate import exit_status
    from ..ci.outputs import build_files
    from ..scale.merge import merge as merged
    from .terminal import exit_with, progress, show_run

    with progress() as on_step:
        run = merged(shards, out, on_step, build_files, settings.lang)
        path = out / "run.json"
        if not no_page:
            from ..report.notebooks import render  # papermill and nbconvert take a second

            on_step(Step("report · notebook and page"))
            path = render(run.settings)
    with exit_with(exit_status(run)):
        show_run(run, path, quiet)
