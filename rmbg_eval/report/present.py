"""From a run to view objects: every figure formatted, with its unit, in the run's language."""

from __future__ import annotations

from collections.abc import Iterable

from ..i18n import Message
from .context import Context
from .more import more
from .overview import Overview
from .sheet import Sheet
from .views import FailureView, MoreView, OverviewView


class Presenter:
    """Makes the view objects of one run, in its language and layout."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.sheet = Sheet(context)
        self.bar, self.category, self.pages = self.sheet.bar, self.sheet.category, self.sheet.pages

    def overview(self) -> OverviewView:
        return Overview(self.context).view(tuple(self._failures()))

    def more(self) -> MoreView:
        return more(self.context)

    def _failures(self) -> Iterable[FailureView]:
        """Failures first; what failed for every model for the same reason is said once."""
        for predictions in self.context.shown.index.by_case.values():
            failed = [p for p in predictions if p.failure]
            alike = len({str(p.failure) for p in failed}) == 1
            same = alike and len(failed) == len(predictions) > 1
            for prediction in failed[:1] if same else failed:
                who = Message("all models") if same else prediction.model
                key = prediction.case_key
                yield self.sheet.failure(prediction, key, who)
