"""A baseline: what a run found, made small enough for git, and kept on purpose.

`<baseline>/run.json` is the run without times and paths; its predictions name mattes instead of
cut-outs: `mattes/<model>/<category>/<case>.<16 hex>.webp`, grey, lossless, with the beginning of
their own SHA-256 in the name. So nothing is ever overwritten, run.json is written last, and a
process that is killed leaves the old baseline or the new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from PIL import Image

from ..core.files import (
    cannot_write,
    in_names,
    inside,
    remove_below,
    remove_unfinished,
    safe_name,
    sha256_file,
    write_atomic,
)
from ..core.images import WEBP_SIDE, Alpha, encode, quantise
from ..core.key import Key
from ..core.progress import OnStep, Step, ignore
from ..core.records import FOLDER
from ..errors import OutputError, RmbgEvalError, printable
from ..i18n import Message, join
from ..predictions.prediction import Prediction
from ..run.folder import MATTES, locked, write_run
from ..run.record import Run
from .alpha_change import decoded, matte_hash
from .choice import Change, Choice, choose, lasting, only
from .comparison import Comparison
from .failures import refuse_failures
from .runs import compare
from .tolerances import Tolerances

_OF_THE_MACHINE = dict.fromkeys(("commit", "dirty", "memory_bytes"))
"""What a baseline does not keep of the machine: each branch has another commit, and git could not
merge."""


def changes(
    folder: Path, to: Path, on_step: OnStep = ignore, scratch: Path | None = None
) -> Comparison | None:
    """What approving the run in `folder` would change in the baseline `to`; None if there is none.

    One whose mattes cannot be read counts as none: approving is what repairs it. OutputError where
    its run.json cannot be. `scratch`: a folder for pairs of many cases, which are in memory
    otherwise.
    """
    if _load(to) is None:
        return None
    try:
        return compare(to, folder, Tolerances(), on_step, lambda: scratch)
    except RmbgEvalError:
        return None


def approve(
    folder: Path,
    to: Path,
    allowed: Collection[str] = (),
    on_step: OnStep = ignore,
    seen: str | None = None,
) -> Run:
    """Make the run in `folder` the baseline in `to`; the baseline's Run.

    When its run started is as the baseline that was there has it, so that git can merge baselines
    of two branches. Raises OutputError for a run that is partial, has failures that are not
    `allowed` by name, or has lost a cut-out; where its run.json is not the one of the SHA-256 that
    was `seen`; and where `to` holds anything but a baseline.
    """
    now = sha256_file(folder / "run.json")
    run = Run.load(folder)
    refuse_failures(run, allowed)
    if seen is not None and now != seen:
        raise OutputError(
            Message(
                "{folder} holds another run by now than was shown", folder=printable(str(folder))
            ),
            Message("Approve again, to see what changes."),
        )
    _refuse_other_folders(to)
    try:
        with locked(to):
            remove_unfinished(to)
            before = _load(to)
            kept = _kept(to, before)
            predictions = []
            for done, prediction in enumerate(run.predictions, 1):
                predictions.append(_reduced(prediction, folder, to, kept))
                on_step(Step("approving", done, len(run.predictions)))
            baseline = run.model_copy(
                update={
                    "settings": run.settings.model_copy(
                        update={"cases": "", "out": ".", "models": [*run.index.models]}
                    ),
                    "machine": run.machine.model_copy(update=_OF_THE_MACHINE),
                    "started": before.started if before else run.started,
                    "wall_seconds": None,
                    "models": tuple(map(lasting, run.models)),
                    "predictions": tuple(predictions),
                }
            )
            return _write(to, baseline, before)
    except OSError as error:
        raise cannot_write(to, error) from None


def approve_changes(
    folder: Path,
    to: Path,
    chosen: Mapping[Key, Change],
    allowed: Collection[str] = (),
    on_step: OnStep = ignore,
) -> Choice:
    """Take the `chosen` changes of the run in `folder` into the baseline `to`, and no other.

    Raises OutputError where there is no baseline yet, or where what is taken has failures that are
    not `allowed` by name.
    """
    run = Run.load(folder)
    _refuse_other_folders(to)
    try:
        with locked(to):
            before = Run.load(to)
            choice = choose(run, before, chosen)
            new = {*choice.taken}
            refuse_failures(only(run, new), allowed)
            remove_unfinished(to)
            kept = _kept(to, before)
            predictions = []
            for done, p in enumerate(choice.baseline.predictions, 1):
                predictions.append(_reduced(p, folder, to, kept) if p.key in new else p)
                on_step(Step("approving", done, len(choice.baseline.predictions)))
            whole = choice.baseline.model_copy(update={"predictions": tuple(predictions)})
            return replace(choice, baseline=_write(to, whole, before))
    except OSError as error:
        raise cannot_write(to, error) from None


def _write(to: Path, baseline: Run, before: Run | None) -> Run:
    """Write run.json, and remove the mattes that it does not name; the baseline that is there."""
    if before and before.outcome() == baseline.outcome():
        return before  # nothing is new: no change for git to show
    write_atomic(to / ".gitignore", ".lock\n")
    write_run(to, baseline)
    wanted = in_names(to, lambda: (p.cutout for p in baseline.predictions if p.cutout))
    remove_below(
        to / MATTES,
        lambda path: wanted(path) or not matte_hash(path.relative_to(to).as_posix()),
    )
    return baseline


def is_baseline(run: Run) -> bool:
    """Whether `run` was read from a baseline: its predictions name mattes."""
    return any(p.cutout and p.cutout.startswith(f"{MATTES}/") for p in run.predictions)


def encode_matte(alpha: Alpha) -> tuple[bytes, str]:
    """`rint(255 α)` as a grey picture without loss, and the file name's suffix for it."""
    image = Image.fromarray(quantise(alpha))
    if max(image.size) <= WEBP_SIDE:
        return encode(image, "WEBP", lossless=True), "webp"
    return encode(image, "PNG", optimize=True), "png"


def _reduced(
    prediction: Prediction, folder: Path, to: Path, kept: Mapping[Key, Prediction]
) -> Prediction:
    """The prediction without times, and with its matte in `to` instead of its cut-out."""
    less: dict[str, object] = {"seconds": {}, "peak_memory_bytes": None, "cached": False}
    if not prediction.cutout:
        return prediction.model_copy(update=less)
    before = kept.get(prediction.key)
    if before and before.cutout and before.cutout_sha256 == prediction.cutout_sha256:
        return prediction.model_copy(update={**less, "cutout": before.cutout})
    data, suffix = encode_matte(decoded(folder, prediction)[1])
    hashed = hashlib.sha256(data).hexdigest()[:16]
    names = (prediction.model, prediction.category, prediction.case)
    path = f"{MATTES}/{'/'.join(safe_name(name) for name in names)}.{hashed}.{suffix}"
    if not inside(to, path):
        raise OutputError(
            Message("{file} lies elsewhere: a link leads there", file=printable(str(to / path))),
            Message("Remove the link, or give another folder with --to."),
        )
    if sha256_file(to / path) != hashlib.sha256(data).hexdigest():
        write_atomic(to / path, data)
    return prediction.model_copy(update={**less, "cutout": path})


def _kept(to: Path, baseline: Run | None) -> dict[Key, Prediction]:
    """The predictions of the baseline that is there, if their mattes are whole."""
    found: dict[Key, Prediction] = {}
    for p in baseline.predictions if baseline else ():
        hashed = matte_hash(p.cutout or "")
        whole = sha256_file(to / (p.cutout or "")) or ""
        if hashed and whole.startswith(hashed):
            found[p.key] = p
    return found


def _load(to: Path) -> Run | None:
    """The baseline, None where there is none yet; OutputError where it cannot be read: what was
    approved is not overwritten unseen."""
    if not (to / "run.json").exists():
        return None
    try:
        return Run.load(to)
    except OutputError as error:
        remove = Message("Or remove it, and approve a whole run again.")
        raise OutputError(error.problem, join(" ", [error.remedy, remove])) from None


def _refuse_other_folders(to: Path) -> None:
    """OutputError unless `to` is new, empty or a baseline."""
    try:
        names = {path.name for path in to.iterdir()} if to.exists() else set()
    except OSError as error:
        raise cannot_write(to, error) from None
    foreign = sorted(
        name
        for name in names - {"run.json", FOLDER, MATTES}
        if not name.startswith(".") and name != "README.md"
    )
    run = _load(to)
    if foreign or (run and any(p.cutout for p in run.predictions) and not is_baseline(run)):
        where = printable(str(to))
        problem = Message("{folder} holds a run", folder=where)
        if foreign:
            file = printable(foreign[0])
            problem = Message("{folder} holds other files ({file})", folder=where, file=file)
        raise OutputError(
            problem,
            Message("Give a new folder, or a baseline's, with --to."),
        )
