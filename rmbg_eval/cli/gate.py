"""The commands `compare` and `approve`: a gate against a baseline, and how one is made."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..compare.baseline import approve as make_baseline
from ..compare.baseline import changes, refuse_failures
from ..compare.folder import compare_folders
from ..core.progress import Step
from ..errors import SettingsError, printable
from ..run.record import Run
from ..settings import CompareSettings
from .options import (
    CompareFailOnName,
    LanguageName,
    LanguageOption,
    LayoutName,
    LayoutOption,
    OutOption,
    QuietOption,
)
from .terminal import out, progress, show_comparison


def compare(
    base: Annotated[str, typer.Argument(help="A run's folder, or a baseline.", metavar="BASE")],
    new: Annotated[str, typer.Argument(help="A run's folder.", metavar="NEW")],
    tolerances: Annotated[
        str, typer.Option("--tolerances", metavar="FILE", help="TOML: how far what may move.")
    ] = "",
    out_folder: OutOption = "reports/compare",
    fail_on: Annotated[
        CompareFailOnName,
        typer.Option("--fail-on", help="What is not let pass: each includes those after it."),
    ] = CompareFailOnName.worse,
    lang: LanguageOption = LanguageName.en,
    layout: LayoutOption = LayoutName.single,
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Only the files for a build, without index.html.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """What changed from one run to another; exit 1 if anything got worse."""
    settings = CompareSettings.of(
        {
            "base": base,
            "new": new,
            "tolerances": tolerances,
            "out": out_folder,
            "fail_on": fail_on.value,
            "lang": lang.value,
            "layout": layout.value,
        }
    )
    with progress() as on_step:
        found = compare_folders(settings, on_step)
        path = settings.out_folder / "summary.md"
        if not no_page:
            from ..report.notebooks import (
                render_comparison,  # papermill and nbconvert take a second
            )

            on_step(Step("comparison · notebook and page"))
            path = render_comparison(settings)
    show_comparison(found, settings.fail_on, quiet)
    if not quiet:
        out.print(str(path.absolute()), markup=False, highlight=False, soft_wrap=True)
    if found.failing(settings.fail_on):
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
        there = "cannot be read" if (to / "run.json").exists() else "is no baseline yet"
        out.print(f"{printable(str(to))} {there}: all of the run is new.", markup=False)
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
