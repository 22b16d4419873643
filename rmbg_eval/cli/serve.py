"""The command `rmbg-eval serve`."""

from __future__ import annotations

from importlib.util import find_spec

from ..errors import SettingsError
from .options import (
    DEFAULT,
    AddToOption,
    CasesOption,
    DeviceOption,
    DtypeName,
    DtypeOption,
    HostOption,
    ModelOption,
    PortOption,
    TokenOption,
)
from .terminal import out


def serve(
    model: ModelOption = DEFAULT["models"],
    host: HostOption = "127.0.0.1",
    port: PortOption = 7860,
    token: TokenOption = None,
    cases: CasesOption = "",
    add_to: AddToOption = "",
    device: DeviceOption = DEFAULT["device"],
    dtype: DtypeOption = DtypeName.auto,
) -> None:
    """explore.ipynb as a page: drop a picture, press the button, save the PNG."""
    missing = [name for name in ("voila", "anywidget") if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"The page needs {' and '.join(missing)}, which is not installed",
            "Install it: pip install 'rmbg-eval[lab]'.",
        )
    from ..explore.server import serve as serve_page  # Voilà takes two seconds

    def say(address: str) -> None:
        out.print(address, markup=False, highlight=False, soft_wrap=True)
        out.print("Ctrl-C ends it.")

    serve_page(model, host, port, token, cases, add_to, device, dtype.value, say)
