"""`rmbg-eval serve` as a process of its own, for tests that visit it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from browser import free_port


@contextmanager
def served(
    cache: Path,
    *options: str,
    log: Path | None = None,
    ended_by: signal.Signals = signal.SIGINT,
) -> Iterator[str]:
    """The address that the command prints; what it says to its operator goes to `log`."""
    if sys.platform == "win32":
        pytest.skip("no process can be interrupted on Windows as on the others")
    command = [sys.executable, "-m", "rmbg_eval", "serve", "--port", str(free_port()), *options]
    said = log.open("wb") if log else None
    process = subprocess.Popen(
        command,
        env={**os.environ, "RMBG_EVAL_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=said or subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # Where the tests run in the background of a shell, an interrupt is ignored by default.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    if said:
        said.close()
    try:
        assert process.stdout
        for line in process.stdout:
            if found := re.match(r"http://\S+", line):
                yield found[0]
                break
        else:
            raise AssertionError("the server did not start")
    finally:
        process.send_signal(ended_by)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
