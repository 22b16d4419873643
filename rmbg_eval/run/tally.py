"""What is counted of every prediction of a run, in one going through: of any number of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from ..predictions.prediction import Prediction


def _numbers() -> array[float]:
    return array("d")


@dataclass
class Tally:
    """Of one model."""

    predictions: int = 0
    cutouts: int = 0
    inference: array[float] = field(default_factory=_numbers)
    """`Prediction.inference_seconds` of each cut-out that has them."""
    refinement: array[float] = field(default_factory=_numbers)
    totals: array[float] = field(default_factory=_numbers)
    """`Prediction.total_seconds` of each cut-out."""
    load: float | None = None
    """The most seconds."""
    memory: int | None = None
    """The most bytes, of a cut-out."""

    def add(self, p: Prediction) -> None:
        """Count one more."""
        self.predictions += 1
        spent = p.seconds
        if "load" in spent:
            self.load = max(self.load or 0.0, spent["load"])
        if not p.cutout:
            return
        self.cutouts += 1
        if p.inference_seconds:
            self.inference.append(p.inference_seconds)
        if "refine" in spent:
            self.refinement.append(spent["refine"])
        self.totals.append(p.total_seconds)
        if p.peak_memory_bytes:
            self.memory = max(self.memory or 0, p.peak_memory_bytes)


def tally_of(models: Iterable[str], predictions: Iterable[Prediction]) -> dict[str, Tally]:
    """By model."""
    tally = {model: Tally() for model in models}
    for prediction in predictions:
        if prediction.model in tally:
            tally[prediction.model].add(prediction)
    return tally


def middle(values: array[float]) -> float | None:
    """Their median; None of nothing."""
    return median(values) if values else None
