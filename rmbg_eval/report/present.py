"""From a run to view objects: every figure formatted, with its unit, in the run's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from urllib.parse import quote

from ..cases.categories import CATEGORIES
from ..core.anchors import case_anchor, category_anchor
from ..core.files import safe_name
from ..measure.record import PointResult
from ..models.info import ModelInfo
from ..predictions.prediction import Prediction
from ..run.previews import CasePreviews, ModelPreviews, Preview, Previews
from ..run.record import CaseRecord, Run
from . import said
from .find import filters, known, orders
from .found import Found
from .made import colours, commit, details, machine, model_rows, precision, seconds, total
from .strings import Words, join, text
from .verdict import Verdict
from .views import (
    CaseView,
    CategoryView,
    ColumnView,
    DetailsView,
    FailureView,
    HeaderView,
    ImageView,
    Link,
    SummaryView,
    TimingsView,
)


class Presenter:
    """Makes the view objects of one run, in its language and layout."""

    def __init__(
        self,
        run: Run,
        previews: Previews,
        base: str = "",
        many: bool = False,
    ) -> None:
        """`base`: what leads to the run folder; `many`: each case has a page of its own."""
        self.run = run
        self.lang = run.settings.lang
        self.previews = previews
        self.base = base
        self.many = many
        self.found = Found(run, self._image)
        self.by_case: dict[tuple[str, str], list[Prediction]] = {}
        for prediction in run.predictions:
            self.by_case.setdefault((prediction.category, prediction.case), []).append(prediction)
        self.measured: dict[tuple[str, str, str], dict[str, float | None]] = {}
        for m in run.measurements:
            self.measured.setdefault((m.category, m.case, m.model), {})[m.metric] = m.value
        self.orders = tuple(orders(run, few=many))
        self.judged: dict[tuple[str, str, str], list[PointResult]] = {}
        for p in run.points:
            self.judged.setdefault((p.category, p.case, p.model), []).append(p)

    def categories(self) -> tuple[str, ...]:
        """Those of the table, then whatever others the run has."""
        there = dict.fromkeys(record.category for record in self.run.cases)
        return (*CATEGORIES, *(name for name in there if name not in CATEGORIES))

    def header(self) -> HeaderView:
        run = self.run
        all_, failed = len(run.predictions), len(run.failures)
        key = "failures_count" if failed else "no_failures"
        verdict = Verdict(
            run,
            self.found.summary,
            self._image,
            self.found.title,
            self._category,
            self.many,
        )
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
                commit(run, short=True),
                machine(run),
            ),
            failed=failed,
            done=self._(key, failed=failed, all=all_),
            failures=tuple(self._failures()),
            verdict=verdict.view(self.previews),
            precision=tuple(precision(run)),
            complete=run.complete,
        )

    def summary(self) -> SummaryView:
        names = {name: self._category(name) for name in self.categories()}
        links = tuple(
            Link(
                category_anchor(name),
                title,
                sum(record.category == name for record in self.run.cases),
            )
            for name, title in names.items()
        )
        models = tuple(model_rows(self.run))
        return self.found.overview(
            self.previews.bars, models, links, tuple(filters(self.run, names, few=self.many))
        )

    def category(self, name: str) -> CategoryView:
        return self._category_of(name, [r for r in self.run.cases if r.category == name])

    def _category_of(self, name: str, cases: Sequence[CaseRecord]) -> CategoryView:
        chosen = self.run.settings.categories
        empty = "deselected" if chosen and name not in chosen else "empty"
        known = CATEGORIES.get(name)
        return CategoryView(
            name=name,
            anchor=category_anchor(name),
            title=self._category(name),
            difficulty=said.measured(known.difficulty, self.lang) if known else None,
            look=said.measured(known.look, self.lang) if known else None,
            empty=None if cases else self._(empty),
            cases=tuple(self._case(record) for record in cases),
        )

    def pages(self) -> Iterable[CategoryView]:
        """Each case alone, as its category shows it."""
        categories = {name: self._category_of(name, ()) for name in self.categories()}
        for record in self.run.cases:
            yield replace(categories[record.category], cases=(self._case(record),), empty=None)

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
        return details(self.run)

    def _(self, key: str, **values: object) -> Words:
        return text(key, self.lang, **values)

    def _category(self, name: str) -> Words:
        return said.category(name, self.lang)

    def _same(self, words: str) -> Words:
        """What reads the same in both languages."""
        return Words(words, words, self.lang)

    def _case(self, record: CaseRecord) -> CaseView:
        key = record.category, record.id
        figures = self.previews.cases[key]
        made = self.by_case.get(key, [])
        title = self.found.title(record.title, record.id)
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
            anchor=case_anchor(record.category, record.id),
            title=title,
            size=f"{sized.width}x{sized.height}" if sized else "1x1",
            words=" ".join([record.category, record.id, title, title.other]).lower(),
            known=known(self.orders, made, self.measured, self.judged),
            facts=tuple(facts),
            original=self._original(figures, title),
            truth=self._image(figures.truth, self._("alt.truth", case=title)),
            true_cutout=self._image(figures.true_cutout, self._("alt.true_cutout", case=title)),
            edge=self._image(figures.edge, self._("alt.edge_original", case=title)),
            where=where,
            columns=tuple(self._column(p, figures, title) for p in made),
            found=self.found.case(record, title, figures.plots),
        )

    def _brief(self, prediction: Prediction) -> Words:
        """The model and the points that it passed, for a card."""
        judged = self.judged.get((prediction.category, prediction.case, prediction.model), ())
        known = [point.passed for point in judged if point.passed is not None]
        if not known:
            return self._same(prediction.model)
        words = self._("points_of", passed=sum(known), all=len(known))
        parts = [prediction.model, join(" ", ["✓" if all(known) else "✕", words], self.lang)]
        return join(" · ", parts, self.lang)

    def _original(self, figures: CasePreviews, title: Words) -> ImageView | None:
        small = figures.card if self.many else None
        shown = self._image(small or figures.original, self._("alt.original", case=title))
        if shown is None or figures.full is None:
            return shown
        return replace(shown, link=self._url(figures.full.path))

    def _column(self, prediction: Prediction, figures: CasePreviews, title: Words) -> ColumnView:
        model = prediction.model
        info = next(m.info for m in self.run.models if m.info.name == model)
        shown = figures.models.get(model)
        how = [self._computed(prediction, info), colours(info, self.lang) or ""]
        note = join(" · ", filter(None, how), self.lang)
        if prediction.failure or shown is None or prediction.cutout is None:
            return ColumnView(model, self._failure(prediction, model))
        opaque, between = f"{shown.opaque:.1%}", f"{shown.in_between:.1%}"
        result = self._image(
            (shown.card if self.many else None) or shown.result,
            self._("alt.result", case=title, model=model, opaque=opaque, between=between),
        )
        in_folder = self.run.settings.layout == "folder"
        full = self._url(prediction.cutout)
        if in_folder and result and self.many:
            result = replace(result, link=full)
        elif in_folder and result and prediction.width and prediction.height:
            # The full-resolution file itself: what is saved from the page is the real one.
            result = ImageView(full, prediction.width, prediction.height, result.alt, link=full)
        return ColumnView(
            model=model,
            failure=None,
            name=self._("panel.result", model=model, how=note),
            alpha_name=self._("panel.alpha", model=model),
            edge_name=self._("panel.edge", model=model),
            result=result,
            alpha=self._image(
                shown.alpha, self._("alt.alpha", case=title, model=model, between=between)
            ),
            edge=self._image(shown.edge, self._("alt.edge", model=model)),
            error=self._error(shown, title, model),
            error_name=self._("panel.error", model=model),
            brief=self._brief(prediction),
            numbers=tuple(self._numbers(prediction)),
            full_size=None if in_folder else self._("full_size", path=prediction.cutout),
            save_as=f"{safe_name(prediction.case)}.png",
        )

    def _error(self, shown: ModelPreviews, title: Words, model: str) -> ImageView | None:
        if shown.wrong is None:
            return None
        more, less = (f"{share:.2%}" for share in shown.wrong)
        return self._image(
            shown.error, self._("alt.error", case=title, model=model, more=more, less=less)
        )

    def _computed(self, prediction: Prediction, info: ModelInfo) -> str:
        """The dtype, and the device where it is not the model's."""
        elsewhere = prediction.device not in (None, *info.device.split(","))
        return f"{prediction.dtype or info.dtype}{f', {prediction.device}' if elsewhere else ''}"

    def _numbers(self, prediction: Prediction) -> Iterable[str]:
        spent = prediction.seconds
        if "infer" in spent:
            yield self._("seconds_infer", seconds=seconds(spent["infer"]))
            yield self._("seconds_all", seconds=seconds(total(spent)))
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
        problem, remedy = self._("not_measured"), self._same("")
        if failure:
            problem, remedy = said.failure(failure.problem, failure.remedy, self.lang)
        return FailureView(
            who, name, case_anchor(prediction.category, prediction.case), problem, remedy
        )

    def _seconds_cell(self, prediction: Prediction | None) -> str:
        if prediction is None:
            return self._("not_measured")
        if prediction.failure:
            return self._("failed")
        spent = prediction.seconds
        return f"{spent.get('infer', 0):.2f} / {total(spent):.2f}"

    def _image(self, shown: Preview | None, alt: str) -> ImageView | None:
        if shown is None:
            return None
        return ImageView(self._url(shown.path), shown.width, shown.height, alt)

    def _url(self, path: str) -> str:
        return quote(f"{self.base}{path}")
