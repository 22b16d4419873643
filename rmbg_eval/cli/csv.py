"""The command `rmbg-eval csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def csv(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    to: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="By default measurements.csv in the folder."),
    ] = None,
) -> None:
    """Write everything that was measured as CSV.

    A run of more than 5,000 cases has none by itself.
    """
    from ..run.csv_files import write_csv
    from ..run.record import Run
    from .terminal import complain, show_path

    path, record = to or run / "measurements.csv", Run.load(run)
    write_csv(path, record)
    if not record.complete:
        complain("The run was interrupted: what is written is partial.")
    show_path(path)
