"""What is counted of every prediction of a run, in one going through: of any number of them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from ..core.notes import SOME
from ..i18n import Message, and_more
from ..predictions.prediction import Prediction

_NAMED = 3
"""Cases that one warning names."""


@dataclass
class Tally:
    """Of one model."""

    predictions: int = 0
    cutouts: int = 0
    missing: int = 0
    """Cut-outs that a folder lacks."""
    inference: array[float] = field(default_factory=lambda: array("d"))
    """`Prediction.inference_seconds` of each cut-out that has them."""
    refinement: array[float] = field(default_factory=lambda: array("d"))
    totals: array[float] = field(default_factory=lambda: array("d"))
    """`Prediction.total_seconds` of each cut-out."""
    load: float | None = None
    """The most seconds."""
    memory: int | None = None
    """The most bytes, of a cut-out."""
    noted: Counter[Message] = field(default_factory=Counter)
    """Cut-outs that one of `OF_CUTOUTS` is said of."""
    first_noted: dict[Message, list[str]] = field(default_factory=dict)
    """The cases of the first of them."""

    @property
    def failed(self) -> int:
        """Cut-outs that are not there for any other reason."""
        return self.predictions - self.cutouts - self.missing

    def add(self, p: Prediction) -> None:
        """Count one more."""
        self.predictions += 1
        spent = p.seconds
        if "load" in spent:
            self.load = max(self.load or 0.0, spent["load"])
        if not p.cutout:
            self.missing += bool(p.failure and p.failure.state == "missing")
            return
        self.cutouts += 1
        for note in SOME.keys() & p.notes:
            self.noted[note] += 1
            if self.noted[note] <= _NAMED:
                self.first_noted.setdefault(note, []).append(p.name)
        if p.inference_seconds:
            self.inference.append(p.inference_seconds)
        if "refine" in spent:
            self.refinement.append(spent["refine"])
        self.totals.append(p.total_seconds)
        if p.peak_memory_bytes:
            self.memory = max(self.memory or 0, p.peak_memory_bytes)


def warnings_of(
    told: Iterable[tuple[str, Iterable[Message]]], tally: Mapping[str, Tally]
) -> Iterator[Message]:
    """What models, each by its name, warned of; what several did, once."""
    models: dict[Message, list[str]] = {}
    for model, warnings in told:
        for warning in warnings:
            models.setdefault(_counted(warning, tally[model]), []).append(model)
    for warning, names in models.items():
        yield Message("{name}: {what}", name=names, what=warning)


def _counted(warning: Message, tally: Tally) -> Message:
    """Of what holds for some of a model's cut-outs, for how many and which."""
    note = next((note for note in tally.noted if SOME[note] == warning), None)
    if note is None:
        return warning
    first = tally.first_noted[note]
    return Message(
        "of {n} of {all} cut-outs ({names}), {what}",
        n=tally.noted[note],
        all=tally.cutouts,
        names=and_more(first, tally.noted[note] - len(first)),
        what=note,
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
