"""The bars of a measure by category: one picture of a whole run, drawn once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from ..core.files import write_atomic
from ..run.record import Run
from ..run.statistics import Row
from . import plots
from .figures import VERSION, Shown


def bars_name(run: Run) -> str:
    """The file name of the bars of a run, by what they show."""
    content = repr((VERSION, run.measurements))
    return f"{hashlib.sha256(content.encode()).hexdigest()[:20]}.webp"


def make_bars(
    rows: tuple[list[Row], dict[str, str]] | None, folder: Path, name: str
) -> Shown | None:
    """The bars of a measure by category, drawn unless they are there; None without a measure."""
    if rows is None:
        return None
    path = folder / "assets" / name
    try:
        with Image.open(path, formats=("WEBP",)) as image:
            size = image.size
    except (OSError, SyntaxError):
        drawn = plots.category_bars(*rows)
        write_atomic(path, plots.webp(drawn))
        size = drawn.size
    return Shown(path=f"assets/{name}", width=size[0], height=size[1])
