"""How far a value may move between two runs before it counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

_Size = Annotated[FiniteFloat, Field(ge=0)]


class Tolerance(BaseModel):
    """How far a value may move, and why so far."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    absolute: _Size
    """In the value's own unit."""
    relative: _Size = 0.0
    """Share of the base's value; the larger of the two is allowed."""
    reason: Annotated[str, Field(min_length=1, max_length=300)]

    def allowed(self, base: float) -> float:
        """How far from `base` is still the same."""
        return max(self.absolute, self.relative * abs(base))
