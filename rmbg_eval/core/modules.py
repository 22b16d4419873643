"""Modules: those of a package, so that what one defines needs no list elsewhere; one without its
package; absent ones.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
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


def module_alone(name: str) -> ModuleType:
    """The module of that dotted name, without the packages that it lies in.

    They would import all that they have: numba takes a minute to compile all of pymatting. Who
    imports them later has the same module. One that imports its own package has all of it. An
    ImportError where there is no such file.
    """
    package, *folders = name.split(".")
    with _ONE_AT_A_TIME:
        if name in sys.modules:
            return sys.modules[name]
        found = find_spec(package)
        for root in (found and found.submodule_search_locations) or ():
            file = Path(root, *folders).with_suffix(".py")
            if file.is_file() and (spec := spec_from_file_location(name, file)) and spec.loader:
                sys.modules[name] = module = module_from_spec(spec)
                try:
                    spec.loader.exec_module(module)
                except BaseException:
                    del sys.modules[name]
                    raise
                return module
    raise ModuleNotFoundError(f"there is no module {name}", name=name)


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
