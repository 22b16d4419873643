"""Just the cut-outs of some pictures, without a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from os.path import isdir
from pathlib import Path
from tempfile import TemporaryDirectory

from ..cases.case import Case
from ..cases.names import Names, name_of
from ..core.cache import Store
from ..core.files import folded, write_atomic
from ..core.progress import OnStep, Step, ignore
from ..errors import printable
from ..i18n import Message
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
    `folder` only if `overwrite` says so.
    """
    store = Store.default()
    model.fetch(lambda text: on_step(Step(text)))
    taken: dict[str, Path] = {}
    cases, targets, names = [], [], Names()
    pictures = {file for file in map(_file, images) if file}
    for image in images:
        target = folder / f"{image.stem}.png"
        problem = _conflict(image, target, pictures, taken, overwrite)
        if problem:
            yield image, problem
            continue
        taken[folded(str(target))] = image
        name = names.take("", name_of(image.stem))
        cases.append(Case("", name.id, image, alone=name.alone))
        targets.append((image, target))
    with TemporaryDirectory() as scratch:
        done = predict(model, cases, Path(scratch), store)
        together = zip(targets, done, strict=True)
        for count, ((image, target), (_, prediction)) in enumerate(together, 1):
            on_step(Step(printable(image.name), count, len(cases)))
            if prediction.cutout:
                made = Path(scratch) / prediction.cutout
                write_atomic(target, made.read_bytes())
                made.unlink()
                yield image, target
            elif prediction.failure:
                yield image, prediction.failure.message


def _conflict(
    image: Path,
    target: Path,
    pictures: Set[tuple[int, int]],
    taken: Mapping[str, Path],
    overwrite: bool,
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
    there = _file(target)
    if there in pictures:
        return Message("Its cut-out would replace a picture. Give another folder with --out.")
    if there and not overwrite:
        return Message(
            "{path} exists. Use --overwrite, or another folder.", path=printable(str(target))
        )
    return None


def _file(path: Path) -> tuple[int, int] | None:
    """Which file is at a path, whatever links lead there; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
