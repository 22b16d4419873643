"""The files that a build reads, of a run or of a comparison: one table, written as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..compare.comparison import Comparison, FailOn
from ..core.files import write_atomic
from ..run.record import Run
from .junit import junit_of_comparison, junit_of_run
from .summary_md import summary_of_comparison, summary_of_run


@dataclass(frozen=True)
class Output:
    """A file for a build."""

    name: str
    of_run: Callable[[Run], str]
    of_comparison: Callable[[Comparison, FailOn], str]


TABLE = (
    Output("junit.xml", junit_of_run, junit_of_comparison),
    Output("summary.md", summary_of_run, summary_of_comparison),
)


def build_files(out: Path, result: Run | Comparison, fail_on: FailOn = "worse") -> None:
    """Write every file of the table into `out`; OutputError where that cannot be.

    `fail_on` is for a comparison: a run has its own in its settings.
    """
    for output in TABLE:
        text = (
            output.of_run(result)
            if isinstance(result, Run)
            else output.of_comparison(result, fail_on)
        )
        write_atomic(out / output.name, text)
