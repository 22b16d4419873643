"""What a run is of: its settings, cases and models, each known to be usable before any work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from ..cases.case import Case, CaseSet
from ..cases.folder import load_cases
from ..cases.in_memory import write_pictures
from ..core.choices import split
from ..core.files import folded, in_shell
from ..core.machine import Machine
from ..core.progress import OnStep, Step
from ..core.records import arrow
from ..errors import ModelError, SettingsError, WeightsError, check_record, printable
from ..i18n import Message
from ..measure.colours import DECONTAMINATED
from ..measure.columns import Measurements
from ..measure.delivery import load_delivery
from ..measure.record import Delivery
from ..measure.subject import Metric
from ..measure.table import PAPERS, TABLE
from ..models.fetching import fetch
from ..models.folder import tell_others
from ..models.function import check_identity, is_model
from ..models.protocol import Model
from ..models.table import OneModel, load_object
from ..settings import Settings
from .arrays import Names
from .folder import run_folder
from .measurements import truth_hashes
from .parts import in_parts
from .previews import laid_out
from .record import CaseRecord, Run
from .shard import Listing, Part, Shard

Load = Callable[[str, Settings], Model]
"""From a spec to the model, on the first of the devices of the settings."""


@dataclass(frozen=True)
class Plan:
    """What a run is of."""

    settings: Settings
    case_set: CaseSet
    shard: Shard | None
    asked: list[tuple[str | None, Model]]
    """Each with the spec that another process makes the same model of; None: there is none."""
    metrics: tuple[Metric, ...]
    delivery: Delivery | None

    def fetch(self, on_step: OnStep) -> None:
        """Bring the weights of all models."""
        name = next((case.name for case in self.case_set.cases), None)
        here: list[str] = []
        for spec, model in self.asked:
            try:
                fetch(model, lambda text: on_step(Step(text)))
            except WeightsError as error:
                if not here:
                    raise
                left_out = Message(
                    "{remedy} Or leave {model} out: {options}.",
                    remedy=error.remedy,
                    model=printable(model.info.name),
                    options=" ".join(f"--model {in_shell(spec, 'MODEL')}" for spec in here),
                )
                raise WeightsError(error.problem, left_out) from None
            here += [spec] if spec else []
            if name is not None:
                check_identity(model, name)

    def begun(self, started: datetime) -> Run:
        """The run before its first picture."""
        return Run(
            complete=False,
            settings=self.settings,
            started=started,
            wall_seconds=None,
            machine=Machine.here(),
            cases=tuple(_record_of(case) for case in self.case_set.cases),
            skipped=self.case_set.skipped,
            models=(),
            predictions=(),
            measurements=Measurements(),
            delivery=self.delivery,
            shard=self.shard,
        )


def planned(
    settings: Settings,
    models: OneModel | Iterable[OneModel] | Mapping[str, OneModel] | None,
    pictures: Mapping[str, Any] | None,
    part: Part | Shard | None,
    isolate: bool,
    case_set: CaseSet | None,
    load: Load,
) -> Plan:
    """What `evaluate` is asked for, or the error of what cannot be, before any work."""
    metrics = metrics_of(settings)
    delivery = load_delivery(settings.rules)
    if pictures is not None:
        with run_folder(settings.out_folder) as out:
            folder = write_pictures(out, pictures)
        settings = settings.model_copy(update={"cases": str(folder), "categories": []})
    case_set, shard, listed = _cases_of(settings, case_set, part)
    if in_parts(len(case_set.cases), shard):
        arrow()  # where it is missing
    asked = _asked(settings, settings.models if models is None else models, load)
    names = [model.info.name for _, model in asked]
    remedy = Message("Give each a label of its own: LABEL=SPEC.")
    if not all(spec for spec, _ in asked):
        remedy = Message("Give each a label of its own: {form}.", form='models={"LABEL": MODEL}')
    _refuse_one_name_twice(names, remedy)
    if models is not None:
        specs = [spec or name for (spec, _), name in zip(asked, names, strict=True)]
        settings = Settings(**settings.model_dump() | {"models": specs})
    several = len(split(settings.device)) > 1
    if isolate and (several or not all(spec for spec, _ in asked)):
        raise SettingsError(
            Message("Pictures can be isolated on one device only, and not with a model object"),
            Message("Give one device; for several, run a shard on each: --shard I/N."),
        )
    for _, model in asked if listed and not settings.categories else ():
        tell_others(model, listed)
    count = shard.cases if shard else len(case_set.cases)
    settings = laid_out(settings, count * len(asked))
    return Plan(settings, case_set, shard, asked, metrics, delivery)


def _each(models: OneModel | Iterable[OneModel]) -> Iterable[OneModel]:
    """Several, or one, which may be iterable as well: a `Sequential` of torch."""
    if isinstance(models, str) or callable(models) or not isinstance(models, Iterable):
        return [models]
    return models


def _asked(
    settings: Settings,
    models: OneModel | Iterable[OneModel] | Mapping[str, OneModel],
    load: Load,
) -> list[tuple[str | None, Model]]:
    """The models of a run, as its plan has them."""
    labelled: Iterable[tuple[str | None, OneModel]] = (
        ((str(label), one) for label, one in models.items())
        if isinstance(models, Mapping)
        else ((None, one) for one in _each(models))
    )
    asked: list[tuple[str | None, Model]] = []
    functions: dict[str, OneModel] = {}
    for label, thing in labelled:
        if isinstance(thing, str):
            spec = thing if label is None else f"{label}={thing}"
            asked.append((spec, load(spec, settings)))
        else:
            model = load_object(thing, label, settings.foreground)
            asked.append((None, model))
            if not is_model(thing) and functions.setdefault(model.identity(""), thing) != thing:
                raise SettingsError(
                    Message(
                        "{model} has the name and VERSION of another function of this run",
                        model=printable(model.info.name),
                    ),
                    Message("Give each a VERSION of its own: cut-outs are kept under it."),
                )
    return asked


def _cases_of(
    settings: Settings, case_set: CaseSet | None, part: Part | Shard | None
) -> tuple[CaseSet, Shard | None, Names]:
    """The cases, of a part only its own, perhaps none; what says so in the run; and the names of
    the whole set, none where only the part is known."""
    where, names = (settings.cases_source, settings.categories, settings.layout_of), Names()
    if isinstance(part, Shard):
        return case_set or load_cases(*where), part, names
    if part is not None:
        check_record(part, Part)
    listing = Listing(part) if part else None

    def has(category: str, id: str) -> bool:
        names.append(f"{category}/{id}")
        return listing is None or listing.has(category, id)

    if case_set is None:
        case_set = load_cases(*where, has)
    else:
        check_record(case_set, CaseSet)
        own = tuple(case for case in case_set.cases if has(*case.key))
        case_set = replace(case_set, cases=own)
    return case_set, listing.shard if listing else None, names


def _record_of(case: Case) -> CaseRecord:
    """What the report says of a case; titles and names are strangers' text, made fit to show."""
    about = case.about
    return CaseRecord(
        category=case.category,
        id=case.id,
        title=_printable(about.title),
        licence=printable(about.licence) if about.licence else None,
        author=printable(about.author) if about.author else None,
        source=printable(about.source) if about.source else None,
        has_truth=case.alpha is not None,
        truth_sha256=_truth_hash(case),
        group=printable(about.group) if about.group else None,
        points=tuple(
            point.model_copy(update={"title": _printable(point.title)}) for point in about.points
        ),
    )


def _truth_hash(case: Case) -> str | None:
    """SHA-256 over those of truth, true foreground and trimap; None where the case has none, one
    cannot be read, or the case cannot be used: its paths may lead anywhere."""
    files = [path for path in (case.alpha, case.foreground, case.trimap) if path]
    if case.failure or not files:
        return None
    hashes = truth_hashes(case)
    if sum(map(bool, hashes)) < len(files):
        return None
    return hashlib.sha256(" ".join(map(str, hashes)).encode()).hexdigest()


def _printable(title: Mapping[Any, str]) -> dict[Any, str]:
    return {language: printable(text) for language, text in title.items()}


def metrics_of(settings: Settings) -> tuple[Metric, ...]:
    """The measures that one cut-out is enough for, without those that were not asked for."""
    left_out = {
        *(() if settings.papers else PAPERS),
        *(() if settings.decontaminated else DECONTAMINATED),
    }
    if settings.decontaminated and find_spec("pymatting") is None:
        raise SettingsError(
            Message("To measure decontaminated colours, pymatting is needed"),
            Message('Install it: pip install "rmbg-eval[pymatting]".'),
        )
    return tuple(metric for metric in TABLE if metric.compute and metric not in left_out)


def _refuse_one_name_twice(names: list[str], remedy: Message) -> None:
    alike = [folded(name) for name in names]
    for name in names:
        if alike.count(folded(name)) > 1:
            raise ModelError(
                Message("Two models are called {name}", name=repr(name)),
                remedy,
            )
