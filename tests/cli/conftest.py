"""What tests of the command line share."""

from __future__ import annotations

import pytest
from commands import Printed

from rmbg_eval.cli import terminal


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Printed:
    """Terminals of 100 columns."""
    monkeypatch.setattr(terminal, "out", terminal.Stream(width=100))
    monkeypatch.setattr(terminal, "err", terminal.Stream(stderr=True, width=100))
    return capsys.readouterr
