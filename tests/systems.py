"""What Windows lacks, or does otherwise, and packages that are not everywhere: a test of that is
skipped there, with the reason."""

from __future__ import annotations

import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

WINDOWS = sys.platform == "win32"
KILLED = 15 if WINDOWS else -9
"""The exit status of a process that psutil has killed."""

strange_names = pytest.mark.skipif(WINDOWS, reason="no file of Windows has such a name")
links = pytest.mark.skipif(WINDOWS, reason="on Windows not everybody may make links")
rights = pytest.mark.skipif(WINDOWS, reason="Windows has no such rights")
signals = pytest.mark.skipif(WINDOWS, reason="Windows has no signals")
scripts = pytest.mark.skipif(WINDOWS, reason="no file with #! is a program there")
homes = pytest.mark.skipif(WINDOWS, reason="there ~NAME is a path whoever has that name")


def needs(package: str) -> None:
    """Skip the module or test that asks where a package is not installed; in CI it must be."""
    if find_spec(package) is None and not os.environ.get("CI"):
        pytest.skip(f"{package} is not installed", allow_module_level=True)


def file_names(*names: str) -> list[object]:
    """Names of files, for a test of each; those that Windows has not are skipped there."""
    return [pytest.param(n, marks=strange_names if _NONE.search(n) else ()) for n in names]


_NONE = re.compile(r'[<>:"|?*\\\0-\x1f\ud800-\udfff]')


def ignores_case(folder: Path) -> bool:
    """Whether the disk takes two names for one that differ in nothing but case."""
    file = folder / "ignores_case"
    file.touch()
    found = file.with_name(file.name.upper()).exists()
    file.unlink()
    return found
