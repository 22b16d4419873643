"""Cache folders of tests' own."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from rmbg_eval.core.paths import cache_folder

REAL_CACHE = cache_folder()
"""As the environment has it, before any test changes that."""


def new_cache(folder: Path) -> Path:
    """An empty cache folder there, but for loops' machine code, which takes seconds to compile in
    every process. That is the real cache's: numba takes it for the same source alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = REAL_CACHE / "compiled"
    kept.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # on Windows not everybody may make links
        (folder / "compiled").symlink_to(kept)
    return folder


def share(path: Path, there: Path) -> None:
    """What lies `there` at `path`, too: a link, or a copy where not everybody may make links."""
    try:
        path.symlink_to(there)
    except OSError:
        (shutil.copytree if there.is_dir() else shutil.copyfile)(there, path)
