"""The commands `cases check` and `cases new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from ..cases.case import CATEGORIES
from ..cases.folder import check_case, load_cases, new_case_set
from ..core.progress import Step
from ..errors import RmbgEvalError, printable
from .terminal import complain, out, progress

cases_app = typer.Typer(help="Check a folder of pictures, or make a new one.", no_args_is_help=True)


@cases_app.command("check")
def cases_check(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures.", show_default=False)],
) -> None:
    """Read every picture and its truth, and say what a run would meet."""
    found = load_cases(folder)
    name = Column("case", overflow="fold")  # never cut short
    table = Table(name, "pixels", "truth", "points", "licence", "")
    broken = 0
    with progress() as on_step:
        for done, case in enumerate(found.cases, 1):
            try:
                size, truth = check_case(case)
                table.add_row(
                    escape(case.name),
                    f"{size[0]}×{size[1]}",
                    "none" if truth is None else "yes",
                    str(len(case.about.points)),
                    escape(printable(case.about.licence or "not stated")),
                    "ok",
                )
            except RmbgEvalError as error:
                broken += 1
                table.add_row(escape(case.name), "", "", "", "", escape(str(error)))
            on_step(Step("checking", done, len(found.cases)))
    out.print(table)
    for line in found.skipped:
        out.print(f"skipped: {line}", markup=False, highlight=False)
    empty = [name for name in CATEGORIES if name not in found.categories]
    if empty:
        out.print(f"empty: {', '.join(empty)}")
    if broken:
        complain(f"{broken} of {len(found.cases)} cases cannot be used")
        raise typer.Exit(2)


@cases_app.command("new")
def cases_new(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
) -> None:
    """Make a folder with the six categories, an example and a README."""
    new_case_set(folder)
    out.print(f"Made {printable(str(folder))}. Put pictures into its folders, then run:")
    out.print(f"  rmbg-eval report --cases {printable(str(folder))}", markup=False)
