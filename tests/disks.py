"""A disk of its own for a test: a real one, which needs the right to mount."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size at a new `folder`; the test is skipped where it cannot be mounted."""
    folder.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "rmbg-eval-test", folder],
            capture_output=True,
            text=True,
        )
    except OSError as error:
        pytest.skip(f"a disk cannot be mounted: {error}")
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)
