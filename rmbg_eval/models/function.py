"""Models written in Python: a function from a picture to an alpha, or an object that is a model.

`callable:PACKAGE.MODULE:FUNCTION` names a function, `python:PACKAGE.MODULE:MAKE` one that returns a
model, and packages bring models of their own in the entry-point group `rmbg_eval.models`. Only what
a spec names, or is installed, is imported.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import numpy as np

from ..core.images import RGB, Cutout, Picture, check_alpha
from ..errors import ModelError, printable, reason_of
from ..i18n import Message
from .entry import Entry, LoadOptions
from .folder import as_cutout
from .info import NOT_STATED, ModelInfo
from .protocol import Model
from .wrapper import Wrapper

Function = Callable[[RGB], Any]
"""From `(H, W, 3) uint8`, sRGB, upright, to `(H, W)`, float in [0, 1] or uint8, or to
`(H, W, 4) uint8`, RGBA with straight alpha."""

_PARTS = ("info", "batch_size", "warnings", "identity", "fetch", "load", "preprocess", "infer",
          "postprocess")  # fmt: skip


_NOT_KEPT = Message("The function has no VERSION: its cut-outs are not used again in other runs.")


class FunctionModel:
    """Any function from a picture to its alpha, as a model."""

    batch_size = 1

    def __init__(
        self,
        label: str,
        function: Function,
        version: str | None = None,
        licence: str = NOT_STATED,
    ) -> None:
        """`version` stands for all that decides what the function returns, its weights included:
        cut-outs are kept and used again under it. Without one, only this object uses them."""
        name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
        self._function = function
        self._version = version or uuid4().hex
        self.warnings = [] if version else [_NOT_KEPT]
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

    def infer(self, inputs: list[RGB]) -> list[Any]:
        return [self._function(rgb) for rgb in inputs]

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """Raises ModelError for what is neither an alpha nor RGBA."""
        array = np.asarray(output)
        rgb = None
        if array.ndim == 3 and array.shape[2] == 4 and array.dtype == np.uint8:
            rgb, array = array[..., :3], array[..., 3]
        if array.ndim == 2 and array.dtype == np.uint8:
            array = array.astype(np.float32) / np.float32(255)
        elif array.ndim == 2 and array.dtype.kind == "f":
            array = array.astype(np.float32)
        else:
            raise ModelError(
                Message(
                    "{model} returned {shape} of {dtype}",
                    model=self.info.name,
                    shape=str(array.shape),
                    dtype=str(array.dtype),
                ),
                Message("Return alpha, (H, W) float in [0, 1] or uint8, or RGBA, (H, W, 4) uint8."),
            )
        check_alpha(array, array.shape)
        return as_cutout(rgb, np.ascontiguousarray(array), picture)


def model_of(label: str | None, thing: object) -> Model:
    """`thing` as a model: one already, or a function from a picture to its alpha.

    `label` is what the report calls it; None: as it calls itself. Raises ModelError for what is
    neither.
    """
    if all(hasattr(thing, part) for part in _PARTS):
        return cast(Model, thing if label is None else _Labelled(cast(Model, thing), label))
    label = label or printable(str(getattr(thing, "__name__", type(thing).__name__)))
    if callable(thing) and not isinstance(thing, type):
        version = getattr(thing, "VERSION", None)
        return FunctionModel(label, thing, None if version is None else str(version))
    missing = [part for part in _PARTS if not hasattr(thing, part)]
    raise ModelError(
        Message("{model} is no model: it has no {parts}", model=label, parts=missing),
        Message("Give an object as rmbg_eval.Model describes it, or a function."),
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
        thing: Any = importlib.import_module(module)
        for part in name.split("."):
            thing = getattr(thing, part)
    except Exception as error:  # a stranger's module may raise anything
        raise ModelError(
            Message(
                "{module} cannot be used: {reason}",
                module=f"{module}:{name}",
                reason=reason_of(error),
            ),
            Message("Install the package, or start in the folder that has the module."),
        ) from None
    return thing


def _function(asked: LoadOptions) -> Model:
    function = _object(asked, "callable")
    if not callable(function):
        raise ModelError(
            Message("{name} is no function", name=repr(printable(asked.options.strip(":")))),
            Message("Name a function from a picture to its alpha."),
        )
    module = sys.modules.get(getattr(function, "__module__", ""))
    version = getattr(function, "VERSION", None) or getattr(module, "VERSION", None)
    return FunctionModel(asked.label, function, str(version) if version else None)


def _made(asked: LoadOptions) -> Model:
    make = _object(asked, "python")
    try:
        return model_of(asked.label, make())
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            Message(
                "{model} could not be made: {reason}", model=asked.label, reason=reason_of(error)
            ),
            Message("Try it in Python: it is called without arguments."),
        ) from None


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
