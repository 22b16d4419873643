"""Where files lie that are no code: notebooks and reference cases (beside the package in a
checkout, inside it once installed: pyproject.toml puts them there), and the cache."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from ..errors import OutputError, ReportError
from ..i18n import Message
from .files import user_path

PACKAGE = Path(__file__).parents[1]


def resource(*parts: str) -> Path:
    """The path of `notebooks/…` or `cases` as they came with this package."""
    for root in (PACKAGE.parent, PACKAGE / "_data"):
        if (root / "notebooks" / "evaluate.ipynb").is_file():
            return root.joinpath(*parts)
    raise ReportError(
        Message("The notebooks that belong to rmbg-eval were not found"),
        Message("Install it again: pip install --force-reinstall rmbg-eval."),
    )


def packaged_picture(name: str) -> Path | None:
    """The file of a picture packaged with scikit-image, which is not imported for it, or None."""
    package = find_spec("skimage")
    if package is not None and package.submodule_search_locations:
        folder = Path(package.submodule_search_locations[0]) / "data"
        for path in (folder / f"{name}.png", folder / f"{name}.jpg"):
            if path.is_file():
                return path
    return None


def cache_folder() -> Path:
    """Where weights and finished predictions are kept: `RMBG_EVAL_CACHE`, else the user's cache."""
    chosen = os.environ.get("RMBG_EVAL_CACHE")
    if chosen:
        return user_path(chosen, OutputError).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return user_path(base, OutputError).absolute() / "rmbg_eval"
