"""The command `rmbg-eval approve`: how a baseline is made."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
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
    allow_failures_like: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-failures-like",
            metavar="NAMES",
            help="The same, with all others that failed for no other reasons than these cases.",
        ),
    ] = None,
    decisions: Annotated[
        Path | None,
        typer.Option(
            "--decisions",
            metavar="FILE",
            help="Take only the changes that people ticked: a decisions.json.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Show what would change, and change nothing.")
    ] = False,
) -> None:
    """Make a run the baseline that later runs are compared with.

    Shows first what changes, and asks.

    \b
    For example:
      rmbg-eval approve reports/new --to baseline
    """
    if decisions is not None:
        return _ticked(
            run, to, decisions, allow_failures or (), allow_failures_like or (), yes, dry_run
        )
    from ..compare.baseline import approve as make_baseline
    from ..compare.baseline import changes
    from ..compare.failures import names_in, refuse_failures
    from ..core.files import sha256_file
    from ..run.record import Run
    from .terminal import progress, say, show_comparison, show_path

    seen = sha256_file(run / "run.json")
    record = Run.load(run)
    allowed = names_in(allow_failures or (), record, allow_failures_like or ())
    if not dry_run:  # before what takes long
        refuse_failures(record, allowed)
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        with progress() as on_step:
            comparison = changes(run, to, on_step, Path(scratch))
        if comparison is None:
            there = "cannot be read" if (to / "run.json").exists() else "is no baseline yet"
            say(f"{to} {there}: all of the run is new.")
        else:
            show_comparison(comparison, "error")
    if dry_run:
        return refuse_failures(record, allowed)
    _ask(f"Make it the baseline in {printable(str(to))}?", yes)
    with progress() as on_step:
        make_baseline(run, to, allowed, on_step, seen)
    show_path(to)


def _ask(question: str, yes: bool) -> None:
    if not yes:
        if not sys.stdin.isatty():
            raise SettingsError(
                Message("Nobody is there to be asked"), Message("Approve with --yes.")
            )
        typer.confirm(question, abort=True)


def _ticked(
    run: Path,
    to: Path,
    file: Path,
    allow_failures: Iterable[str],
    allow_failures_like: Iterable[str],
    yes: bool,
    dry_run: bool,
) -> None:
    """Take exactly the changes that `file` approves of; status 2 where one of them is refused."""
    from ..compare.baseline import approve_changes
    from ..compare.choice import choose, only
    from ..compare.failures import names_in, refuse_failures, refuse_shard
    from ..decisions.files import read
    from ..run.record import Run
    from .terminal import complain, progress, say, show_path

    chosen = {each.key: (each.base_sha256, each.new_sha256) for each in read(file).approvals}
    record = Run.load(run)
    refuse_shard(record)
    if not (to / "run.json").exists():
        raise SettingsError(
            Message("{folder} is no baseline yet", folder=printable(str(to))),
            Message("Approve the whole run once, without --decisions."),
        )
    choice = choose(record, Run.load(to), chosen)
    taken = only(record, {*choice.taken})
    allowed = names_in(allow_failures, taken, allow_failures_like)

    def tell(what: str) -> None:
        for key in choice.taken:
            say(f"{what}: {key.category}/{key.case} · {key.model}")

    for key, why in choice.refused:
        complain(f"refused: {key.category}/{key.case} · {key.model}: {why}")
    if choice.taken:
        refuse_failures(taken, allowed)
    else:
        say(Message("no change is taken into the baseline"))
    if dry_run or not yes:
        tell("would be approved")
    if choice.taken and not dry_run:
        question = Message(
            "Take {n} change into the baseline in {folder}?",
            many="Take {n} changes into the baseline in {folder}?",
            n=len(choice.taken),
            folder=printable(str(to)),
        )
        _ask(str(question), yes)
        with progress() as on_step:
            approve_changes(run, to, chosen, allowed, on_step)
        tell("approved")
        show_path(to)
    if choice.refused:
        raise typer.Exit(2)
