"""What a module of this package says of the models that it has: its `ENTRIES`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..core.choices import Device, Dtype
from .hub import Checkpoint
from .protocol import Model
from .weights import Pinned


@dataclass(frozen=True)
class LoadOptions:
    """How a model is asked for. One that offers no choice runs in the one way it has."""

    label: str
    """What the report calls it."""
    options: str = ""
    """What follows the name in the spec, with the `:` or `?` that it begins with."""
    device: Device = "auto"
    dtype: Dtype = "auto"
    compiled: bool = False
    """By torch."""


@dataclass(frozen=True)
class Entry:
    """A model, or a scheme of specs: what its spec begins with, and how it is made."""

    name: str
    title: str
    licence: str
    make: Callable[[LoadOptions], Model]
    """Loads neither the runtime nor the weights."""
    weights: Pinned | Checkpoint | str = "none needed"
    """What has to be fetched, or words where that is nothing."""
    options: bool = False
    """Whether anything may follow the name."""
    path: str = ""
    """What must follow the name, as one writes it: `:PATH`."""
    place: int = 5
    """Where it stands in lists, lower ones first."""

    @property
    def spec(self) -> str:
        """The name, and what must follow it."""
        return self.name + self.path

    def takes(self, options: str) -> bool:
        """Whether this may follow the name."""
        if self.path and not (self.options and options.startswith("?")):
            return len(options) > 1 and options[0] == self.path[0]
        return not options or (self.options and options != ":")
