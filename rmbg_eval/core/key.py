"""What a record is about: one model and one case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .frozen import Frozen

CaseKey = tuple[str, str]
"""Category and id of a case: what it is known by."""


class Key(NamedTuple):
    """A case and a model: what predictions, measurements and points are known by."""

    category: str
    case: str
    model: str

    @property
    def case_key(self) -> CaseKey:
        return self.category, self.case

    @property
    def name(self) -> str:
        """`category/case`."""
        return f"{self.category}/{self.case}"


class Names(NamedTuple):
    """Other names for models and cases, new by old."""

    models: Mapping[str, str] = {}
    cases: Mapping[CaseKey, CaseKey] = {}

    def of(self, key: Key) -> Key:
        """The key by them."""
        case = self.cases.get(key.case_key, key.case_key)
        return Key(*case, self.models.get(key.model, key.model))

    def reversed(self) -> Names:
        """Old by new."""
        return Names(
            {new: old for old, new in self.models.items()},
            {new: old for old, new in self.cases.items()},
        )


class Lean(Frozen):
    """A record that there are many of: pydantic's note of which fields were given is most of its
    memory, and nothing here asks for it."""

    def model_post_init(self, context: Any) -> None:
        object.__setattr__(self, "__pydantic_fields_set__", _GIVEN)


_GIVEN: set[str] = set()


class OfCase(Lean):
    """A record about one case."""

    category: str
    case: str
    """The case's id within its category."""

    @property
    def case_key(self) -> CaseKey:
        return self.category, self.case

    @property
    def name(self) -> str:
        """`category/case`."""
        return f"{self.category}/{self.case}"


class Keyed(OfCase):
    """A record about one case and one model."""

    model: str

    @property
    def key(self) -> Key:
        return Key(self.category, self.case, self.model)
