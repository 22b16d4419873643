"""The folder of a comparison: comparison.json, what a build reads, and the page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from ..core.files import remove_unfinished, write_atomic
from ..core.progress import OnStep, ignore
from ..errors import check_record
from ..i18n import Message
from ..run.folder import claim, locked, remove_pages
from ..run.parts import remove_others
from ..settings import CompareFailOn as FailOn
from ..settings import CompareSettings
from .comparison import Comparison
from .runs import compare
from .tolerances import Tolerances

OnSave = Callable[[Path, Comparison, FailOn], None]
"""Called with the comparison's folder, the comparison, and what its gate stops at."""


def compare_folders(
    settings: CompareSettings,
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, comparison, fail_on: None,
) -> Comparison:
    """Compare two folders and keep the comparison in a third, as comparison.json.

    >>> from rmbg_eval import CompareSettings, compare_folders
    >>> settings = CompareSettings(base="reports/latest", new="reports/latest", out="reports/two")
    >>> compare_folders(settings).failing("worse")
    ()

    `on_save` writes what else is made of it, as `ci.outputs.build_files` does for a build.

    Raises RmbgEvalError where one of them, or the tolerances, cannot be used, and where another
    process is writing to the third.
    """
    check_record(settings, CompareSettings)
    tolerances = Tolerances.load(settings.tolerances_file)
    out = settings.out_folder
    with ExitStack() as held:

        def alone() -> Path:
            claim(
                out,
                "comparison.json",
                Message("Give a new or empty folder with --out, or one that holds a comparison."),
            )
            held.enter_context(locked(out))
            remove_unfinished(out)
            return out

        found = compare(settings.base_folder, settings.new_folder, tolerances, on_step, alone)
        remove_pages(out)  # of the comparison before
        kept = found.model_copy(update={"pairs": ()}) if found.records else found
        write_atomic(out / "comparison.json", kept.lines())
        on_save(out, found, settings.fail_on)
        remove_others(out, found.records or {})
    return found
