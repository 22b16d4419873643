"""What the page's search, filters and order go by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from ..measure.record import PointResult
from ..measure.table import GUIDES, TABLE
from ..predictions.prediction import Prediction
from ..run.record import Run
from . import said
from .strings import Words, text

STATES = ("failed", "done", "passed", "point-failed")
Key = tuple[str, str, str]


def orders(run: Run, few: bool = False) -> dict[str, str]:
    """What cases can be put in order by: a name, and the sign that puts the worst first.

    `-`: large first; `+`: small first. Every measure that the run has a value of, the number of
    failed points, and seconds; `few` of the measures where each byte counts a thousand times.
    """
    there = {m.metric for m in run.measurements if m.value is not None}
    there &= {metric.name for metric in GUIDES} if few else there
    signs = {m.name: "+" if m.higher_is_better else "-" for m in TABLE if m.name in there}
    return {**({"points_failed": "-"} if run.points else {}), **signs, "seconds": "-"}


def filters(
    run: Run, categories: Mapping[str, Words], few: bool = False
) -> Iterable[tuple[str, tuple[tuple[str, Words], ...]]]:
    """The selects of the page: a name, and its options' values and words."""
    lang = run.settings.lang
    there = {record.category for record in run.cases}
    everything = ("", text("all", lang))
    yield (
        "category",
        (everything, *((name, words) for name, words in categories.items() if name in there)),
    )
    models = [model.info.name for model in run.models]
    yield "model", (everything, *((name, Words(name, name, lang)) for name in models))
    yield "state", (everything, *((key, text(f"state.{key}", lang)) for key in STATES))
    kinds = dict.fromkeys(point.kind for record in run.cases for point in record.points)
    if kinds:
        options = ((kind, said.kind(kind, lang)) for kind in kinds)
        yield "missed", (everything, *options)
    given = [("", text("sort.report", lang))]
    for name, sign in orders(run, few).items():
        own = name in ("points_failed", "seconds")
        key = f"sort.{name}" if own else "sort.largest" if sign == "-" else "sort.smallest"
        given.append((f"{sign}{name}", text(key, lang, metric=name)))
    yield "sort", tuple(given)


def known(
    names: Iterable[str],
    made: Iterable[Prediction],
    measured: Mapping[Key, Mapping[str, float | None]],
    judged: Mapping[Key, Sequence[PointResult]],
) -> str:
    """What was found of one case, as JSON: states, and values of the `names`, by model.

    A state is one of `STATES`, or `!` and the kind of a point that failed.
    """
    values: dict[str, dict[str, float]] = {}
    states: dict[str, list[str]] = {}
    for p in made:
        key = p.category, p.case, p.model
        points = judged.get(key, ())
        failed = [point for point in points if point.passed is False]
        found = states[p.model] = ["failed" if p.failure else "done"]
        if any(point.passed is not None for point in points):
            found.append("point-failed" if failed else "passed")
        found += [f"!{kind}" for kind in dict.fromkeys(point.kind for point in failed)]
        about = {**measured.get(key, {}), "seconds": p.seconds.get("infer")}
        about["points_failed"] = len(failed) if points else None
        for name in names:
            value = about.get(name)
            if value is not None:
                values.setdefault(name, {})[p.model] = float(f"{value:.4g}")
    return json.dumps({"states": states, "values": values}, separators=(",", ":"))
