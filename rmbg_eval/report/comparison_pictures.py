"""Pictures for a comparison's page: base, new, and where their alpha differs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..compare.alpha_change import decoded
from ..compare.pair import Pair
from ..core.files import write_atomic
from ..core.images import RGB, Alpha, encode, quantise
from ..errors import RmbgEvalError
from ..predictions.prediction import Prediction
from ..run.drawing import thumb_in
from ..run.plots import TOO_OPAQUE, TOO_TRANSPARENT

_SIDE = 600
"""Pixels at most: three of them stand beside each other."""
_SMALL = 240
"""Pixels at most of the original, which is only to say what the subject is."""
_QUALITY = 75
"""Of colours; alpha stays exact. A page of 60 pairs has some 14 MB."""
_CROP = 160
_SEEN = 0.1
"""An alpha from which on a wrong colour is seen."""
_FULL = 0.25
"""A difference of alpha from which on the map has its full colour."""


@dataclass(frozen=True)
class Side:
    """A run's cut-out of a case."""

    alpha: Alpha
    rgb: RGB | None
    """None where only the alpha was kept, as in a baseline."""


@dataclass(frozen=True)
class Picture:
    """A picture of the page."""

    path: str
    """Relative to the comparison's folder."""
    width: int
    height: int
    full: str = ""
    """The same in all its pixels, where it is a file of its own."""


@dataclass(frozen=True)
class PairFigures:
    """What is shown of a case × model. None where there is nothing to show."""

    original: Picture | None = None
    """A thumb, as NEW has it, or else BASE."""
    base: Picture | None = None
    new: Picture | None = None
    difference: Picture | None = None
    crops: tuple[Picture, ...] = ()
    """Base, new and difference around where alpha moved most."""
    region: tuple[int, int, int, int] | None = None
    matte: bool = False
    """Whether base is shown as a grey matte: its own colours were not kept, and those of new are
    not there for all that it shows."""
    borrowed: bool = False
    """Whether base is shown in the colours of new: its own were not kept, and may be others."""

    @property
    def paths(self) -> set[str]:
        """Of all its files."""
        pictures = (self.original, self.base, self.new, self.difference, *self.crops)
        return {path for p in pictures if p for path in (p.path, p.full) if path}


def pair_figures(pair: Pair, base: Path, new: Path, out: Path, full: bool) -> PairFigures:
    """Draw what there is of a pair into `out/assets/`; where `full`, also in all its pixels."""
    was, now = _side(base, pair.base), _side(new, pair.new)
    fits = was and now and was.alpha.shape == now.alpha.shape
    borrowed = False
    if was and now and fits and was.rgb is None and now.rgb is not None:
        # In the colours of new, what has its alpha would be new: a fringe that came, in both.
        borrowed = not pair.only_colours and not _wiped(was, now)
        was = Side(was.alpha, now.rgb if borrowed else None)
    name = hashlib.sha256(
        repr((pair.name, pair.model, pair.base, pair.new, "3")).encode()
    ).hexdigest()[:20]

    def write(kind: str, image: Image.Image, **options: Any) -> str:
        path = f"assets/{name}-{kind}.webp"
        write_atomic(out / path, encode(image, "WEBP", **options))
        return path

    def put(kind: str, pixels: np.ndarray, crop: bool = False) -> Picture:
        image = Image.fromarray(pixels)
        if crop:
            return Picture(write(kind, image, lossless=True), image.width, image.height)
        # Alpha stays exact, whatever the quality. To be fast where it is lossless: method 0.
        whole = write(f"{kind}-full", image, lossless=True, method=0, quality=0) if full else ""
        image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        return Picture(write(kind, image, quality=_QUALITY), image.width, image.height, whole)

    crops: list[Picture] = []
    region = None
    difference = None
    if was and now and fits and not pair.identical:
        drawn = difference_map(was.alpha, now.alpha)
        difference = put("difference", drawn)
        if pair.where:
            region = _around(pair.where, was.alpha.shape)
            x, y, width, height = region
            for kind, pixels in (("base", _pixels(was)), ("new", _pixels(now)), ("map", drawn)):
                part = np.ascontiguousarray(pixels[y : y + height, x : x + width])
                crops.append(put(f"crop-{kind}", part, crop=True))
    return PairFigures(
        original=_original(pair, base, new, write) if was or now else None,
        base=put("base", _pixels(was)) if was else None,
        new=put("new", _pixels(now)) if now else None,
        difference=difference,
        crops=tuple(crops),
        region=region,
        matte=bool(was and was.rgb is None),
        borrowed=borrowed,
    )


def _original(pair: Pair, base: Path, new: Path, write: Callable[..., str]) -> Picture | None:
    for folder, prediction in ((new, pair.new), (base, pair.base)):
        if prediction is None:
            continue
        image = thumb_in(folder, prediction.case_key, prediction.picture_sha256)
        if image:
            image.thumbnail((_SMALL, _SMALL), Image.Resampling.LANCZOS)
            return Picture(write("original", image, quality=_QUALITY), image.width, image.height)
    return None


def difference_map(base: Alpha, new: Alpha) -> RGB:
    """`(H, W, 3) uint8` of two alphas `(H, W)`: white where they agree, orange where `new` is more
    opaque, purple where less, as in an error map; linear up to a difference of 0.25.

    >>> difference_map(np.zeros((1, 2), np.float32), np.array([[0, 1]], np.float32)).tolist()
    [[[255, 255, 255], [213, 94, 0]]]
    """
    difference = new - base
    strength = np.clip(np.abs(difference) / _FULL, 0, 1)[..., None]
    colour = np.where(
        difference[..., None] > 0,
        np.array(TOO_OPAQUE, np.float32),
        np.array(TOO_TRANSPARENT, np.float32),
    )
    return np.rint(255 + strength * (colour - 255)).astype(np.uint8)


def _side(folder: Path, prediction: Prediction | None) -> Side | None:
    if prediction is None or not prediction.cutout:
        return None
    try:
        rgb, alpha = decoded(folder, prediction)
    except RmbgEvalError:  # the pair says why
        return None
    return Side(alpha, rgb)


def _wiped(was: Side, now: Side) -> bool:
    """Whether `was` shows what `now` hides and has no colours for: as many tools write it, one and
    the same wherever it is transparent."""
    hidden = now.alpha == 0
    if now.rgb is None or not (was.alpha[hidden] > _SEEN).any():
        return False
    colours = now.rgb[hidden]
    return bool((colours == colours[0]).all())


def _pixels(side: Side) -> np.ndarray:
    """The cut-out, without the colours that full transparency hides; or the matte."""
    levels = quantise(side.alpha)
    if side.rgb is None:
        return levels
    return np.dstack([side.rgb * (levels[..., None] > 0), levels])


def _around(where: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The square of 160 px with `where` in its middle, within the picture."""
    x, y, width, height = where
    side_x, side_y = min(_CROP, shape[1]), min(_CROP, shape[0])
    left = min(max(x + width // 2 - side_x // 2, 0), shape[1] - side_x)
    top = min(max(y + height // 2 - side_y // 2, 0), shape[0] - side_y)
    return left, top, side_x, side_y
