"""Modules that are taken for absent while others are imported."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from rmbg_eval.core.modules import absent


def test_a_module_is_absent_for_a_while_unless_it_was_imported_before() -> None:
    sys.modules.pop("this", None)
    with absent("this"), pytest.raises(ImportError):
        import_module("this")
    assert "this" not in sys.modules
    with absent("json"):
        assert import_module("json") is sys.modules["json"]
    assert sys.modules["json"]
