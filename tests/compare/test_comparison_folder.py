"""The folder of a comparison: for one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeModel

from rmbg_eval import CompareSettings, Settings, compare_folders, evaluate
from rmbg_eval.errors import OutputError
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
