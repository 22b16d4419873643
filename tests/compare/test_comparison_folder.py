"""The folder of a comparison: for one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeModel

from rmbg_eval import CompareSettings, Settings, compare_folders, evaluate
from rmbg_eval.errors import OutputError


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
