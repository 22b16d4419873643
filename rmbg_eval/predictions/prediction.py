"""What one model made of one case, as run.json keeps it. Loads with pydantic alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, FiniteFloat

from ..core.frozen import Frozen
from ..core.key import Keyed
from ..core.notes import NOTES
from ..errors import Failure, printable
from ..i18n import Message


def _note(note: object) -> object:
    """Before schema version 3, notes were keys."""
    return NOTES.get(note, note) if isinstance(note, str) else note


Side = Annotated[int, Field(ge=1, le=1_000_000)]
"""Of a picture, in pixels."""
Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e9)]


class Prediction(Keyed):
    """What one model made of one case.

    >>> from rmbg_eval import load_run
    >>> prediction = load_run("reports/latest").predictions[0]
    >>> prediction.name, prediction.model, prediction.cutout
    ('product/bottle', 'isnet', 'cutouts/isnet/product/bottle.png')
    """

    picture_sha256: str | None = None
    width: Side | None = None
    height: Side | None = None
    notes: tuple[Annotated[Message, BeforeValidator(_note)], ...] = ()
    """What decoding had to do."""
    cutout: str | None = None
    """Path of the RGBA PNG from the run folder, with forward slashes; None if it failed."""
    cutout_sha256: str | None = None
    seconds: dict[str, Seconds] = Field(default={})
    """Wall time of decode, preprocess, infer, postprocess, refine (where the model is refined) and
    encode, which overlap from case to case; and of load, on the one case that waited for the
    model."""
    peak_memory_bytes: int | None = None
    """Of the whole process, from the model's first picture to this one; None where the system does
    not say."""
    cached: bool = False
    """Whether the cut-out was kept from an earlier run; seconds and memory are then that run's."""
    device: str | None = None
    dtype: str | None = None
    """What it was computed on and in, if it was: not the model's where memory was short."""
    failure: Failure | None = None

    def __repr__(self) -> str:
        """One line; `print(prediction.model_dump_json())` has all of it."""
        made = f"{self.failure.state}: {self.failure}" if self.failure else self.cutout
        return f"<{printable(self.name)}, {printable(self.model)}: {made}>"

    __str__ = __repr__

    @property
    def inference_seconds(self) -> float | None:
        """Of infer, and of refine where the model is refined; None where nothing was inferred."""
        if "infer" not in self.seconds:
            return None
        return self.seconds["infer"] + self.seconds.get("refine", 0)

    @property
    def total_seconds(self) -> float:
        """Of all stages but load."""
        return sum(spent for stage, spent in self.seconds.items() if stage != "load")


class StabilityCost(Frozen):
    """What looking at a model's stability took; part of no prediction's own times."""

    inferences: int
    """That gave a cut-out."""
    seconds: Seconds
    """Of all stages but load, as of a prediction; of what was kept, those of when it was made."""


class PrecisionCheck(Frozen):
    """How far a model's alpha at its dtype is from its alpha at fp32, on some of the reference
    cases."""

    cases: int
    """How many were compared."""
    pictures: tuple[str, ...] = ()
    """Their names; versions before compared the first cases of the run."""
    largest: float | None
    """Largest difference of any pixel's alpha, in [0, 1], as stored in 8 bits."""
    mean: float | None
    reason: Message | None = None
    """Why there is no figure."""
    measured: datetime | None = None
    """When: before the run began, where it was kept from another."""
