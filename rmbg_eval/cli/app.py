"""The command `rmbg-eval`: thin, every line of work is a function that Python can call too.

Exit status: 0 fine; 1 a gate or a required observation point failed; 2 bad usage or input.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

import typer

from ..errors import RmbgEvalError
from . import cases
from .approve import approve
from .bench import bench
from .compare import compare
from .cutout import cutout
from .models import models
from .report import report
from .run import run
from .serve import serve

COMMANDS: dict[str, Callable[..., None]] = {
    "report": report,
    "run": run,
    "compare": compare,
    "approve": approve,
    "cutout": cutout,
    "bench": bench,
    "serve": serve,
    "models": models,
}
CASES: dict[str, Callable[..., None]] = {"check": cases.check, "new": cases.new}

app = typer.Typer(
    name="rmbg-eval",
    help="Which background remover is good enough on your own pictures, and where does it fail?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_cases = typer.Typer(help="Check a folder of pictures, or make a new one.", no_args_is_help=True)
app.add_typer(_cases, name="cases")
for group, commands in ((app, COMMANDS), (_cases, CASES)):
    for name, command in commands.items():
        group.command(name)(command)


def main() -> None:
    """Run the command line; errors are one message on stderr and exit status 2."""
    # Pillow warns of odd metadata; what matters is in the case's notes or its failure.
    warnings.filterwarnings("ignore", module="PIL")
    try:
        return app()
    except RmbgEvalError as error:
        text, status = f"{error.problem}.\n{error.remedy}", 2
    except SystemExit as end:
        if end.code != 130:  # typer's answer to Ctrl-C, which is silent
            raise
        text = "Interrupted. What was done is kept: the same command goes on from here."
        status = 130
    from .terminal import complain

    complain(text)
    sys.exit(status)
