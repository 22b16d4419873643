"""The command `rmbg-eval approve`: how a baseline is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SettingsError, printable
from ..i18n import Message


def approve(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="The baseline.")] = Path(
        "baseline"
    ),
    allow_failures: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-failures",
            metavar="NAMES",
            help="Cases, as category/id, that may fail in it; repeat, or separate by commas.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would change, and change nothing.")
    ] = False,
) -> None:
    """Make a run the baseline that later runs are compared with; shows first what changes."""
    from ..compare.baseline import approve as make_baseline
    from ..compare.baseline import changes, refuse_failures
    from ..run.record import Run
    from .terminal import out, progress, show_comparison, show_path

    allowed = [name for names in allow_failures or () for name in names.split(",") if name]
    refuse_failures(Run.load(run), allowed)
    with progress() as on_step:
        comparison = changes(run, to, on_step)
    if comparison is None:
        there = "cannot be read" if (to / "run.json").exists() else "is no baseline yet"
        out.print(f"{printable(str(to))} {there}: all of the run is new.", markup=False)
    else:
        show_comparison(comparison, "error")
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError(
                Message("Nobody is there to be asked"), Message("Approve with --yes.")
            )
        typer.confirm(f"Make it the baseline in {printable(str(to))}?", abort=True)
    with progress() as on_step:
        make_baseline(run, to, allowed, on_step)
    show_path(to)
