"""Models written in Python: a function from a picture to an alpha, or an object that is a model.

`callable:PACKAGE.MODULE:FUNCTION` names a function, `python:PACKAGE.MODULE:MAKE` one that returns a
model, and packages bring models of their own in the entry-point group `rmbg_eval.models`. Only what
a spec names, or is installed, is imported.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from functools import partial
from typing import Any, cast
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.images import RGB, Cutout, Picture, check_alpha, dequantise, without_rounding
from ..errors import (
    Ended,
    ImageError,
    ModelError,
    RmbgEvalError,
    place_of,
    printable,
    quoted,
    raised,
    reason_of,
)
from ..i18n import Message
from .entry import Entry, LoadOptions
from .folder import as_cutout
from .info import NOT_STATED, ModelInfo
from .protocol import Model
from .wrapper import Wrapper

Function = Callable[[RGB], Any]
"""From `(H, W, 3) uint8`, sRGB, upright, to `(H, W)`, float in [0, 1], bool or uint8, or to
`(H, W, 4) uint8`, RGBA with straight alpha."""

_PARTS = ("info", "batch_size", "warnings", "identity", "fetch", "load", "preprocess", "infer",
          "postprocess")  # fmt: skip


_NOT_KEPT = Message("The function has no VERSION: its cut-outs are not used again in other runs.")
_NOT_KNOWN = Message(
    "What the function is cannot be told in another run: its cut-outs are not used again there."
)


class FunctionModel:
    """Any function from a picture to its alpha, as a model."""

    batch_size = 1

    def __init__(
        self,
        label: str,
        function: Function,
        version: str | None = None,
        licence: str = NOT_STATED,
        named: str | None = None,
    ) -> None:
        """`version` stands for all that decides what the function returns, its weights included:
        cut-outs are kept and used again under it. Without one, only this object uses them. What a
        notebook or script defines is known by its source as well, a `partial` by plain arguments:
        where these cannot be had, nothing is kept either. Plain values that it holds count, too.
        `named`: by which it is known in place of its own name."""
        name, source = named or _name_of(function), _source_of(function)
        known = version and name is not None and source is not None
        name = name or ""
        self._function = function
        self._version = f"{version}{source}{_held_by(function)}" if known else uuid4().hex
        self.warnings = [] if known else [_NOT_KNOWN if version else _NOT_KEPT]
        self.info = ModelInfo(
            name=label,
            title=f"The function {printable(name).strip('.') or 'of an object'}",
            licence=licence,
            pipeline="upright sRGB in, alpha out, used as it is",
            runtime=f"Python {sys.version_info.major}.{sys.version_info.minor}, "
            f"version {printable(version)}" if version else "no version given",
            device="the function's own",
            dtype="the function's own",
        )  # fmt: skip

    def identity(self, name: str) -> str:
        return hashlib.sha256(f"{self.info.title} {self._version}".encode()).hexdigest()

    def fetch(self, say: Callable[[str], None]) -> None:
        """What the function needs is its own affair."""

    def load(self) -> bool:
        """There is nothing to load: the function's first call does."""
        return False

    def preprocess(self, picture: Picture) -> RGB:
        """A copy: what the function does to it is no other's harm."""
        return picture.rgb.copy()

    def infer(self, inputs: list[RGB]) -> list[NDArray[Any]]:
        """Raises ModelError for what the function raises, with the line of its own. What it returns
        is copied: it may keep and overwrite it."""
        return [self._as_array(self._called(rgb)).copy() for rgb in inputs]

    def _called(self, rgb: RGB) -> Any:
        try:
            with chdir("."):  # and back, wherever it goes: paths of the run may be relative
                return self._function(rgb)
        except (RmbgEvalError, MemoryError, Ended):
            raise
        except (Exception, SystemExit) as error:  # a stranger's function may raise anything
            remedy = Message("Correct the function: it gets (H, W, 3) uint8 and returns alpha.")
            if hasattr(self._function, "named_parameters"):  # a module of torch
                remedy = Message(
                    "A module of torch gets (H, W, 3) uint8 here, no tensor: give a function that "
                    "makes its tensor, calls it and returns alpha."
                )
            raise ModelError(
                Message(
                    "{model} raised {error}{where}",
                    model=self.info.name,
                    error=raised(error),
                    where=place_of(error) or Message.of(""),
                ),
                remedy,
            ) from error

    def postprocess(self, output: NDArray[Any], picture: Picture) -> Cutout:
        """Raises ModelError for what is neither an alpha nor RGBA."""
        array, rgb = output, None
        if array.ndim == 3 and array.shape[2] == 4 and array.dtype == np.uint8:
            rgb, array = array[..., :3], array[..., 3]
        if array.ndim == 2 and array.dtype == np.uint8:
            array = dequantise(array)
        elif array.ndim == 2 and array.dtype.kind in "fb":
            array = without_rounding(array.astype(np.float32), array.dtype)
        else:
            raise ModelError(
                Message(
                    "{model} returned {shape} of {dtype}",
                    model=self.info.name,
                    shape=str(array.shape),
                    dtype=str(array.dtype),
                ),
                _RETURN,
            )
        try:
            check_alpha(array, picture.rgb.shape[:2])
        except ImageError as error:
            raise ModelError(error.problem, _RETURN) from None
        return as_cutout(rgb, np.ascontiguousarray(array), picture)

    def _as_array(self, output: Any) -> NDArray[Any]:
        """Raises ModelError for what is no array. A picture of Pillow's with a palette has numbers
        that are no alpha."""
        if isinstance(output, Image.Image) and output.mode in ("P", "PA", "LA"):
            output = output.convert("RGBA")
        try:
            array = np.asarray(output)
        except (TypeError, ValueError, RuntimeError) as error:
            raise ModelError(
                Message(
                    "{model} returned a {type}, of which NumPy makes no array: {reason}",
                    model=self.info.name,
                    type=type(output).__name__,
                    reason=reason_of(error),
                ),
                _RETURN,
            ) from None
        if not array.ndim:  # of None, a text, whatever else has no rows
            raise ModelError(
                Message(
                    "{model} returned a {type}", model=self.info.name, type=type(output).__name__
                ),
                _RETURN,
            )
        return array


_RETURN = Message(
    "Return alpha of the picture's size, (H, W) float in [0, 1], bool or uint8, or RGBA, "
    "(H, W, 4) uint8."
)


def _name_of(function: Any) -> str | None:
    """Where it is defined, and a partial's arguments; None where these are not plain values, which
    another run could tell from others."""
    if isinstance(function, partial):
        given = [*function.args, *function.keywords.values()]
        name = _name_of(function.func)
        if name is None or not all(map(_is_plain, given)):
            return None
        values = [*map(repr, function.args)]
        values += [f"{key}={value!r}" for key, value in sorted(function.keywords.items())]
        return f"{name}({', '.join(values)})"
    defined = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(function, '__module__', '')}.{defined.__qualname__}"


def _is_plain(value: object) -> bool:
    """Whether it is known by its repr."""
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return isinstance(value, str | bytes | int | float | complex | None)


def _held_by(function: Any) -> str:
    """The plain values that a function has as defaults, in its closure, and, of a notebook or
    script, by their names there: with another threshold the same source is another function. For
    whatever else it holds its VERSION stands. Empty where there is none."""
    while isinstance(function, partial):
        function = function.func
    try:
        found = inspect.getclosurevars(function)
        held = {each.name: each.default for each in inspect.signature(function).parameters.values()}
    except (TypeError, ValueError):  # an object that can be called; a name without a value yet
        return ""
    held |= found.nonlocals
    if function.__module__ == "__main__":
        held |= found.globals
    plain = sorted((name, repr(value)) for name, value in held.items() if _is_plain(value))
    return repr(plain) if plain else ""


def _source_of(function: Any) -> str | None:
    """The hash of the source of what a notebook or script defines, whose name says little; None
    where that cannot be had. Empty for a module's."""
    while isinstance(function, partial):
        function = function.func
    if getattr(function, "__module__", None) != "__main__":
        return ""
    try:
        defined = function if hasattr(function, "__qualname__") else type(function)
        return hashlib.sha256(inspect.getsource(defined).encode()).hexdigest()
    except (OSError, TypeError):
        return None


def _version_of(function: Any) -> str | None:
    """Its own `VERSION`, or that of the module that names it; but not of a notebook or script,
    where another may have its name later."""
    version = getattr(function, "VERSION", None)
    if version is None and isinstance(function, partial):
        return _version_of(function.func)
    if version is None and _named(function):
        version = _module_version(function.__module__)
    return None if version is None else str(version)


def _module_version(name: str) -> str | None:
    version = None if name == "__main__" else getattr(sys.modules.get(name), "VERSION", None)
    return None if version is None else str(version)


def _named(function: Any) -> bool:
    """Whether its own name stands for it in its module: that of a lambda, or of what a function
    defines, does not, and may be another's each time."""
    found: Any = sys.modules.get(getattr(function, "__module__", None) or "")
    for part in getattr(function, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is not None and bool(found == function)


def is_model(thing: object) -> bool:
    """Whether it has all that a model has, and is no mere function."""
    return all(hasattr(thing, part) for part in _PARTS)


def model_of(label: str | None, thing: object) -> Model:
    """`thing` as a model: one already, or a function from a picture to its alpha.

    `label` is what the report calls it; None: as it calls itself. Raises ModelError for what is
    neither.
    """
    if is_model(thing):
        _check(thing)
        model = cast(Model, thing)
        return model if label is None else _Labelled(model, label)
    label = label or printable(str(getattr(thing, "__name__", type(thing).__name__)))
    if callable(thing) and not isinstance(thing, type):
        return FunctionModel(label, thing, _version_of(thing))
    missing = [part for part in _PARTS if not hasattr(thing, part)]
    raise ModelError(
        Message("{model} is no model: it has no {parts}", model=label, parts=missing),
        Message("Give an object as rmbg_eval.Model describes it, or a function."),
    )


def _check(model: Any) -> None:
    """ModelError where what a model says of itself cannot be used."""
    for part, good, right in (
        ("info", isinstance(model.info, ModelInfo), "a rmbg_eval.models.info.ModelInfo"),
        ("batch_size", isinstance(model.batch_size, int) and model.batch_size > 0, "1 or more"),
        ("warnings", isinstance(model.warnings, list), "a list"),
    ):
        if not good:
            raise _no_model(model, part, getattr(model, part), right)


def check_identity(model: Model, name: str) -> None:
    """ModelError where a model whose weights are there has no identity for a picture: another's
    cut-out would be taken for its own."""
    while isinstance(model, Wrapper):
        model = model.base
    try:
        identity: object = model.identity(name)
    except Exception:  # the picture fails by it, and says where it was raised
        return
    if not isinstance(identity, str) or not identity.strip():
        raise _no_model(model, "identity()", identity, "a text that no other model has: a hash")


def _no_model(model: object, part: str, value: object, right: str) -> ModelError:
    """That a part of what is given as a model cannot be used, and what it should be."""
    return ModelError(
        Message(
            "{model} is no model: its {part} is {value}",
            model=printable(type(model).__name__),
            part=part,
            value=quoted(value),
        ),
        Message("Let it be {right}.", right=right),
    )


def _object(asked: LoadOptions, scheme: str) -> Any:
    """What `PACKAGE.MODULE:NAME` names; ModelError says which part is not there, and why."""
    module, _, name = asked.options.removeprefix(":").partition(":")
    remedy = Message("Write it as {form}.", form=f"{scheme}:PACKAGE.MODULE:NAME")
    if not name or not all(part.isidentifier() for part in f"{module}.{name}".split(".")):
        raise ModelError(
            Message("{spec} names no object of Python", spec=repr(printable(asked.options))), remedy
        )
    here = os.getcwd()
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)  # as `python -m` would
    try:
        with chdir("."):
            thing: Any = importlib.import_module(module)
        for part in name.split("."):
            thing = getattr(thing, part)
    except Ended:
        raise
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        exits = Message('it exits when it is imported, for want of: if __name__ == "__main__"')
        raise ModelError(
            Message(
                "{module} cannot be used: {reason}",
                module=f"{module}:{name}",
                reason=exits if isinstance(error, SystemExit) else reason_of(error),
            ),
            Message("Install the package, or start in the folder that has the module."),
        ) from None
    return thing


def _function(asked: LoadOptions) -> Model:
    function = _object(asked, "callable")
    if not callable(function) or isinstance(function, type):
        raise ModelError(
            Message("{name} is no function", name=repr(printable(asked.options.strip(":")))),
            Message("Name a function from a picture to its alpha."),
        )
    if _named(function):
        return FunctionModel(asked.label, function, _version_of(function))
    module, _, name = asked.options.removeprefix(":").partition(":")
    version = _version_of(function) or _module_version(module)
    return FunctionModel(asked.label, function, version, named=f"{module}.{name}")


def _made(asked: LoadOptions) -> Model:
    make = _object(asked, "python")
    with making(asked.label, Message("Try it in Python: it is called without arguments.")):
        return model_of(asked.label, make())


@contextmanager
def making(label: str, remedy: Message) -> Iterator[None]:
    """ModelError for whatever a stranger's code raises that makes a model."""
    try:
        yield
    except (RmbgEvalError, Ended):
        raise
    except (Exception, SystemExit) as error:
        raise ModelError(
            Message("{model} could not be made: {reason}", model=label, reason=reason_of(error)),
            remedy,
        ) from error


class _Labelled(Wrapper):
    """A model under the name that its spec gives it."""

    def __init__(self, base: Model, label: str) -> None:
        super().__init__(base)
        self._label = label

    @property
    def info(self) -> ModelInfo:
        return self.base.info.model_copy(update={"name": self._label})


ENTRIES = (
    Entry(
        "callable",
        "a Python function from a picture to its alpha",
        "yours",
        _function,
        path=":MODULE:FUNCTION",
        place=9,
    ),
    Entry(
        "python",
        "a model object that a Python function returns",
        "yours",
        _made,
        path=":MODULE:FUNCTION",
        place=9,
    ),
)
