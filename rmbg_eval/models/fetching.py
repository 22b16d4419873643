"""Fetching a model's weights, which no picture can be at fault for."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ModelError, RmbgEvalError, place_of, raised
from ..i18n import Message
from .protocol import Model


def fetch(model: Model, say: Callable[[str], None]) -> None:
    """Bring the weights onto this machine: ModelError for whatever a stranger's model raises."""
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
