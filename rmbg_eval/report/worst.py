"""The worst findings of a run: which they are, and the places where they are seen, cropped."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..cases.case import Case
from ..core.files import write_atomic
from ..errors import RmbgEvalError
from ..measure.points import far_off
from ..measure.record import ObservationPoint, PointResult
from ..run.record import Run
from .figures import CUTOUT, CaseFigures, Shown

MOST = 6
SIDE = 220
"""Pixels, at most, of a crop."""


@dataclass(frozen=True)
class Worst:
    """A point that failed, and what it looks like there."""

    result: PointResult
    point: ObservationPoint
    original: Shown | None = None
    cutout: Shown | None = None


def worst(run: Run, most: int = MOST) -> list[tuple[PointResult, ObservationPoint]]:
    """The failed points, required ones first, then by how far off they are.

    Each case is named once before any is named twice, so that one bad picture does not hide the
    others; the same point of several models is named for the one that is farthest off.
    """
    known = {(r.category, r.id, p.id): p for r in run.cases for p in r.points}
    failed = [p for p in run.points if p.passed is False]
    ranked = sorted(failed, key=lambda p: (not p.required, -far_off(p)))
    once: dict[tuple[str, str, str], PointResult] = {}
    for result in ranked:
        once.setdefault((result.category, result.case, result.point), result)
    seen: dict[tuple[str, str], int] = {}
    order = []
    for place, (key, result) in enumerate(once.items()):
        before = seen[key[:2]] = seen.get(key[:2], -1) + 1
        order.append((not result.required, before, place, key, result))
    return [
        (result, known[key]) for *_, key, result in sorted(order, key=lambda each: each[:3])[:most]
    ]


def make_worst(
    run: Run,
    cases: Mapping[tuple[str, str], Case],
    figures: Mapping[tuple[str, str], CaseFigures],
    folder: Path,
) -> list[Worst]:
    """The worst findings with their crops, which are drawn into `folder/assets/` unless there."""
    return [
        Worst(result, point, *_crops(run, cases, figures, folder, result, point))
        for result, point in worst(run)
    ]


def _crops(
    run: Run,
    cases: Mapping[tuple[str, str], Case],
    figures: Mapping[tuple[str, str], CaseFigures],
    folder: Path,
    result: PointResult,
    point: ObservationPoint,
) -> Iterator[Shown | None]:
    """Of the original, and of the cut-out; None for what is not there any more."""
    key = result.category, result.case
    prediction = next(
        p for p in run.predictions if (p.category, p.case, p.model) == (*key, result.model)
    )
    number = list(figures[key].models).index(result.model)
    stem = f"assets/{figures[key].name}-at-{point.id}"

    def original() -> np.ndarray:
        return cases[key].picture().rgb

    def cutout() -> np.ndarray:
        with Image.open(folder / (prediction.cutout or ""), formats=("PNG",)) as image:
            rgba = np.asarray(image)
        return rgba * (rgba[..., 3:] > 0)

    yield _crop(f"{stem}.webp", original, folder, point)
    yield _crop(f"{stem}-{number}.webp", cutout, folder, point)


def _crop(
    path: str, pixels: Callable[[], np.ndarray], folder: Path, point: ObservationPoint
) -> Shown | None:
    try:
        with Image.open(folder / path, formats=("WEBP",)) as image:
            return Shown(path=path, width=image.width, height=image.height)
    except (OSError, SyntaxError):
        pass
    try:
        whole = pixels()
    except (RmbgEvalError, OSError, KeyError):  # the case set, or the cut-out, has gone
        return None
    crop = Image.fromarray(whole).crop(around(point, whole.shape[1], whole.shape[0]))
    crop.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    crop.save(buffer, "WEBP", **CUTOUT)
    write_atomic(folder / path, buffer.getvalue())
    return Shown(path=path, width=crop.width, height=crop.height)


def around(point: ObservationPoint, width: int, height: int) -> tuple[int, int, int, int]:
    """A square about a point's region, moved into the picture: left, top, right, bottom."""
    xs, ys = zip(*point.spots, strict=True)
    side = max(max(xs) - min(xs), max(ys) - min(ys))
    side = min(max(round(1.5 * side), min(width, height) // 6), width, height)
    left = round((min(xs) + max(xs) - side) / 2)
    top = round((min(ys) + max(ys) - side) / 2)
    left, top = min(max(left, 0), width - side), min(max(top, 0), height - side)
    return left, top, left + side, top + side
