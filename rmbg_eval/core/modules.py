"""Modules: those of a package, so that what one defines needs no list elsewhere; absent ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from threading import RLock
from types import ModuleType
from typing import Any

_ONE_AT_A_TIME = RLock()


def modules(package: str, without: tuple[str, ...] = ()) -> Iterator[ModuleType]:
    """Each module of a package by name, imported, but for those `without`."""
    for module in iter_modules(import_module(package).__path__):
        if module.name not in without:
            yield import_module(f"{package}.{module.name}")


@contextmanager
def absent(name: str) -> Iterator[None]:
    """As if a module were not installed, for what is imported meanwhile and does without.

    One thread at a time: modules are the whole process's. Who imported it before keeps it.
    """
    table: dict[str, Any] = sys.modules
    with _ONE_AT_A_TIME:
        before = {name: table[name]} if name in table else {}
        table[name] = None
        try:
            yield
        finally:
            del table[name]
            table.update(before)


@contextmanager
def quick_jsonschema() -> Iterator[None]:
    """For what imports Jupyter's packages: their jsonschema then checks neither addresses nor
    durations, for which it would compile a grammar, for more than a second, and import a library of
    calendars. No notebook needs either.
    """
    with absent("rfc3987_syntax"), absent("isoduration"):
        yield
