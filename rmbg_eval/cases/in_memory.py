"""Pictures that are in memory, as a folder of cases: whoever looks at a run needs them again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..core.files import folded, safe_name, write_atomic
from ..core.images import RGB, Alpha, Picture, check_alpha, check_rgb, png_of, quantise
from ..errors import CaseError, ImageError, SettingsError, printable
from ..i18n import Message
from .folder import load_cases

FOLDER = "pictures"
"""The folder in a run folder that holds them, and the category of those that name none."""


def write_pictures(out: Path, pictures: Mapping[str, Any]) -> Path:
    """Write pictures as cases below `out/pictures`; the folder, named after its content.

    `pictures`: by `category/name`, or a name alone: `(H, W, 3) uint8`, sRGB, a `Picture`, or a
    Pillow image without transparency; with its true alpha in a tuple: `(H, W)`, float in [0, 1],
    which is kept in steps of 1/255, bool or uint8. SettingsError names what is none of it, and
    whose name would not make it a case.
    """
    if not isinstance(pictures, Mapping):
        raise SettingsError(
            Message("Pictures in memory need names: a {type} has none", type=_type(pictures)),
            Message("Give them as {form}.", form='{"category/name": array}'),
        )
    if not pictures:
        raise SettingsError(
            Message("There is no picture that could be used"), Message("Give one at least.")
        )
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    """By the folder of each, folded: some disks take names that differ in case for one."""
    for name, given in ((str(name), given) for name, given in pictures.items()):
        category, _, short = name.rpartition("/")
        parts = category or FOLDER, short
        image = f"{parts[0]}/{short}/image.png"
        if any(safe_name(part) != part for part in parts) or folded("/".join(parts)) in names:
            raise _unusable(name)
        names[folded("/".join(parts))] = name
        picture, truth = given if _is_pair(given) else (given, None)
        try:
            rgb = rgb_of(picture)
            files[image] = png_of(rgb)
            if truth is not None:
                alpha = _alpha(truth, rgb.shape[:2])
                files[f"{parts[0]}/{short}/alpha.png"] = png_of(alpha)
        except ImageError as error:
            raise SettingsError(
                Message("{name}: {problem}", name=printable(name), problem=error.problem),
                error.remedy,
            ) from None
    content = hashlib.sha256()
    for file, data in files.items():
        content.update(f"{file} {hashlib.sha256(data).hexdigest()} ".encode())
    folder = out / FOLDER / content.hexdigest()[:16]
    there = folder.exists()
    for file, data in files.items():
        write_atomic(folder / file, data)
    try:
        cases = load_cases(folder).cases
    except CaseError:
        cases = ()
    for case in cases:
        names.pop(folded(case.name), None)
    for name in names.values():  # such as _x or gt, which a folder of cases keeps for itself
        if not there:
            shutil.rmtree(folder, ignore_errors=True)
        raise _unusable(name)
    return folder


def _unusable(name: str) -> SettingsError:
    return SettingsError(
        Message("A picture cannot be named {name}", name=repr(printable(name))),
        Message(
            "Name it category/name, each a plain file name, as no other picture: none that begins "
            "with _, and no gt, alpha, image or mask."
        ),
    )


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2


def rgb_of(picture: Any) -> RGB:
    """A picture in memory as `(H, W, 3) uint8`; ImageError for what is none."""
    if isinstance(picture, Picture):
        return picture.rgb
    if isinstance(picture, Image.Image):
        if picture.has_transparency_data:
            raise ImageError(
                Message("The picture is transparent: it has no colours there"),
                Message("Give the original, as RGB."),
            )
        picture = picture.convert("RGB")
    rgb = _array(picture)
    check_rgb(rgb)
    return rgb


def _array(given: Any) -> np.ndarray:
    """ImageError for what is none, such as a path."""
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError):  # a list of several, a tensor on a device
        array = np.asarray(None)
    if not array.ndim:
        raise ImageError(
            Message("A {type} is no array", type=_type(given)),
            Message("Give arrays or Pillow images: a picture, or a tuple of it and its truth."),
        )
    return array


def _type(given: object) -> str:
    return type(given).__name__


def _alpha(truth: Any, shape: tuple[int, ...]) -> np.ndarray:
    alpha: Alpha = _array(truth)
    if alpha.dtype == np.uint8:
        if alpha.size and alpha.max() == 1:
            raise ImageError(
                Message("The truth is uint8 of 0 and 1, and 255 is opaque"),
                Message("Give a mask as bool, or times 255."),
            )
        alpha = alpha / np.float32(255)
    elif alpha.dtype.kind in "fb":
        alpha = alpha.astype(np.float32)
    try:
        check_alpha(alpha, shape)
    except ImageError as error:
        raise ImageError(
            error.problem, Message("Give the true alpha as floats in [0, 1], bool or uint8.")
        ) from None
    return quantise(alpha)
