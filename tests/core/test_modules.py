"""Modules that are taken for absent while others are imported, and those imported alone."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest

from rmbg_eval.core.modules import absent, module_alone


def test_a_module_is_absent_for_a_while() -> None:
    sys.modules.pop("this", None)
    with absent("this"), pytest.raises(ImportError):
        import_module("this")
    assert "this" not in sys.modules


def test_who_imported_it_before_has_it_again() -> None:
    with absent("json"), pytest.raises(ImportError):
        import_module("json")
    assert import_module("json") is json


def test_it_is_absent_for_all_threads_that_ask_for_that() -> None:
    """As in a notebook, whose page loads models in a thread while a cell loads one."""

    def work(_: int) -> None:
        with absent("this"):
            time.sleep(0.01)
            with pytest.raises(ImportError):
                import_module("this")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(8)))
    assert "this" not in sys.modules


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`large`, a package that imports its small module, beside which lies a broken one."""
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import small\nwhole = True\n")
    (folder / "small.py").write_text("made = []\n")
    (folder / "broken.py").write_text("raise ValueError('broken')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "large"]:
        del sys.modules[name]


def test_a_module_alone_is_that_of_its_package_and_its_package_is_not_imported(
    package: Path,
) -> None:
    small = module_alone("large.small")
    assert "large" not in sys.modules
    small.made.append(1)
    assert module_alone("large.small") is small
    assert import_module("large").whole
    assert import_module("large.small") is small


def test_a_module_alone_that_cannot_be_imported_leaves_nothing(package: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        module_alone("large.broken")
    assert "large.broken" not in sys.modules
    for name in ("large.absent", "none.at.all"):
        with pytest.raises(ModuleNotFoundError, match=f"no module {name}"):
            module_alone(name)
