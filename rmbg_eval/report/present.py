"""From a run to view objects: every figure formatted, with its unit, in the run's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..cases.categories import CATEGORIES, category_title
from ..core.anchors import case_anchor, category_anchor
from ..core.files import safe_name
from ..i18n import Message, join
from ..models.info import ModelInfo
from ..predictions.prediction import Prediction
from ..run.previews import CasePreviews, ModelPreviews, Previews
from ..run.record import CaseRecord, Run
from .context import Context
from .filters import filter_json, filters, orders
from .measures import MeasuresPanel
from .provenance import colours, commit, details, machine, model_rows, precision, seconds, total
from .verdict import VerdictPanel
from .views import (
    CaseView,
    CategoryView,
    ColumnView,
    DetailsView,
    FailureView,
    HeaderView,
    ImageView,
    SummaryView,
    Text,
    TimingsView,
)


class Presenter:
    """Makes the view objects of one run, in its language and layout."""

    def __init__(self, run: Run, previews: Previews, base: str = "", cards: bool = False) -> None:
        """`base`: what leads to the run folder; `cards`: each case has a card, and its own page."""
        self.context = Context(run, previews, base, cards)
        self.run = run
        self.measures = MeasuresPanel(self.context)
        self.orders = tuple(orders(run, few=cards))

    def header(self) -> HeaderView:
        run = self.run
        all_, failed = len(run.predictions), len(run.failures)
        return HeaderView(
            title=Message("Background removal report"),
            facts=(
                Message("Made {date}", date=run.started.astimezone().strftime("%Y-%m-%d %H:%M %z")),
                Message(
                    "cases: {cases}, categories: {categories}, models: {models}",
                    cases=len(run.cases),
                    categories=len(self.context.categories(empty=False)),
                    models=len(run.settings.models),
                ),
                f"rmbg_eval {run.machine.versions['rmbg_eval']}",
                commit(run, short=True),
                machine(run),
            ),
            failed=failed,
            done=Message("{failed} of {all} predictions failed.", failed=failed, all=all_)
            if failed
            else Message("All {all} predictions succeeded.", all=all_),
            failures=tuple(self._failures()),
            verdict=VerdictPanel(self.context).view(),
            precision=tuple(precision(run)),
            complete=run.complete,
        )

    def summary(self) -> SummaryView:
        models = tuple(model_rows(self.run))
        return self.measures.overview(models, tuple(filters(self.context)))

    def category(self, name: str) -> CategoryView:
        return self._category_of(name, [r for r in self.run.cases if r.category == name])

    def _category_of(self, name: str, cases: Sequence[CaseRecord]) -> CategoryView:
        chosen = self.run.settings.categories
        empty = Message("There are no cases of this category in this case set.")
        if chosen and name not in chosen:
            empty = Message("This category was not asked for in this run.")
        guide = CATEGORIES.get(name)
        return CategoryView(
            name=name,
            anchor=category_anchor(name),
            title=category_title(name),
            difficulty=Message(guide.difficulty) if guide else None,
            look=Message(guide.look) if guide else None,
            empty=None if cases else empty,
            cases=tuple(self._case(record) for record in cases),
        )

    def pages(self) -> Iterable[CategoryView]:
        """Each case alone, as its category shows it."""
        categories = {name: self._category_of(name, ()) for name in self.context.categories()}
        for record in self.run.cases:
            yield replace(categories[record.category], cases=(self._case(record),), empty=None)

    def timings(self) -> TimingsView:
        rows = []
        for record in self.run.cases:
            predictions = self.run.index.by_case.get((record.category, record.id), ())
            by_model = {p.model: p for p in predictions}
            sized = next((p for p in predictions if p.width), None)
            rows.append(
                (
                    f"{record.category}/{record.id}",
                    f"{sized.width}×{sized.height}" if sized else "–",
                    tuple(self._seconds_cell(by_model.get(model)) for model in self.context.models),
                )
            )
        return TimingsView(self.context.models, tuple(rows))

    def details(self) -> DetailsView:
        return details(self.run)

    def _case(self, record: CaseRecord) -> CaseView:
        key = record.category, record.id
        previews = self.context.previews.cases[key]
        predictions = self.run.index.by_case.get(key, ())
        title = self.context.titles[key]
        titles = dict.fromkeys(title.everywhere().values())
        facts: list[Text] = [f"{record.category}/{record.id}"]
        sized = next((p for p in predictions if p.width), None)
        if sized:
            facts.append(Message("{width}×{height} px", width=sized.width, height=sized.height))
            facts += sized.notes
        facts += [record.licence] if record.licence else []
        facts += [Message("by {author}", author=record.author)] if record.author else []
        facts += [Message("source: {source}", source=record.source)] if record.source else []
        region = previews.region
        where = None
        if region:
            x, y, width, height = region
            where = Message(
                "{width}×{height} px at x {x}, y {y}: where the models' alpha is most in between",
                x=x,
                y=y,
                width=width,
                height=height,
            )
        return CaseView(
            anchor=case_anchor(record.category, record.id),
            title=title,
            size=f"{sized.width}x{sized.height}" if sized else "1x1",
            words=" ".join([record.category, record.id, *titles]).lower(),
            filter_json=filter_json(self.run, predictions, self.orders),
            facts=tuple(facts),
            original=self._original(previews, title),
            truth=self.context.image(previews.truth, Message("True alpha of {case}", case=title)),
            true_cutout=self.context.image(
                previews.true_cutout, Message("{case} under its true alpha", case=title)
            ),
            edge=self.context.image(
                previews.edge, Message("Magnified part of {case}, original", case=title)
            ),
            where=where,
            columns=tuple(self._column(p, previews, title) for p in predictions),
            measures=self.measures.case(record),
        )

    def _brief(self, prediction: Prediction) -> Text:
        """The model and the points that it passed, for a card."""
        points = self.run.index.points.get(prediction.key, {}).values()
        passed = [point.passed for point in points if point.passed is not None]
        if not passed:
            return prediction.model
        words = Message("{passed} of {all}", passed=sum(passed), all=len(passed))
        parts: list[Text] = [prediction.model, join(" ", ["✓" if all(passed) else "✕", words])]
        return join(" · ", parts)

    def _original(self, previews: CasePreviews, title: Text) -> ImageView | None:
        shown = self.context.image(previews.original, Message("{case}: the original", case=title))
        if shown is None or previews.full is None or self.run.settings.layout == "single":
            return shown
        return replace(shown, link=self.context.url(previews.full.path))

    def _column(self, prediction: Prediction, previews: CasePreviews, title: Text) -> ColumnView:
        model = prediction.model
        info = self.run.index.models[model].info
        shown = previews.models.get(model)
        how: list[Text | None] = [self._computed(prediction, info), colours(info)]
        note = join(" · ", filter(None, how))
        if prediction.failure or shown is None or prediction.cutout is None:
            return ColumnView(model, self._failure(prediction, model))
        opaque, between = f"{shown.opaque:.1%}", f"{shown.in_between:.1%}"
        result = self.context.image(
            shown.result,
            Message(
                "{case}, background removed by {model}: {opaque} of the pixels opaque, "
                "{between} in between",
                case=title,
                model=model,
                opaque=opaque,
                between=between,
            ),
        )
        in_folder = self.run.settings.layout == "folder"
        full = self.context.url(prediction.cutout)
        if in_folder and result and self.context.cards:
            result = replace(result, link=full)
        elif in_folder and result and prediction.width and prediction.height:
            # The full-resolution file itself: what is saved from the page is the real one.
            result = ImageView(full, prediction.width, prediction.height, result.alt, link=full)
        return ColumnView(
            model=model,
            failure=None,
            name=Message("{model}, {how}", model=model, how=note),
            alpha_name=Message("{model} · alpha", model=model),
            edge_name=Message("{model} · the same part", model=model),
            result=result,
            alpha=self.context.image(
                shown.alpha,
                Message(
                    "Alpha of {case} by {model}, black transparent, white opaque: "
                    "{between} in between",
                    case=title,
                    model=model,
                    between=between,
                ),
            ),
            edge=self.context.image(
                shown.edge, Message("The same part, background removed by {model}", model=model)
            ),
            error=self._error(shown, title, model),
            error_name=Message(
                "{model} · error: orange too opaque, purple too transparent", model=model
            ),
            brief=self._brief(prediction),
            numbers=tuple(self._numbers(prediction)),
            full_size=None if in_folder else Message("Full size: {path}", path=prediction.cutout),
            save_as=f"{safe_name(prediction.case)}.png",
        )

    def _error(self, shown: ModelPreviews, title: Text, model: str) -> ImageView | None:
        if shown.wrong is None:
            return None
        more, less = (f"{share:.2%}" for share in shown.wrong)
        return self.context.image(
            shown.error,
            Message(
                "Where the alpha of {case} by {model} is wrong: {more} of the pixels "
                "too opaque (orange), {less} too transparent (purple), by more than 0.1",
                case=title,
                model=model,
                more=more,
                less=less,
            ),
        )

    def _computed(self, prediction: Prediction, info: ModelInfo) -> str:
        """The dtype, and the device where it is not the model's."""
        elsewhere = prediction.device not in (None, *info.device.split(","))
        return f"{prediction.dtype or info.dtype}{f', {prediction.device}' if elsewhere else ''}"

    def _numbers(self, prediction: Prediction) -> Iterable[Message]:
        spent = prediction.seconds
        if "infer" in spent:
            yield Message("inference {seconds}", seconds=seconds(spent["infer"]))
            yield Message("all stages {seconds}", seconds=seconds(total(spent)))
        if prediction.cached:
            yield Message("kept from an earlier run")
        measured = self.run.index.measurements.get(prediction.key, {})
        values = {name: m.value for name, m in measured.items() if m.value is not None}
        if "mad" in values:
            yield Message(
                "difference from truth (MAD, whole image): {value}", value=f"{values['mad']:.4f}"
            )
        if "in_between_share" in values:
            yield Message(
                "{share} of the pixels in between", share=f"{values['in_between_share']:.1%}"
            )

    def _failures(self) -> Iterable[FailureView]:
        """Failures first; what failed for every model for the same reason is said once."""
        for predictions in self.run.index.by_case.values():
            failed = [p for p in predictions if p.failure]
            alike = len({str(p.failure) for p in failed}) == 1
            same = alike and len(failed) == len(predictions) > 1
            for prediction in failed[:1] if same else failed:
                who = Message("all models") if same else prediction.model
                yield self._failure(prediction, who)

    def _failure(self, prediction: Prediction, who: Text) -> FailureView:
        name, failure = f"{prediction.category}/{prediction.case}", prediction.failure
        problem, remedy = Message("not measured"), Message("")
        if failure:
            problem, remedy = failure.problem, failure.remedy
        return FailureView(
            who, name, case_anchor(prediction.category, prediction.case), problem, remedy
        )

    def _seconds_cell(self, prediction: Prediction | None) -> Text:
        if prediction is None:
            return Message("not measured")
        if prediction.failure:
            return Message("Failed")
        spent = prediction.seconds
        return f"{spent.get('infer', 0):.2f} / {total(spent):.2f}"
