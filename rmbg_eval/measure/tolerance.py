"""How far a value may move between two runs before it counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from ..core.frozen import Frozen

_Size = Annotated[FiniteFloat, Field(ge=0)]


class Tolerance(Frozen, strict=True):
    """How far a value may move, and why so far."""

    absolute: _Size
    """In the value's own unit."""
    relative: _Size = 0.0
    """Share of the base's value; the larger of the two is allowed."""
    reason: Annotated[str, Field(min_length=1, max_length=300)]

    def allowed(self, base: float) -> float:
        """How far from `base` is still the same."""
        return max(self.absolute, self.relative * abs(base))
