"""The kernel that is started before it is needed. That it executes, test_notebooks.py shows."""

from __future__ import annotations

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


def test_it_is_started_once_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    with Kernel("json.decoder") as kernel:
        kernel.start_ahead()
        process = kernel.manager.provisioner
        kernel.start()
        assert kernel.manager.provisioner is process
        assert kernel.manager.is_alive()
    assert not kernel.manager.has_kernel
