"""What is counted of every prediction of a run, in one going through: of any number of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from ..core.notes import MULTIPLIED, SOME_MULTIPLIED
from ..i18n import Message, and_more
from ..predictions.prediction import Prediction

_NAMED = 3
"""Cases that one warning names."""


@dataclass
class Tally:
    """Of one model."""

    predictions: int = 0
    cutouts: int = 0
    inference: array[float] = field(default_factory=lambda: array("d"))
    """`Prediction.inference_seconds` of each cut-out that has them."""
    refinement: array[float] = field(default_factory=lambda: array("d"))
    totals: array[float] = field(default_factory=lambda: array("d"))
    """`Prediction.total_seconds` of each cut-out."""
    load: float | None = None
    """The most seconds."""
    memory: int | None = None
    """The most bytes, of a cut-out."""
    multiplied: int = 0
    """Cut-outs whose colours look multiplied by alpha."""
    first_multiplied: list[str] = field(default_factory=list)
    """The cases of the first of them."""

    def add(self, p: Prediction) -> None:
        """Count one more."""
        self.predictions += 1
        spent = p.seconds
        if "load" in spent:
            self.load = max(self.load or 0.0, spent["load"])
        if not p.cutout:
            return
        self.cutouts += 1
        if MULTIPLIED in p.notes:
            self.multiplied += 1
            if len(self.first_multiplied) < _NAMED:
                self.first_multiplied.append(p.name)
        if p.inference_seconds:
            self.inference.append(p.inference_seconds)
        if "refine" in spent:
            self.refinement.append(spent["refine"])
        self.totals.append(p.total_seconds)
        if p.peak_memory_bytes:
            self.memory = max(self.memory or 0, p.peak_memory_bytes)


def warnings_of(told: Iterable[Message], tally: Tally) -> Iterator[Message]:
    """What a model warned of; of what holds for some of its cut-outs, for how many and which."""
    for warning in told:
        if warning != SOME_MULTIPLIED or not tally.multiplied:
            yield warning
            continue
        first = tally.first_multiplied
        yield Message(
            "of {n} of {all} cut-outs ({names}), {what}",
            n=tally.multiplied,
            all=tally.cutouts,
            names=and_more(first, tally.multiplied - len(first)),
            what=MULTIPLIED,
        )


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
