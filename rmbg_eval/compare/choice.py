"""Changes of a run that are chosen one by one: the baseline with these and with no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.key import Key, Names
from ..i18n import Message
from ..run.case_record import CaseRecord
from ..run.record import ModelRun, Run
from .differences import names_of

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
        elif shas[0] != base and shas == (new, new):
            refused.append((key, Message("it is in the baseline already")))
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
    new = {key: p.cutout_sha256 for key, p in run.index.predictions.items()}
    mixed = {key.model for key, _ in there.items() ^ new.items()}
    models |= {name: lasting(m) for name, m in run.index.models.items() if name not in mixed}
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
            "settings": was.settings.model_copy(update={"models": [*models]}),
        }
    )


def lasting(model: ModelRun) -> ModelRun:
    """What a baseline keeps of how a model ran."""
    return model.model_copy(update={"warnings": (), "stability": None})
