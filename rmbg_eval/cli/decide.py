"""The command `rmbg-eval decide`: what people decided by eye, into the run folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import OutputError, printable
from ..i18n import Message

if TYPE_CHECKING:
    from ..decisions.files import Intake

_SHOWN = 20
"""Lines of a kind that are printed; the others are counted."""


def decide(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files that pages have saved, of any people.", metavar="FILE"),
    ] = None,
    zip_: Annotated[
        Path | None,
        typer.Option("--zip", metavar="FILE", help="Also write the usable cut-outs as a ZIP."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be taken, and write nothing.")
    ] = False,
) -> None:
    """Take what people decided by eye into a run.

    The share usable and the ranking are in its summary.md, and in the next report of it; mend.csv
    lists what is left to do.

    \b
    For example:
      rmbg-eval decide reports/shop ~/Downloads/decisions.json --zip usable.zip
    """
    from ..ci.outputs import build_files
    from ..compare.baseline import is_baseline
    from ..decisions import files as decided
    from ..decisions.lists import write_zip
    from ..run.folder import locked
    from ..run.record import Run
    from .terminal import complain, say, show_path

    if is_baseline(Run.load(run)):
        raise OutputError(
            Message("{folder} holds a baseline", folder=printable(str(run))),
            Message("Give the folder of the run that was looked at."),
        )
    with nullcontext() if dry_run else locked(run):
        record = Run.load(run)
        intake = decided.take(record, list(files or ()))
        if not dry_run:
            decided.save(run, intake.decisions)
            build_files(run, record)
    _show(intake, dry_run)
    if not dry_run and zip_ is not None:
        count = write_zip(zip_, record, intake.counting, complain)
        say(Message("{n} usable cut-out:", many="{n} usable cut-outs:", n=count))
        show_path(zip_)
    if not dry_run:
        show_path(run / "summary.md")
    if intake.refused:
        raise typer.Exit(2)


def _show(intake: Intake, dry_run: bool) -> None:
    from ..decisions.record import subject
    from .terminal import complain, say, show_uncounted

    # A thing that a person decided on several times, or took back, is one.
    count = Counter({subject(decision): decision.kind for decision in intake.new}.values())
    text = Message(
        "{would}: {reviews}, {votes}, {approvals}; {again}, {refused}",
        would=Message("would be taken") if dry_run else Message("taken"),
        reviews=Message("{n} review", many="{n} reviews", n=count["review"]),
        votes=Message("{n} vote", many="{n} votes", n=count["vote"]),
        approvals=Message("{n} approval", many="{n} approvals", n=count["approval"]),
        again=Message("{n} was there already", many="{n} were there already", n=intake.again),
        refused=Message("{n} is refused", many="{n} are refused", n=len(intake.refused)),
    )
    say(text)
    show_uncounted(intake.stale)
    if intake.contradictions:
        say(Message("people do not agree:"))
    for contradiction in intake.contradictions[:_SHOWN]:
        say(f"· {contradiction.message}")
    _more(len(intake.contradictions), say)
    for refused in intake.refused[:_SHOWN]:
        complain(refused.message)
    _more(len(intake.refused), complain)


def _more(count: int, tell: Callable[[object], None]) -> None:
    if count > _SHOWN:
        tell(f"… and {count - _SHOWN} more")
