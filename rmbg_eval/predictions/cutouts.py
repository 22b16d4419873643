"""Just the cut-outs of some pictures, without a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..cases.case import Case
from ..core.cache import Store
from ..core.files import folded, write_atomic
from ..core.progress import OnStep, Step, ignore
from ..errors import printable
from ..models.protocol import Model
from .stages import predict


def make_cutouts(
    model: Model,
    images: Sequence[Path],
    folder: Path,
    overwrite: bool = False,
    on_step: OnStep = ignore,
) -> Iterator[tuple[Path, Path | str]]:
    """Write `folder/<stem>.png` for every image; yield it, or why there is none.

    A picture is never overwritten by its own cut-out, and another file in
    `folder` only if `overwrite` says so.
    """
    store = Store.default()
    model.fetch(lambda text: on_step(Step(text)))
    taken: dict[str, Path] = {}
    cases, targets = [], {}
    for image in images:
        target = folder / f"{image.stem}.png"
        problem = _conflict(image, target, images, taken, overwrite)
        if problem:
            yield image, problem
            continue
        taken[folded(str(target))] = image
        case = Case("", printable(image.stem), image)
        cases.append(case)
        targets[case.id] = image, target
    with TemporaryDirectory() as scratch:
        done = predict(model, cases, Path(scratch), store)
        for count, (case, prediction) in enumerate(done, 1):
            image, target = targets[case.id]
            on_step(Step(printable(image.name), count, len(cases)))
            if prediction.cutout:
                made = Path(scratch) / prediction.cutout
                write_atomic(target, made.read_bytes())
                made.unlink()
                yield image, target
            else:
                yield image, str(prediction.failure)


def _conflict(
    image: Path, target: Path, images: Sequence[Path], taken: dict[str, Path], overwrite: bool
) -> str | None:
    """Why the cut-out of `image` cannot be written to `target`, or None."""
    other = taken.get(folded(str(target)))
    if other:
        return f"{printable(other.name)} has the same name. Choose another folder for one of them."
    if target.exists():
        if any(other.exists() and target.samefile(other) for other in images):
            return "Its cut-out would replace a picture. Give another folder with --out."
        if not overwrite:
            return f"{printable(str(target))} exists. Use --overwrite, or another folder."
    return None
