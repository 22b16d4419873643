"""What was measured, as views: points with their marks, measures, the summary, pictures of both."""

from __future__ import annotations

from collections.abc import Iterable

from ..core.key import Key
from ..measure.record import Measurement, ObservationPoint, PointResult
from ..measure.subject import Metric
from ..measure.table import FAMILIES, HEADLINES
from ..run.previews import Plot
from ..run.record import CaseRecord
from ..run.statistics import ALL, Difference, Mean, Row, headline
from ..settings import Language
from . import said
from .context import Context
from .filters import Filters
from .strings import Words, join, text
from .views import (
    CellView,
    MeasuresView,
    ModelRow,
    RegionView,
    RowView,
    SummaryView,
    TableView,
)


class MeasuresPanel:
    """Makes the views of what one run measured."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._ = context.text
        self.lang = context.lang
        self.models = context.models
        self.summary = context.summary
        self.index = context.run.index

    def overview(self, models: tuple[ModelRow, ...], filters: Filters) -> SummaryView:
        """The tables models × categories, and what is clear of the models' differences; beside
        them the models themselves, and what finds a case."""
        differences = [
            self._difference(row, difference)
            for metric in HEADLINES
            for row in [self.summary.row(metric.name)]
            if row
            for difference in row.differences
        ]
        warnings = [
            self._("flattered", model=model, data=data, count=count)
            for model, data, count in self.summary.flattered
        ]
        row = self.summary.row(headline(self.context.run) or "")
        alt = self._("alt.bars", metric=row.metric, best=self._best(row)) if row else ""
        return SummaryView(
            models,
            self._points_by_category(),
            tuple(self._families()),
            tuple(differences),
            tuple(warnings),
            self.context.image(self.context.previews.bars, alt),
            tuple(map(self.context.link, self.context.categories())),
            filters,
        )

    def case(self, record: CaseRecord) -> MeasuresView:
        """Points, measures and pictures of one case."""
        key = record.category, record.id
        names = {p.id: self.context.title(p.title, p.id) for p in record.points}
        rows = tuple(
            RowView(
                names[point.id],
                self._point_note(point),
                tuple(self._result(self._judged(record, point, model)) for model in self.models),
                point=point.id,
                box=_box(point),
            )
            for point in record.points
        )
        pictures = []
        for plot in self.context.previews.cases[key].plots:
            alt = self._alt(plot, self.context.titles[key], names.get(plot.point or "", ""))
            view = self.context.image(plot.picture, alt)
            pictures += [view] if view else []
        return MeasuresView(
            TableView(self._("points"), self._("points_note"), self.models, rows) if rows else None,
            tuple(self._measures(record)),
            tuple(pictures),
            tuple((model, self._regions(record, model)) for model in self.models if rows),
        )

    def _judged(
        self, record: CaseRecord, point: ObservationPoint, model: str
    ) -> PointResult | None:
        return self.index.points.get(Key(record.category, record.id, model), {}).get(point.id)

    def _regions(self, record: CaseRecord, model: str) -> tuple[RegionView, ...]:
        regions = []
        for point in record.points:
            result = self._judged(record, point, model)
            state = _STATES[result.passed if result else None]
            if point.box:
                x, y, width, height = point.box
                corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
                shapes = [("polygon", corners)]
            elif point.polygon:
                shapes = [("polygon", list(point.polygon))]
            else:
                shapes = [("polyline", list(line)) for line in point.lines or ()]
            for shape, spots in shapes:
                path = " ".join(f"{x},{y}" for x, y in spots)
                regions.append(RegionView(point.id, state, shape, path))
        return tuple(regions)

    def _constant(self, english: str) -> Words:
        return said.measured(english, self.lang)

    def _category(self, name: str) -> Words:
        return self._("all_categories") if name == ALL else self.context.category(name)

    def _where(self, what: Metric | Row) -> Words:
        """Unit and region."""
        parts = [self._constant(what.unit), self._constant(what.region)]
        return join(", ", parts, self.lang)

    def _point_note(self, point: ObservationPoint) -> Words:
        kind = said.kind(point.kind, self.lang)
        return join(" · ", [kind, self._("required")], self.lang) if point.required else kind

    def _result(self, result: PointResult | None) -> CellView:
        if result is None:
            return CellView(self._("not_measured"), "unmeasured")
        state = _STATES[result.passed]
        return CellView(
            self._(f"point.{state}"), state, difference_from_expected(result, self.lang)
        )

    def _measures(self, record: CaseRecord) -> Iterable[TableView]:
        keys = [Key(record.category, record.id, model) for model in self.models]
        measured = [self.index.measurements.get(key, {}) for key in keys]
        for family, metrics in FAMILIES.items():
            rows = []
            for metric in metrics:
                values = [by_metric.get(metric.name) for by_metric in measured]
                if any(m is not None and m.value is not None for m in values):
                    cells = tuple(self._value(m) for m in values)
                    rows.append(RowView(metric.name, self._where(metric), cells))
            if rows:
                title, note = self._constant(family.title), self._constant(family.note)
                yield TableView(title, note, self.models, tuple(rows))

    def _value(self, measurement: Measurement | None) -> CellView:
        if measurement is None or measurement.value is None:
            reason = measurement.reason if measurement else None
            why = said.reason(reason, self.lang) if reason else self._("not_measured")
            return CellView("–", "unmeasured", why)
        return CellView(short(measurement.value))

    def _points_by_category(self) -> TableView | None:
        by = {(p.category, p.model): p for p in self.summary.points}
        rows = []
        for category in dict.fromkeys(p.category for p in self.summary.points):
            cells = []
            for model in self.models:
                count = by[category, model]
                note = self._("unmeasured", count=count.unmeasured) if count.unmeasured else ""
                words = self._("points_of", passed=count.passed, all=count.measured)
                state = (
                    "unmeasured" if not count.measured else "failed" if count.failed else "passed"
                )
                cells.append(CellView(words, state, note))
            rows.append(RowView(self._category(category), "", tuple(cells)))
        if not rows:
            return None
        note = self._("points_note")
        return TableView(self._("points_passed"), note, self.models, tuple(rows))

    def _families(self) -> Iterable[TableView]:
        for family, metrics in FAMILIES.items():
            rows = []
            for metric in metrics:
                row = self.summary.row(metric.name)
                if metric.detail or row is None or not any(mean.scored for mean in row.means):
                    continue
                better = {True: "higher", False: "lower", None: "no_score"}[row.higher_is_better]
                parts: list[str] = [self._where(row), self._(f"better.{better}")]
                parts += [self._constant(metric.explanation)] if metric.explanation else []
                note = join(" · ", parts, self.lang)
                rows.append(RowView(metric.name, note, self._means(row)))
                rows += self._by_category(metric.name) if metric.headline else ()
            if rows:
                title, note = self._constant(family.title), self._constant(family.note)
                yield TableView(title, note, self.models, tuple(rows))

    def _by_category(self, metric: str) -> Iterable[RowView]:
        for row in self.summary.rows:
            if row.metric == metric and row.category != ALL and any(m.scored for m in row.means):
                name = join(" · ", [metric, self._category(row.category)], self.lang)
                yield RowView(name, "", self._means(row))

    def _means(self, row: Row) -> tuple[CellView, ...]:
        return tuple(self._mean(mean) for mean in row.means)

    def _mean(self, mean: Mean) -> CellView:
        parts = [self._("scored", count=mean.scored)]
        parts += [
            self._("left_out", count=n, reason=said.reason(reason, self.lang))
            for reason, n in mean.left_out
        ]
        note = join("; ", parts, self.lang)
        if mean.value is None:
            return CellView("–", "unmeasured", note)
        value = short(mean.value)
        words = join(" ", [value, self._("best")], self.lang) if mean.best else value
        return CellView(words, "best" if mean.best else "", note)

    def _difference(self, row: Row, difference: Difference) -> str:
        cases, groups = difference.cases, difference.groups
        over = "over_cases" if cases == groups else "over_groups"
        values = {
            "metric": row.metric, "one": difference.one, "other": difference.other,
            "mean": _signed(difference.mean), "middle": _signed(difference.middle),
            "over": self._(over, cases=cases, groups=groups),
        }  # fmt: skip
        if difference.low is None or difference.high is None:
            return self._("difference_few", **values)
        key = "difference_clear" if difference.clear else "difference_unclear"
        low, high = _signed(difference.low), _signed(difference.high)
        return self._(key, low=low, high=high, **values)

    def _best(self, row: Row) -> Words:
        words = [
            join(" ", [m.model, short(m.value), self._("scored", count=m.scored)], self.lang)
            for m in row.means
            if m.value is not None
        ]
        return join(", ", words, self.lang)

    def _alt(self, plot: Plot, case: str, point: str) -> str:
        facts = plot.facts
        if plot.kind == "profile":
            words = [
                self._("fact.width", name=self._name(name), width=f"{width:.1f}")
                if width is not None
                else self._("fact.no_fall", name=self._name(name))
                for name, width in facts.items()
            ]
        elif plot.kind == "histogram":
            words = [
                join(" ", [self._name(name), f"{share or 0:.1%}"], self.lang)
                for name, share in facts.items()
            ]
        else:
            mean, far = facts["mean"] or 0, facts["far"] or 0
            words = [self._("fact.apart", mean=f"{mean:.3f}", far=f"{far:.2%}")]
        stated = join("; ", words, self.lang)
        return self._(f"alt.{plot.kind}", case=case, point=point, facts=stated)

    def _name(self, name: str) -> str:
        return self._("truth") if name == "truth" else name


_STATES = {True: "passed", False: "failed", None: "unmeasured"}


def difference_from_expected(result: PointResult, lang: Language) -> str:
    """What was measured and what was expected, or why it could not be."""
    if result.measured is None or result.expected is None:
        return said.reason(result.reason or "", lang)
    return text(
        "point_measured",
        lang,
        measured=short(result.measured),
        expected=short(result.expected),
        tolerance=short(result.tolerance),
        unit=said.measured(result.unit, lang),
    )


def _box(point: ObservationPoint) -> str:
    """What a point's region fits into: left, top, width, height."""
    xs, ys = zip(*point.spots, strict=True)
    return f"{min(xs)},{min(ys)},{max(xs) - min(xs)},{max(ys) - min(ys)}"


def short(value: float) -> str:
    """Three figures."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e6 else f"{value:.3g}"


def _signed(value: float) -> str:
    return f"{value:+.3g}".replace("-", "−")
