"""The commands `rmbg-eval cases check`, `rmbg-eval cases list` and `rmbg-eval cases new`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..core.files import in_shell, user_path
from ..core.remote import is_url
from ..errors import CaseError, RmbgEvalError
from ..i18n import Message
from .options import Command

cases = typer.Typer(
    help="Check a folder of pictures, list it as a table, or make one.", no_args_is_help=True
)


_Cases = Annotated[
    str,
    typer.Argument(
        help="Folder of pictures, its URL, or a table of them: .parquet or .csv.",
        metavar="DIR",
        show_default=False,
    ),
]
_LayoutOf = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Published data set that the folder is, as dis5k; empty: found out.",
    ),
]


@cases.command(cls=Command)
def check(folder: _Cases, layout_of: _LayoutOf = "") -> None:
    """Read every picture and its truth, and say what a run would meet.

    Of more than 100 cases only those that cannot be used are listed.
    """
    from rich.markup import escape
    from rich.table import Column, Table

    from ..cases.categories import CATEGORIES
    from ..cases.checks import check_cases, likely_truths
    from ..cases.folder import load_cases
    from .terminal import MOST_ROWS, complain, out, progress, say, show_skipped

    source = _source(folder)
    case_set = load_cases(source, layout_of=layout_of)
    name = Column("case", overflow="fold")  # never cut short
    table = Table(name, "pixels", "truth", "points", "licence", "")
    broken = 0
    with progress() as on_step:
        for case, result in check_cases(case_set, on_step):
            if isinstance(result, RmbgEvalError):
                broken += 1
                table.add_row(escape(case.name), "", "", "", "", escape(str(result)))
                continue
            if len(case_set.cases) > MOST_ROWS:
                continue
            (width, height), truth = result
            table.add_row(
                escape(case.name),
                f"{width}×{height}",
                "none" if truth is None else "yes",
                str(len(case.about.points)),
                escape(case.about.licence or "not stated"),
                "ok",
            )
    if table.row_count:
        out.print(table)
    if len(case_set.cases) > MOST_ROWS:
        usable = len(case_set.cases) - broken
        say(Message("{n} case can be used", many="{n} cases can be used", n=usable))
    for line in (*case_set.layouts, *likely_truths(case_set)):
        say(line)
    show_skipped(case_set.skipped)
    folders = [c for c in CATEGORIES if isinstance(source, Path) and (source / c).is_dir()]
    empty = [category for category in folders if category not in case_set.categories]
    if empty:
        say(f"empty: {', '.join(empty)}")
    if broken:
        told = Message(
            "{broken} of {n} case cannot be used",
            many="{broken} of {n} cases cannot be used",
            broken=broken,
            n=len(case_set.cases),
        )
        complain(told)
        raise typer.Exit(2)


@cases.command("list", cls=Command)
def list_(
    folder: _Cases,
    file: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="The table: .parquet.", show_default=False),
    ],
    layout_of: _LayoutOf = "",
) -> None:
    """Write a table of the cases, which --cases takes as well.

    So that a large folder is listed once.

    \b
    For example:
      rmbg-eval cases list catalogue --out catalogue.parquet
    """
    from ..cases.folder import load_cases
    from ..cases.manifest import write_manifest
    from .terminal import say, show_skipped

    case_set = load_cases(_source(folder), layout_of=layout_of)
    write_manifest(file, case_set)
    failed = sum(case.failure is not None for case in case_set.cases)
    text = Message(
        "{n} case in {file}", many="{n} cases in {file}", n=len(case_set.cases), file=str(file)
    )
    if failed:
        text = Message("{text}, {failed} of which cannot be used", text=text, failed=failed)
    say(text)
    show_skipped(case_set.skipped)


@cases.command(cls=Command)
def new(
    folder: Annotated[
        Path, typer.Argument(help="Folder to make.", metavar="DIR", show_default=False)
    ],
) -> None:
    """Make a folder of categories, with an example and a README."""
    from ..cases.folder import new_case_set
    from .terminal import say

    new_case_set(folder)
    say(f"Made {folder}. Put pictures into its folders, then run:")
    say(f"  rmbg-eval report --cases {in_shell(str(folder), 'FOLDER')}")


def _source(folder: str) -> Path | str:
    """The folder or table, or its URL."""
    return folder if is_url(folder) else user_path(folder, CaseError)
