"""Fetching a model's weights, which no picture can be at fault for."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ModelError, RmbgEvalError, place_of, raised
from ..i18n import Message
from .function import no_model
from .protocol import Model
from .wrapper import Wrapper


def fetch(model: Model, say: Callable[[str], None], name: str | None = None) -> None:
    """Bring the weights onto this machine: ModelError for whatever a stranger's model raises.

    `name`: of a picture whose cut-out is kept. ModelError where by then the model has no identity
    for it, under which another's would be taken for its own.
    """
    try:
        model.fetch(say)
    except (RmbgEvalError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(
            Message(
                "{model} cannot be fetched: {error}{where}",
                model=model.info.name,
                error=raised(error),
                where=place_of(error) or Message.of(""),
            ),
            Message("See that the network can be reached, or correct the model's fetch()."),
        ) from error
    if name is not None:
        _check_identity(model, name)


def _check_identity(model: Model, name: str) -> None:
    while isinstance(model, Wrapper):
        model = model.base
    try:
        identity: object = model.identity(name)
    except Exception:  # the picture fails by it, and says where it was raised
        return
    if not isinstance(identity, str) or not identity.strip():
        raise no_model(model, "identity()", identity, "a text that no other model has: a hash")
