"""The command line, run by tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from typer.testing import CliRunner

from rmbg_eval.cli.app import app
from rmbg_eval.errors import RmbgEvalError

Printed = Callable[[], Any]
"""`out` and `err`: what was printed since it was last asked."""


def rmbg(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rmbg_eval", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "160", **environment},
    )


def call(*arguments: object, **environment: str) -> tuple[int, str]:
    """Exit status and all that was printed, within this process; errors as `main` ends with."""
    environment = {"COLUMNS": "200", **environment}
    done = CliRunner().invoke(app, [str(a) for a in arguments], env=environment)
    if isinstance(done.exception, RmbgEvalError):
        return 2, f"{done.output}{done.exception}"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def streams(*arguments: object) -> tuple[int, str, str]:
    """Exit status, and what was printed to stdout and to stderr, within this process."""
    done = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.stdout, done.stderr
