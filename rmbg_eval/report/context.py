"""What every panel of a report needs: its run, in one language, with titles, links and pictures."""

from __future__ import annotations

from collections import Counter
from typing import overload
from urllib.parse import quote

from ..core.key import Key
from ..i18n import Named
from ..measure.record import ObservationPoint, PointResult
from ..run.agreement import peers_in
from ..run.folder import PAGES
from ..run.previews import Preview, Previews
from ..run.queue import queue_of, unscored
from ..run.record import CaseKey, CaseRecord, Run
from ..run.sample import sample_of, shown_of
from ..run.statistics import Points, summary_of
from .views import ImageView, Text

OfPoint = tuple[ObservationPoint, list[PointResult | None]]
"""A point with its results, in the order of the models."""

CLOSE = 360
"""Pixels in which the viewer shows a place."""


class Context:
    """One run as it is shown: in its language, from the place where the page is."""

    def __init__(
        self,
        run: Run,
        previews: Previews,
        base: str = "",
        cards: bool = False,
        shown: Run | None = None,
    ) -> None:
        """`base`: what leads to the run folder; `cards`: each case has a card, and its own page;
        `shown`: the cases that have a row, if not the run's own sample."""
        self.run = run
        self.shown = shown or shown_of(run)
        """What of it is shown case by case."""
        self.previews = previews
        self.base = base
        self.cards = cards
        self.summary = summary_of(run)
        self.models = tuple(run.index.models)
        self._points = {(each.category, each.model): each for each in self.summary.points}
        self.unscored = unscored(run)
        self.peers = peers_in(run)
        self.queue = {each.key: each for each in queue_of(self.shown)} if self.unscored else {}
        """Where nothing is scored, the pictures shown that need a look, the riskiest first."""
        levels = Counter(each.level for each in self.queue.values())
        self.sample = sample_of(run)
        self.levels = self.sample.levels if self.sample else levels
        """How many of all pictures need one how soon."""
        self.titles = {
            key: Named(record.title, key[1]) for key, record in self.shown.index.cases.items()
        }

    def categories(self) -> tuple[str, ...]:
        """Those that have cases, in the run's order."""
        return tuple(dict.fromkeys(record.category for record in self.shown.cases))

    def points(self, category: str, model: str) -> Points:
        """How many of a model's points of a category passed."""
        return self._points.get((category, model), Points(model, category, 0, 0, 0))

    def keys(self, record: CaseRecord) -> list[Key]:
        """Of a case's results, in the order of the models."""
        return [Key(*record.key, model) for model in self.models]

    def results(self, record: CaseRecord) -> list[OfPoint]:
        """Of a case's points."""
        by_model = [self.shown.index.points.get(key, {}) for key in self.keys(record)]
        return [(point, [by_id.get(point.id) for by_id in by_model]) for point in record.points]

    def rows(self) -> dict[CaseKey, int]:
        """Each case's place in the sheet, which has them by category."""
        place = {name: number for number, name in enumerate(self.categories())}
        cases = sorted(self.shown.cases, key=lambda record: place[record.category])
        return {record.key: row for row, record in enumerate(cases)}

    def size(self, key: CaseKey) -> tuple[int, int]:
        """Width and height of a case's picture in pixels; 0 where no model could use it."""
        predictions = self.shown.index.by_case.get(key, ())
        return next(((p.width, p.height) for p in predictions if p.width and p.height), (0, 0))

    def close_up(
        self,
        anchor: str,
        model: str,
        point: str = "",
        box: tuple[int, int, int, int] | None = None,
        layer: str = "",
    ) -> str:
        """What leads to a model's result in the viewer, and there to a point or a box of pixels, in
        another `layer` than the result, such as `error`."""
        place = ""
        if point:
            place = f"&point={point}"
        elif box:
            left, top, width, height = box
            middle = f"{left + width / 2:g},{top + height / 2:g}"
            place = f"&at={middle},{CLOSE / max(width, height, 1):.3g}"
        result = quote(f"result:{model}", safe=":") + (f"&layer={layer}" if layer else "")
        return f"{self.case_page(anchor)}#view={anchor}{place}&a={result}"

    def case_page(self, anchor: str) -> str:
        """The case's own page, from the run folder, if it has one."""
        return f"{PAGES}/{anchor}.html" if self.cards else ""

    @overload
    def image(self, preview: Preview, alt: Text) -> ImageView: ...
    @overload
    def image(self, preview: Preview | None, alt: Text) -> ImageView | None: ...
    def image(self, preview: Preview | None, alt: Text) -> ImageView | None:
        """The picture with its description, if there is one."""
        if preview is None:
            return None
        return ImageView(self.url(preview.path), preview.width, preview.height, alt)

    def url(self, path: str) -> str:
        """The address of a file of the run folder."""
        return quote(f"{self.base}{path}")
