"""The contact sheet: a row for each case, what finds a row, and what stands over the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from unicodedata import normalize

from ..cases.categories import CATEGORIES, category_title
from ..core.anchors import case_anchor, category_anchor
from ..core.files import safe_name
from ..core.key import Key
from ..core.notes import MULTIPLIED
from ..i18n import N_, Message, Named, join
from ..measure.kinds import kind_title, missed
from ..measure.record import ObservationPoint, PointResult
from ..measure.table import GUIDES, TABLE
from ..predictions.prediction import Prediction
from ..run.findings import differs_from, severity
from ..run.previews import CasePreviews, Preview
from ..run.record import CaseKey, CaseRecord
from ..run.statistics import ALL
from .context import Context
from .measures import MeasuresPanel
from .points import STATES
from .provenance import NO_BREAK, colours, seconds, time_of
from .views import (
    BarView,
    CaseView,
    CategoryView,
    DrawerView,
    FailureView,
    HeadView,
    MissView,
    Option,
    PipView,
    ReasonView,
    SheetFacts,
    Text,
    TileView,
)

OfPoint = tuple[ObservationPoint, list[PointResult | None]]
"""A point with its results, in the order of the models."""

EDGE_COLOUR, STRAY, APART = "delta_e_white_edge", "islands", "disagreement"
MISSES, SECONDS, RISK = "misses", "seconds", "risk"
ORDERS = {
    RISK: N_("Risk"),
    MISSES: N_("Worst: most misses"),
    EDGE_COLOUR: N_("Halo (edge ΔE)"),
    STRAY: N_("Stray pieces"),
    APART: N_("Disagreement"),
    SECONDS: N_("Slowest"),
}
"""What a person puts cases in order by: a name of a value, largest first."""
FLAGS = {
    "missed": N_("With misses"),
    "differ": N_("Models differ"),
    "failed": N_("Failed"),
    "first": N_("Look first"),
    "worth": N_("Worth a look"),
    "fine": N_("No sign found"),
}
"""What a case is found by, whatever the model."""
DIFFER_FROM = 0.01
"""Mean disagreement from which models differ where a case has no points: a hundredth of the
picture is opaque in one and clear in the other."""
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
        values = self.run.measurements.scored()
        values |= {MISSES} if self.run.points else set()
        values |= {SECONDS} if any(p.inference_seconds for p in self.run.predictions) else set()
        self.orders = [name for name in ORDERS if name in values]
        others = [m for m in (GUIDES if context.cards else TABLE) if m.name in values]
        self.others = [m for m in others if m.name not in ORDERS]
        self.unscored, self.queue = context.unscored, context.queue
        self.flags = {r.key: self._flags(r) for r in self.run.cases}
        self.rows = self._rows()

    def bar(self) -> BarView:
        """The controls; those that would find nothing in this run are left out."""
        kinds = {p.kind: kind_title(p.kind) for p in self.run.points if p.passed is False}
        if self.unscored:
            signs = dict.fromkeys(sign.measure for r in self.run.risks for sign in r.signs)
            kinds = {m.name: m.title for m in TABLE if m.name in signs}
        flags = {flag for of_case in self.flags.values() for flag in of_case}
        orders = [Option("", Message("By category")), Option("set", Message("As in the set"))]
        orders += [Option(f"-{name}", Message(ORDERS[name])) for name in self.orders]
        return BarView(
            columns=self.columns,
            heads=tuple(map(self._head, self.models)),
            has_truth=any(record.has_truth for record in self.run.cases),
            has_points=bool(self.run.points),
            flags=tuple(Option(name, Message(FLAGS[name])) for name in FLAGS if name in flags),
            categories=tuple(
                Option(name, category_title(name)) for name in self.context.categories(empty=False)
            ),
            kinds=tuple(Option(kind, title) for kind, title in kinds.items()),
            by_reason=self.unscored,
            orders=tuple(orders),
            measures=tuple(
                Option(f"{'+' if metric.higher_is_better else '-'}{metric.name}", metric.title)
                for metric in self.others
            ),
            facts=self._facts(),
        )

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
            cases=tuple(map(self._case, cases)),
        )

    def _head(self, model: str) -> HeadView:
        points = self.context.points(ALL, model)
        passed, measured = points.passed, points.measured
        return HeadView(
            model=model,
            count=f"{passed}/{measured}" if measured else "",
            passed=_passed(passed, measured) if measured else "",
            seconds=time_of(self.context.run, model),
        )

    # ---- a row

    def _case(self, record: CaseRecord) -> CaseView:
        key = record.key
        previews = self.context.previews.cases[key]
        predictions = self.index.by_case.get(key, ())
        by_model = {p.model: p for p in predictions}
        title = self.context.titles[key]
        width, height = self.context.size(key)
        anchor = case_anchor(*key)
        points = self._points(record)
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

    def _points(self, record: CaseRecord) -> list[OfPoint]:
        keys = self.context.keys(record)
        results = [self.index.points.get(key, {}) for key in keys]
        return [(point, [by_id.get(point.id) for by_id in results]) for point in record.points]

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
            both = differs_from(self.run, Key(*key, model), sign, self.context.odd)
            yield ReasonView("" if both else model, sign.text, href)

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
        return (
            TileView("truth", image=image, full=self._address(previews.true_alpha))
            if image
            else None
        )

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
        if image and self._in_folder():
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
            words=_passed(sum(passed), len(passed)) if passed else "",
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
        yield from dict.fromkeys(n for p in predictions for n in p.notes if n != MULTIPLIED)
        for prediction in predictions:
            if MULTIPLIED in prediction.notes:
                yield join(" · ", [prediction.model, MULTIPLIED])

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

    # ---- what finds a row

    def _flags(self, record: CaseRecord) -> list[str]:
        keys = self.context.keys(record)
        of_points = [
            [each.passed if each else None for each in of] for _, of in self._points(record)
        ]
        predictions = [self.index.predictions.get(key) for key in keys]
        flags = ["missed"] if any(False in each for each in of_points) else []
        apart = [self.run.measurements.values_of(key).get(APART) for key in keys]
        far = max((value for value in apart if value is not None), default=0.0)
        differ = any(True in each and False in each for each in of_points)
        if differ or (not of_points and far >= DIFFER_FROM):
            flags.append("differ")
        flags += ["failed"] if any(p and p.failure for p in predictions) else []
        queued = self.queue.get(record.key)
        return [*flags, queued.level] if queued else flags

    def _rows(self) -> dict[CaseKey, int]:
        """Each case's place, as the sheet has them by category."""
        names = self.context.categories(empty=False)
        place = {name: number for number, name in enumerate(names)}
        cases = sorted(self.run.cases, key=lambda record: place[record.category])
        return {record.key: row for row, record in enumerate(cases)}

    def _facts(self) -> SheetFacts:
        """What rows are found by, column by column."""
        names = [*self.orders, *(metric.name for metric in self.others)]
        rows = len(self.rows)
        words = [""] * rows
        flags: dict[str, list[int]] = {}
        kinds: dict[str, list[int]] = {}
        values: dict[str, list[list[float | None]]] = {
            name: [[None] * rows for _ in self.models] for name in names
        }
        for (category, case), row in self.rows.items():
            titles = dict.fromkeys(self.context.titles[category, case].everywhere().values())
            words[row] = normalize("NFC", " ".join([category, case, *titles])).lower()
            for flag in self.flags[category, case]:
                flags.setdefault(flag, []).append(row)
            failed: dict[str, None] = {}
            for number, model in enumerate(self.models):
                of, missed = self._values(Key(category, case, model))
                failed |= missed
                for name in names:
                    value = of.get(name)
                    if value is not None:
                        values[name][number][row] = _four_figures(value)
            for kind in failed:
                kinds.setdefault(kind, []).append(row)
        return {"words": words, "flags": flags, "kinds": kinds, "values": values}

    def _values(self, key: Key) -> tuple[dict[str, float | None], dict[str, None]]:
        """What one result is put in order by, and the kinds of its points that failed, or else of
        the signs of its risk."""
        of: dict[str, float | None] = dict(self.run.measurements.values_of(key))
        points = self.index.points.get(key, {}).values()
        failed = [point for point in points if point.passed is False]
        of[MISSES] = len(failed) if points else None
        reasons = dict.fromkeys(point.kind for point in failed)
        if queued := self.queue.get(key.case_key):
            # As in the queue: or one bad baseline would be the order.
            risk = next((risk for risk in queued.risks if risk.model == key.model), None)
            of[RISK] = risk.value if risk else None
            reasons = dict.fromkeys(sign.measure for sign in risk.signs) if risk else {}
        prediction = self.index.predictions.get(key)
        of[SECONDS] = prediction.inference_seconds if prediction else None
        return of, reasons


def failure_view(prediction: Prediction | None, key: CaseKey, model: Text) -> FailureView:
    """What failed, and what to do."""
    problem, remedy = Message("not measured"), Message("")
    if prediction and prediction.failure:
        problem, remedy = prediction.failure.problem, prediction.failure.remedy
    return FailureView(model, "/".join(key), case_anchor(*key), problem, remedy)


def columns(models: int) -> str:
    """The classes that lay out the columns of so many models."""
    if models <= BESIDE_MOST:
        return f"of-{models} beside"
    return f"of-{models} above" if models <= ABOVE_MOST else "of-many above"


def _passed(passed: int, measured: int) -> Message:
    return Message("{passed} of {all} points passed", passed=passed, all=measured)


def _four_figures(value: float) -> float:
    short = float(f"{value:.4g}")
    return int(short) if short.is_integer() else short
