"""The command line, run by tests."""

from __future__ import annotations

import os
import subprocess
import sys

from typer.testing import CliRunner

from rmbg_eval.cli.app import app
from rmbg_eval.errors import RmbgEvalError


def rmbg(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rmbg_eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "160", **environment},
    )


def call(*arguments: object) -> tuple[int, str]:
    """Exit status and all that was printed, within this process; errors as `main` ends with."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    if isinstance(done.exception, RmbgEvalError):
        return 2, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output
