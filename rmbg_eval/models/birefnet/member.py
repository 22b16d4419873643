"""What is known of one published checkpoint of the family. No torch is needed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..hub import Checkpoint


@dataclass(frozen=True)
class Member:
    """A published checkpoint."""

    name: str
    title: str
    licence: str
    checkpoint: Checkpoint
    config: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of `BiRefNetConfig`."""
    size: tuple[int, int] = (1024, 1024)
    """Width and height it was trained at."""
    trained_on: tuple[str, ...] = ()
    """Test sets that its README says it was trained on."""
