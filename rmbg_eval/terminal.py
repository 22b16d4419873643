"""What the command line shows: a progress bar, tables, and complaints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .progress import OnStep, Step
from .records import Run

out, err = Console(), Console(stderr=True)


def show_run(run_: Run, path: Path) -> None:
    """Print the table of case × model and the path.

    Exit 2 if nothing at all succeeded, 1 if a required observation point did not pass.
    """
    names = [model.info.name for model in run_.models]
    table = Table("case", *names, title="seconds a picture: inference / all stages")
    made = {(p.category, p.case, p.model): p for p in run_.predictions}
    for record in run_.cases:
        cells = []
        for name in names:
            prediction = made[record.category, record.id, name]
            if prediction.failure:
                cells.append(f"[red]{escape(prediction.failure.problem)}[/red]")
            else:
                seconds = prediction.seconds
                whole = sum(value for stage, value in seconds.items() if stage != "load")
                cells.append(f"{seconds['infer']:.2f} / {whole:.2f}")
        table.add_row(escape(f"{record.category}/{record.id}"), *cells)
    out.print(table)
    for model in run_.models:
        for warning in model.warnings:
            complain(f"{model.info.name}: {warning}")
    if run_.failures:
        complain(f"{len(run_.failures)} of {len(run_.predictions)} predictions failed")
    out.print(str(path.absolute()), markup=False, highlight=False, soft_wrap=True)
    if len(run_.failures) == len(run_.predictions):
        raise typer.Exit(2)
    if run_.missed:
        for point in run_.missed:
            why = point.reason or (
                f"measured {point.measured:.3g} {point.unit}, "
                f"expected {point.expected:.3g} ± {point.tolerance:.3g}"
            )
            where = f"{point.category}/{point.case} · {point.model} · {point.point}"
            complain(f"required point not passed: {where}: {why}")
        raise typer.Exit(1)


def complain(text: str) -> None:
    """One message on stderr."""
    err.print(text, style="red", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress() -> Iterator[OnStep]:
    """A progress bar on stderr that leaves nothing behind; silent where that is no terminal."""
    columns: list[Any] = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ]
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("starting", total=None)

        def on_step(step: Step) -> None:
            bar.update(
                task,
                description=escape(step.text),
                completed=step.done,
                total=step.total or None,
            )

        yield on_step
