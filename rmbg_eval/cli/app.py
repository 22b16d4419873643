"""The command `rmbg-eval`: thin, every line of work is a function that Python can call too.

Exit status: 0 fine; 1 a gate or a required observation point failed; 2 bad usage or input.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import warnings
from contextlib import suppress
from typing import Annotated, Any, NoReturn

import typer

from .. import __version__
from ..core.modules import modules
from ..errors import Ended, RmbgEvalError, printable, system_reason
from .options import Command

FIRST = (
    "report run merge estimate compare approve decide csv cutout bench serve models cases".split()
)
"""How help lists commands; others follow by name."""

app = typer.Typer(
    name="rmbg-eval",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rmbg-eval {__version__}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="The version, alone."),
    ] = False,
) -> None:
    """Which background remover is good enough on your own pictures, and where does it fail?

    Begin with `rmbg-eval report --cases FOLDER`, or without a folder for the reference cases, and
    open reports/latest/index.html.
    """


def _commands() -> dict[str, Any]:
    """What each module of this folder defines under its own name: a command, or a group of some."""
    # The terminal's tables are for a command that runs: help does not wait for them.
    named = {
        module.__name__.rpartition(".")[2]: module
        for module in modules(__package__, without=("app", "terminal"))
    }
    order = sorted(named, key=lambda name: [*FIRST, name].index(name))
    return {name: getattr(named[name], name) for name in order if hasattr(named[name], name)}


for name, command in _commands().items():
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name.replace("_", "-"), cls=Command)(command)


def main() -> None:
    """Run the command line; errors are a problem and its remedy on stderr and exit status 2."""
    # Pillow warns of odd metadata; what matters is in the case's notes or its failure.
    warnings.filterwarnings("ignore", module="PIL")
    # On Windows zmq tells how it reads its sockets, which works.
    warnings.filterwarnings("ignore", "Proactor event loop", RuntimeWarning)
    _open_streams()
    # Who ends this loses nothing: what was done is kept, as it is after Ctrl-C.
    signal.signal(signal.SIGTERM, _end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # of Windows, not every character has all names
            stream.reconfigure(errors="backslashreplace")
    try:
        return app()
    except RmbgEvalError as error:
        lines = [f"{error.problem}.", str(error.remedy)]
    except OSError as error:
        if error.filename is not None:
            where = printable(os.fsdecode(error.filename))
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            remedy = "Make room, and run the same again." if full else "Check its permissions."
            lines = [f"{where} cannot be used: {system_reason(error)}.", remedy]
        elif error.errno in _FULL:  # of a stream
            lines = [f"What is printed cannot be written: {system_reason(error)}."]
        elif "temporary directory" in system_reason(error):  # tempfile's, of all that it tries
            lines = [f"{system_reason(error)}.", "Let TMPDIR name a folder you may write to."]
        elif error.errno == errno.ENOENT:  # os.getcwd's
            lines = ["The folder that the command was given in is gone.", "Enter one."]
        else:
            raise
    except SystemExit as end:
        _leave()
        # Of a pipe that nobody reads, or a question that is answered with no, or with Ctrl-C:
        # typer's answer is 1, as a gate's.
        if isinstance(end.__context__, BrokenPipeError | typer.Abort):
            sys.exit(2)
        if end.code == 130:  # typer's answer to Ctrl-C, which is silent
            # What was interrupted may be an import: of numpy there is no second.
            with suppress(OSError, ValueError):
                print(f"Interrupted.{_KEPT if _makes() else ''}", file=sys.stderr)
            _leave()
        raise
    from .terminal import complain

    with suppress(OSError, SystemExit):
        for line in lines:
            complain(line)
    _leave()
    sys.exit(2)


def _end(number: int, _: object) -> NoReturn:
    raise Ended(128 + number)


def _makes() -> bool:
    """Whether the command makes cut-outs that a cache keeps."""
    return sys.argv[1:2] in (["report"], ["run"], ["cutout"])


def _open_streams() -> None:
    """Where one of the three streams is closed, as a supervisor may leave them, open nothing in
    its place: the next file would get its number, and what a library prints."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


_KEPT = " Cut-outs that are done are kept, and not made again."
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EPIPE)


def _leave() -> None:
    """Keep the interpreter, when it ends, from writing to where nothing can be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
