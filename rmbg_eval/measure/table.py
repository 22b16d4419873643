"""The table of measures, and measuring one cut-out by them.

Prediction and truth are used as they are: no stretch, no threshold but where a measure's
definition has one. What is undefined is None with a reason, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from . import agreement, alpha, colours, matting, outline, risk, segmentation, signs, stability
from .columns import Value
from .subject import Metric, Subject, Undefined

TABLE: tuple[Metric, ...] = (
    *matting.METRICS,
    *matting.MASKED,
    *segmentation.METRICS,
    *segmentation.PAPERS,
    *outline.METRICS,
    *colours.METRICS,
    *colours.DECONTAMINATED,
    *alpha.METRICS,
    *signs.METRICS,
    *risk.RISK,
    *agreement.METRICS,
    *agreement.FLIP,
    *stability.METRICS,
)

PAPERS: tuple[Metric, ...] = (*matting.MASKED, *segmentation.PAPERS, *outline.METRICS)
"""What else is measured where a paper's table is to be compared."""

FAMILIES = {
    family: tuple(metric for metric in TABLE if metric.family is family)
    for family in (matting.FAMILY, colours.FAMILY, segmentation.FAMILY, alpha.POINTERS)
}
"""A table each, in the order of the report."""

HEADLINES = sorted((m for m in TABLE if m.headline), key=lambda m: m.headline)
GUIDES = sorted((m for m in TABLE if m.guide), key=lambda m: m.guide)

TITLES = {metric.name: metric.title for metric in TABLE}

VERSION = "12"
"""Raised whenever a measure would give another value: part of what kept findings are known by."""


def measure(subject: Subject, metrics: Iterable[Metric] = TABLE) -> dict[str, Value]:
    """Each of the metrics of one cut-out, with its value or the reason why there is none.

    Each family of measures, a module of this folder, has a thread.
    """
    chosen = tuple(metric for metric in metrics if metric.compute)
    families: dict[str, list[Metric]] = {}
    for metric in chosen:
        families.setdefault(metric.function.__module__, []).append(metric)
    found: dict[str, Value] = {}
    with ThreadPoolExecutor(max(1, len(families)), "measure") as pool:
        for values in pool.map(partial(_each, subject), families.values()):
            found |= values
    return {metric.name: found[metric.name] for metric in chosen}


def _each(subject: Subject, metrics: Iterable[Metric]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for metric in metrics:
        assert metric.compute is not None
        try:
            found[metric.name] = float(metric.compute(subject)), None
        except Undefined as undefined:
            found[metric.name] = None, undefined.reason
    return found
