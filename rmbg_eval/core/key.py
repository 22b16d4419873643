"""What a record is about: one model and one case."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class Key(NamedTuple):
    """A case and a model: what predictions, measurements and points are known by."""

    category: str
    case: str
    model: str


class Keyed(BaseModel):
    """A record about one case and one model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str
    case: str
    """The case's id within its category."""
    model: str

    @property
    def key(self) -> Key:
        return Key(self.category, self.case, self.model)

    @property
    def name(self) -> str:
        """`category/case`."""
        return f"{self.category}/{self.case}"
