"""The command `rmbg-eval report`."""

from __future__ import annotations

import os

from ..core.progress import OnStep, Step
from ..settings import Settings, WorkSettings
from .options import ProgressKind, Quiet, takes
from .run import evaluated


@takes(Settings, WorkSettings, unnamed="cases")
def report(
    settings: Settings,
    work: WorkSettings,
    progress: ProgressKind = "bar",
    quiet: Quiet = False,
) -> None:
    """Remove backgrounds, measure, and make the report.

    It is OUT/index.html, to be opened in a browser.

    \b
    For example:
      rmbg-eval report ~/Pictures/shop --out reports/shop
      rmbg-eval report ~/Pictures/shop -m isnet -m "Studio=folder:~/Pictures/studio"
    """
    from ..ci.gate import exit_status
    from ..core.kernel import Kernel
    from .terminal import err, exit_with, progress_as, show_run

    with Kernel("rmbg_eval.report") as kernel, progress_as(progress) as on_step:
        # Where a run is, little is left to do as a rule, and the kernel starts meanwhile.
        if os.path.exists(settings.out_folder / "run.json"):
            kernel.start_ahead()
        try:
            run = evaluated(settings, work, on_step)
        except KeyboardInterrupt:
            _partial_page(settings, on_step)
            raise
        kernel.start_ahead()
        from ..report.notebooks import LARGE_PAGE, render  # papermill and nbconvert take a second

        on_step(Step("report · notebook and page"))
        page = render(settings, kernel)
    size = page.stat().st_size
    with exit_with(exit_status(run)):
        if run.settings.layout != settings.layout:
            err.print(
                f"{len(run.predictions)} predictions are too many for one file: "
                f"the pictures are beside the page, as with --layout {run.settings.layout}."
            )
        if size > LARGE_PAGE:
            err.print(
                f"The page has {size / 1e6:.0f} MB and will be slow to open. "
                "Use --layout folder, which keeps the pictures beside it."
            )
        show_run(run, page, quiet)


def _partial_page(settings: Settings, on_step: OnStep) -> None:
    """The page of what an interrupted run has done, if it has done anything."""
    from ..run.record import Run
    from .terminal import complain

    if not (settings.out_folder / "run.json").exists():
        return
    run = Run.load(settings.out_folder)
    if run.predictions and not run.complete:
        complain("Interrupted: the page of what is done is made; Ctrl-C again leaves it out.")
        from ..report.notebooks import render
        from ..run.drawing import draw_again

        draw_again(run, on_step)
        complain(f"The report is partial: {render(settings)}")
