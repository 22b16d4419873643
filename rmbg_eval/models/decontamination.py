"""Any model, with the foreground's colours estimated under its alpha."""

from __future__ import annotations

import hashlib
from typing import Any

from ..core.choices import Foreground
from ..core.foreground import estimate, words
from ..core.images import Cutout, Picture, check_alpha
from .info import ModelInfo
from .protocol import Model
from .wrapper import Wrapper


class Decontaminated(Wrapper):
    """`model` with one step more, which is part of its pipeline, its identity and its name.

    A cut-out that brings colours of its own, as one of `folder:` may, keeps them.
    """

    def __init__(self, model: Model, how: Foreground) -> None:
        super().__init__(model)
        self._how = how
        self._words = words(how)

    @property
    def info(self) -> ModelInfo:
        """The model's, with the step that is added."""
        info = self.base.info
        pipeline = f"{info.pipeline}; {self._words}"
        return info.model_copy(update={"pipeline": pipeline, "foreground": self._how})

    def identity(self, name: str) -> str:
        inner = f"{self.base.identity(name)} {self._words}"
        return hashlib.sha256(inner.encode()).hexdigest()

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """The model's cut-out; the colours, where they are the picture's, estimated."""
        cutout = self.base.postprocess(output, picture)
        if cutout.rgb is not picture.rgb:
            return cutout
        check_alpha(cutout.alpha, picture.rgb.shape[:2])
        rgb = estimate(picture.rgb, cutout.alpha, self._how, self.base.info.device)
        return Cutout(rgb, cutout.alpha)
