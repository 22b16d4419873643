"""The kernel that is started before it is needed. That it executes, test_notebooks.py shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rmbg_eval.core.kernel import Kernel


def test_what_hinders_it_is_raised_where_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    with Kernel("rmbg_eval.report") as kernel:

        def hindered(**_: object) -> None:
            raise OSError("no process left")

        monkeypatch.setattr(kernel.manager, "start_kernel", hindered)
        kernel.start_ahead()
        with pytest.raises(OSError, match="no process left"):
            kernel.start()


def test_no_code_runs_that_lies_in_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be one of a stranger's pictures."""
    monkeypatch.chdir(tmp_path)
    for name in ("ipykernel", "ipykernel_launcher", "traitlets", "rmbg_eval", "jinja2"):
        (tmp_path / f"{name}.py").write_text(f"open('{name}-ran', 'w')\n")
    with Kernel("rmbg_eval.report") as kernel:
        kernel.start()
        client = kernel.manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(60)
        client.execute_interactive("import rmbg_eval, jinja2", timeout=60)
        client.stop_channels()
    assert not [*tmp_path.glob("*-ran")]


def test_a_folder_of_pythonpath_stays_one_where_one_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a checkout, with PYTHONPATH=$PWD."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "own_module.py").write_text("open('ran', 'w')\n")
    with Kernel("own_module") as kernel:
        kernel.start()
        client = kernel.manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(60)
        client.stop_channels()
    assert (tmp_path / "ran").exists()


def test_it_is_started_once_and_ends_with_its_block() -> None:
    with Kernel("json.decoder") as kernel:
        kernel.start_ahead()
        process = kernel.manager.provisioner
        kernel.start()
        assert kernel.manager.provisioner is process
        assert kernel.manager.is_alive()
    assert not kernel.manager.has_kernel
