"""Progress in a notebook: one bar that is replaced as it moves, and gone when it is done."""

from __future__ import annotations

from html import escape
from time import monotonic

from ..core.progress import OnStep, Pace, Step, ignore

_REFRESH_SECONDS = 0.2


def notebook_progress() -> OnStep:
    """A callback that shows steps in the running cell and leaves nothing behind; outside a notebook
    it shows nothing.

    >>> from rmbg_eval import Report, load_run, notebook_progress
    >>> report = Report(load_run("reports/latest"), notebook_progress())
    """
    from IPython import get_ipython
    from IPython.display import HTML, display

    if get_ipython() is None:
        return ignore
    handle = display(HTML(""), display_id=True)
    shown = 0.0
    pace = Pace()

    def on_step(step: Step) -> None:
        nonlocal shown
        now = monotonic()
        pace.take(step, now)
        finished = bool(step.total) and step.done == step.total
        if not finished and now - shown < _REFRESH_SECONDS:
            return
        shown = 0.0 if finished else now  # what comes next is shown at once: it may take long
        bar = f'<progress value="{step.done}" max="{step.total}"></progress>'
        line = f"{bar if step.total else '…'} {escape(step.text)} {pace.count(now)}".rstrip()
        if handle:
            handle.update(HTML("" if finished else line))

    return on_step
