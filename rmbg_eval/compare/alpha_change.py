"""How far an alpha moved from one run to another: all there is to go by without a truth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.decoding import decode_cutout, read_bytes
from ..core.files import inside
from ..core.images import RGB, Alpha
from ..errors import ImageError, OutputError, RmbgEvalError, printable
from ..i18n import Message
from ..predictions.prediction import Prediction
from ..run.folder import MATTES

TILE = 16
"""Pixels on a side of the squares that `tile` is over: about what one looks at in a picture."""


@dataclass(frozen=True)
class AlphaChange:
    """The difference of two alphas of one size, or why there is none."""

    mean: float | None
    """Mean |new − base| over the whole image, in [0, 1]."""
    tile: float | None
    """The largest mean |new − base| of any square of 16 × 16 px, in [0, 1]: a whisker that has
    gone moves no mean of a whole picture."""
    where: tuple[int, int, int, int] | None = None
    """That square: x, y, width, height; smaller where the picture is; None where nothing moved."""
    reason: Message | None = None
    damaged: bool = False
    """Whether that is because a file is gone, or another than was written."""
    share: float = 1.0
    """Σ |new − base| / Σ max(new, base), in [0, 1]: 1 where the two have nothing in common."""


NOTHING = AlphaChange(0.0, 0.0, share=0.0)
"""The same to the bit."""


def alpha_change(base: Alpha, new: Alpha) -> AlphaChange:
    """The difference of two alphas `(H, W) float32` in [0, 1]; a reason where their sizes differ.

    >>> base = np.zeros((32, 64), np.float32)
    >>> new = base.copy()
    >>> new[20:24, 40:44] = 1
    >>> change = alpha_change(base, new)
    >>> change.mean, change.tile, change.where, change.share
    (0.0078125, 0.0625, (34, 12, 16, 16), 1.0)
    """
    if base.shape != new.shape:
        (height, width), (base_height, base_width) = new.shape, base.shape
        why = Message(
            "the sizes differ: {now} pixels, {was} in BASE",
            now=f"{width}×{height}",
            was=f"{base_width}×{base_height}",
        )
        return AlphaChange(None, None, reason=why)
    difference = np.abs(new.astype(np.float64) - base)
    if not difference.any():
        return NOTHING
    import cv2  # not for those who only read a comparison

    height, width = (min(side, TILE) for side in difference.shape)
    sums = cv2.boxFilter(
        difference, -1, (width, height), anchor=(0, 0), normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )[: difference.shape[0] - height + 1, : difference.shape[1] - width + 1]  # fmt: skip
    y, x = divmod(int(sums.argmax()), sums.shape[1])
    x += _middle(sums[y, x:])  # what has changed in the middle, not in the corner
    y += _middle(sums[y:, x])
    tile = float(difference[y : y + height, x : x + width].mean())
    share = float(difference.sum() / np.maximum(base, new).sum(dtype=np.float64))
    return AlphaChange(float(difference.mean()), tile, (x, y, width, height), share=share)


def _middle(sums: NDArray[np.float64]) -> int:
    """The middle of those at the start that are as large as the first, but for rounding."""
    less = sums < sums[0] * (1 - 1e-9)
    return (int(less.argmax()) if less.any() else len(sums)) // 2


def change_of(base: Path, was: Prediction, new: Path, now: Prediction) -> AlphaChange:
    """The difference between what two runs, in the folders `base` and `new`, made of one case.

    Both files are read, also where run.json says that they are equal: what one of them is not the
    file that it should be, nothing of the two is known to be the same.
    """
    try:
        data = [_checked(base, was), _checked(new, now)]
        if was.cutout_sha256 and was.cutout_sha256 == now.cutout_sha256:
            return NOTHING
        one, other = (decode_cutout(each, now.case)[1] for each in data)
    except RmbgEvalError as error:
        why = Message("the alphas could not be compared: {why}", why=error.problem)
        return AlphaChange(None, None, reason=why, damaged=True)
    return alpha_change(one, other)


def decoded(folder: Path, prediction: Prediction) -> tuple[RGB | None, Alpha]:
    """Colours, if it has any, and alpha of a prediction kept in `folder`: a run's cut-out, or a
    baseline's matte.

    Raises RmbgEvalError unless it is a file of the folder and exactly the one that was written.
    """
    return decode_cutout(_checked(folder, prediction), printable(prediction.case))


def _checked(folder: Path, prediction: Prediction) -> bytes:
    """The file of a prediction kept in `folder`; RmbgEvalError unless it is the one written."""
    name = prediction.cutout or ""
    if not name or not inside(folder, name):
        raise OutputError(
            Message("{name} is no file of the run", name=printable(name)), Message("Run it again.")
        )
    data = read_bytes(folder / name)
    hashed = hashlib.sha256(data).hexdigest()
    expected = matte_hash(name) or prediction.cutout_sha256 or ""
    if not expected or not hashed.startswith(expected):
        raise ImageError(
            Message("{name} is not the file that run.json describes", name=printable(name)),
            Message("Run it again, or take the baseline from its store again."),
        )
    return data


def matte_hash(path: str) -> str | None:
    """The beginning of the SHA-256 that a baseline's matte has in its name, or None.

    >>> matte_hash("mattes/isnet/pet/rex.0123456789abcdef.webp")
    '0123456789abcdef'
    """
    parts = path.split("/")
    name = parts[-1].split(".")
    return name[-2] if parts[0] == MATTES and len(name) >= 3 and len(name[-2]) == 16 else None
