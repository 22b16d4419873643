"""Spots of a picture where one looks: its hardest edge, and what was found, with its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from ..cases.case import Case
from ..core.images import Alpha, resize_alpha
from ..core.key import Key
from ..measure.record import Box, ObservationPoint
from ..measure.region import window_sums
from ..predictions.stages import picture_of
from .findings import Finding
from .gross import Gross
from .previews import CasePreviews, Preview, Spot
from .record import CaseKey, Run
from .webp import CUTOUT, clear_hidden, opened, or_none, save, stored

SPOT_SIDE = 330
"""Pixels at most of a finding's picture."""
AIR = 1.5
"""How much longer than a finding the side of its picture is."""
_SEARCH_SIDE = 1024


def hardest_edge(alphas: Sequence[Alpha]) -> Box | None:
    """The square where the alphas, taken together, are most in between; None where none is.

    `alphas`: one or more `(H, W) float32` in [0, 1] of one shape. In-betweenness is
    4 α (1 − α), summed over a square of a twelfth of the long side (48 to 160 px),
    on alphas shrunk to at most 1024 px.
    """
    height, width = alphas[0].shape
    side = min(max(48, min(160, max(height, width) // 12)), height, width)
    scale = min(1.0, _SEARCH_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    doubt = np.zeros((size[1], size[0]))
    for alpha in alphas:
        small = resize_alpha(alpha, size)
        doubt += 4 * small * (1 - small)
    if doubt.max() <= 0:
        return None
    window = max(1, min(round(side * scale), *doubt.shape))
    sums = window_sums(doubt, window)
    row, column = divmod(int(sums.argmax()), sums.shape[1])
    x, y = round(column / scale), round(row / scale)
    return min(x, width - side), min(y, height - side), side, side


def spot_of(
    run: Run,
    cases: Mapping[CaseKey, Case],
    previews: Mapping[CaseKey, CasePreviews],
    finding: Finding,
) -> Spot:
    """A finding with its pictures; without what is not there any more."""
    folder = run.settings.out_folder
    key = finding.case_key
    prediction = run.index.predictions[finding.key]
    models = [*previews[key].models]
    if not (prediction.width and prediction.height and prediction.model in models):
        return Spot(finding)
    place = finding.place
    box = place.box if isinstance(place, Gross) else box_of(place)
    box = around(box, prediction.width, prediction.height)
    stem = f"assets/{previews[key].name}-at-{'-'.join(map(str, box))}"

    def original() -> np.ndarray | None:
        if key in cases:
            return picture_of(cases[key], prediction.picture_sha256).rgb
        drawn = previews[key]
        of_it = drawn.picture_sha256 == prediction.picture_sha256
        if not (of_it and drawn.full):
            return None
        with opened(drawn.full.path, folder) as image:
            whole = image.size == (prediction.width, prediction.height)
            return np.asarray(image.convert("RGB")) if whole else None

    def cutout(model: str) -> Preview | None:
        of = run.index.predictions[Key(*key, model)]

        def pixels() -> np.ndarray:
            with Image.open(folder / (of.cutout or ""), formats=("PNG",)) as image:
                return clear_hidden(np.asarray(image))

        return _drawn(f"{stem}-{models.index(model)}.webp", pixels, folder, box)

    return Spot(
        finding,
        box,
        _drawn(f"{stem}.webp", original, folder, box),
        cutout(prediction.model),
        cutout(finding.beside) if finding.beside in models else None,
    )


def _drawn(
    path: str, pixels: Callable[[], np.ndarray | None], folder: Path, box: Box
) -> Preview | None:
    drawn = stored(path, folder)
    if drawn:
        return drawn
    whole = or_none(pixels)
    if whole is None:  # the case set, or the cut-out, has gone
        return None
    left, top, width, height = box
    crop = Image.fromarray(whole).crop((left, top, left + width, top + height))
    crop.thumbnail((SPOT_SIDE, SPOT_SIDE), Image.Resampling.LANCZOS)
    return save(folder, path, crop, CUTOUT)


def box_of(point: ObservationPoint) -> Box:
    """What a point's region fits into."""
    xs, ys = zip(*point.spots, strict=True)
    return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def around(box: Box, width: int, height: int) -> Box:
    """A square with some air about a box, moved into the picture."""
    left, top, *sides = box
    side = min(max(round(AIR * max(sides)), min(width, height) // 6), width, height)
    left, top = (
        min(max(round(start + size / 2 - side / 2), 0), most - side)
        for start, size, most in zip((left, top), sides, (width, height), strict=True)
    )
    return left, top, side, side
