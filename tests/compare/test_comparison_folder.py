"""The folder of a comparison: for one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from comparisons import comparison
from fakes import FakeModel

from rmbg_eval import CompareSettings, Comparison, Settings, compare_folders, evaluate
from rmbg_eval.core.files import write_atomic
from rmbg_eval.errors import OutputError
from rmbg_eval.report.notebooks import render_comparison
from rmbg_eval.run.folder import save


def test_two_comparisons_do_not_write_into_one_folder_at_once(
    case_set: Path, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    use_models(FakeModel())
    run = str(tmp_path / "run")
    evaluate(Settings(cases=str(case_set), models=["fake"], out=run))
    settings = CompareSettings(base=run, new=run, out=str(tmp_path / "out"))

    def meanwhile(*_: object) -> None:
        with pytest.raises(OutputError, match="is writing to"):
            compare_folders(settings)

    compare_folders(settings, on_save=meanwhile)
    compare_folders(settings)
    with pytest.raises(OutputError, match="or one that holds a comparison"):
        compare_folders(settings.model_copy(update={"out": run}))


def test_a_comparison_is_a_line_a_pair_and_reads_back(tmp_path: Path) -> None:
    kept = comparison("worse", "same", "better")
    path = tmp_path / "comparison.json"
    write_atomic(path, kept.lines())
    assert sum('"state":' in line for line in path.read_text("utf-8").splitlines()) == 3
    assert Comparison.load(tmp_path) == kept


def test_a_folder_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    """Of what is compared, and of what is written, once there is a page of it."""
    name = "byte\udcff"
    kept = comparison("same").model_copy(update={"base": name})
    with pytest.raises(OutputError, match=r"byte\\udcff in it is not Unicode"):
        write_atomic(tmp_path / "comparison.json", kept.lines())
    with pytest.raises(OutputError, match=r"byte\\udcff in it is not Unicode"):
        render_comparison(CompareSettings(out=name))


def test_a_run_that_was_interrupted_passes_no_gate(
    case_set: Path, tmp_path: Path, use_models: Callable[..., None]
) -> None:
    """It may have all of BASE's cut-outs, and not be judged yet."""
    use_models(FakeModel())
    base, new = (Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / name))
                 for name in ("base", "new"))  # fmt: skip
    run = evaluate(base)

    evaluate(new)
    save(new.out_folder, run.model_copy(update={"complete": False, "settings": new}))
    settings = CompareSettings(base=base.out, new=new.out, out=str(tmp_path / "out"))
    with pytest.raises(OutputError, match="new was interrupted and is partial"):
        compare_folders(settings)
    assert not (tmp_path / "out").exists()
    compare_folders(settings.model_copy(update={"base": new.out, "new": base.out}))
