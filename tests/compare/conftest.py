"""A run that can become a baseline, and where that would be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeModel

from rmbg_eval import Settings


@pytest.fixture
def settings(case_set: Path, tmp_path: Path, use_models: Callable[..., None]) -> Settings:
    use_models(FakeModel())
    return Settings(cases=str(case_set), models=["fake"], out=str(tmp_path / "run"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "baseline"
