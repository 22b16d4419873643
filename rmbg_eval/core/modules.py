"""The modules of a package, so that what one defines needs no list elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules(package: str, without: tuple[str, ...] = ()) -> Iterator[ModuleType]:
    """Each module of a package by name, imported, but for those `without`."""
    for module in iter_modules(import_module(package).__path__):
        if module.name not in without:
            yield import_module(f"{package}.{module.name}")
