"""The command `rmbg-eval serve`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from ..errors import SettingsError
from ..i18n import Message
from ..settings import Settings
from .options import (
    takes,
)


@takes(Settings, "models", "cases", "device", "dtype")
def serve(
    settings: Settings,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Any but a loopback address gets a token, and says so."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535)] = 7860,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="What a visitor must know. Default off loopback: made up."
        ),
    ] = None,
    add_to: Annotated[
        str,
        typer.Option(metavar="DIR", help="Let visitors add pictures to this folder of cases."),
    ] = "",
) -> None:
    """explore.ipynb as a page: drop a picture, press the button, save the PNG."""
    from .terminal import out

    missing = [name for name in ("voila", "anywidget") if find_spec(name) is None]
    if missing:
        raise SettingsError(
            Message("The page needs {names}, which is not installed", names=missing),
            Message("Install it: pip install 'rmbg-eval[lab]'."),
        )
    from ..explore.server import serve as serve_page  # Voilà takes two seconds

    def say(address: str) -> None:
        out.print(address, markup=False, highlight=False, soft_wrap=True)
        out.print("Ctrl-C ends it.")

    serve_page(settings, host, port, token, add_to, say)
