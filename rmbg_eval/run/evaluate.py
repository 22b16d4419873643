"""A run: every model over every case, measured, and kept in one folder.

`run.json` is the one source for reports and gates. It is written first, marked
incomplete, and last, complete; all else in the folder can be made again from it
and the cache. Run the same settings again and only what is missing is done. The pictures that a
report shows are drawn last: a run folder needs no case set to be looked at.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..cases.case import Case, CaseSet
from ..cases.folder import load_cases
from ..cases.in_memory import write_pictures
from ..core.cache import MeasureCache, Store
from ..core.choices import Dtype, Foreground, split
from ..core.files import folded, remove_unfinished, write_atomic
from ..core.key import Key
from ..core.machine import Machine
from ..core.progress import OnStep, Step, ignore
from ..core.records import arrow
from ..errors import ModelError, OutputError, SettingsError, printable
from ..i18n import Message
from ..measure import agreement, stability
from ..measure.colours import DECONTAMINATED
from ..measure.columns import Measurements
from ..measure.delivery import load_delivery
from ..measure.record import Agreement, Delivery, PointResult, Risk, RuleResult
from ..measure.region import Box
from ..measure.risk import RISK
from ..measure.subject import Metric
from ..measure.table import PAPERS, TABLE
from ..models.folder import tell_others
from ..models.function import is_model
from ..models.info import ModelInfo
from ..models.protocol import Model
from ..models.table import OneModel, load_model, load_object
from ..predictions.isolation import TIME_LIMIT, predict_isolated
from ..predictions.precision import REDUCED, not_compared, precision_check
from ..predictions.prediction import PrecisionCheck, Prediction
from ..predictions.share import maker, predict_on_all
from ..settings import Settings
from .agreement import Pairs, agreements_of, disagreements, odd_of, pairs_of
from .arrays import Names
from .delivery import rule_results
from .drawing import draw
from .folder import prune, remove_done, run_folder, save
from .measurements import Outcome, add, measure_prediction, result_of, truth_hashes
from .parts import in_parts
from .previews import SINGLE_MOST
from .record import CaseRecord, ModelRun, Run
from .risks import risks_of
from .shard import DONE, Listing, PairDistance, Part, Shard, SignPlaces
from .stability import flip_differences, instabilities

_BEHIND = 64
"""Predictions that wait to be measured."""

OnSave = Callable[[Path, Run], None]
"""Called with the run folder and the run whenever the run is kept: when it begins, when it ends
early, and when it is complete."""


Load = Callable[[str, str, Dtype, Foreground, bool], Model]
"""From spec, device, dtype, foreground and whether to compile, to the model."""


def evaluate(
    settings: Settings = Settings(),
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, run: None,
    *,
    models: str | Iterable[OneModel] | Mapping[str, OneModel] | None = None,
    pictures: Mapping[str, Any] | None = None,
    part: Part | Shard | None = None,
    isolate: bool = False,
    time_limit: float = TIME_LIMIT,
    case_set: CaseSet | None = None,
    caches: tuple[Store, MeasureCache] | None = None,
    load: Load | None = None,
) -> Run:
    """Run every model over every case into the run folder; what is done is not done again.

    >>> from rmbg_eval import Settings, evaluate
    >>> models = {"red is subject": lambda rgb: rgb[..., 0] / 255}
    >>> run = evaluate(Settings(cases="cases", out="reports/red"), models=models)
    >>> len(run.predictions), len(run.failures)
    (2, 0)

    `models` takes the place of the settings' own: specs, model objects as `rmbg_eval.Model`
    describes them, functions as `rmbg_eval.models.function.Function` does; in a mapping each under
    a label. An object is known by the identity that it tells. A function has none: it is named,
    and without a `VERSION`, its own or its module's, its cut-outs are not used again. Objects run
    in this process, whatever the settings' device and dtype.

    `pictures` takes the place of the settings' cases: those in memory, by `category/name`, as
    `cases.in_memory.write_pictures` describes them, which puts them into the run folder.

    `on_save` writes what else is made of a run, as `ci.outputs.build_files` does for a build.
    `part`: of the cases, only those; `scale.merge` makes one run of the runs of all parts. A
    `Shard`: `case_set` is only those already.
    `isolate`: each model in a process of its own; a picture that kills it, or that it works on for
    `time_limit` seconds, is a failed case.
    `case_set`, `caches`: in place of that in the settings' folder, and of the user's. `load`: in
    place of `load_model`, for who keeps models from run to run.

    Beyond `SINGLE_MOST` predictions the layout is `folder`, whatever `settings` say; the run's own
    settings say so. One bad picture is a failed prediction in the run. Raises RmbgEvalError for
    what concerns all of it: no cases, an unknown model, weights that cannot be
    had, a folder that cannot be written.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    plan = _planned(settings, models, pictures, part, isolate, case_set, load or load_model)
    settings, cases = plan.settings, plan.case_set.cases
    for _, model in plan.asked:
        model.fetch(lambda text: on_step(Step(text)))
    store, measures = caches or (Store.default(), MeasureCache.default())
    remove_unfinished(store.folder)
    remove_unfinished(measures.folder)
    with run_folder(settings.out_folder) as out:
        remove_unfinished(out)
        earlier = _earlier(out, plan.shard.part if plan.shard else None)
        remove_done(out)
        run = plan.begun(started)
        save(out, run)  # first, for by run.json the folder is known again as one of a run
        on_save(out, run)

        def keep(run: Run) -> None:
            on_save(out, run)
            save(out, run)

        task = _Task(
            settings, cases, out, plan.metrics, store, measures, on_step, isolate, time_limit
        )
        results = Results()
        try:
            for spec, model in plan.asked:
                task.work(spec, model, results)
            results.pairs = pairs_of(results.predictions, out, measures)
            results.judge()
            if plan.delivery:
                results.rules = rule_results(
                    results.predictions, out, plan.delivery, measures, on_step
                )
        except BaseException:  # what there is by now is a report too, and says it is partial
            keep(results.on(run, time.perf_counter() - clock))
            raise
        run = results.on(run, time.perf_counter() - clock).model_copy(update={"complete": True})
        if earlier and earlier.outcome() == run.outcome():
            # Nothing is new: the times of the run that did the work are the true ones. Finished
            # cut-outs took none, and what is told of their folder may be new.
            both = zip(earlier.models, run.models, strict=True)
            told = tuple(now if now.info.finished else then for then, now in both)
            run = earlier.model_copy(update={"settings": settings, "models": told})
        prune(out, run)
        keep(run)
        draw(run, cases, on_step)
        if plan.shard:
            write_atomic(out / DONE, f"{plan.shard.part}\n")
    return run


@dataclass(frozen=True)
class _Plan:
    """What a run is of."""

    settings: Settings
    case_set: CaseSet
    shard: Shard | None
    asked: list[tuple[str | None, Model]]
    """Each with the spec that another process makes the same model of; None: there is none."""
    metrics: tuple[Metric, ...]
    delivery: Delivery | None

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


def _planned(
    settings: Settings,
    models: str | Iterable[OneModel] | Mapping[str, OneModel] | None,
    pictures: Mapping[str, Any] | None,
    part: Part | Shard | None,
    isolate: bool,
    case_set: CaseSet | None,
    load: Load,
) -> _Plan:
    """What `evaluate` is asked for, or the error of what cannot be, before any work."""
    models = [models] if isinstance(models, str) else models
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
    _refuse_one_name_twice(names)
    if models is not None:
        specs = [spec or name for (spec, _), name in zip(asked, names, strict=True)]
        settings = Settings.of(settings.model_dump() | {"models": specs})
    several = len(split(settings.device)) > 1
    if isolate and (several or not all(spec for spec, _ in asked)):
        raise SettingsError(
            Message("Pictures can be isolated on one device only, and not with a model object"),
            Message("Give one device; for several, run a shard on each: --shard I/N."),
        )
    for _, model in asked if listed and not settings.categories else ():
        tell_others(model, listed)
    if (shard.cases if shard else len(case_set.cases)) * len(asked) > SINGLE_MOST:
        settings = settings.model_copy(update={"layout": "folder"})
    return _Plan(settings, case_set, shard, asked, metrics, delivery)


def _asked(
    settings: Settings, models: Iterable[OneModel] | Mapping[str, OneModel], load: Load
) -> list[tuple[str | None, Model]]:
    """The models of a run, as its plan has them."""
    device = split(settings.device)[0]
    labelled: Iterable[tuple[str | None, OneModel]] = (
        models.items() if isinstance(models, Mapping) else ((None, thing) for thing in models)
    )
    asked: list[tuple[str | None, Model]] = []
    functions: dict[str, OneModel] = {}
    for label, thing in labelled:
        if isinstance(thing, str):
            spec = thing if label is None else f"{label}={thing}"
            how = device, settings.dtype, settings.foreground, settings.compile
            asked.append((spec, load(spec, *how)))
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
    listing = Listing(part) if part else None

    def has(category: str, id: str) -> bool:
        names.append(f"{category}/{id}")
        return listing is None or listing.has(category, id)

    if case_set is None:
        case_set = load_cases(*where, has)
    else:
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
    """SHA-256 over those of truth, true foreground and trimap; None where the case has none, or
    cannot be used: its paths may lead anywhere."""
    if case.failure or not (case.alpha or case.foreground or case.trimap):
        return None
    return hashlib.sha256(" ".join(map(str, truth_hashes(case))).encode()).hexdigest()


def _printable(title: Mapping[Any, str]) -> dict[Any, str]:
    return {language: printable(text) for language, text in title.items()}


@dataclass
class Results:
    """What a run has found so far."""

    models: list[ModelRun] = field(default_factory=list)
    began: list[ModelInfo] = field(default_factory=list)
    """The models before the first picture."""
    pairs: Pairs = field(default_factory=dict)
    predictions: list[Prediction] = field(default_factory=list)
    measurements: Measurements = field(default_factory=Measurements)
    points: list[PointResult] = field(default_factory=list)
    rules: tuple[RuleResult, ...] = ()
    places: dict[Key, dict[str, Box]] = field(default_factory=dict)
    """Where signs of risk are, each known by one cut-out alone."""
    risks: tuple[Risk, ...] = ()
    agreements: tuple[Agreement, ...] = ()

    def judge(self) -> None:
        """Add what is known of all cases together: how far the models are apart, and the risk."""
        names = [model.info.name for model in self.models]
        self.agreements = agreements_of(self.pairs.values(), names)
        odd = odd_of(self.agreements)
        farthest = disagreements(self.predictions, self.pairs, odd, self.measurements)
        self.risks = risks_of(self.predictions, self.places, self.measurements, farthest)

    def on(self, run: Run, seconds: float | None) -> Run:
        """`run` with all of it."""
        return run.model_copy(
            update={
                "wall_seconds": seconds,
                "models": tuple(self.models),
                "predictions": tuple(self.predictions),
                "measurements": self.measurements.copy(),
                "points": tuple(self.points),
                "rules": self.rules,
                "risks": self.risks,
                "agreements": self.agreements,
                "shard": run.shard and self._on_shard(run.shard, run.cases),
            }
        )

    def _on_shard(self, shard: Shard, cases: Sequence[CaseRecord]) -> Shard:
        """`shard` with what merging needs."""
        places = (
            SignPlaces(**key._asdict(), places=places)
            for key, places in self.places.items()
            if places
        )
        pairs = (
            PairDistance(
                category=case.category, case=case.id, one=one, other=other, **pair._asdict()
            )
            for case in cases
            for (one, other), pair in self.pairs.get(case.key, {}).items()
        )
        return shard.model_copy(
            update={"models": tuple(self.began), "places": tuple(places), "pairs": tuple(pairs)}
        )


@dataclass(frozen=True)
class _Task:
    """What is done with every model of a run."""

    settings: Settings
    cases: tuple[Case, ...]
    out: Path
    metrics: tuple[Metric, ...]
    store: Store
    measures: MeasureCache
    on_step: OnStep
    isolate: bool
    time_limit: float

    def work(self, spec: str | None, model: Model, results: Results) -> None:
        """Add to `results` the model, its predictions, and all that is known of each alone.

        What there is by then stays in them if this is interrupted.
        """
        settings = self.settings
        several = len(split(settings.device)) > 1
        shared = {"device": settings.device} if several and spec else {}
        results.began.append(model.info.model_copy(update=shared))
        results.models.append(ModelRun(info=results.began[-1]))
        predictions = self._measured(model, self._predicting(spec, model), results)
        precision = self._precision(spec, model)
        results.models[-1] = ModelRun(
            info=model.info.model_copy(update=shared),
            precision=precision,
            warnings=tuple(model.warnings),
        )
        where = model, self.cases, predictions, self.out, self.store
        if settings.flip:
            flip_differences(*where, self.on_step, results.measurements)
        if settings.stability:
            cost, places = instabilities(
                settings.stability, *where, self.measures, self.on_step, results.measurements
            )
            results.models[-1] = results.models[-1].model_copy(update={"stability": cost})
            for key, place in places.items():
                results.places.setdefault(key, {}).update(place)

    def _predicting(self, spec: str | None, model: Model) -> Iterable[tuple[Case, Prediction]]:
        if not self.isolate:
            return predict_on_all(model, spec, self.settings, self.cases, self.out, self.store)
        return predict_isolated(
            maker(spec or "", self.settings),
            self.settings.device,
            model.info.name,
            model.warnings,
            self.cases,
            self.out,
            self.store,
            self.time_limit,
        )

    def _measured(
        self, model: Model, predicting: Iterable[tuple[Case, Prediction]], results: Results
    ) -> list[Prediction]:
        """Add every prediction and what was measured of it to `results`, interrupted or not.

        Predicting waits for measuring where that is far behind, so that memory does not grow.
        """
        name, count, on_step = model.info.name, len(self.cases), self.on_step
        predictions: list[Prediction] = []
        measuring: deque[tuple[Case, Prediction, Future[Outcome]]] = deque()

        def take() -> None:
            case, prediction, task = measuring[0]
            outcome = task.result()
            measuring.popleft()
            results.predictions.append(prediction)
            has_trimap = case.trimap is not None
            add(results.measurements, prediction, self.metrics, outcome.values, has_trimap)
            results.points += [
                result_of(prediction, point, seen)
                for point, seen in zip(case.about.points, outcome.points, strict=True)
            ]
            results.places[prediction.key] = outcome.places

        on_step(Step(name, 0, count))
        with ThreadPoolExecutor(1, "measure") as measurer:
            try:
                for case, prediction in predicting:
                    predictions.append(prediction)
                    given = case, prediction, self.out, self.metrics, self.measures
                    task = measurer.submit(measure_prediction, *given)
                    measuring.append((case, prediction, task))
                    on_step(Step(f"{name} · {case.name}", len(predictions), count))
                    while measuring and (measuring[0][2].done() or len(measuring) > _BEHIND):
                        take()
            except BaseException:
                for *_, task in measuring:
                    task.cancel()
                raise
            finally:
                while measuring and not measuring[0][2].cancelled():
                    take()
        return predictions

    def _precision(self, spec: str | None, model: Model) -> PrecisionCheck | None:
        """The comparison with fp32 that a reduced dtype owes; what is in `measures` is not measured
        again."""
        if model.info.dtype not in REDUCED:
            return None
        if not self.settings.precision_cases:
            return not_compared(Message("not asked for"))
        if spec is None:
            return not_compared(
                Message("a model object has one dtype: there is no fp32 to compare it with")
            )
        device = split(self.settings.device)[0]
        return precision_check(
            model,
            lambda: load_model(spec, device, "fp32"),
            self.settings.precision_cases,
            self.measures,
            self.on_step,
        )


def metrics_of(settings: Settings) -> tuple[Metric, ...]:
    """The measures that one cut-out is enough for, without those that were not asked for."""
    left_out = {*agreement.METRICS, *agreement.FLIP, *stability.METRICS, *RISK}
    if not settings.papers:
        left_out |= set(PAPERS)
    if not settings.decontaminated:
        left_out |= set(DECONTAMINATED)
    elif find_spec("pymatting") is None:
        raise SettingsError(
            Message("To measure decontaminated colours, pymatting is needed"),
            Message("Install it: pip install 'rmbg-eval[pymatting]'."),
        )
    return tuple(metric for metric in TABLE if metric not in left_out)


def _earlier(out: Path, part: Part | None) -> Run | None:
    """The complete run that is there; OutputError where it is of other cases than those now, which
    would go."""
    try:
        run = Run.load(out)
    except OutputError:
        return None
    there = run.shard and run.shard.part
    if there != part:
        raise OutputError(
            Message("{folder} holds a whole run", folder=printable(str(out)))
            if there is None
            else Message(
                "{folder} holds shard {shard}", folder=printable(str(out)), shard=str(there)
            ),
            Message("Give each shard, and the whole, a new folder of its own with --out."),
        )
    return run if run.complete else None


def _refuse_one_name_twice(names: list[str]) -> None:
    alike = [folded(name) for name in names]
    for name in names:
        if alike.count(folded(name)) > 1:
            raise ModelError(
                Message("Two models are called {name}", name=repr(name)),
                Message("Give each a label of its own: LABEL=SPEC."),
            )
