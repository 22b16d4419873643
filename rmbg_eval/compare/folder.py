"""The folder of a comparison: comparison.json, junit.xml, summary.md, and the page."""

from __future__ import annotations

from pathlib import Path

from ..ci.junit import junit_of_comparison
from ..ci.summary_md import summary_of_comparison
from ..core.files import remove_unfinished, write_atomic
from ..core.progress import OnStep, ignore
from ..errors import OutputError, printable
from ..run.folder import names_in
from ..settings import CompareSettings
from .comparison import Comparison, FailOn
from .runs import compare
from .tolerances import Tolerances


def compare_folders(settings: CompareSettings, on_step: OnStep = ignore) -> Comparison:
    """Compare two folders and write comparison.json, junit.xml and summary.md into a third.

    Raises RmbgEvalError where one of them, or the tolerances, cannot be used.
    """
    tolerances = Tolerances.load(settings.tolerances_file)
    found = compare(settings.base_folder, settings.new_folder, tolerances, on_step)
    save_comparison(found, settings.out_folder, settings.fail_on)
    return found


_OURS = {"comparison.json", "junit.xml", "summary.md", "assets"}


def save_comparison(comparison: Comparison, out: Path, fail_on: FailOn) -> Path:
    """Write comparison.json, junit.xml and summary.md into `out`; the path of the first.

    Raises OutputError where `out` cannot be written, or holds anything but a comparison.
    """
    names, foreign = names_in(out, _OURS)
    if "run.json" in names or (foreign and "comparison.json" not in names):
        raise OutputError(
            f"{printable(str(out))} holds other files ({printable((foreign or ['run.json'])[0])})",
            "Give a new or empty folder with --out, or one that holds a comparison.",
        )
    remove_unfinished(out)
    write_atomic(out / "junit.xml", junit_of_comparison(comparison, fail_on))
    write_atomic(out / "summary.md", summary_of_comparison(comparison, fail_on))
    write_atomic(out / "comparison.json", comparison.model_dump_json(indent=1))
    return out / "comparison.json"
