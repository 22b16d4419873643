"""A run: every model over every case, measured, and kept in one folder.

`run.json` is the one source for reports and gates. It is written first, marked
incomplete, and last, complete; all else in the folder can be made again from it
and the cache. Run the same settings again and only what is missing is done. The pictures that a
report shows are drawn last: a run folder needs no case set to be looked at.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..cases.case import Case, CaseSet
from ..core.cache import MeasureCache, Store
from ..core.choices import split
from ..core.files import remove, remove_unfinished, write_atomic
from ..core.key import Key
from ..core.progress import OnStep, Step, ignore
from ..errors import OutputError, SettingsError, check_record, printable, quoted
from ..i18n import Message
from ..measure.columns import Measurements
from ..measure.record import Agreement, Box, PointResult, Risk, RuleResult
from ..measure.subject import Metric
from ..models.info import ModelInfo
from ..models.protocol import Model
from ..models.table import OneModel, load_model
from ..predictions.isolation import predict_isolated
from ..predictions.precision import REDUCED, not_compared, precision_check
from ..predictions.prediction import PrecisionCheck, Prediction
from ..predictions.share import maker, predict_shared
from ..predictions.stages import predict
from ..settings import TIME_LIMIT, Settings
from .agreement import Pairs, agreements_of, disagreements, pairs_of, peers_of
from .delivery import rule_results
from .drawing import draw
from .folder import prune, run_folder, save
from .measurements import Outcome, add, measure_prediction, result_of
from .plan import Load, planned
from .record import CaseRecord, ModelRun, Run
from .risks import risks_of
from .shard import DONE, PairDistance, Part, Shard, SignPlaces
from .stability import flip_differences, instabilities

_BEHIND = 64
"""Predictions that wait to be measured."""

OnSave = Callable[[Path, Run], None]
"""Called with the run folder and the run whenever the run is kept: when it begins, when it ends
early, and when it is complete."""


def evaluate(
    settings: Settings = Settings(),
    on_step: OnStep = ignore,
    on_save: OnSave = lambda out, run: None,
    *,
    models: OneModel | Iterable[OneModel] | Mapping[str, OneModel] | None = None,
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
    `case_set`, `caches`: in place of that in the settings' folder, and of the user's. `load`: for
    who keeps models from run to run.

    Beyond `SINGLE_MOST` predictions the layout is `folder`, whatever `settings` say; the run's own
    settings say so. One bad picture is a failed prediction in the run. Raises RmbgEvalError for
    what concerns all of it: no cases, an unknown model, weights that cannot be
    had, a folder that cannot be written.
    """
    check_record(settings, Settings)
    for name, given in (("on_step", on_step), ("on_save", on_save)):
        if not callable(given):
            raise SettingsError(
                Message("{name}: {value} cannot be called", name=name, value=quoted(given)),
                Message("Give a function; models are given by name: evaluate(SETTINGS, models=…)."),
            )
    started, clock = datetime.now(UTC), time.perf_counter()
    plan = planned(settings, models, pictures, part, isolate, case_set, load or _loaded)
    settings, cases = plan.settings, plan.case_set.cases
    plan.fetch(on_step)
    store, measures = caches or (Store.default(), MeasureCache.default())
    remove_unfinished(store.folder)
    remove_unfinished(measures.folder)
    with run_folder(settings.out_folder) as out:
        remove_unfinished(out)
        earlier = _earlier(out, plan.shard.part if plan.shard else None)
        remove(out / DONE)
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
            while plan.asked:  # a model whose work is done is let go
                task.work(*plan.asked.pop(0), results)
            results.pairs = pairs_of(results.predictions, out, measures)
            results.judge()
            if plan.delivery:
                results.rules = rule_results(
                    results.predictions, out, plan.delivery, measures, on_step
                )
        except BaseException:  # what there is by now is a report too, and says it is partial
            with suppress(OutputError):  # where nothing can be written, which hides no cause
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
        infos = [model.info for model in self.models]
        self.agreements = agreements_of(self.pairs.values(), [info.name for info in infos])
        peers = peers_of(self.agreements, infos)
        farthest = disagreements(self.predictions, self.pairs, peers, self.measurements)
        self.risks = risks_of(
            self.predictions, self.places, self.measurements, farthest, peers.alike
        )

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
            PairDistance(category=category, case=case, one=one, other=other, **pair._asdict())
            for category, case in (record.key for record in cases)
            for (one, other), pair in self.pairs.get((category, case), {}).items()
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
        """By this process, or, where there is a spec of which others can make the model, by one of
        its own, or by one for each of several devices."""
        devices, where = split(self.settings.device), (self.cases, self.out, self.store)
        if spec is None or (len(devices) == 1 and not self.isolate):
            return predict(model, *where)
        make = maker(spec, self.settings)
        if self.isolate:
            name, warnings = model.info.name, model.warnings
            return predict_isolated(make, devices[0], name, warnings, *where, self.time_limit)
        return predict_shared(make, devices, model.warnings, *where)

    def _measured(
        self, model: Model, predicting: Iterable[tuple[Case, Prediction]], results: Results
    ) -> list[Prediction]:
        """Add every prediction and what was measured of it to `results`, interrupted or not.

        Predicting waits for measuring where that is far behind, so that memory does not grow.
        """
        name, count, on_step = model.info.name, len(self.cases), self.on_step
        predictions: list[Prediction] = []
        failed = 0
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
                    failed += bool(prediction.failure and prediction.failure.state == "failed")
                    text = f"{name} · {failed} failed" if failed else name
                    text = f"{text} · {case.name}"
                    on_step(Step(text, len(predictions), count, prediction.cached))
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


def _loaded(spec: str, settings: Settings) -> Model:
    device = split(settings.device)[0]
    return load_model(spec, device, settings.dtype, settings.foreground, settings.compile)


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
