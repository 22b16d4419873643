"""What tests of runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeModel

from rmbg_eval.settings import Settings


@pytest.fixture
def settings(case_set: Path, tmp_path: Path, use_models: Callable[..., None]) -> Settings:
    """Of a run of the fake model over the three cases."""
    use_models(FakeModel())
    return Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "out"))
