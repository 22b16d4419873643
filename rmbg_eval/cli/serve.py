"""The command `rmbg-eval serve`."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SettingsError
from ..i18n import Message
from ..settings import Settings
from .options import takes


@takes(Settings, only=("models", "cases", "device", "dtype"))
def serve(
    settings: Settings,
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN", help="Folder of a finished report, to serve that instead of the page."
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Where to serve; any but a loopback address gets a token."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="N", min=1, max=65535, help="Of the page's address.")
    ] = 7860,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="What a visitor must know; made up where --host needs one."
        ),
    ] = None,
    add_to: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Let visitors add pictures to this folder of cases; with RUN, points to those.",
        ),
    ] = "",
    decisions: Annotated[
        str,
        typer.Option(
            metavar="DIR", help="With RUN: what is decided on the page is saved here as one goes."
        ),
    ] = "",
) -> None:
    """A page to remove one background; with RUN, a finished report.

    \b
    For example:
      rmbg-eval serve
      rmbg-eval serve reports/shop --decisions decided
    """
    from .terminal import say

    if decisions and run is None:
        raise SettingsError(
            Message("There is nothing to decide on without a report"),
            Message("Name its folder: rmbg-eval serve RUN --decisions DIR."),
        )
    if run is None and not hasattr(socket, "AF_UNIX"):
        raise SettingsError(
            Message("The page cannot be served on this system"), Message("Use Linux, macOS or WSL.")
        )
    needed = ("tornado",) if run else ("voila", "anywidget")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise SettingsError(
            Message("The page needs {names}, which is not installed", names=missing),
            Message('Install it: pip install "rmbg-eval[lab]".'),
        )

    def tell(address: str) -> None:
        say(address)
        say("Ctrl-C ends it.")

    with suppress(KeyboardInterrupt):  # which ends a server, and interrupts nothing
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if run is not None:
            from ..explore.report_server import serve_report

            serve_report(run, host, port, token, decisions, add_to, tell)
        else:
            from ..explore.server import serve as serve_page  # Voilà takes a second

            serve_page(settings, host, port, token, add_to, tell)
