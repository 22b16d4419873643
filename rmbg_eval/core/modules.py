"""Modules: those of a package, so that what one defines needs no list elsewhere; absent ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any


def modules(package: str, without: tuple[str, ...] = ()) -> Iterator[ModuleType]:
    """Each module of a package by name, imported, but for those `without`."""
    for module in iter_modules(import_module(package).__path__):
        if module.name not in without:
            yield import_module(f"{package}.{module.name}")


@contextmanager
def absent(name: str) -> Iterator[None]:
    """As if a module were not installed, for what is imported meanwhile and does without.

    One that was imported before stays.
    """
    table: dict[str, Any] = sys.modules
    blocked = table.setdefault(name, None) is None
    try:
        yield
    finally:
        if blocked:
            del table[name]
