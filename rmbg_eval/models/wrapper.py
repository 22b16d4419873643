"""A model around another: what it does not say itself is the other's, as it is at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.images import Cutout, Picture
from ..i18n import Message
from .info import ModelInfo
from .protocol import Model


class Wrapper:
    """`base`, under another name or with one step more."""

    def __init__(self, base: Model) -> None:
        self.base = base

    @property
    def info(self) -> ModelInfo:
        return self.base.info

    @property
    def batch_size(self) -> int:
        return self.base.batch_size

    @property
    def warnings(self) -> list[Message]:
        return self.base.warnings

    def identity(self, name: str) -> str:
        return self.base.identity(name)

    def fetch(self, say: Callable[[str], None]) -> None:
        self.base.fetch(say)

    def load(self) -> bool:
        return self.base.load()

    def preprocess(self, picture: Picture) -> Any:
        return self.base.preprocess(picture)

    def infer(self, inputs: list[Any]) -> list[Any]:
        return self.base.infer(inputs)

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        return self.base.postprocess(output, picture)
