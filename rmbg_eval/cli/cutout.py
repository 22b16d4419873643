"""The command `rmbg-eval cutout`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import SettingsError
from ..i18n import Message
from ..settings import Settings
from .options import takes


@takes(Settings, only=("device", "dtype", "compile", "foreground"))
def cutout(
    settings: Settings,
    images: Annotated[
        list[Path], typer.Argument(help="Pictures.", metavar="IMAGE", show_default=False)
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the cut-outs.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "-m", metavar="MODEL", help="The one model to use.", show_default="isnet"
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files in DIR.")] = False,
) -> None:
    """Just the transparent PNGs of some pictures, at their full size.

    \b
    For example:
      rmbg-eval cutout *.jpg --out cutouts
    """
    from ..models.table import load_model
    from ..predictions.cutouts import make_cutouts
    from .terminal import complain, progress, say

    chosen, *others = model or ["isnet"]
    if others:
        raise SettingsError(
            Message("cutout takes one model, and {n} are given", n=1 + len(others)),
            Message("Give one --model, and run it once for each."),
        )
    loaded = load_model(
        chosen, settings.device, settings.dtype, settings.foreground, settings.compile
    )
    failed = 0
    with progress() as on_step:
        for image, result in make_cutouts(loaded, images, out_folder, overwrite, on_step):
            if isinstance(result, Path):
                say(result)
            else:
                failed += 1
                complain(f"{image}: {result}")
    for warning in loaded.warnings:
        complain(f"{loaded.info.name}: {warning}")
    if failed:
        raise typer.Exit(2)
