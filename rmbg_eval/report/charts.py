"""Charts of a case as SVG: alpha along lines across its edges, and how much of it is in between."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..i18n import Message, join
from ..run.previews import EdgeProfile
from .provenance import NO_BREAK
from .views import CourseView, HistogramView, ProfileView, Text

WIDTH, HEIGHT, MARGIN = 320, 110, 5
"""Of a chart, in its own units; its lines keep a margin above and below."""


def profile_view(profile: EdgeProfile, models: Sequence[str]) -> ProfileView:
    """Alpha along a line, the truth's and that of each of `models`."""
    courses, words = [], []
    for name, number, values in _drawn(profile.courses, models):
        step = WIDTH / max(len(values) - 1, 1)
        spots = [(n * step, value) for n, value in enumerate(values)]
        courses.append(CourseView(whose(name), number, _line(spots)))
        words.append(falls(whose(name), profile.widths[name]))
    return ProfileView(f"{profile.length:.0f}{NO_BREAK}px", tuple(courses), join("; ", words))


def histogram_view(
    histogram: Mapping[str, Sequence[float]], models: Sequence[str], case: Text
) -> HistogramView:
    """The shares of the pixels at each in-between alpha, the truth's and each model's."""
    top = _top(max(max(steps) for steps in histogram.values()))
    shares = {name: sum(steps) for name, steps in histogram.items()}
    courses = []
    for name, number, steps in _drawn(histogram, models):
        step = WIDTH / len(steps)
        spots = [(x * step, share / top) for n, share in enumerate(steps) for x in (n, n + 1)]
        value = f"{100 * shares[name]:.1f}{NO_BREAK}%"
        courses.append(CourseView(whose(name), number, _line(spots), value))
    facts = between(shares)
    words = Message("Share of in-between pixels in {case}: {facts}", case=case, facts=facts)
    return HistogramView(f"{100 * top:g}{NO_BREAK}%", tuple(courses), words)


def between(shares: Mapping[str, float | None]) -> Message:
    """The shares that are in between, in words."""
    return join(
        "; ", [join("", [whose(name), f" {share or 0:.1%}"]) for name, share in shares.items()]
    )


def falls(name: Text, width: float | None) -> Message:
    """How far alpha takes to fall along a line across an edge."""
    if width is None:
        return Message("{name} does not fall from 0.92 to 0.08", name=name)
    return Message(
        "{name} falls from 0.92 to 0.08 over {width} px", name=name, width=f"{width:.1f}"
    )


def whose(name: str) -> Text:
    """A model, or the truth."""
    return Message("truth") if name == "truth" else name


def _drawn(by_name: Mapping[str, Any], models: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """What there is of the truth and of each model, and what it is drawn like."""
    for number, name in enumerate(("truth", *models), -1):
        if by_name.get(name):
            yield name, "truth" if name == "truth" else str(number % 6), by_name[name]


def _line(spots: Sequence[tuple[float, float]]) -> str:
    """An SVG polyline through places and heights from 0 to 1; where it is level, only the ends."""
    corners = [(x, f"{MARGIN + (1 - y) * (HEIGHT - 2 * MARGIN):.1f}") for x, y in spots]
    return " ".join(
        f"{x:.1f},{y}"
        for n, (x, y) in enumerate(corners)
        if not 0 < n < len(corners) - 1 or {each for _, each in corners[n - 1 : n + 2]} != {y}
    )


def _top(share: float) -> float:
    """The first of 1, 2, 5, 10, 20 %, … and of their like below 1 % that is not exceeded."""
    power = 10 ** math.floor(math.log10(share)) if share else 0.01
    return next(top for step in (1, 2, 5, 10) if (top := step * power) >= share)
