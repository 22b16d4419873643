"""Quality against time as an SVG: where each dot, whisker and label goes.

Labels never lie on each other: each goes beside its dot, or under or over its whisker, off every
dot and line if that can be; where one finds no such place, all go one under the other in order of
height, each with a line to its dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil, floor, log10
from unicodedata import east_asian_width

from .views import DotView, ScatterView, Text

WIDE, NARROW = 360, 280
"""Of the view box: where there is room for it, and for a phone's window or a column beside a table,
so that letters are never much smaller than they are laid out for."""
LEFT, TOP, BOTTOM = 42.0, 10.0, 190.0
"""Of the area with the dots, whose right side is `MARGIN` from the view box's."""
MARGIN = 8.0
LINE, CHARACTER = 14.0, 7.3
"""Pixels: of a line of a label, and of a character of its name, most often."""
SLIM = " \u00a0.,·-_'()|fijltI"
"""Characters that take little."""
SMALLER = 6.6
"""Pixels of a character of the words under a name."""
LONGEST = 146
"""Pixels of a name that are shown."""
FAR = 28
"""Pixels up or down from its dot that a label rather is than under or over its whisker."""
CROSSED = 40
"""Pixels that a label rather is farther away than over a line."""
MOST = 6
"""Labels that there is always room for, one under the other."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Label:
    """Where a name and the words under it are."""

    anchor: str
    """Of its text, as SVG names it: after a dot it starts, before one it ends."""
    box: Rectangle
    away: float = 0
    """Pixels from where it would best be."""

    @property
    def at(self) -> tuple[float, float]:
        """Where its anchor is, on the name's line."""
        left, top, right, _ = self.box
        x = {"start": left, "middle": (left + right) / 2, "end": right}[self.anchor]
        return x, top + LINE - 3


@dataclass(frozen=True)
class Dot:
    """A model: seconds, and a share with its interval if it has one."""

    name: str
    words: str
    """Under the name."""
    seconds: float
    share: float
    low: float | None = None
    high: float | None = None


def scatter(dots: Sequence[Dot], alt: Text, across: int = WIDE) -> ScatterView:
    """Lay out the dots, of which there is one at least, in a view box so many pixels across."""
    right = across - MARGIN
    bottom, top, lines = _shares(dots)
    fast, slow, ticks = _times([dot.seconds for dot in dots])

    def x_of(seconds: float) -> float:
        return LEFT + (right - LEFT) * (log10(seconds / fast) / log10(slow / fast))

    def y_of(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (share - bottom) / (top - bottom)

    places = [(x_of(dot.seconds), y_of(dot.share)) for dot in dots]
    whiskers = [
        (y_of(dot.high), y_of(dot.low)) if dot.low is not None and dot.high is not None else None
        for dot in dots
    ]
    front = pareto(dots)
    names = [clipped(dot.name) for dot in dots]
    sizes = [max(width(n), width(dot.words, SMALLER)) for n, dot in zip(names, dots, strict=True)]
    labels = _labels(sizes, places, whiskers, [places[number] for number in front], across)
    views = []
    for number, dot in enumerate(dots):
        (x, y), label, ends = places[number], labels[number], whiskers[number]
        views.append(
            DotView(
                names[number], dot.words, _px(x), _px(y),
                (_px(ends[0]), _px(ends[1])) if ends else None,
                number in front,
                (_px(label.at[0]), _px(label.at[1]), label.anchor) if label else None,
                label is not None and not _beside(label.box, x, ends or (y, y)),
            )
        )  # fmt: skip
    steps = [places[number] for number in front]
    path = f"M{_px(steps[0][0])} {_px(BOTTOM)}V{_px(steps[0][1])}"
    path += "".join(f"H{_px(x)}V{_px(y)}" for x, y in steps[1:]) + f"H{_px(right)}"
    return ScatterView(
        across,
        tuple(views),
        tuple((_px(y_of(share)), f"{100 * share:.0f}\u00a0%") for share in lines),
        tuple((_px(x_of(tick)), f"{tick:g}\u00a0s") for tick in ticks),
        path,
        alt,
    )


def clipped(name: str) -> str:
    """A name, and where it is long its beginning."""
    if width(name) <= LONGEST:
        return name
    short = name[:40]  # more never have room
    while width(f"{short}…") > LONGEST:
        short = short[:-1]
    return f"{short}…"


def pareto(dots: Sequence[Dot]) -> list[int]:
    """Those that no other is both as fast and as good as, the fastest first."""
    front: list[int] = []
    for number in sorted(range(len(dots)), key=lambda n: (dots[n].seconds, -dots[n].share)):
        if not front or dots[number].share > dots[front[-1]].share:
            front.append(number)
    return front


def _shares(dots: Sequence[Dot]) -> tuple[float, float, list[float]]:
    """The least and the largest share of the axis, and where its lines are."""
    ends = [e for dot in dots for e in (dot.share, dot.low, dot.high) if e is not None]
    first, last = floor(10 * min(ends) + 1e-9), ceil(10 * max(ends) - 1e-9)
    first, last = max(first, 0), min(last, 10)
    if last - first < 2:
        first, last = (first, first + 2) if first < 9 else (8, 10)
    step = 1 if last - first <= 5 else 2
    return first / 10, last / 10, [n / 10 for n in range(first, last + 1, step)]


def _times(seconds: Sequence[float]) -> tuple[float, float, list[float]]:
    """The ends of the axis, and its ticks: decades where these are enough."""
    fast, slow = min(seconds) / 1.5, max(seconds) * 1.5
    for digits in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)):
        ticks = [
            digit * 10.0**power
            for power in range(floor(log10(fast)), ceil(log10(slow)) + 1)
            for digit in digits
            if fast <= digit * 10.0**power <= slow
        ]
        if len(ticks) >= 3:
            break
    return fast, slow, ticks[:: ceil(len(ticks) / 6)]


def width(text: str, character: float = CHARACTER) -> float:
    """Pixels that a text takes, about."""
    return sum(character * _breadth(each) for each in text)


def _breadth(character: str) -> float:
    if east_asian_width(character) in "WF":
        return 1.8
    if character in SLIM:
        return 0.6
    return 1.25 if character.isupper() or character in "mw%" else 1


def _labels(
    sizes: Sequence[float],
    places: Sequence[tuple[float, float]],
    whiskers: Sequence[tuple[float, float] | None],
    steps: Sequence[tuple[float, float]],
    across: float,
) -> list[Label | None]:
    """A place for each label, that of its name and the words under it; `steps`: the corners of the
    line of the best."""
    dots: list[Rectangle] = [(x - 8, y - 8, x + 8, y + 8) for x, y in places]
    lines = [
        (x - 2, ends[0], x + 2, ends[1])
        for (x, _), ends in zip(places, whiskers, strict=True)
        if ends
    ]
    corners = [(steps[0][0], BOTTOM), *steps, (across - MARGIN, steps[-1][1])]
    for (x, y), (end, up) in pairwise(corners):
        lines += [(x, y - 1, end, y + 1), (end - 1, up, end + 1, y)]
    near = [
        [
            label
            for label in _near(*place, size, ends or (place[1] - 8, place[1] + 8))
            if label.box[0] >= LEFT and label.box[1] >= 0
            if label.box[2] <= across and label.box[3] <= BOTTOM
        ]
        for place, size, ends in zip(places, sizes, whiskers, strict=True)
    ]
    labels: list[Label | None] = [None] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda n: places[n][1])
    for number in [*order, *reversed(order)] * 3:  # the first may have left the last no place
        labels[number] = None
        others = [label.box for label in labels if label]
        labels[number] = min(
            near[number],
            key=lambda label: (
                sum(overlap(label.box, other) for other in [*dots, *others]),
                sum(overlap(label.box, line) for line in lines) * CROSSED + label.away,
            ),
            default=None,
        )
    boxes = [label.box for label in labels if label]
    if len(boxes) < len(sizes) or any(overlap(*two) for two in combinations(boxes, 2)):
        return _column(sizes, places, across)
    return labels


def _near(x: float, y: float, size: float, ends: tuple[float, float]) -> Iterable[Label]:
    """Places beside a dot, and under and over its whisker."""
    for away in range(0, 100, 4):
        for top in (y - LINE - away, y - LINE + away):
            yield Label("start", (x + 9, top, x + 9 + size, top + 2 * LINE), away)
            yield Label("end", (x - 9 - size, top, x - 9, top + 2 * LINE), away)
        for top in (ends[1] + 2 + away, ends[0] - 2 - 2 * LINE - away):
            for anchor, left in (("middle", x - size / 2), ("start", x - 5), ("end", x + 5 - size)):
                yield Label(anchor, (left, top, left + size, top + 2 * LINE), FAR + away)


def _column(
    sizes: Sequence[float], places: Sequence[tuple[float, float]], across: float
) -> list[Label | None]:
    """All at one side, from the top down in the order of the dots; the first `MOST` of them."""
    labels: list[Label | None] = [None] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda n: places[n][1])[:MOST]
    for row, number in enumerate(order):
        top = row * 2 * (LINE + 1)
        labels[number] = Label("end", (across - sizes[number], top, across, top + 2 * LINE))
    return labels


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles have an area in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _beside(box: Rectangle, x: float, ends: tuple[float, float]) -> bool:
    """Whether a label is so near the line from one end to the other that it needs none to it."""
    return box[0] - 12 <= x <= box[2] + 12 and box[1] - 4 <= ends[1] and ends[0] <= box[3] + 4


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
