"""Cache folders of tests' own."""

from __future__ import annotations

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
