"""What the page's search, filters and order go by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ..predict import Prediction
from ..records import Run
from .strings import Words, text

STATES = ("failed", "done")
SORTS = ("-mad", "-in_between_share", "-seconds")
"""Orders of the cases: a measure with - before it, large first, or + small first."""


def filters(
    run: Run, categories: Mapping[str, Words]
) -> Iterable[tuple[str, tuple[tuple[str, Words], ...]]]:
    """The selects of the page: a name, and its options' values and words."""
    lang = run.settings.lang
    there = {record.category for record in run.cases}
    everything = ("", text("all", lang))
    models = [model.info.name for model in run.models]
    yield (
        "category",
        (everything, *((name, words) for name, words in categories.items() if name in there)),
    )
    yield "model", (everything, *((name, Words(name, name, lang)) for name in models))
    yield "state", (everything, *((key, text(f"state.{key}", lang)) for key in STATES))
    yield (
        "sort",
        (("", text("sort.report", lang)), *((k, text(f"sort.{k[1:]}", lang)) for k in SORTS)),
    )


def known(
    made: Iterable[Prediction], measured: Mapping[tuple[str, str, str], Mapping[str, float | None]]
) -> str:
    """What was found of one case, as JSON: states and values by model."""
    values: dict[str, dict[str, float]] = {}
    states = {}
    for p in made:
        states[p.model] = ["failed"] if p.failure else ["done"]
        about = dict(measured.get((p.category, p.case, p.model), {}))
        about["seconds"] = p.seconds.get("infer")
        for key in SORTS:
            value = about.get(key[1:])
            if value is not None:
                values.setdefault(key[1:], {})[p.model] = round(value, 4)
    return json.dumps({"states": states, "values": values}, separators=(",", ":"))
