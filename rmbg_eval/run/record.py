"""The nouns of a finished run, as run.json keeps them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..cases.case import Case
from ..core.machine import Machine
from ..errors import OutputError, printable
from ..measure import Measurement
from ..measure.kinds import ObservationPoint
from ..measure.points import PointResult
from ..models import ModelInfo
from ..predict.stages import Prediction
from ..settings import Settings


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseRecord(_Record):
    """What a report says of a case, whether or not any model could use it."""

    category: str
    id: str
    title: dict[str, str]
    licence: str | None
    author: str | None
    source: str | None
    has_truth: bool
    group: str | None = None
    """The shoot that it is from."""
    points: tuple[ObservationPoint, ...] = ()

    @classmethod
    def of(cls, case: Case) -> CaseRecord:
        about = case.about
        return cls(
            category=case.category,
            id=case.id,
            title={language: printable(text) for language, text in about.title.items()},
            licence=printable(about.licence) if about.licence else None,
            author=printable(about.author) if about.author else None,
            source=printable(about.source) if about.source else None,
            has_truth=case.alpha is not None,
            group=printable(about.group) if about.group else None,
            points=tuple(_printable(point) for point in about.points),
        )


def _printable(point: ObservationPoint) -> ObservationPoint:
    """The point with its title fit to be shown."""
    title = {language: printable(text) for language, text in point.title.items()}
    return point.model_copy(update={"title": title})


class PrecisionCheck(_Record):
    """How far a model's alpha at its dtype is from its alpha at fp32."""

    cases: int
    largest: float | None
    """Largest difference of any pixel's alpha, in [0, 1], as stored in 8 bits."""
    mean: float | None
    reason: str | None = None
    """Why there is no figure."""


class ModelRun(_Record):
    """A model as it ran."""

    info: ModelInfo
    precision: PrecisionCheck | None = None
    """Present where the dtype is a reduced one."""
    warnings: tuple[str, ...] = ()
    """What the model had to say of how it ran."""


SCHEMA_VERSION: Literal[2] = 2
"""Raised with every change of what run.json holds; older ones still load."""


class Run(_Record):
    """Everything that was found; run.json is its JSON."""

    schema_version: Literal[1, 2] = SCHEMA_VERSION
    """1 had no `machine.threads`."""
    complete: bool
    settings: Settings
    started: datetime
    wall_seconds: float | None
    machine: Machine
    cases: tuple[CaseRecord, ...]
    skipped: tuple[str, ...]
    models: tuple[ModelRun, ...]
    predictions: tuple[Prediction, ...]
    measurements: tuple[Measurement, ...]
    points: tuple[PointResult, ...] = ()

    @property
    def failures(self) -> tuple[Prediction, ...]:
        return tuple(p for p in self.predictions if p.failure)

    @property
    def missed(self) -> tuple[PointResult, ...]:
        """Required points that did not pass, whether they failed or could not be measured."""
        return tuple(point for point in self.points if point.required and not point.passed)

    @classmethod
    def load(cls, folder: Path) -> Run:
        """The run kept in `folder`; OutputError if there is none that can be read."""
        path = folder / "run.json"
        try:
            data = path.read_bytes()
            return cls.model_validate_json(data)
        except OSError as error:
            raise OutputError(
                f"{printable(str(path))} cannot be read: {error.strerror}",
                "Give the folder of a finished run.",
            ) from None
        except ValidationError as error:
            version = _version_of(data)
            if version is not None and version > SCHEMA_VERSION:
                raise OutputError(
                    f"{printable(str(path))} has schema version {version}; this version of "
                    f"rmbg-eval reads 1 to {SCHEMA_VERSION}",
                    "Use the version of rmbg-eval that wrote it, or a newer one.",
                ) from None
            raise OutputError(
                f"{printable(str(path))} is not a run this version reads: "
                f"{error.error_count()} places differ",
                "Run it again with this version of rmbg-eval.",
            ) from None

    def found(self) -> dict:
        """All that must be equal for two runs to have found the same: no times, no machine."""
        return self.model_dump(
            exclude={
                "settings": True,
                "started": True,
                "wall_seconds": True,
                "machine": True,
                "models": {"__all__": {"warnings"}},
                "predictions": {"__all__": {"seconds", "peak_memory_bytes", "cached"}},
            }
        )


def _version_of(data: bytes) -> int | None:
    """The schema version that a run.json says it has, or None."""
    try:
        found = json.loads(data)
        version = found.get("schema_version") if isinstance(found, dict) else None
    except (ValueError, RecursionError):
        return None
    return version if isinstance(version, int) else None
