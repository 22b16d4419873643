"""Just the cut-outs of some pictures, without a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from os.path import isdir
from pathlib import Path
from tempfile import TemporaryDirectory

from ..cases.case import Case
from ..cases.names import Names, name_of
from ..core.cache import Store
from ..core.decoding import read_bytes
from ..core.files import folded, sha256_file, write_atomic
from ..core.progress import OnStep, Step, ignore
from ..errors import RmbgEvalError, printable
from ..i18n import Message
from ..models.fetching import fetch
from ..models.function import check_identity
from ..models.protocol import Model
from .stages import predict


def make_cutouts(
    model: Model,
    images: Sequence[Path],
    folder: Path,
    overwrite: bool = False,
    on_step: OnStep = ignore,
) -> Iterator[tuple[Path, Path | Message]]:
    """Write `folder/<stem>.png` for every image; yield it, or why there is none.

    A picture is never overwritten by its own cut-out, and another file in
    `folder` only if `overwrite` says so. A cut-out that is there already, of this
    picture by this model, is left as it is.
    """
    store = Store.default()
    fetch(model, lambda text: on_step(Step(text)))
    if images:
        check_identity(model, name_of(images[0].stem))
    taken: dict[str, Path] = {}
    cases, targets, names = [], [], Names()
    pictures = {file for file in map(_file, images) if file}
    for image in images:
        target = folder / f"{image.stem}.png"
        problem = _conflict(image, target, pictures, taken)
        if problem:
            yield image, problem
            continue
        taken[folded(str(target))] = image
        name = names.take("", name_of(image.stem))
        case = Case("", name.id, image, alone=name.alone)
        if _file(target) and not overwrite:
            yield image, target if _finished(model, case, target, store) else _exists(target)
            continue
        cases.append(case)
        targets.append((image, target))
    with TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        done = predict(model, cases, Path(scratch), store)
        together = zip(targets, done, strict=True)
        for count, ((image, target), (_, prediction)) in enumerate(together, 1):
            on_step(Step(printable(image.name), count, len(cases), prediction.cached))
            if prediction.cutout:
                made = Path(scratch) / prediction.cutout
                other = not overwrite and _file(target)  # by another command meanwhile
                if other and sha256_file(target) != prediction.cutout_sha256:
                    yield image, _exists(target)
                else:
                    write_atomic(target, read_bytes(made))
                    yield image, target
                made.unlink()
            elif prediction.failure:
                yield image, prediction.failure.message


def _conflict(
    image: Path,
    target: Path,
    pictures: Set[tuple[int, int]],
    taken: Mapping[str, Path],
) -> Message | None:
    """Why the cut-out of `image` cannot be written to `target`, or None."""
    if isdir(image):
        return Message("It is a folder. Give its pictures: {all}.", all=printable(str(image / "*")))
    other = taken.get(folded(str(target)))
    if other:
        return Message(
            "{name} has the same name. Choose another folder for one of them.",
            name=printable(other.name),
        )
    if _file(target) in pictures:
        return Message("Its cut-out would replace a picture. Give another folder with --out.")
    return None


def _finished(model: Model, case: Case, target: Path, store: Store) -> bool:
    """Whether `target` is what `model` made of the picture, left by a command before this."""
    try:
        picture = hashlib.sha256(case.read()).hexdigest()
        kept = store.get(store.key(picture, model.identity(case.name)))
    except RmbgEvalError:
        return False
    return kept is not None and sha256_file(target) == kept[0].cutout_sha256


def _exists(target: Path) -> Message:
    return Message(
        "{path} exists. Use --overwrite, or another folder.", path=printable(str(target))
    )


def _file(path: Path) -> tuple[int, int] | None:
    """Which file is at a path, whatever links lead there; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
