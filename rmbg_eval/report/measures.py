"""What was measured, as views: points with their marks, measures, the summary, pictures of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from ..cases.categories import category_title
from ..ci.gate import rules_name
from ..core.numbers import figures
from ..i18n import N_, Message, Named, join
from ..measure.delivery import RULES, bounds
from ..measure.record import Measurement, RuleResult
from ..measure.table import FAMILIES, HEADLINES, TITLES
from ..run.measurements import FAILED
from ..run.previews import DisagreementMap, Plot
from ..run.record import CaseRecord
from ..run.statistics import ALL, Difference, Mean, Row
from .charts import between, falls, histogram_view, whose
from .context import Context
from .points import STATES, points_view
from .views import CellView, MapView, MeasuresView, RowView, TableView, Text


class MeasuresPanel:
    """Makes the views of what one run measured."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.models = context.models
        self.summary = context.summary
        self.index = context.shown.index

    def differences(self) -> TableView | None:
        """How the first model differs from each of the others, by each headline."""
        rows = tuple(
            self._difference(row, difference)
            for metric in HEADLINES
            for row in [self.summary.row(metric.name)]
            if row
            for difference in row.differences
        )
        return TableView(_DIFFERENCES, _CLEARLY, _DIFFERENCE_HEADS, rows) if rows else None

    def case(self, record: CaseRecord) -> MeasuresView:
        """Points, measures and pictures of one case."""
        key = record.key
        title, previews = self.context.titles[key], self.context.previews.cases[key]
        names = {p.id: Named(p.title, p.id) for p in record.points}
        histogram, disagreement = previews.histogram, previews.disagreement
        plots = []
        for plot in previews.plots:
            alt = _alt(plot, title, names.get(plot.point or "", ""))
            plots.append(self.context.image(plot.picture, alt))
        return MeasuresView(
            points_view(self.context, record),
            (*self._rules(record), *self._measures(record)),
            histogram_view(histogram, self.models, title) if histogram else None,
            self._map(disagreement, title) if disagreement else None,
            tuple(plots),
        )

    def _map(self, disagreement: DisagreementMap, title: Text) -> MapView:
        words = apart(disagreement.mean, disagreement.far)
        alt = Message(_DIFFER, case=title, facts=words)
        return MapView(self.context.image(disagreement.picture, alt), words)

    def _where(self, what: Measurement | Row) -> Message:
        """Unit and region."""
        return join(", ", [Message(what.unit), Message(what.region)])

    def _rules(self, record: CaseRecord) -> Iterable[TableView]:
        """The delivery rules of each model's cut-out."""
        keys = self.context.keys(record)
        judged = [self.index.rules.get(key, {}) for key in keys]
        rows = []
        for name, kind in RULES.items():
            results = [by_rule.get(name) for by_rule in judged]
            asked = next(filter(None, results), None)
            if asked:
                note = join(", ", [Message(kind.unit), bounds(asked)])
                cells = tuple(map(self._rule, results))
                rows.append(RowView(Message(kind.title), note, cells, name))
        if rows:
            title = Message("Delivery rules")
            yield TableView(title, rules_name(self.context.run), self.models, tuple(rows))

    def _rule(self, result: RuleResult | None) -> CellView:
        if result is None or result.measured is None:
            return _unmeasured(result)
        state = STATES[result.passed]
        return CellView(f"{'✓' if result.passed else '✕'} {figures(result.measured)}", state)

    def _measures(self, record: CaseRecord) -> Iterable[TableView]:
        keys = self.context.keys(record)
        measured = [self.index.measurements.get(key, {}) for key in keys]
        for family, metrics in FAMILIES.items():
            rows = []
            for metric in metrics:
                values = [by_metric.get(metric.name) for by_metric in measured]
                one = next((m for m in values if m is not None and m.value is not None), None)
                if one is not None:
                    cells = tuple(self._value(m) for m in values)
                    rows.append(RowView(metric.title, self._where(one), cells, metric.name))
            if rows:
                title, note = Message(family.title), Message(family.note)
                yield TableView(title, note, self.models, tuple(rows))

    def _value(self, measurement: Measurement | None) -> CellView:
        if measurement is None or measurement.value is None:
            return _unmeasured(measurement)
        return CellView(figures(measurement.value))

    def families(self) -> Iterable[TableView]:
        """Every measure of the run, a table for each family; headlines by category too."""
        for family, metrics in FAMILIES.items():
            rows = []
            for metric in metrics:
                row = self.summary.row(metric.name)
                if metric.detail or row is None or not any(mean.scored for mean in row.means):
                    continue
                parts = [self._where(row), _BETTER[row.higher_is_better]]
                parts += [Message(metric.explanation)] if metric.explanation else []
                note = join(" · ", parts)
                rows.append(self._means(metric.title, [note], row, metric.name))
                rows += self._by_category(metric.name) if metric.headline else ()
            if rows:
                title, note = Message(family.title), Message(family.note)
                yield TableView(title, note, self.models, tuple(rows))

    def _by_category(self, metric: str) -> Iterable[RowView]:
        for row in self.summary.rows:
            if row.metric == metric and row.category != ALL and any(m.scored for m in row.means):
                name = join(" · ", [TITLES[metric], category_title(row.category)])
                yield self._means(name, [], row)

    def _means(self, title: Text, notes: list[Text], row: Row, code: str = "") -> RowView:
        """A measure's means; what they are over is said once where it is the same of all."""
        cells = [self._mean(mean) for mean in row.means]
        if len({cell.note for cell in cells}) == 1:
            notes = [*notes, cells[0].note]
            cells = [replace(cell, note="") for cell in cells]
        return RowView(title, join(" · ", notes), tuple(cells), code)

    def _mean(self, mean: Mean) -> CellView:
        parts = [Message("over {count}", count=mean.scored)]
        left_out = Counter[Message]()
        for reason, n in mean.left_out:
            left_out[_in_short(reason)] += n
        parts += [
            Message("{count} left out: {reason}", count=n, reason=reason)
            for reason, n in left_out.items()
        ]
        note = join("; ", parts)
        if mean.value is None:
            return CellView("–", "unmeasured", note)
        value = figures(mean.value)
        words = join("", [value, " ", Message("★ best")]) if mean.best else value
        return CellView(words, "best" if mean.best else "", note)

    def _difference(self, row: Row, difference: Difference) -> RowView:
        cases, groups = difference.cases, difference.groups
        over = Message("over {count}", count=cases)
        if cases != groups:
            over = Message("over {cases} cases of {groups} shoots", cases=cases, groups=groups)
        cells = [_verdict(row, difference), CellView(signed(difference.mean))]
        if difference.low is None or difference.high is None:
            cells.append(CellView(signed(difference.middle)))
        else:
            ends = signed(difference.low), signed(difference.high)
            cells.append(CellView(signed(difference.middle), note=" … ".join(ends)))
        equal = groups - difference.higher - difference.lower
        cells += [CellView(str(n)) for n in (difference.higher, difference.lower, equal)]
        pair = f"{difference.one} − {difference.other}"
        note = join(" · ", [pair, self._where(row), _BETTER[row.higher_is_better], over])
        return RowView(TITLES[row.metric], note, tuple(cells), row.metric)


_BETTER = {
    True: Message("higher is better"),
    False: Message("lower is better"),
    None: Message("no score"),
}
_DIFFER = N_("Where the models' alphas of {case} differ: {facts}")
_ALTS = {
    "profile": N_(
        "Alpha along a line across the edge “{point}” of {case} (α₀: the truth): {facts}"
    ),
    "histogram": N_("Share of in-between pixels in {case} (α₀: the truth): {facts}"),
    "disagreement": _DIFFER,
}


def _alt(plot: Plot, case: Text, point: Text) -> Message:
    """What a picture shows that versions before drew, black on white."""
    if plot.kind == "profile":
        facts = join("; ", [falls(whose(name), width) for name, width in plot.facts.items()])
    elif plot.kind == "histogram":
        facts = between(plot.facts)
    else:
        facts = apart(plot.facts["mean"] or 0, plot.facts["far"] or 0)
    return Message(_ALTS[plot.kind], case=case, point=point, facts=facts)


def apart(mean: float, far: float) -> Message:
    """How far the models' alphas are apart."""
    return Message(
        "{mean} apart on average, and by more than 0.5 in {far} of the pixels",
        mean=f"{mean:.3f}",
        far=f"{far:.2%}",
    )


_DIFFERENCES = Message("Differences between models")
_CLEARLY = Message(
    "Clearly more: so many of the pictures on which two models differ as happens to equal ones in "
    "5 % of runs at most; it says nothing of how much. The middle difference of all such pictures "
    "lies in its interval in 95 % of runs or more."
)
_DIFFERENCE_HEADS = (
    Message("What follows"),
    Message("Mean difference"),
    Message("Middle, 95 % interval"),
    Message("Higher in"),
    Message("Lower in"),
    Message("Equal in"),
)


def _verdict(row: Row, difference: Difference) -> CellView:
    if difference.low is None:
        return CellView(Message("too few cases to say"), "unmeasured")
    if not difference.clear:
        return CellView(Message("no clear difference"))
    higher = difference.higher > difference.lower
    better = difference.one if higher == row.higher_is_better else difference.other
    return CellView(Message("{model} is better in clearly more", model=better), "best")


def _unmeasured(result: RuleResult | Measurement | None) -> CellView:
    reason = result.reason if result else None
    return CellView("–", "unmeasured", _in_short(reason or Message("not measured")))


def _in_short(reason: Message) -> Message:
    """Why there is none is told where its picture would be, not with each measure."""
    return Message("no cut-out") if reason.text == FAILED else reason


def signed(value: float | None) -> str:
    """Three digits of it with its sign; a dash for None."""
    return "–" if value is None else figures(value, sign="+").replace("-", "−")
