"""Quality against time as an SVG: where each dot, whisker and label goes.

Labels never lie on each other: each goes where it is free beside its dot, or under or over its
whisker, off every line if that can be; where one finds no such place, all go one under the other
in order of height, each with a line to its dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from unicodedata import east_asian_width

from .views import DotView, ScatterView, Text

WIDTH, HEIGHT = 360.0, 216.0
LEFT, RIGHT, TOP, BOTTOM = 42.0, 352.0, 10.0, 190.0
"""Of the area with the dots."""
LINE, CHARACTER = 14.0, 7.3
"""Pixels: of a line of a label, and of a character at most, of wide ones nearly twice that."""
LONGEST = 20
"""Characters of a name that are shown."""
FAR = 28
"""Pixels up or down from which a label is far from its dot."""
MOST = 6
"""Labels that there is always room for, one under the other."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom."""


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


def scatter(dots: Sequence[Dot], alt: Text) -> ScatterView:
    """Lay out the dots, of which there is one at least."""
    bottom, top, lines = _shares(dots)
    fast, slow, ticks = _times([dot.seconds for dot in dots])

    def x_of(seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * (log10(seconds / fast) / log10(slow / fast))

    def y_of(share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (share - bottom) / (top - bottom)

    places = [(x_of(dot.seconds), y_of(dot.share)) for dot in dots]
    whiskers = [
        (y_of(dot.high), y_of(dot.low)) if dot.low is not None and dot.high is not None else None
        for dot in dots
    ]
    front = pareto(dots)
    labels = _labels(dots, places, whiskers, [places[number] for number in front])
    views = []
    for number, dot in enumerate(dots):
        (x, y), box, ends = places[number], labels[number], whiskers[number]
        views.append(
            DotView(
                clipped(dot.name), dot.words, _px(x), _px(y),
                (_px(ends[0]), _px(ends[1])) if ends else None,
                number in front,
                (_px(box[0]), _px(box[1] + LINE - 3)) if box else None,
                box is not None and not _beside(box, x, ends or (y, y)),
            )
        )  # fmt: skip
    steps = [places[number] for number in front]
    path = f"M{_px(steps[0][0])} {_px(BOTTOM)}V{_px(steps[0][1])}"
    path += "".join(f"H{_px(x)}V{_px(y)}" for x, y in steps[1:]) + f"H{_px(RIGHT)}"
    return ScatterView(
        tuple(views),
        tuple((_px(y_of(share)), f"{100 * share:.0f}\u00a0%") for share in lines),
        tuple((_px(x_of(tick)), f"{tick:g}\u00a0s") for tick in ticks),
        path,
        alt,
    )


def clipped(name: str) -> str:
    """A name, and where it is long its beginning."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


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
    """Pixels that a text takes at most."""
    return sum(1.8 * character if east_asian_width(c) in "WF" else character for c in text)


def _labels(
    dots: Sequence[Dot],
    places: Sequence[tuple[float, float]],
    whiskers: Sequence[tuple[float, float] | None],
    steps: Sequence[tuple[float, float]],
) -> list[Rectangle | None]:
    """A place for each label, that of its name and the words under it; `steps`: the corners of the
    line of the best."""
    sizes = [max(width(clipped(dot.name)), width(dot.words, 6.4)) for dot in dots]
    taken: list[Rectangle] = [(x - 8, y - 8, x + 8, y + 8) for x, y in places]
    lines = [
        (x - 2, ends[0], x + 2, ends[1])
        for (x, _), ends in zip(places, whiskers, strict=True)
        if ends
    ]
    for (x, y), (end, _) in zip(steps, [*steps[1:], (RIGHT, 0.0)], strict=True):
        lines.append((x, y - 1, end, y + 1))
    labels: list[Rectangle | None] = [None] * len(dots)
    for number in sorted(range(len(dots)), key=lambda n: places[n][1]):
        x, y = places[number]
        near = list(_near(x, y, sizes[number], whiskers[number] or (y - 8, y + 8)))
        free = (each for each in near if not any(overlap(each, other) for other in taken + lines))
        over = (each for each in near if not any(overlap(each, other) for other in taken))
        box = next(free, None) or next(over, None)  # rather on a whisker than nowhere
        if box is None:
            return _column(sizes, places)
        labels[number] = box
        taken.append(box)
    return labels


def _near(x: float, y: float, size: float, ends: tuple[float, float]) -> Iterable[Rectangle]:
    """Places beside a dot, the nearest first; before those far from it, under and over its line."""
    for away in range(0, 64, 4):
        if away == FAR and x - size / 2 >= LEFT and x + size / 2 <= WIDTH:
            for top in (ends[1] + 2, ends[0] - 2 - 2 * LINE):
                if top >= 0 and top + 2 * LINE <= BOTTOM:
                    yield x - size / 2, top, x + size / 2, top + 2 * LINE
        for offset in {-away, away}:
            top = y - LINE + offset
            if not (top >= 0 and top + 2 * LINE <= BOTTOM):
                continue
            if x + 9 + size <= WIDTH:
                yield x + 9, top, x + 9 + size, top + 2 * LINE
            if x - 9 - size >= LEFT:
                yield x - 9 - size, top, x - 9, top + 2 * LINE


def _column(
    sizes: Sequence[float], places: Sequence[tuple[float, float]]
) -> list[Rectangle | None]:
    """All at one side, from the top down in the order of the dots; the first `MOST` of them."""
    labels: list[Rectangle | None] = [None] * len(sizes)
    order = sorted(range(len(sizes)), key=lambda n: places[n][1])[:MOST]
    for row, number in enumerate(order):
        left, top = WIDTH - sizes[number], row * 2 * (LINE + 1)
        labels[number] = (left, top, WIDTH, top + 2 * LINE)
    return labels


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles have an area in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _beside(box: Rectangle, x: float, ends: tuple[float, float]) -> bool:
    """Whether a label is so near the line from one end to the other that it needs none to it."""
    return box[0] - 12 <= x <= box[2] + 12 and box[1] - 4 <= ends[1] and ends[0] <= box[3] + 4


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
