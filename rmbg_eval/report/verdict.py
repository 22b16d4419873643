"""What the first screen says: the verdict by category, and the worst findings."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from ..cases.categories import category_title
from ..core.anchors import case_anchor
from ..i18n import N_, Message, Named, join
from ..measure.table import GUIDES
from ..run.previews import CasePreviews, Spot
from ..run.record import CaseKey
from ..run.statistics import ALL, Points
from .context import Context
from .measures import difference_from_expected, short
from .provenance import seconds
from .views import CellView, Text, VerdictRow, VerdictView, WorstView

EDGE_COLOUR = "delta_e_white_edge"
MOST = 6


class VerdictPanel:
    """Makes the verdict of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.run
        self.models = context.models
        self.categories = context.categories(empty=False)
        self.points = {(p.category, p.model): p for p in context.summary.points}

    def view(self) -> VerdictView:
        """The verdict, and the worst findings; without any, the cases to look at first."""
        worst = [self._worst(spot) for spot in self.context.previews.worst]
        return VerdictView(
            words=tuple(self._words()),
            note=Message(
                "Observation points passed of those measured, and the mean colour "
                "difference ΔE2000 within 3 px of the true edge over white, with the "
                "cases that it is over. ★: clearly the most points. Seconds: median "
                "inference."
            ),
            categories=tuple(map(self.context.link, self.categories)),
            rows=tuple(self._row(model) for model in self.models),
            worst=tuple(worst or self._look_first()),
            worst_note=_WORST if worst else _LOOK_FIRST,
        )

    def _words(self) -> Iterable[Message]:
        counts = [self._count(ALL, model) for model in self.models]
        counts = [count for count in counts if count.measured]
        if not counts:
            yield Message(
                "These {cases} cases have no observation points to pass: look at the "
                "pictures, and at where the models are least sure.",
                cases=len(self.run.cases),
            )
            return
        best = max(counts, key=lambda count: count.passed / count.measured)
        alike = [count.model for count in counts if _share(count) == _share(best)]
        text = N_("{model} passes the most observation points: {passed} of {all}.")
        who: Text = best.model
        if len(self.models) == 1:
            text = N_("{model} passes {passed} of {all} observation points.")
        elif len(alike) > 1:
            text = N_("{model} pass the same share of the observation points: {passed} of {all}.")
            for other in alike[1:]:
                who = Message("{one} and {other}", one=who, other=other)
        yield Message(text, model=who, passed=best.passed, all=best.measured)
        by = [self._count(name, best.model) for name in self.categories]
        by = [count for count in by if count.measured]
        weakest = min(by, key=_share)
        if len(by) > 1 and weakest.failed:
            yield Message(
                "Weakest of {model}: {category}, {passed} of {all}.",
                model=best.model,
                category=category_title(weakest.category),
                passed=weakest.passed,
                all=weakest.measured,
            )

    def _count(self, category: str, model: str) -> Points:
        return self.points.get((category, model), Points(model, category, 0, 0, 0))

    def _row(self, model: str) -> VerdictRow:
        info = self.run.index.models[model].info
        own = [p for p in self.run.predictions if p.model == model and p.cutout]
        spent = [p.seconds["infer"] for p in own if "infer" in p.seconds]
        return VerdictRow(
            model=model,
            title=info.title,
            cells=tuple(self._cell(model, category) for category in (ALL, *self.categories)),
            seconds=seconds(median(spent)) if spent else Message("not measured"),
            licence=info.licence,
        )

    def _cell(self, model: str, category: str) -> CellView:
        points = self._count(category, model)
        row = self.context.summary.row(EDGE_COLOUR, category)
        mean = next((m for m in row.means if m.model == model), None) if row else None
        note: Text = ""
        if mean and mean.value is not None:
            note = Message("ΔE {value} over {count}", value=short(mean.value), count=mean.scored)
        if not points.measured:
            return CellView(Message("no points"), "unmeasured", note)
        words = Message("{passed} of {all}", passed=points.passed, all=points.measured)
        mark = "✕" if points.failed else "✓"
        state = "failed" if points.failed else "passed"
        if points.best:
            words = join(" ", [words, "★"])
        return CellView(join(" ", [mark, words]), state, note)

    def _worst(self, spot: Spot) -> WorstView:
        result = spot.result
        case = self.context.titles[result.category, result.case]
        title = Named(spot.point.title, spot.point.id)
        alt = Message("{case}, “{point}”: the original there", case=case, point=title)
        anchor = case_anchor(result.category, result.case)
        return WorstView(
            anchor=anchor,
            page=self.context.case_page(anchor),
            point=result.point,
            case=case,
            title=title,
            model=result.model,
            note=difference_from_expected(result),
            original=self.context.image(spot.original, alt),
            cutout=self.context.image(
                spot.cutout,
                Message(
                    "{case}, “{point}”: what {model} left there",
                    case=case,
                    point=title,
                    model=result.model,
                ),
            ),
        )

    def _look_first(self) -> Iterable[WorstView]:
        """By the first measure that the run has values of, largest first; a case once."""
        for name in (metric.name for metric in GUIDES):
            values = [m for m in self.run.measurements.of(name) if m.value is not None]
            ranked = sorted(values, key=lambda m: -(m.value or 0))
            once: dict[CaseKey, WorstView] = {}
            for m in ranked if any(m.value for m in values) else ():
                key = m.category, m.case
                drawn = self.context.previews.cases.get(key, CasePreviews())
                model = drawn.models.get(m.model)
                case = self.context.titles[key]
                once.setdefault(
                    key,
                    WorstView(
                        anchor=case_anchor(*key),
                        page="",
                        point="",
                        case=case,
                        title=Message("highest {metric}", metric=name),
                        model=m.model,
                        note=join(" ", [short(m.value or 0), Message(m.unit)]),
                        original=self.context.image(
                            drawn.edge, Message("Magnified part of {case}, original", case=case)
                        ),
                        cutout=self.context.image(
                            model.edge if model else None,
                            Message("The same part, background removed by {model}", model=m.model),
                        ),
                    ),
                )
            if once:
                return list(once.values())[:MOST]
        return []


def _share(points: Points) -> float:
    return points.passed / points.measured if points.measured else 0.0


_WORST = Message(
    "Failed points, farthest from what was expected first, one of each case before a second. Left "
    "the original, right the result."
)
_LOOK_FIRST = Message(
    "The cases with the highest values, at their hardest edge; the original, then the result."
)
