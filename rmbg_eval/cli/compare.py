"""The command `rmbg-eval compare`: a gate against a baseline."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from ..core.progress import Step
from ..settings import CompareSettings
from .options import Quiet, takes


@takes(CompareSettings)
def compare(
    settings: CompareSettings,
    no_page: Annotated[
        bool, typer.Option("--no-page", help="Only the files for a build, without index.html.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """What changed from one run to another; a gate for builds.

    Exit status 1 where anything got worse, as --fail-on and the tolerances say; a page shows what.

    \b
    For example:
      rmbg-eval compare baseline reports/new
    """
    from ..ci.outputs import build_files
    from ..compare.folder import compare_folders
    from .terminal import exit_with, progress, show_comparison, show_path

    with ExitStack() as stack:
        kernel = None
        if not no_page:
            from ..core.kernel import Kernel

            kernel = stack.enter_context(Kernel("rmbg_eval.report"))
            kernel.start_ahead()
        on_step = stack.enter_context(progress())
        comparison = compare_folders(settings, on_step, build_files)
        path = settings.out_folder / "summary.md"
        if kernel:
            from ..report.notebooks import render_comparison  # papermill takes a second

            on_step(Step("comparison · notebook and page"))
            path = render_comparison(settings, kernel)
    with exit_with(bool(comparison.stopped(settings.fail_on))):
        show_comparison(comparison, settings.fail_on, quiet)
        if not quiet:
            show_path(path)
