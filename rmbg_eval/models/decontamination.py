"""Any model, with the foreground's colours estimated under its alpha."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ..core.choices import Foreground
from ..core.foreground import estimate, words
from ..core.images import Cutout, Picture, check_alpha
from ..i18n import Message
from .info import ModelInfo
from .protocol import Model


class Decontaminated:
    """`model` with one step more, which is part of its pipeline, its identity and its name.

    A cut-out that brings colours of its own, as one of `folder:` may, keeps them.
    """

    def __init__(self, model: Model, how: Foreground) -> None:
        self._model = model
        self._how = how
        self._words = words(how)

    @property
    def info(self) -> ModelInfo:
        """The model's, with the step that is added."""
        info = self._model.info
        pipeline = f"{info.pipeline}; {self._words}"
        return info.model_copy(update={"pipeline": pipeline, "foreground": self._how})

    @property
    def batch_size(self) -> int:
        return self._model.batch_size

    @property
    def warnings(self) -> list[Message]:
        return self._model.warnings

    def identity(self, name: str) -> str:
        """As the protocol says."""
        inner = f"{self._model.identity(name)} {self._words}"
        return hashlib.sha256(inner.encode()).hexdigest()

    def fetch(self, say: Callable[[str], None]) -> None:
        self._model.fetch(say)

    def load(self) -> bool:
        return self._model.load()

    def preprocess(self, picture: Picture) -> Any:
        return self._model.preprocess(picture)

    def infer(self, inputs: list[Any]) -> list[Any]:
        return self._model.infer(inputs)

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """The model's cut-out; the colours, where they are the picture's, estimated."""
        cutout = self._model.postprocess(output, picture)
        if cutout.rgb is not picture.rgb:
            return cutout
        check_alpha(cutout.alpha, picture.rgb.shape[:2])
        rgb = estimate(picture.rgb, cutout.alpha, self._how, self._model.info.device)
        return Cutout(rgb, cutout.alpha)
