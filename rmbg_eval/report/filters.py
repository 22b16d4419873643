"""What the page's search, filters and order go by."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..cases.categories import category_title
from ..i18n import N_, Message
from ..measure.kinds import kind_title
from ..measure.table import GUIDES, TABLE
from ..predictions.prediction import Prediction
from ..run.record import Run
from .context import Context
from .views import Text

STATES = {
    "failed": Message("failed"),
    "done": Message("done"),
    "passed": Message("all points passed"),
    "point-failed": Message("a point failed"),
}
Filters = tuple[tuple[str, Message, tuple[tuple[str, Text], ...]], ...]
"""Names and titles of selects, and their options: value and words."""


def orders(run: Run, few: bool = False) -> dict[str, str]:
    """What cases can be put in order by: a name, and the sign that puts the worst first.

    `-`: large first; `+`: small first. Every measure that the run has a value of, the number of
    failed points, and seconds; `few` of the measures where each byte counts a thousand times.
    """
    there = {m.metric for m in run.measurements if m.value is not None}
    there &= {metric.name for metric in GUIDES} if few else there
    signs = {m.name: "+" if m.higher_is_better else "-" for m in TABLE if m.name in there}
    return {**({"points_failed": "-"} if run.points else {}), **signs, "seconds": "-"}


def filters(context: Context) -> Iterable[tuple[str, Message, tuple[tuple[str, Text], ...]]]:
    """The selects of the page: name and title, and its options' values and words."""
    run = context.run
    everything: tuple[str, Text] = ("", Message("all"))
    names = context.categories(empty=False)
    options: Iterable[tuple[str, Text]] = ((name, category_title(name)) for name in names)
    yield "category", Message("Category"), (everything, *options)
    yield "model", Message("Model"), (everything, *((name, name) for name in context.models))
    yield "state", Message("State"), (everything, *STATES.items())
    kinds = dict.fromkeys(point.kind for record in run.cases for point in record.points)
    if kinds:
        options = ((kind, kind_title(kind)) for kind in kinds)
        yield "missed", Message("Failed point"), (everything, *options)
    sorts: list[tuple[str, Text]] = [("", Message("as in the report"))]
    own = {"points_failed": N_("most failed points first"), "seconds": N_("slowest first")}
    for name, sign in orders(run, context.cards).items():
        other = N_("{metric}, largest first") if sign == "-" else N_("{metric}, smallest first")
        sorts.append((f"{sign}{name}", Message(own.get(name, other), metric=name)))
    yield "sort", Message("Order"), tuple(sorts)


def filter_json(run: Run, predictions: Iterable[Prediction], names: Iterable[str]) -> str:
    """What one case is found by, as JSON: states, and values of the `names`, by model.

    A state is one of `STATES`, or `!` and the kind of a point that failed.
    """
    values: dict[str, dict[str, float]] = {}
    states: dict[str, list[str]] = {}
    for p in predictions:
        points = run.index.points.get(p.key, {}).values()
        failed = [point for point in points if point.passed is False]
        own = states[p.model] = ["failed" if p.failure else "done"]
        if any(point.passed is not None for point in points):
            own.append("point-failed" if failed else "passed")
        own += [f"!{kind}" for kind in dict.fromkeys(point.kind for point in failed)]
        measured = run.index.measurements.get(p.key, {})
        about: dict[str, float | None] = {name: m.value for name, m in measured.items()}
        about |= {"seconds": p.seconds.get("infer")}
        about["points_failed"] = len(failed) if points else None
        for name in names:
            value = about.get(name)
            if value is not None:
                values.setdefault(name, {})[p.model] = float(f"{value:.4g}")
    return json.dumps({"states": states, "values": values}, separators=(",", ":"))
