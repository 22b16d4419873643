"""The commands `compare` and `approve`: a gate against a baseline, and how one is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .baseline import approve as make_baseline
from .baseline import changes, refuse_failures
from .compare import compare as compare_folders
from .comparison_folder import save_comparison
from .errors import SettingsError, printable
from .files import user_path
from .options import CompareFailOnName, OutOption, QuietOption
from .records import Run
from .terminal import out, progress, show_comparison
from .tolerances import Tolerances


def compare(
    base: Annotated[Path, typer.Argument(help="A run's folder, or a baseline.", metavar="BASE")],
    new: Annotated[Path, typer.Argument(help="A run's folder.", metavar="NEW")],
    tolerances: Annotated[
        Path | None,
        typer.Option("--tolerances", metavar="FILE", help="TOML: how far what may move."),
    ] = None,
    out_folder: OutOption = "reports/compare",
    fail_on: Annotated[
        CompareFailOnName,
        typer.Option("--fail-on", help="What is not let pass: each includes those after it."),
    ] = CompareFailOnName.worse,
    quiet: QuietOption = False,
) -> None:
    """What changed from one run to another; exit 1 if anything got worse."""
    folder = user_path(out_folder, SettingsError)
    allowed = Tolerances.load(tolerances)
    with progress() as on_step:
        found = compare_folders(base, new, allowed, on_step)
        path = save_comparison(found, folder, fail_on.value)
    show_comparison(found, fail_on.value, quiet)
    if not quiet:
        out.print(str(path.absolute()), markup=False, highlight=False, soft_wrap=True)
    if found.failing(fail_on.value):
        raise typer.Exit(1)


def approve(
    run_: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
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
    allowed = [name for names in allow_failures or () for name in names.split(",") if name]
    refuse_failures(Run.load(run_), allowed)
    with progress() as on_step:
        found = changes(run_, to, on_step)
    if found is None:
        out.print(f"{printable(str(to))} is no baseline yet: all of the run is new.", markup=False)
    else:
        show_comparison(found, "error")
    if dry_run:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError("Nobody is there to be asked", "Approve with --yes.")
        typer.confirm(f"Make it the baseline in {printable(str(to))}?", abort=True)
    with progress() as on_step:
        make_baseline(run_, to, allowed, on_step)
    out.print(str(to.absolute()), markup=False, highlight=False, soft_wrap=True)
