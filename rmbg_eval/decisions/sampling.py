"""Which cut-outs to look at so that the share usable is known: by chance, from each risk.

A plan is made of the run alone, so that everybody has the same, and whoever goes on
begins where the last one ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..core.key import Key
from ..core.records import columns
from ..run.parts import in_parts
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


def firsts_of(cutouts: Iterable[tuple[Key, str]]) -> dict[Key, Key]:
    """Of each cut-out, with its SHA-256, the first of its model that is the same to the byte, as of
    a picture that was saved anew: they are decided on together."""
    by_content: dict[tuple[str, str], Key] = {}
    return {key: by_content.setdefault((key.model, sha256), key) for key, sha256 in cutouts}


def plan_of(run: Run) -> Plan:
    """The plan of a run. The order by chance is of what each cut-out is of.

    Copies are decided on together, and are drawn so: but of a run of which the page shows a sample,
    where some may lack.
    """
    risks = {Key(*about): value for *about, value in columns(run.risks, *Key._fields, "value")}
    whole = not in_parts(len(run.cases), run.shard)
    fields = columns(run.predictions, *Key._fields, "cutout_sha256")
    cutouts = [(Key(*about), sha256) for *about, sha256 in fields if sha256]
    firsts = firsts_of(cutouts) if whole else {key: key for key, _ in cutouts}
    by_model: dict[str, list[Key]] = {}
    for key in firsts:
        by_model.setdefault(key.model, []).append(key)

    def drawn(key: Key) -> bytes:
        # Of the case alone: the models of a picture are looked at together, and compare.
        return chance(*firsts[key].case_key)

    strata: list[list[Key]] = [[] for _ in range(STRATA if risks else 1)]
    for own in by_model.values():
        own.sort(key=lambda key: (risks.get(key) or 0.0, drawn(key)))
        stratum_of = {key: place * len(strata) // len(own) for place, key in enumerate(own)}
        for key in own:
            strata[stratum_of[firsts[key]]].append(key)
    for stratum in strata:
        stratum.sort(key=drawn)
    return Plan(tuple(tuple(stratum) for stratum in strata if stratum))
