"""What a run keeps of a case. Loads with pydantic alone."""

from __future__ import annotations

from ..core.key import CaseKey, Lean
from ..measure.record import ObservationPoint


class CaseRecord(Lean):
    """What a report says of a case, whether or not any model could use it."""

    category: str
    id: str
    title: dict[str, str]
    licence: str | None
    author: str | None
    source: str | None
    has_truth: bool
    truth_sha256: str | None = None
    """Of the files of truth and true foreground: runs of another truth do not compare. None where
    the case has neither, or one cannot be read, and before schema version 4."""
    group: str | None = None
    """The shoot that it is from."""
    points: tuple[ObservationPoint, ...] = ()

    @property
    def key(self) -> CaseKey:
        return self.category, self.id

    @property
    def name(self) -> str:
        """`category/id`."""
        return f"{self.category}/{self.id}"
