"""Modules that are taken for absent while others are imported."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

from rmbg_eval.core.modules import absent


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
