"""The files for a build, written together."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparisons import made
from runs import run_of

from rmbg_eval.ci.outputs import build_files
from rmbg_eval.decisions import files
from rmbg_eval.decisions.record import Decisions
from rmbg_eval.run.record import Run


def test_what_people_decided_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(made("a"), made("b"))
    run = run.model_copy(
        update={"settings": run.settings.model_copy(update={"out": str(tmp_path)})}
    )
    files.save(tmp_path, Decisions())
    read = []

    def counted(path: Path) -> Decisions:
        read.append(path)
        return Decisions()

    monkeypatch.setattr(files, "read", counted)
    build_files(str(tmp_path), run)
    assert read == [tmp_path / "decisions.json"]
    assert {"junit.xml", "summary.md", "mend.csv"} <= {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("damaged", [False, True])
def test_decisions_that_cannot_be_read_leave_the_lists_as_they_are(
    tmp_path: Path, damaged: bool
) -> None:
    run: Run = run_of(made("a"), made("b"))
    run = run.model_copy(
        update={"settings": run.settings.model_copy(update={"out": str(tmp_path)})}
    )
    files.save(tmp_path, Decisions())
    if damaged:
        (tmp_path / "decisions.json").write_text("{")
    build_files(tmp_path, run)
    assert (tmp_path / "mend.csv").exists() is not damaged
    told = "What people decided by eye is left out" in (tmp_path / "summary.md").read_text()
    assert told is damaged
