"""Which cut-outs to look at so that the share usable is known: by chance, from each risk.

A plan is made of the run alone, so that everybody has the same, and whoever goes on
begins where the last one ended.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..core.key import Key
from ..core.records import columns
from ..run.record import Run
from ..run.sample import chance
from ..run.statistics import ALL

STRATA = 3
"""Low, middle and high risk, as many cut-outs each."""


@dataclass(frozen=True)
class Plan:
    """What to look at, in an order that may be ended anywhere."""

    strata: tuple[tuple[Key, ...], ...]
    """Cut-outs of low risk first; in each an order by chance. One where no risk is known."""

    @property
    def order(self) -> tuple[Key, ...]:
        """Every cut-out: the next of each stratum in turn."""
        places = [
            (place / len(stratum), number, key)
            for number, stratum in enumerate(self.strata)
            for place, key in enumerate(stratum)
        ]
        return tuple(key for *_, key in sorted(places))

    def of(self, model: str, category: str = ALL) -> Sequence[Sequence[Key]]:
        """A model's cut-outs in each stratum that has any."""
        return self._parts.get((model, category), [])

    @cached_property
    def _parts(self) -> dict[tuple[str, str], list[list[Key]]]:
        parts: dict[tuple[str, str], dict[int, list[Key]]] = {}
        for number, stratum in enumerate(self.strata):
            for key in stratum:
                for category in (ALL, key.category):
                    own = parts.setdefault((key.model, category), {})
                    own.setdefault(number, []).append(key)
        return {about: [*own.values()] for about, own in parts.items()}

    def drawn(self, seen: Collection[Key], model: str, category: str = ALL) -> bool:
        """Whether what was seen of a model is what the plan begins with, in each stratum."""
        looked_at = ([key in seen for key in stratum] for stratum in self.of(model, category))
        return all(all(own[: sum(own)]) for own in looked_at)


def plan_of(run: Run) -> Plan:
    """The plan of a run. The order by chance is of what each cut-out is of."""
    risks = {Key(*about): value for *about, value in columns(run.risks, *Key._fields, "value")}
    by_model: dict[str, list[Key]] = {}
    for *about, cutout in columns(run.predictions, *Key._fields, "cutout"):
        if cutout:
            by_model.setdefault(about[-1], []).append(Key(*about))
    strata: list[list[Key]] = [[] for _ in range(STRATA if risks else 1)]
    for own in by_model.values():
        own.sort(key=lambda key: (risks.get(key) or 0.0, chance(*key.case_key)))
        for place, key in enumerate(own):
            strata[place * len(strata) // len(own)].append(key)
    for stratum in strata:
        # Of the case alone: the models of a picture are looked at together, and compare.
        stratum.sort(key=lambda key: chance(*key.case_key))
    return Plan(tuple(tuple(stratum) for stratum in strata if stratum))
