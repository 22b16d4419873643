"""From a run to view objects: every figure formatted, with its unit, in the run's language."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from urllib.parse import quote

from ..case import CATEGORIES
from ..files import safe_name
from ..models import ModelInfo
from ..predict import Prediction
from ..records import CaseRecord, Run
from .figures import CaseFigures, Shown
from .found import Found
from .strings import STRINGS, text
from .views import (
    CaseView,
    CategoryView,
    ColumnView,
    DetailsView,
    FailureView,
    HeaderView,
    ImageView,
    Link,
    ModelRow,
    SummaryView,
    TimingsView,
)


class Presenter:
    """Makes the view objects of one run, in its language and layout."""

    def __init__(
        self, run: Run, figures: dict[tuple[str, str], CaseFigures], base: str = ""
    ) -> None:
        self.run = run
        self.lang = run.settings.lang
        self.figures = figures
        self.base = base
        self.found = Found(run, self._image)
        self.by_case: dict[tuple[str, str], list[Prediction]] = {}
        for prediction in run.predictions:
            self.by_case.setdefault((prediction.category, prediction.case), []).append(prediction)
        self.measured: dict[tuple[str, str, str], dict[str, float | None]] = {}
        for m in run.measurements:
            self.measured.setdefault((m.category, m.case, m.model), {})[m.metric] = m.value

    def categories(self) -> tuple[str, ...]:
        """The six, then whatever other categories the run has."""
        there = dict.fromkeys(record.category for record in self.run.cases)
        return (*CATEGORIES, *(name for name in there if name not in CATEGORIES))

    def header(self) -> HeaderView:
        run = self.run
        all_, failed = len(run.predictions), len(run.failures)
        key = "failures_count" if failed else "no_failures"
        used = {record.category for record in run.cases}
        return HeaderView(
            title=self._("title"),
            facts=(
                self._("made", date=run.started.astimezone().strftime("%Y-%m-%d %H:%M %z")),
                self._(
                    "counts",
                    cases=len(run.cases),
                    categories=len(used),
                    models=len(run.settings.models),
                ),
                f"rmbg_eval {run.machine.versions['rmbg_eval']}",
                self._commit(short=True),
                self._machine(),
            ),
            failed=failed,
            verdict=self._(key, failed=failed, all=all_),
            failures=tuple(self._failures()),
            links=tuple(
                Link(
                    _anchor("category", name),
                    self._category(name),
                    sum(record.category == name for record in run.cases),
                )
                for name in self.categories()
            ),
            models=tuple(self._model_rows()),
            precision=tuple(self._precision()),
            complete=run.complete,
        )

    def summary(self, bars: Shown | None) -> SummaryView:
        return self.found.overview(bars)

    def category(self, name: str) -> CategoryView:
        cases = [record for record in self.run.cases if record.category == name]
        chosen = self.run.settings.categories
        empty = "deselected" if chosen and name not in chosen else "empty"
        known = f"hard.{name}" in STRINGS
        return CategoryView(
            anchor=_anchor("category", name),
            title=self._category(name),
            difficulty=self._(f"hard.{name}") if known else None,
            look=self._(f"look.{name}") if known else None,
            empty=None if cases else self._(empty),
            cases=tuple(self._case(record) for record in cases),
        )

    def timings(self) -> TimingsView:
        models = [model.info.name for model in self.run.models]
        rows = []
        for record in self.run.cases:
            made = {p.model: p for p in self.by_case.get((record.category, record.id), [])}
            sized = next((p for p in made.values() if p.width), None)
            rows.append(
                (
                    f"{record.category}/{record.id}",
                    f"{sized.width}×{sized.height}" if sized else "–",
                    tuple(self._seconds_cell(made.get(model)) for model in models),
                )
            )
        return TimingsView(tuple(models), tuple(rows))

    def details(self) -> DetailsView:
        run = self.run
        rows = []
        for model in run.models:
            rows.append((self._("pipeline", model=model.info.name), model.info.pipeline))
            if model.info.weights_sha256:
                label = self._("weights_of", model=model.info.name)
                hashed = model.info.weights_sha256
                rows.append((label, ", ".join(filter(None, (hashed, model.info.weights_from)))))
        rows += [
            (self._("commit"), self._commit()),
            (
                self._("versions"),
                ", ".join(f"{name} {v}" for name, v in run.machine.versions.items()),
            ),
            (self._("machine"), f"{self._machine()}, {run.machine.system}"),
            (self._("wall"), _seconds(run.wall_seconds) or self._("not_measured")),
            (self._("skipped"), "; ".join(run.skipped) or self._("none")),
        ]
        shown = run.settings.model_dump()
        shown["cases"] = shown["cases"] or self._("reference_cases")
        shown["categories"] = shown["categories"] or self._("all")
        parameters = tuple(
            (name, ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for name, value in shown.items()
        )
        return DetailsView(tuple(rows), parameters)

    def _commit(self, short: bool = False) -> str:
        machine = self.run.machine
        if machine.commit is None:
            return self._("no_commit")
        commit = machine.commit[:10] if short else machine.commit
        return self._("dirty", commit=commit) if machine.dirty else commit

    def _machine(self) -> str:
        machine = self.run.machine
        return self._(
            "machine_value",
            processor=machine.processor,
            cores=machine.cores,
            memory=self._bytes(machine.memory_bytes),
        )

    def _(self, key: str, **values: object) -> str:
        return text(key, self.lang, **values)

    def _category(self, name: str) -> str:
        key = f"category.{name}"
        return self._(key) if key in STRINGS else name

    def _case(self, record: CaseRecord) -> CaseView:
        key = record.category, record.id
        figures = self.figures[key]
        made = self.by_case.get(key, [])
        title = record.title.get(self.lang) or record.title.get("en") or record.id
        facts = [f"{record.category}/{record.id}"]
        sized = next((p for p in made if p.width), None)
        if sized:
            facts.append(self._("size", width=sized.width, height=sized.height))
            facts += [self._(f"note.{note}") for note in sized.notes]
        facts += [record.licence] if record.licence else []
        facts += [self._("by", author=record.author)] if record.author else []
        facts += [self._("source", source=record.source)] if record.source else []
        region = figures.region
        where = None
        if region:
            x, y, width, height = region
            where = self._("edge_where", x=x, y=y, width=width, height=height)
        return CaseView(
            anchor=_anchor("case", f"{record.category}/{record.id}"),
            title=title,
            facts=tuple(facts),
            original=self._image(figures.original, self._("alt.original", case=title)),
            truth=self._image(figures.truth, self._("alt.truth", case=title)),
            edge=self._image(figures.edge, self._("alt.edge_original", case=title)),
            where=where,
            columns=tuple(self._column(p, figures, title) for p in made),
            found=self.found.case(record, title, figures.plots),
        )

    def _column(self, prediction: Prediction, figures: CaseFigures, title: str) -> ColumnView:
        model = prediction.model
        info = next(m.info for m in self.run.models if m.info.name == model)
        shown = figures.models.get(model)
        note = " · ".join(filter(None, (self._computed(prediction, info), self._colours(info))))
        if prediction.failure or shown is None or prediction.cutout is None:
            return ColumnView(model, note, self._failure(prediction, model))
        opaque, between = f"{shown.opaque:.1%}", f"{shown.in_between:.1%}"
        result = self._image(
            shown.result,
            self._("alt.result", case=title, model=model, opaque=opaque, between=between),
        )
        in_folder = self.run.settings.layout == "folder"
        full = self._url(prediction.cutout)
        if in_folder and result and prediction.width and prediction.height:
            # The full-resolution file itself: what is saved from the page is the real one.
            result = ImageView(full, prediction.width, prediction.height, result.alt, link=full)
        return ColumnView(
            model=model,
            note=note,
            failure=None,
            result=result,
            alpha=self._image(
                shown.alpha, self._("alt.alpha", case=title, model=model, between=between)
            ),
            edge=self._image(shown.edge, self._("alt.edge", model=model)),
            numbers=tuple(self._numbers(prediction)),
            full_size=None if in_folder else self._("full_size", path=prediction.cutout),
        )

    def _computed(self, prediction: Prediction, info: ModelInfo) -> str:
        """The dtype, and the device where it is not the model's."""
        elsewhere = prediction.device not in (None, *info.device.split(","))
        return f"{prediction.dtype or info.dtype}{f', {prediction.device}' if elsewhere else ''}"

    def _colours(self, info: ModelInfo) -> str | None:
        return None if info.foreground == "raw" else self._("colours", how=info.foreground)

    def _numbers(self, prediction: Prediction) -> Iterable[str]:
        seconds = prediction.seconds
        if "infer" in seconds:
            yield self._("seconds_infer", seconds=_seconds(seconds["infer"]))
            yield self._("seconds_all", seconds=_seconds(_total(seconds)))
        if prediction.cached:
            yield self._("kept")
        found = self.measured.get((prediction.category, prediction.case, prediction.model), {})
        if found.get("mad") is not None:
            yield self._("mad", value=f"{found['mad']:.4f}")
        if found.get("in_between_share") is not None:
            yield self._("in_between", share=f"{found['in_between_share']:.1%}")

    def _failures(self) -> Iterable[FailureView]:
        """Failures first; what failed for every model for the same reason is said once."""
        for made in self.by_case.values():
            failed = [p for p in made if p.failure]
            same = len({str(p.failure) for p in failed}) == 1 and len(failed) == len(made) > 1
            for prediction in failed[:1] if same else failed:
                who = self._("all_models") if same else prediction.model
                yield self._failure(prediction, who)

    def _failure(self, prediction: Prediction, who: str) -> FailureView:
        name, failure = f"{prediction.category}/{prediction.case}", prediction.failure
        return FailureView(
            who,
            name,
            _anchor("case", name),
            failure.problem if failure else self._("not_measured"),
            failure.remedy if failure else "",
        )

    def _model_rows(self) -> Iterable[ModelRow]:
        for model in self.run.models:
            made = [p for p in self.run.predictions if p.model == model.info.name]
            done = [p for p in made if p.cutout]
            infer = [p.seconds["infer"] for p in done if "infer" in p.seconds]
            load = [p.seconds["load"] for p in made if "load" in p.seconds]
            memory = [p.peak_memory_bytes for p in done if p.peak_memory_bytes]
            info = model.info
            on = [part for part in (info.runtime, info.device, info.dtype) if part != "none"]
            none = self._("not_measured")
            yield ModelRow(
                name=info.name,
                title=info.title,
                foreground=self._colours(info),
                licence=info.licence,
                runs_on=", ".join(on),
                done=self._("done_of", done=len(done), all=len(made)),
                infer=_seconds(median(infer)) if infer else none,
                total=_seconds(median(_total(p.seconds) for p in done)) if done else none,
                load=_seconds(max(load)) if load else none,
                memory=self._bytes(max(memory, default=None)),
                weights=info.weights_sha256[:12] if info.weights_sha256 else self._("no_weights"),
            )

    def _precision(self) -> Iterable[str]:
        for model in self.run.models:
            check, info = model.precision, model.info
            yield from (f"{info.name}: {warning}" for warning in model.warnings)
            if check is None:
                continue
            if check.largest is None or check.mean is None:
                yield self._(
                    "precision_unknown", model=info.name, dtype=info.dtype, reason=check.reason
                )
            else:
                yield self._(
                    "precision",
                    model=info.name,
                    dtype=info.dtype,
                    cases=check.cases,
                    largest=round(255 * check.largest),
                    mean=f"{255 * check.mean:.2f}",
                )

    def _seconds_cell(self, prediction: Prediction | None) -> str:
        if prediction is None:
            return self._("not_measured")
        if prediction.failure:
            return self._("failed")
        seconds = prediction.seconds
        return f"{seconds.get('infer', 0):.2f} / {_total(seconds):.2f}"

    def _image(self, shown: Shown | None, alt: str) -> ImageView | None:
        if shown is None:
            return None
        return ImageView(self._url(shown.path), shown.width, shown.height, alt)

    def _url(self, path: str) -> str:
        return quote(f"{self.base}{path}")

    def _bytes(self, count: int | None) -> str:
        return self._("not_measured") if count is None else f"{count / 2**30:.1f} GiB"


def _total(seconds: dict[str, float]) -> float:
    return sum(value for stage, value in seconds.items() if stage != "load")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} s"


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{safe_name(name)}"
