"""The files that a build reads, of a run or of a comparison, each from a module of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..compare.comparison import Comparison
from ..core.files import user_path, write_atomic
from ..core.modules import modules
from ..decisions.files import NAME, counting_or_why
from ..decisions.lists import write_lists
from ..decisions.record import Decisions
from ..errors import OutputError
from ..i18n import Message
from ..run.record import Run
from ..settings import CompareFailOn as FailOn


@dataclass(frozen=True)
class Output:
    """A file for a build."""

    name: str
    of_run: Callable[[Run, Decisions, Message | None], str | Iterable[str]]
    """Its text, whole or in pieces, of a run, what people decided of it, and why that cannot be
    read."""
    of_comparison: Callable[[Comparison, FailOn], str | Iterable[str]]


def outputs() -> Iterator[Output]:
    """The `OUTPUT` of each module of this package that has one."""
    for module in modules(__package__):
        if hasattr(module, "OUTPUT"):
            yield module.OUTPUT


def build_files(out: Path | str, result: Run | Comparison, fail_on: FailOn = "worse") -> None:
    """Write every one of them into `out`, and where people's decisions are, their lists anew: a
    cut-out that is another one by now is not in them. OutputError where that cannot be.

    >>> from pathlib import Path
    >>> from rmbg_eval import build_files, load_run
    >>> build_files(Path("reports"), load_run("reports/latest"))
    >>> sorted(path.name for path in Path("reports").glob("*.*"))
    ['junit.xml', 'summary.md']

    `fail_on` is for a comparison: a run has its own in its settings.
    """
    out = user_path(out, OutputError)
    if isinstance(result, Comparison):
        for output in outputs():
            write_atomic(out / output.name, output.of_comparison(result, fail_on))
        return
    decisions, unreadable = counting_or_why(result)
    for output in outputs():
        write_atomic(out / output.name, output.of_run(result, decisions, unreadable))
    if (out / NAME).exists() and not unreadable:
        write_lists(out, result, decisions)
