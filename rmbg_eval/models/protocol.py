"""What a model is to all that use one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..core.images import Cutout, Picture
from ..i18n import Message
from .info import ModelInfo


class Model(Protocol):
    """A background remover. `postprocess(infer([preprocess(p)])[0], p)` is all of it.

    >>> from rmbg_eval import Model, load_cases, load_model
    >>> model: Model = load_model("grabcut")
    >>> picture = load_cases("cases").cases[0].picture()
    >>> model.postprocess(model.infer([model.preprocess(picture)])[0], picture).alpha.shape
    (64, 96)

    The stages run in different threads at the same time: `infer` in one, `preprocess` and
    `postprocess` in several. What passes between them is the model's own affair.
    """

    @property
    def info(self) -> ModelInfo:
        """What there is to say of it; the weights' hash at the latest after `fetch`."""
        ...

    @property
    def batch_size(self) -> int:
        """How many pictures `infer` takes at once."""
        ...

    @property
    def warnings(self) -> list[Message]:
        """What the report has to say of how it ran."""
        ...

    def identity(self, name: str) -> str:
        """Hash of all of this model that decides the cut-out of the picture `name`."""
        ...

    def fetch(self, say: Callable[[str], None]) -> None:
        """Bring the weights onto this machine if they are not there; WeightsError if that fails."""
        ...

    def load(self) -> bool:
        """Make ready to infer, unless that is done; whether anything had to be done."""
        ...

    def preprocess(self, picture: Picture) -> Any:
        """From the picture to what `infer` takes."""
        ...

    def infer(self, inputs: list[Any]) -> list[Any]:
        """The bare model, on at most `batch_size` inputs."""
        ...

    def postprocess(self, output: Any, picture: Picture) -> Cutout:
        """From one output of `infer` to the cut-out, at the picture's full size.

        Its colours are the object `picture.rgb` itself, unless it brings its own.
        """
        ...
