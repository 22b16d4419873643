"""The contact sheet: a row for each case, and its drawer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..cases.categories import CATEGORIES, category_title
from ..core.anchors import case_anchor, category_anchor
from ..core.files import safe_name
from ..core.key import Key
from ..core.notes import OF_CUTOUTS
from ..i18n import Message, Named, join
from ..measure.kinds import missed
from ..predictions.prediction import Prediction
from ..run.findings import differs_from, severity
from ..run.previews import CasePreviews, Preview
from ..run.record import CaseKey, CaseRecord
from .context import Context, OfPoint
from .measures import MeasuresPanel
from .points import STATES
from .provenance import NO_BREAK, colours, seconds
from .views import (
    CaseView,
    CategoryView,
    DrawerView,
    FailureView,
    MissView,
    PipView,
    ReasonView,
    Text,
    TileView,
)

EDGE_COLOUR, STRAY, RISK = "delta_e_white_edge", "islands", "risk"
REASONS = 3
"""Reasons of a row."""
TOP_OF_ONE, TOP = 6, 3
"""Misses of a row that are shown at once, of one model and of more: as many as stand beside the
pictures, or in two lines over them."""
AT_ONCE = 50
"""Rows of a page of many that have their pictures from the first: a browser takes seconds for the
pictures of ten thousand, also those that nobody comes to."""
BESIDE_MOST, ABOVE_MOST = 4, 6
"""Models up to which the text stands beside the pictures, and up to which all fit a window."""


class Sheet:
    """Makes the rows of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.shown
        self.models = context.models
        self.index = context.shown.index
        self.measures = MeasuresPanel(context)
        self.columns = columns(len(self.models))
        self.unscored, self.queue = context.unscored, context.queue
        self.rows = context.rows()

    def category(self, name: str) -> CategoryView:
        """One category's rows."""
        return self._category(name, [r for r in self.run.cases if r.category == name])

    def pages(self) -> Iterable[CategoryView]:
        """Each case alone, as its category shows it."""
        for record in self.run.cases:
            whole = self._category(record.category, [record])
            cases = tuple(replace(case, row=None, later=False) for case in whole.cases)
            yield replace(whole, cases=cases, alone=True)

    def _category(self, name: str, cases: Sequence[CaseRecord]) -> CategoryView:
        guide = CATEGORIES.get(name)
        return CategoryView(
            name=name,
            anchor=category_anchor(name),
            title=category_title(name),
            count=len(cases),
            difficulty=Message(guide.difficulty) if guide else None,
            look=Message(guide.look) if guide else None,
            columns=self.columns,
            cases=tuple(map(self.case, cases)),
        )

    # ---- a row

    def case(self, record: CaseRecord) -> CaseView:
        """One row."""
        key = record.key
        previews = self.context.previews.cases[key]
        predictions = self.index.by_case.get(key, ())
        by_model = {p.model: p for p in predictions}
        title = self.context.titles[key]
        width, height = self.context.size(key)
        anchor = case_anchor(*key)
        points = self.context.results(record)
        lean = self.context.cards
        misses = tuple(self._misses(points))
        top = TOP_OF_ONE if len(self.models) == 1 else TOP
        return CaseView(
            anchor=anchor,
            category=record.category,
            title=title,
            name=record.id,
            pixels=f"{width}×{height}" if width else "",
            size=f"{width or 1}x{height or 1}",
            region=",".join(map(str, previews.region or ())) if self._cuts(previews) else "",
            no_truth=not record.has_truth and not self.unscored,
            row=self.rows[key],
            original=self._original(previews, title),
            results=tuple(
                self._result(by_model.get(model), model, record, previews) for model in self.models
            ),
            truth=self._truth(previews, title),
            misses=() if lean else misses,
            top=top,
            passed=self._every_point_passed(points),
            level=self.queue[key].level if key in self.queue else "",
            reasons=() if lean else tuple(self._reasons(key, anchor)),
            page=self.context.case_page(anchor),
            later=lean and self.rows[key] >= AT_ONCE,
            drawer=None if lean else self._drawer(record, previews, predictions, len(misses) - top),
        )

    def _misses(self, points: Iterable[OfPoint]) -> Iterable[MissView]:
        """The gravest first; of those alike, the one that more models missed."""
        rows = []
        for point, results in points:
            failed = [each for each in results if each and each.passed is False]
            if failed:
                worst = max(failed, key=severity)
                rows.append((severity(worst), len(failed), point, results, worst))
        for *_, point, results, worst in sorted(rows, key=lambda each: (-each[0], -each[1])):
            yield MissView(
                point=point.id,
                title=Named(point.title, point.id),
                marks=tuple(
                    PipView(STATES[each.passed if each else None], model)
                    for model, each in zip(self.models, results, strict=True)
                ),
                sentence=missed(worst),
                model=worst.model,
            )

    def _reasons(self, key: CaseKey, anchor: str) -> Iterable[ReasonView]:
        """The heaviest signs of any model, of each measure one."""
        risks = self.queue[key].risks if key in self.queue else ()
        signs = [(sign, risk.model) for risk in risks for sign in risk.signs]
        measures: set[str] = set()
        for sign, model in sorted(signs, key=lambda each: -each[0].weight):
            if sign.measure in measures or len(measures) == REASONS:
                continue
            measures.add(sign.measure)
            href = self.context.close_up(anchor, model, box=sign.place)
            both = differs_from(self.run, Key(*key, model), sign)
            unnamed = both or len(self.models) == 1
            yield ReasonView("" if unnamed else model, sign.text, href)

    def _every_point_passed(self, points: Sequence[OfPoint]) -> Text:
        results = [each for _, of_point in points for each in of_point]
        if not results or any(each is None or not each.passed for each in results):
            return ""
        if len(self.models) == 1:
            return Message("Every point passed")
        if len(self.models) == 2:
            return Message("Every point passed by both models")
        return Message("Every point passed by all {count} models", count=len(self.models))

    def _original(self, previews: CasePreviews, title: Text) -> TileView:
        image = self.context.image(previews.original, Message("{case}: the original", case=title))
        full = self._address(previews.full)
        if image and full and self._in_folder():
            image = replace(image, link=full)
        edge = "" if self._cuts(previews) else self._address(previews.edge)
        return TileView("original", image=image, full=full, edge=edge)

    def _cuts(self, previews: CasePreviews) -> bool:
        """Whether the hardest edge is cut from what is in the page anyway."""
        return bool(previews.region and previews.full) and not self._in_folder()

    def _address(self, preview: Preview | None) -> str:
        return self.context.url(preview.path) if preview else ""

    def _truth(self, previews: CasePreviews, title: Text) -> TileView | None:
        image = self.context.image(previews.truth, Message("True alpha of {case}", case=title))
        full = self._address(previews.true_alpha)
        return TileView("truth", image=image, full=full) if image else None

    def _result(
        self, prediction: Prediction | None, model: str, record: CaseRecord, previews: CasePreviews
    ) -> TileView:
        shown = previews.models.get(model)
        key = record.key
        if prediction is None or prediction.failure or shown is None or prediction.cutout is None:
            return TileView("result", model, failure=failure_view(prediction, key, model))
        title = self.context.titles[key]
        image = self.context.image(
            shown.result,
            f"{record.id} · {model}"
            if self.context.cards
            else Message(
                "{case}, background removed by {model}: {opaque} of the pixels opaque, "
                "{between} in between",
                case=title,
                model=model,
                opaque=f"{shown.opaque:.1%}",
                between=f"{shown.in_between:.1%}",
            ),
        )
        full = self._address(shown.full)
        if self._in_folder():
            full = self.context.url(prediction.cutout)
            image = replace(image, link=full)
        cuts = self._cuts(previews) and bool(shown.full or shown.alpha)
        results = self.index.points.get(prediction.key, {})
        pips = tuple(
            PipView(
                STATES[results[point.id].passed if point.id in results else None],
                Named(point.title, point.id),
            )
            for point in record.points
        )
        passed = [pip.state == "passed" for pip in pips if pip.state != "unmeasured"]
        return TileView(
            "result",
            model,
            image,
            full=full,
            alpha="" if self._in_folder() else self._address(shown.alpha),
            edge="" if cuts else self._address(shown.edge),
            cutout="" if self._in_folder() else self.context.url(prediction.cutout),
            pips=pips,
            count=f"{sum(passed)}/{len(passed)}" if passed else "",
            words=points_passed(sum(passed), len(passed)) if passed else "",
            value=self._value(prediction),
        )

    def _value(self, prediction: Prediction) -> Text:
        """What else is said under a result: its edge colour, or its stray pieces."""
        values = self.run.measurements.values_of(prediction.key)
        risk = values.get(RISK)
        if self.unscored and risk is not None:
            return Message("risk {risk}", risk=f"{risk:.2f}")
        edge, stray = values.get(EDGE_COLOUR), values.get(STRAY)
        if edge is not None:
            return f"ΔE{NO_BREAK}{edge:.1f}"
        if stray and not self.index.points.get(prediction.key):
            count = round(stray)
            return Message("{n} stray piece", many="{n} stray pieces", n=count)
        return ""

    # ---- the drawer

    def _notes(self, predictions: Sequence[Prediction]) -> Iterable[Text]:
        """What decoding did to the picture, and what is said of a model's cut-out."""
        yield from dict.fromkeys(n for p in predictions for n in p.notes if n not in OF_CUTOUTS)
        for prediction in predictions:
            own = (note for note in prediction.notes if note in OF_CUTOUTS)
            yield from (join(" · ", [prediction.model, note]) for note in own)

    def _drawer(
        self,
        record: CaseRecord,
        previews: CasePreviews,
        predictions: Sequence[Prediction],
        rest: int,
    ) -> DrawerView:
        """`rest`: misses that the row does not show at once."""
        facts: list[tuple[Text, tuple[Text, ...]]] = []

        def add(label: Text, *values: Text | None) -> None:
            there = tuple(value for value in values if value)
            facts.extend([(label, there)] if there else [])

        add(Message("Case"), record.name)
        add(Message("Licence"), record.licence)
        add(Message("Author"), record.author)
        add(Message("Source"), record.source)
        add(Message("Notes"), *self._notes(predictions))
        if previews.region:
            x, y, width, height = previews.region
            where = Message(
                "{width}×{height} px at x {x}, y {y}: where the models' alpha is most in between",
                x=x,
                y=y,
                width=width,
                height=height,
            )
            add(Message("Edge"), where)
        for prediction in predictions:
            shown = previews.models.get(prediction.model)
            add(prediction.model, *self._about(prediction, shown.wrong if shown else None))
        downloads = [
            (p.model, self.context.url(p.cutout), f"{safe_name(p.case)}.png")
            for p in predictions
            if p.cutout and self._in_folder()
        ]
        measures = self.measures.case(record)
        title = Message("Provenance")
        if measures.points:
            title = Message("Points, measures and provenance")
        elif measures.tables:
            title = Message("Measures and provenance")
        if rest > 0:
            title = Message(
                "{n} more miss, all measures", many="{n} more misses, all measures", n=rest
            )
        return DrawerView(title, tuple(facts), tuple(downloads), measures)

    def _about(
        self, prediction: Prediction, wrong: tuple[float, float] | None
    ) -> Iterable[Text | None]:
        """How a result was made, how long that took, and how much of it is `wrong`."""
        info = self.index.models[prediction.model].info
        elsewhere = prediction.device not in (None, *info.device.split(","))
        dtype = prediction.dtype or info.dtype
        yield f"{dtype}{f', {prediction.device}' if elsewhere else ''}" if dtype != "none" else None
        yield colours(info)
        inference, refinement = prediction.inference_seconds, prediction.seconds.get("refine")
        if inference is not None:
            yield Message("inference {seconds}", seconds=seconds(inference))
            if refinement is not None:
                yield Message("refinement {seconds} of it", seconds=seconds(refinement))
            yield Message("all stages {seconds}", seconds=seconds(prediction.total_seconds))
        if prediction.cached:
            yield Message("kept from an earlier run")
        if wrong:
            more, less = (f"{share:.2%}" for share in wrong)
            yield Message(
                "alpha wrong by more than 0.1: {more} of the pixels too opaque, {less} too "
                "transparent",
                more=more,
                less=less,
            )
        if prediction.cutout and not self._in_folder():
            yield Message("Full size: {path}", path=prediction.cutout)

    def _in_folder(self) -> bool:
        return self.run.settings.layout == "folder"


def failure_view(prediction: Prediction | None, key: CaseKey, model: Text) -> FailureView:
    """What failed, and what to do."""
    word, problem, remedy = Message("Failed"), Message("not measured"), Message("")
    if prediction and (failure := prediction.failure):
        word, problem, remedy = failure.word, failure.problem, failure.remedy
    return FailureView(model, "/".join(key), case_anchor(*key), word, problem, remedy)


def columns(models: int) -> str:
    """The classes that lay out the columns of so many models."""
    if models <= BESIDE_MOST:
        return f"of-{models} beside"
    return f"of-{models} above" if models <= ABOVE_MOST else "of-many above"


def points_passed(passed: int, measured: int) -> Message:
    """How many of them did."""
    return Message("{passed} of {all} points passed", passed=passed, all=measured)
