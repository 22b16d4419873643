"""A baseline: what a run found, made small enough for git, and kept on purpose.

`<baseline>/run.json` is the run without times and paths; its predictions name mattes instead of
cut-outs: `mattes/<model>/<category>/<case>.<16 hex>.webp`, grey, lossless, with the beginning of
their own SHA-256 in the name. So nothing is ever overwritten, run.json is written last, and a
process that is killed leaves the old baseline or the new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from ..core.files import (
    cannot_write,
    in_names,
    in_shell,
    inside,
    remove_below,
    remove_unfinished,
    safe_name,
    sha256_file,
    write_atomic,
)
from ..core.images import WEBP_SIDE, Alpha, encode, quantise
from ..core.key import Key, Names
from ..core.progress import OnStep, Step, ignore
from ..core.records import FOLDER
from ..errors import OutputError, RmbgEvalError, printable
from ..i18n import N_, Message, and_more, join
from ..predictions.prediction import Prediction
from ..run.case_record import CaseRecord
from ..run.folder import MATTES, locked, write_run
from ..run.record import ModelRun, Run
from ..settings import Settings
from .alpha_change import decoded, matte_hash
from .comparison import Comparison
from .differences import names_of
from .runs import compare
from .tolerances import Tolerances

_OF_THE_MODEL: dict[str, Any] = {"warnings": (), "stability": None}
"""What a baseline does not keep of how a model ran."""
_OF_THE_MACHINE = dict.fromkeys(("commit", "dirty", "memory_bytes"))
"""What it does not keep of the machine: each branch has another commit, and git could not merge."""


_Reason = tuple[str, str]
"""A model, and why: the text of a failure without its values, a rule or a kind of point."""
_Reasons = dict[_Reason, Message]
"""In words, too."""
_MOST_NAMES, _MOST_REASONS = 5, 10
"""Of failed cases that are told at once."""


def refuse_shard(run: Run) -> None:
    """OutputError where `run` is a part of one: as a baseline it would be the whole."""
    if run.shard:
        raise OutputError(
            Message(
                "The run is shard {shard}: it has {n} of {cases} cases",
                shard=str(run.shard.part),
                n=len(run.cases),
                cases=run.shard.cases,
            ),
            Message("Merge all shards with rmbg-eval merge, and approve the merged run."),
        )


def refuse_failures(run: Run, allowed: Collection[str]) -> None:
    """OutputError unless `run` is whole and complete and every failure in it is among `allowed`.

    A failure is a prediction that failed or a required point that did not pass; its name is
    `category/id` of the case.
    """
    refuse_shard(run)
    if not run.complete:
        raise OutputError(
            Message("The run was interrupted and is partial"), Message("Run it again to its end.")
        )
    failed = _failed_cases(run)
    given = {*allowed}
    left = {name: why for name, why in failed.items() if name not in given}
    if left:
        raise _refused(left)
    strangers = [name for name in allowed if name not in failed]
    if strangers:
        names = [printable(name) for name in islice(failed, _MOST_NAMES)]
        raise OutputError(
            Message("{name} is not among the run's failures", name=printable(strangers[0])),
            Message(
                "They are: {names}.",
                names=and_more(names, len(failed) - len(names)) if names else Message("none"),
            ),
        )


def _refused(failed: Mapping[str, _Reasons]) -> OutputError:
    """Of a run of which these cases failed: a few are named each; of more, the first of those that
    failed for the same reasons."""
    option, shown = "--allow-failures", [*failed]
    names: Sequence[str] | Message = [printable(name) for name in failed]
    remedy = N_("Correct them, or approve them by name: {options}.")
    if len(failed) > _MOST_NAMES:
        alike = dict(islice(_alike(failed).items(), _MOST_REASONS))
        option, shown = "--allow-failures-like", [*alike]
        names = join(
            "; ",
            (
                Message("{name}: {reason}", name=and_more(printable(name), more), reason=why)
                for name, (more, why) in alike.items()
            ),
        )
        remedy = N_("Correct them, or approve all that failed for the same reasons: {options}.")
    options = (f"{option} {in_shell(printable(name), 'NAME')}" for name in shown)
    return OutputError(
        Message("The run has failures: {names}", names=names),
        Message(remedy, options=" ".join(options)),
    )


def _alike(failed: Mapping[str, _Reasons]) -> dict[str, tuple[int, Message]]:
    """Of cases that failed each that has a reason first, how many others have none but its own and
    those before, and that reason in words."""
    first: dict[_Reason, str] = {}
    alike: dict[str, tuple[int, Message]] = {}
    for name, reasons in failed.items():
        new = [reason for reason in reasons if reason not in first]
        first.update(dict.fromkeys(new, name))
        if new:
            alike[name] = 0, reasons[new[0]]
        else:
            one = first[next(iter(reasons))]
            alike[one] = alike[one][0] + 1, alike[one][1]
    return alike


def names_in(values: Iterable[str], run: Run, like: Iterable[str] = ()) -> list[str]:
    """The cases that values of `--allow-failures` name, and those of `--allow-failures-like` with
    all that failed for no other reasons than they. A value that is a failure of `run` is one name,
    commas and all; any other is parted at commas."""
    failed = _failed_cases(run)

    def parted(values: Iterable[str]) -> list[str]:
        names = ([value] if value in failed else value.split(",") for value in values)
        return [name for some in names for name in some if name]

    first = parted(like)
    reasons = {reason for name in first for reason in failed.get(name, ())}
    alike = (name for name, own in failed.items() if own.keys() <= reasons)
    return [*parted(values), *dict.fromkeys((*first, *alike))]


def _failed_cases(run: Run) -> dict[str, _Reasons]:
    """As `category/id`, in order. Why a model's cut-out is none, whatever picture that names, is
    one reason; else each rule, or kind of point, that it did not pass."""
    failed: dict[str, _Reasons] = {}
    failures = run.failures
    without = {p.key for p in failures}
    for p in failures:
        problem = p.failure.problem if p.failure else Message("")
        failed.setdefault(p.name, {})[p.model, problem.text] = problem
    for point in run.missed:
        if point.key not in without:
            why = Message("point {name}", name=point.point)
            failed.setdefault(point.name, {})[point.model, f"point {point.kind}"] = why
    for rule in run.broken:
        if rule.key not in without:
            why = Message("delivery rule {name}", name=rule.rule)
            failed.setdefault(rule.name, {})[rule.model, f"rule {rule.rule}"] = why
    return failed


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
                    "settings": _without_paths(run.settings, run.index.models),
                    "machine": run.machine.model_copy(update=_OF_THE_MACHINE),
                    "started": before.started if before else run.started,
                    "wall_seconds": None,
                    "models": tuple(model.model_copy(update=_OF_THE_MODEL) for model in run.models),
                    "predictions": tuple(predictions),
                }
            )
            return _write(to, baseline, before)
    except OSError as error:
        raise cannot_write(to, error) from None


Change = tuple[str | None, str | None]
"""The SHA-256 of the baseline's cut-out and of the run's, each None where there is none."""


@dataclass(frozen=True)
class Choice:
    """What of a run's changes becomes the baseline's."""

    taken: tuple[Key, ...]
    refused: tuple[tuple[Key, Message], ...]
    """With the reason."""
    baseline: Run
    """The baseline as it would be; its new predictions still name the run's cut-outs."""


def choose(run: Run, was: Run, chosen: Mapping[Key, Change]) -> Choice:
    """The baseline `was` with the changes to `run` that are `chosen`, and nothing else but that
    models and cases that have another name in `run` get that.

    A change is refused where the baseline, or the run, has another cut-out by now than was seen.
    Where the points of a case have changed, all its models' changes are needed: points of one
    picture are of one kind.
    """
    named = _with_names(was, names_of(was, run))
    before, after = named.index, run.index
    taken, refused = [], []
    for key, (base, new) in chosen.items():
        there = tuple(side.predictions.get(key) for side in (before, after))
        shas = tuple(p.cutout_sha256 if p else None for p in there)
        if there == (None, None):
            refused.append((key, Message("neither has it")))
        elif shas[0] != base:
            refused.append((key, Message("the baseline's cut-out is another one by now")))
        elif shas[1] != new:
            refused.append((key, Message("the run's cut-out is another one by now")))
        else:
            taken.append(key)
    agreed = {*taken}

    def in_part(key: Key) -> bool:
        about = key.case_key
        one, other = before.cases.get(about), after.cases.get(about)
        every = {p.key for side in (before, after) for p in side.by_case.get(about, ())}
        return one is not None and other is not None and one != other and not every <= agreed

    left = {key: in_part(key) for key in taken}
    why = Message("what is known of the case has changed: approve all its models")
    refused += [(key, why) for key in taken if left[key]]
    whole = tuple(key for key in taken if not left[key])
    return Choice(whole, tuple(refused), _mixed(run, named if whole else was, {*whole}))


def _with_names(run: Run, names: Names) -> Run:
    """`run`, its models and cases by other names."""

    def row(each: Any) -> Any:
        return each.model_copy(update=names.of(each.key)._asdict())

    def model(each: ModelRun) -> ModelRun:
        name = names.models.get(each.info.name, each.info.name)
        return each.model_copy(update={"info": each.info.model_copy(update={"name": name})})

    def case(each: CaseRecord) -> CaseRecord:
        category, name = names.cases.get(each.key, each.key)
        return each.model_copy(update={"category": category, "id": name})

    if not any(names):
        return run
    return run.model_copy(
        update={
            "models": tuple(map(model, run.models)),
            "cases": tuple(map(case, run.cases)),
            "predictions": tuple(map(row, run.predictions)),
            "measurements": run.measurements.renamed(names),
            "points": tuple(map(row, run.points)),
            "rules": tuple(map(row, run.rules)),
            "risks": tuple(map(row, run.risks)),
        }
    )


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


def _without_paths(settings: Settings, models: Iterable[str]) -> Settings:
    """The settings with nothing of the machine's folders, and models by their names."""
    return settings.model_copy(update={"cases": "", "out": ".", "models": [*models]})


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


def only(run: Run, keys: Collection[Key]) -> Run:
    """The run as if there were no others than `keys`."""
    return run.model_copy(
        update={
            name: tuple(each for each in getattr(run, name) if each.key in keys) for name in _BY_KEY
        }
    )


_BY_KEY = ("predictions", "measurements", "points", "rules", "risks")
"""What of a run is about a case and a model."""


def _replaced(was: Sequence[Any], now: Sequence[Any], keys: Collection[Key]) -> list[Any]:
    """The rows of `was`, those of `keys` as in `now`, where they are or at the end."""
    new = {_identity(each): each for each in now if each.key in keys}
    rows = [new.pop(_identity(each), None) if each.key in keys else each for each in was]
    return [each for each in (*rows, *new.values()) if each is not None]


def _identity(row: Any) -> tuple[Key, str]:
    """What a row is of: a case and a model, and a measure, point or rule."""
    names = (getattr(row, name, None) for name in ("metric", "point", "rule"))
    return row.key, next(filter(None, names), "")


def _mixed(run: Run, was: Run, keys: Collection[Key]) -> Run:
    """`was`, but for `keys`, which are the run's; what is wholly the run's is described as there.

    Rows stay where they were, for git to show what changed; new ones are last.
    """
    cases = dict(was.index.cases)
    models = dict(was.index.models)
    for key in keys:
        if key in run.index.predictions:
            cases[key.case_key] = run.index.cases[key.case_key]
            models.setdefault(key.model, run.index.models[key.model])
    rows = {name: _replaced(getattr(was, name), getattr(run, name), keys) for name in _BY_KEY}
    there = {each.key: each.cutout_sha256 for each in rows["predictions"]}
    for name, model in run.index.models.items():
        new = {k: p.cutout_sha256 for k, p in run.index.predictions.items() if k.model == name}
        if new == {k: sha for k, sha in there.items() if k.model == name}:
            models[name] = model.model_copy(update=_OF_THE_MODEL)
    abouts, names = {key.case_key for key in there}, {key.model for key in there}
    cases = {about: case for about, case in cases.items() if about in abouts}
    models = {name: each for name, each in models.items() if name in names}
    return was.model_copy(
        update={
            **{name: tuple(some) for name, some in rows.items()},
            "cases": tuple(cases.values()),
            "models": tuple(models.values()),
            # A mean over all cases; of some of another run's there is none.
            "agreements": () if keys else was.agreements,
            "schema_version": run.schema_version,
            "settings": _without_paths(was.settings, models),
        }
    )


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
