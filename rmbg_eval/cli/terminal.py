"""What the command line shows: a progress bar, tables, and complaints."""

from __future__ import annotations

import json
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeElapsedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from ..ci.gate import (
    MOST_FAILURES,
    count_lost,
    failed_alike,
    failing,
    how_many_failed,
    kept_rules,
    rules_name,
    why,
)
from ..compare.comparison import Comparison, alike
from ..core.key import Key
from ..core.progress import OnStep, Pace, Step
from ..decisions.files import uncounted
from ..errors import printable
from ..i18n import Message
from ..predictions.prediction import Prediction
from ..run.record import Run
from ..run.tally import Tally, middle, warnings_of
from ..settings import CompareFailOn as FailOn


class Stream(Console):
    """A terminal, or a build's log, to which no text brings control characters, lines or commands
    of its own: what is printed is in part what strangers named."""

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text passes here on its way to be shown, also one in a cell of a table."""
        return super().render_str(_plain(text), **how | {"emoji": False})

    def on_broken_pipe(self) -> None:
        """Nobody reads on; 1, with which others end then, is the status of a gate that failed."""
        raise SystemExit(2)


_COMMAND = re.compile(r"^(?=\s*::)|(?<=#)(?=#\w*\\*\[)")
"""Before what a build's runner takes for a command to it: `::error::` as a line begins,
`##[error]` or `##vso[…]` anywhere."""


def _plain(text: str) -> str:
    """`text` on one line, with nothing in it that is more than text; spaces of any width stay."""
    shown = "".join(c if unicodedata.category(c) == "Zs" else printable(c) for c in text)
    return _COMMAND.sub(r"\\", shown)


out, err = Stream(), Stream(stderr=True)
MOST_ROWS = 100
"""Of cases, of points that are not passed, of changes and of files that are no case: what is beyond
is counted."""


def show_run(run: Run, path: Path, quiet: bool = False) -> None:
    """Print seconds by case and model, or by model alone where that has no room, or no model has
    any, and the path, unless `quiet`, and what is wrong."""
    timed = not all(model.info.finished for model in run.models)
    seconds = _seconds(run) if not quiet and timed and len(run.cases) <= MOST_ROWS else None
    each = seconds is not None and _least_width(seconds) <= out.width
    if not quiet:
        out.print(seconds if each else _medians(run) if timed else _counts(run))
    warned = ((model.info.name, model.warnings) for model in run.models)
    for warning in warnings_of(warned, run.tally):
        complain(warning)
    failures = run.failures
    if failures:
        complain(how_many_failed(run))
        for line in () if each else islice(_failed(failures, len(run.models)), MOST_ROWS):
            complain(line)
        if len(failures) > MOST_FAILURES and not each:
            complain("each that failed: see junit.xml")
    if run.delivery:
        passed, judged = kept_rules(run)
        told = Message(
            "Delivery rules {name}: {passed} of {all} passed",
            name=rules_name(run),
            passed=passed,
            all=judged,
        )
        missed = count_lost(run.rules)
        if missed:
            told = Message(
                "{told}; {n} required one did not pass or could not be measured",
                many="{told}; {n} required ones did not pass or could not be measured",
                told=told,
                n=missed,
            )
        if missed or passed < judged:
            complain(f"{told}: see summary.md")
        elif not quiet:
            say(told)
    if not quiet and run.skipped:
        say(
            Message(
                "{n} file or folder is no case: {first}",
                many="{n} files and folders are no cases, as {first}",
                n=len(run.skipped),
                first=run.skipped[0],
            )
        )
    if not quiet:
        show_uncounted(uncounted(run))
        show_path(path)
    points = failing(run, run.points)
    for point in islice(points, MOST_ROWS):
        where = f"{point.category}/{point.case} · {point.model} · {point.point}"
        what = "required point" if point.required else "point"
        complain(f"{what} not passed: {where}: {why(point)}")
    if more := sum(1 for _ in points):
        complain(
            Message(
                "and {n} more such point: see junit.xml",
                many="and {n} more such points: see junit.xml",
                n=more,
            )
        )


def _failed(failures: Sequence[Prediction], models: int) -> Iterator[str]:
    """A line a failure; of many, one for those of one reason."""
    if len(failures) <= MOST_FAILURES:
        for p in failures:
            yield f"{_state(p)}: {p.category}/{p.case} · {p.model}: {p.failure}"
        return
    for same, (p, *others) in failed_alike(failures, models):
        name = _with(f"{p.category}/{p.case}", others)
        yield f"{_state(p)}: {name} · {'all models' if same else p.model}: {p.failure}"


def _state(failed: Prediction) -> str:
    return failed.failure.state if failed.failure else ""


def _seconds(run: Run) -> Table:
    heads = (Column(escape(model.info.name), min_width=11) for model in run.models)
    table = _titled("seconds a picture: inference / all stages", "case", *heads)
    for record in run.cases:
        cells = []
        for model in run.models:
            prediction = run.index.predictions[Key(*record.key, model.info.name)]
            if prediction.failure:
                cells.append(f"[red]{escape(str(prediction.failure.problem))}[/red]")
            elif model.info.finished or prediction.inference_seconds is None:
                cells.append("–")
            else:
                seconds = prediction.inference_seconds, prediction.total_seconds
                cells.append("{:.2f} / {:.2f}".format(*seconds))
        table.add_row(escape(record.name), *cells)
    return table


def _least_width(table: Table) -> int:
    """Without a word that is broken."""
    return Measurement.get(out, out.options.update_width(1 << 16), table).minimum


def _titled(title: str, *heads: Column | str) -> Table:
    """A table at least as wide as its title."""
    return Table(*heads, title=title, min_width=len(title))


def _medians(run: Run) -> Table:
    table = _titled("median seconds a picture", "model", "cut-outs", "inference", "all stages")
    for name, tally in run.tally.items():
        medians = (middle(tally.inference), middle(tally.totals))
        if run.index.models[name].info.finished:
            medians = None, None
        cells = ("–" if each is None else f"{each:.2f}" for each in medians)
        table.add_row(escape(name), _done(tally), *cells)
    return table


def _counts(run: Run) -> Table:
    table = Table("model", "cut-outs")
    for name, tally in run.tally.items():
        table.add_row(escape(name), _done(tally))
    return table


def _done(tally: Tally) -> str:
    return f"{tally.cutouts} of {tally.predictions}"


def show_comparison(comparison: Comparison, fail_on: FailOn, quiet: bool = False) -> None:
    """Print what a gate stops at, worst first, and, unless `quiet`, before it what else changed and
    after it how many are in which state."""
    stopped = comparison.stopped(fail_on).total()
    if not quiet:
        for note in comparison.notes:
            say(f"· {note}")
        name = Column("case", overflow="fold")
        table = Table(name, "model", "state", Column("why", overflow="fold"))
        passing = alike(comparison.passing(fail_on), MOST_ROWS)
        for pair, *others in passing:
            cells = (_with(pair.name, others), pair.model, pair.state, str(pair.why))
            table.add_row(*(escape(cell) for cell in cells))
        if table.row_count:
            out.print(table)
        if (more := comparison.changed - stopped - sum(map(len, passing))) > 0:
            say(f"and {more} more")
    stopping = alike(comparison.stopping(fail_on), MOST_ROWS)
    for pair, *others in stopping:
        complain(f"{pair.state}: {_with(pair.name, others)} · {pair.model}: {pair.why}")
    if (more := stopped - sum(map(len, stopping))) > 0:
        complain(f"and {more} more")
    if not quiet:
        say(comparison.counts())


def _with(name: str, others: Sequence[object]) -> str:
    return f"{name} and {len(others)} more" if others else name


@contextmanager
def exit_with(status: int) -> Iterator[None]:
    """Exit with what a gate has found once all of it is printed, or can be to nobody."""
    with suppress(SystemExit, OSError):
        yield
    raise typer.Exit(status)


def show_uncounted(count: int) -> None:
    """Print how many decisions are about cut-outs that a run does not have, where any is."""
    if not count:
        return
    say(
        Message(
            "{n} decision is about a cut-out that the run no longer has: kept, and not counted",
            many="{n} decisions are about cut-outs that the run no longer has: kept, and not "
            "counted",
            n=count,
        )
    )


def show_skipped(skipped: Sequence[Message]) -> None:
    """Print what of a folder is no case, a line each, and of many the first."""
    for line in skipped[:MOST_ROWS]:
        say(f"skipped: {line}")
    if (more := len(skipped) - MOST_ROWS) > 0:
        say(f"and {more} more that are skipped")


def show_path(path: Path) -> None:
    """Print where something lies, on one line."""
    say(path.absolute())


def say(text: object) -> None:
    """One line on stdout, which a terminal breaks as it likes; of a message, in English."""
    out.print(str(text), markup=False, highlight=False, soft_wrap=True)


def complain(text: object) -> None:
    """The same on stderr."""
    err.print(str(text), style="red", markup=False, highlight=False, soft_wrap=True)


class _Told(ProgressColumn):
    """What a function says, anew ten times a second; cut short where there is no room for it, or
    never."""

    def __init__(self, say: Callable[[Task], str], style: str = "", *, whole: bool = False) -> None:
        super().__init__(Column(no_wrap=whole))
        self._say, self._style = say, style

    def render(self, task: Task) -> Text:
        return Text(self._say(task), self._style, no_wrap=True, overflow="ellipsis")


@contextmanager
def progress() -> Iterator[OnStep]:
    """A progress bar on stderr that leaves nothing behind; silent where that is no terminal."""
    pace = Pace()
    columns = [
        _Told(lambda task: task.description),
        BarColumn(20),
        _Told(lambda _: pace.count(time.monotonic()), "progress.download", whole=True),
        TimeElapsedColumn(Column(no_wrap=True)),
    ]
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        bar.add_task("starting", total=None)
        (task,) = bar.tasks

        def on_step(step: Step) -> None:
            pace.take(step, time.monotonic())
            task.total = step.total or None
            bar.update(task.id, description=_plain(step.text), completed=step.done)
            task.finished_time = None  # the clock goes on, for more may come

        yield on_step


_LINE_EVERY = 1.0


@contextmanager
def lines() -> Iterator[OnStep]:
    """Progress for programs: a line of JSON on stderr with `seconds` since the start, `text`,
    `done` and `total` (0: not known); at most one a second, and the last."""
    started = time.monotonic()
    written, last = -_LINE_EVERY, ""

    def on_step(step: Step) -> None:
        nonlocal written, last
        seconds = time.monotonic() - started
        told = {"seconds": round(seconds, 3), "text": step.text}
        last = json.dumps({**told, "done": step.done, "total": step.total})
        if seconds - written >= _LINE_EVERY:
            written = seconds
            tell()

    def tell() -> None:
        nonlocal last
        with suppress(OSError):  # nobody reads, or a log's disk is full: the work goes on
            print(last, file=sys.stderr, flush=True)
        last = ""

    try:
        yield on_step
    finally:
        if last:
            tell()


def progress_as(how: Literal["bar", "json"]) -> AbstractContextManager[OnStep]:
    """Progress for people, or for programs."""
    return progress() if how == "bar" else lines()
