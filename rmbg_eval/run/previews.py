"""The pictures that a report shows: drawn once, and kept in the folder of the run they are of.

They go to `assets/`, and what was drawn of a case stands in `assets/<anchor of the case>.json`:
whoever has the run folder has every picture and needs no case set. Pictures are named after the
content they show, so that only what is new is drawn.

Thumbs are for the sheet: WebP with exact alpha and no colours under full transparency. What is
looked at closely is at full size: the original once, of each model its alpha without loss, and
the truth. A cut-out that has the original's colours is both together; one with colours of its own
is kept whole. The cut-outs themselves stay as they are, and in the layout `folder` the page shows
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from ..core.frozen import Frozen
from ..measure.record import Box
from ..settings import Settings
from .findings import Finding
from .gross import Gross
from .record import CaseKey, Run

MANY = 100
"""Cases from which the layout `folder` has a short row of each, and a page for each beside it."""
SINGLE_MOST = 500
"""Predictions up to which a page is one file: of 0.1 MB each, and browsers open 50 MB slowly."""

Share = Annotated[float, Field(ge=0, le=1)]
Facts = dict[str, float | None]
"""What a chart shows, by model, or "truth"."""


class Preview(Frozen):
    """A picture file of the run folder and its size in pixels."""

    path: str
    """From the run folder, with forward slashes."""
    width: int
    height: int


class ModelPreviews(BaseModel):
    """What is shown of one model's prediction. Versions before had previews of 960 px."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    result: Preview
    """RGBA thumb."""
    full: Preview | None = None
    """RGBA at full size; None where colours are the original's, or the cut-out lies beside the
    page."""
    alpha: Preview | None = None
    """Grey, at full size, without loss; None where the cut-out lies beside the page."""
    edge: Preview | None
    """The hardest edge, RGBA, without loss; None where the page cuts it from `full` or `alpha`."""
    wrong: tuple[float, float] | None = None
    """Shares of the pixels too opaque, and too transparent, by more than 0.1; None without a
    truth."""
    opaque: float
    """Share of pixels, at full size, as rmbg_eval.measure.alpha defines it."""
    in_between: float
    gross: dict[str, Gross] = {}
    """What anyone sees at once, and where."""


class EdgeProfile(Frozen):
    """Alpha along the first line of an observation point, every model's and the truth's."""

    point: str
    """Its id."""
    length: float
    """Of the line, in pixels."""
    courses: dict[str, tuple[float, ...]]
    """By model, or "truth": alpha in [0, 1] at places evenly spaced from the start of the line to
    its end."""
    widths: Facts
    """By model, or "truth": pixels from alpha 0.92 to 0.08; None where it does not fall so far."""


class DisagreementMap(Frozen):
    """How far the models' alphas of a case are apart at each pixel."""

    picture: Preview
    """Small, 0 to 1 in the colours of cividis."""
    mean: Share
    far: Share
    """Of the pixels: where it is more than 0.5."""


class Plot(Frozen):
    """A picture of measurements as versions before drew it, with what its description says."""

    kind: Literal["profile", "histogram", "disagreement"]
    picture: Preview = Field(validation_alias=AliasChoices("picture", "shown"))
    facts: Facts
    point: str | None = None
    """Id of the observation point it is of."""


class CasePreviews(BaseModel):
    """What is shown of one case. None where there is nothing to show."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Annotated[str, Field(pattern="^([0-9a-f]{20})?$")] = ""
    """What its files begin with: the hash of all that they show."""
    picture_sha256: str | None = None
    cutouts: dict[str, str] = {}
    """SHA-256 of the cut-outs that are shown, by model."""
    original: Preview | None = None
    """A thumb; `full`: at full size."""
    full: Preview | None = None
    truth: Preview | None = None
    """A thumb, grey; `true_alpha`: at full size, without loss."""
    true_alpha: Preview | None = None
    edge: Preview | None = None
    region: Box | None = None
    """The hardest edge, in pixels of the original."""
    models: dict[str, ModelPreviews] = {}
    profiles: tuple[EdgeProfile, ...] = ()
    histogram: dict[str, Annotated[tuple[Share, ...], Field(min_length=1)]] = {}
    """How many pixels are at each in-between alpha, of each model and of the "truth": shares of the
    pixels in even steps from alpha 0.05 to 0.95. Empty without a truth."""
    disagreement: DisagreementMap | None = None
    plots: tuple[Plot, ...] = ()
    """Of versions before, in place of the three."""


@dataclass(frozen=True)
class Spot:
    """A finding, and what it looks like there."""

    finding: Finding
    box: Box | None = None
    """The square that is shown."""
    original: Preview | None = None
    cutout: Preview | None = None
    beside: Preview | None = None
    """The other model's, where that is what to see."""


@dataclass(frozen=True)
class Previews:
    """Every picture of a run."""

    cases: Mapping[CaseKey, CasePreviews]
    worst: tuple[Spot, ...] = ()
    """Of the worst findings, worst first."""


def laid_out(settings: Settings, predictions: int) -> Settings:
    """The settings of a run of so many predictions, which may be too many for one file."""
    if predictions <= SINGLE_MOST:
        return settings
    return settings.model_copy(update={"layout": "folder"})


def has_cards(run: Run) -> bool:
    """Whether the page has a short row of each case, and each case a page of its own."""
    return run.settings.layout == "folder" and len(run.cases) >= MANY
