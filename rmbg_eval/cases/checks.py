"""Whether everything that a case has can be used, before a run meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..core.images import RGB, Alpha
from ..core.progress import OnStep, Step, ignore
from ..errors import CaseError, RmbgEvalError, printable
from ..i18n import N_, Message, join
from ..measure.record import ObservationPoint
from ..measure.subject import Mask
from .case import Case, CaseSet
from .folder import LIKE_TRUTH


def check_case(case: Case) -> tuple[tuple[int, int], Alpha | None]:
    """Read everything a case has: its picture's width and height, and its truth.

    Raises the error that a run would meet, and CaseError where the truth, the
    true foreground, the trimap or a point does not fit the picture.
    """
    if case.failure:
        raise CaseError(case.failure.problem, case.failure.remedy)
    size, truth = case.picture().size, case.truth()
    if truth is not None:
        check_size(size, truth, N_("truth"), case.alpha)
    foreground = case.true_foreground()
    if foreground is not None:
        check_size(size, foreground, N_("true foreground"), case.foreground)
    unknown = case.unknown()
    if unknown is not None:
        check_size(size, unknown, N_("trimap"), case.trimap)
    remedy = Message("Correct the point; x goes right and y down from the upper left corner.")
    for point in case.about.points:
        check_region(point, size, remedy)
    return size, truth


def check_region(point: ObservationPoint, size: tuple[int, int], remedy: Message) -> None:
    """Raise CaseError, with the remedy, if a point leaves a picture of that width and height."""
    if not point.fits(size):
        raise CaseError(
            Message(
                "The region of point {point} leaves the picture of {width}×{height} pixels",
                point=point.id,
                width=size[0],
                height=size[1],
            ),
            remedy,
        )


def check_cases(
    case_set: CaseSet, on_step: OnStep = ignore
) -> Iterator[tuple[Case, tuple[tuple[int, int], Alpha | None] | RmbgEvalError]]:
    """Each case with what `check_case` returns, or with the error that a run would meet."""
    for done, case in enumerate(case_set.cases, 1):
        try:
            yield case, check_case(case)
        except RmbgEvalError as error:
            yield case, error
        on_step(Step("checking", done, len(case_set.cases)))


def likely_truths(case_set: CaseSet) -> Iterator[Message]:
    """Say of folders of pictures that they are called as truths are, and their pictures as those
    of the folder beside or around them: a data set whose layout is not known looks so."""
    names: dict[Path, set[str]] = {}
    for case in case_set.cases:
        if case.folder is None and case.image.is_relative_to(case_set.folder):
            names.setdefault(case.image.parent, set()).add(case.image.stem)
    within: dict[Path, list[Path]] = {}
    for folder in names:
        within.setdefault(folder.parent, []).append(folder)
    called = [f for f in names if f.name.lower().rstrip("s").endswith(LIKE_TRUTH)]
    for truths in called:
        near = (f for f in (truths.parent, *within[truths.parent]) if f != truths)
        pictures = next((f for f in near if names[truths] <= names.get(f, set())), None)
        if pictures:
            yield Message(
                "{truths}/ is read as pictures, whose names are those of {pictures}/: if they are "
                "the truth of these, move it to {pictures}/gt/",
                truths=printable(truths.relative_to(case_set.folder).as_posix()),
                pictures=printable(pictures.relative_to(case_set.folder).as_posix()),
            )


def check_size(
    size: tuple[int, int], pixels: Alpha | RGB | Mask, what: str, path: Path | None
) -> None:
    """Raise CaseError unless a truth, true foreground or trimap has the picture's width and
    height."""
    if (pixels.shape[1], pixels.shape[0]) != size:
        raise CaseError(
            Message(
                "The {what} has {width}×{height} pixels, the picture {width2}×{height2}",
                what=join("", [Message(what), *([f" {printable(path.name)}"] if path else [])]),
                width=pixels.shape[1],
                height=pixels.shape[0],
                width2=size[0],
                height2=size[1],
            ),
            Message(
                "Give a {what} of the picture's size: it is never resized.", what=Message(what)
            ),
        )
