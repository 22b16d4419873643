"""Which pictures need a look, the riskiest first, where no truth and no point says so."""

from __future__ import annotations

from dataclasses import dataclass

from ..measure.record import Risk
from .agreement import peers_in
from .record import CaseKey, Run

FIRST = 0.7
"""Risk from which a picture with a sign is looked at first; any other with one is worth a look."""
LEVELS = ("first", "worth", "fine")


def level_of(risk: float, signs: bool) -> str:
    """One of `LEVELS`; fine is nothing but that no sign was found, whatever the risk that all
    have. How many of such cut-outs are bad all the same: `rmbg_eval.measure.risk.order_of`."""
    if not signs:
        return "fine"
    return "first" if risk >= FIRST else "worth"


@dataclass(frozen=True)
class Queued:
    """A picture, by the cut-out of it that has the most risk."""

    key: CaseKey
    risks: tuple[Risk, ...]
    """Those that count, each with a value, in the order of the models."""

    @property
    def worst(self) -> Risk:
        """Of those with a sign, if any has one."""
        return max(self.risks, key=lambda risk: (bool(risk.signs), risk.value or 0.0))

    @property
    def value(self) -> float:
        return max(risk.value or 0.0 for risk in self.risks)

    @property
    def level(self) -> str:
        """One of `LEVELS`."""
        return level_of(self.worst.value or 0.0, bool(self.worst.signs))


def unscored(run: Run) -> bool:
    """Whether nothing but risk says what is good: no truth, no observation point."""
    return bool(run.risks) and not run.points and not any(case.has_truth for case in run.cases)


def queue_of(run: Run) -> list[Queued]:
    """Every picture that has a risk, the riskiest first.

    What stands apart from all others is left out, unless no other has a cut-out: one bad
    baseline would put its own faults before all else.
    """
    odd = peers_in(run).odd
    queue: list[Queued] = []
    for key, predictions in run.index.by_case.items():
        risks = [risk for p in predictions if (risk := run.index.risks.get(p.key))]
        with_value = tuple(risk for risk in risks if risk.value is not None)
        own = tuple(risk for risk in with_value if risk.model not in odd) or with_value
        if own:
            queue.append(Queued(key, own))
    return sorted(queue, key=lambda each: -each.value)
