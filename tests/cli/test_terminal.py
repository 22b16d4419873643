"""Progress for programs."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from rmbg_eval.cli import main, terminal
from rmbg_eval.cli.terminal import progress_as
from rmbg_eval.core.progress import Step


def test_progress_as_json_is_a_line_a_second_and_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([10.0, 10.0, 10.4, 10.9, 11.25, 11.5])
    monkeypatch.setattr(terminal, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with progress_as("json") as on_step:
        for done in range(5):
            on_step(Step("宠物\n", done, 5))
    out, err = capsys.readouterr()
    told = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [(each["seconds"], each["done"]) for each in told] == [(0, 0), (1.25, 3), (1.5, 4)]
    assert all(each["text"] == "宠物\n" and each["total"] == 5 for each in told)


def test_a_terminal_without_a_character_gets_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows has them, where output goes to a file."""
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, "cp1252"))
    monkeypatch.setattr("rmbg_eval.cli.app.app", lambda: print("é发", flush=True))
    main()
    assert shown.getvalue().strip() == b"\xe9\\u53d1"
