"""From a run to view objects: every figure formatted, with its unit, in the run's language."""

from __future__ import annotations

from collections.abc import Iterable

from ..i18n import Message
from ..predictions.prediction import Prediction
from ..run.previews import Previews
from ..run.record import Run
from .context import Context
from .measures import MeasuresPanel
from .provenance import commit, details, machine, model_rows, precision, total
from .sheet import Sheet
from .verdict import VerdictPanel
from .views import DetailsView, FailureView, HeaderView, SummaryView, Text, TimingsView


class Presenter:
    """Makes the view objects of one run, in its language and layout."""

    def __init__(self, run: Run, previews: Previews, base: str = "", cards: bool = False) -> None:
        """`base`: what leads to the run folder; `cards`: each case has a card, and its own page."""
        self.context = Context(run, previews, base, cards)
        self.run = run
        self.measures = MeasuresPanel(self.context)
        self.sheet = Sheet(self.context)
        self.bar, self.category, self.pages = self.sheet.bar, self.sheet.category, self.sheet.pages

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
        return self.measures.overview(models)

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

    def _failures(self) -> Iterable[FailureView]:
        """Failures first; what failed for every model for the same reason is said once."""
        for predictions in self.run.index.by_case.values():
            failed = [p for p in predictions if p.failure]
            alike = len({str(p.failure) for p in failed}) == 1
            same = alike and len(failed) == len(predictions) > 1
            for prediction in failed[:1] if same else failed:
                who = Message("all models") if same else prediction.model
                record = self.run.index.cases[prediction.category, prediction.case]
                yield self.sheet.failure(prediction, record, who)

    def _seconds_cell(self, prediction: Prediction | None) -> Text:
        if prediction is None:
            return Message("not measured")
        if prediction.failure:
            return Message("Failed")
        spent = prediction.seconds
        return f"{spent.get('infer', 0):.2f} / {total(spent):.2f}"
