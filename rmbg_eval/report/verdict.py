"""What the first screen says: the verdict by category, and the worst findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import Any

from ..core.anchors import case_anchor, category_anchor
from ..measure.table import GUIDES
from ..predictions.prediction import Prediction
from ..run.previews import CasePreviews, Preview, Previews, Spot
from ..run.record import Run
from ..run.statistics import ALL, Points, Summary
from .found import difference_from_expected, short
from .made import seconds
from .strings import Words, join, text
from .views import CellView, ImageView, Link, VerdictRow, VerdictView, WorstView

Image = Callable[[Preview | None, str], ImageView | None]
Key = tuple[str, str]
EDGE_COLOUR = "delta_e_white_edge"
MOST = 6
PAGES = "pages"
"""The folder of the cases' own pages, where there are many."""


class Verdict:
    """Makes the verdict of one run."""

    def __init__(
        self,
        run: Run,
        summary: Summary,
        image: Image,
        title: Callable[[Mapping[Any, str], str], Words],
        category: Callable[[str], Words],
        many: bool = False,
    ) -> None:
        self.run, self.summary, self.image = run, summary, image
        self.title, self.category = title, category
        self.lang = run.settings.lang
        self.many = many
        self.models = [model.info.name for model in run.models]
        self.there = list(dict.fromkeys(record.category for record in run.cases))
        self.points = {(p.category, p.model): p for p in summary.points}
        self.titles = {
            (record.category, record.id): title(record.title, record.id) for record in run.cases
        }

    def view(self, previews: Previews) -> VerdictView:
        """The verdict, and the worst findings; without any, the cases to look at first."""
        found = [self._worst(each) for each in previews.worst]
        note = "worst_note" if found else "look_first_note"
        return VerdictView(
            words=tuple(self._words()),
            note=self._("verdict_note"),
            categories=tuple(
                Link(category_anchor(name), self.category(name), count)
                for name in self.there
                for count in [sum(record.category == name for record in self.run.cases)]
            ),
            rows=tuple(self._row(model) for model in self.models),
            worst=tuple(found or self._look_first(previews.cases)),
            worst_note=self._(note),
        )

    def _(self, key: str, **values: object) -> Words:
        return text(key, self.lang, **values)

    def _words(self) -> Iterable[Words]:
        counts = [self._count(ALL, model) for model in self.models]
        counts = [count for count in counts if count.measured]
        if not counts:
            yield self._("verdict.no_points", cases=len(self.run.cases))
            return
        best = max(counts, key=lambda count: count.passed / count.measured)
        alike = [count.model for count in counts if _share(count) == _share(best)]
        key = "verdict.one" if len(self.models) == 1 else "verdict.best"
        yield self._(
            key if len(alike) == 1 else "verdict.alike",
            model=join(self._("and"), alike, self.lang) if len(alike) > 1 else best.model,
            passed=best.passed,
            all=best.measured,
        )
        by = [self._count(name, best.model) for name in self.there]
        by = [count for count in by if count.measured]
        weakest = min(by, key=_share)
        if len(by) > 1 and weakest.failed:
            yield self._(
                "verdict.weakest",
                model=best.model,
                category=self.category(weakest.category),
                passed=weakest.passed,
                all=weakest.measured,
            )

    def _count(self, category: str, model: str) -> Points:
        return self.points.get((category, model), Points(model, category, 0, 0, 0))

    def _row(self, model: str) -> VerdictRow:
        info = next(each.info for each in self.run.models if each.info.name == model)
        spent = [_infer(p) for p in self.run.predictions if p.model == model and p.cutout]
        known = [value for value in spent if value is not None]
        return VerdictRow(
            model=model,
            title=info.title,
            cells=tuple(self._cell(model, category) for category in (ALL, *self.there)),
            seconds=seconds(median(known)) if known else self._("not_measured"),
            licence=info.licence,
        )

    def _cell(self, model: str, category: str) -> CellView:
        points = self._count(category, model)
        row = self.summary.row(EDGE_COLOUR, category)
        mean = next((m for m in row.means if m.model == model), None) if row else None
        note: Words | str = ""
        if mean and mean.value is not None:
            note = self._("edge_colour", value=short(mean.value), count=mean.scored)
        if not points.measured:
            return CellView(self._("no_points_short"), "unmeasured", note)
        words = self._("points_of", passed=points.passed, all=points.measured)
        mark = "✕" if points.failed else "✓"
        state = "failed" if points.failed else "passed"
        if points.best:
            words = join(" ", [words, "★"], self.lang)
        return CellView(join(" ", [mark, words], self.lang), state, note)

    def _worst(self, worst: Spot) -> WorstView:
        result = worst.result
        case = self.titles[result.category, result.case]
        title = self.title(worst.point.title, worst.point.id)
        alt = self._("alt.spot", case=case, point=title)
        anchor = case_anchor(result.category, result.case)
        return WorstView(
            anchor=anchor,
            page=f"{PAGES}/{anchor}.html" if self.many else "",
            point=result.point,
            case=case,
            title=title,
            model=result.model,
            note=difference_from_expected(result, self.lang),
            original=self.image(worst.original, alt),
            cutout=self.image(
                worst.cutout,
                self._("alt.spot_cut", case=case, point=title, model=result.model),
            ),
        )

    def _look_first(self, figures: Mapping[Key, CasePreviews]) -> Iterable[WorstView]:
        """By the first measure that the run has values of, largest first; a case once."""
        for name in (metric.name for metric in GUIDES):
            found = [m for m in self.run.measurements if m.metric == name and m.value is not None]
            ranked = sorted(found, key=lambda m: -(m.value or 0))
            once: dict[Key, WorstView] = {}
            for m in ranked if any(m.value for m in found) else ():
                key = m.category, m.case
                drawn = figures.get(key, CasePreviews())
                model = drawn.models.get(m.model)
                case = self.titles[key]
                once.setdefault(
                    key,
                    WorstView(
                        anchor=case_anchor(*key),
                        page="",
                        point="",
                        case=case,
                        title=self._("look_first", metric=name),
                        model=m.model,
                        note=f"{short(m.value or 0)} {m.unit}",
                        original=self.image(drawn.edge, self._("alt.edge_original", case=case)),
                        cutout=self.image(
                            model.edge if model else None, self._("alt.edge", model=m.model)
                        ),
                    ),
                )
            if once:
                return list(once.values())[:MOST]
        return []


def _share(points: Points) -> float:
    return points.passed / points.measured if points.measured else 0.0


def _infer(prediction: Prediction) -> float | None:
    return prediction.seconds.get("infer")
