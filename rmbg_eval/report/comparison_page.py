"""The comparison's page: panels for a notebook's cells, as in the report, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..cases.categories import category_order
from ..compare.comparison import STATES, Comparison, Pair, Value, Verdict
from ..core.anchors import pair_anchor
from ..core.progress import OnStep, Step, ignore
from ..errors import printable
from ..i18n import Message
from ..measure.kinds import KINDS
from ..run.previews import Preview
from ..settings import CompareSettings
from ..web import style
from . import Panel, _base, said
from .comparison_pictures import PairFigures, pair_figures
from .frame import render, write_assets
from .strings import Words, join, text
from .views import CellView, ImageView, RowView, TableView

MOST_PICTURES = 60
"""Pairs that pictures are shown of: a page with more would be slow to open."""
_SHOWN = ("base", "new", "difference")
_ORDER: tuple[Verdict, ...] = ("worse", "changed", "better", "same", "not judged")
_BAD = ("failed", "missing", "worse", "changed")


@dataclass(frozen=True)
class PairView:
    """A case × model on the page."""

    anchor: str
    title: str
    model: str
    state: str
    state_words: str
    why: str
    size: str
    """Width x height in pixels of both cut-outs; empty where they differ: then no two of the
    pictures show the same place."""
    pictures: tuple[tuple[str, str, ImageView], ...]
    """Kind, its name, and what is shown."""
    slide: bool
    """Whether base and new can lie on each other."""
    crop_note: str
    crops: tuple[tuple[str, str, ImageView], ...]
    matte: bool
    table: TableView | None


@dataclass(frozen=True)
class CompareHeaderView:
    """The top of the page."""

    stopped: bool
    verdict: str
    runs: str
    notes: tuple[str, ...]
    counts: TableView
    no_pictures: str


class ComparisonReport:
    """The panels of a comparison; making one draws its pictures into the comparison's folder."""

    def __init__(
        self, comparison: Comparison, settings: CompareSettings, on_step: OnStep = ignore
    ) -> None:
        self.comparison = comparison
        self.settings = settings
        out = settings.out_folder
        write_assets(out)
        changed = [pair for pair in comparison.pairs if pair.state != "same"]
        self._same = [pair for pair in comparison.pairs if pair.state == "same"]
        self._base = _base(out)
        self._views = []
        used = set()
        for done, pair in enumerate(changed, 1):
            figures = PairFigures()
            if done <= MOST_PICTURES:
                folders = settings.base_folder, settings.new_folder
                figures = pair_figures(pair, *folders, out)
            used |= {s.path for s in (figures.base, figures.new, figures.difference) if s}
            used |= {s.path for s in figures.crops}
            self._views.append(self._pair(pair, figures))
            on_step(Step("comparison · pictures", done, len(changed)))
        for path in (out / "assets").glob("*"):
            if f"assets/{path.name}" not in used:
                path.unlink(missing_ok=True)

    def style(self) -> Panel:
        """The page's style, for the notebook itself; the page has it in its head."""
        return Panel(
            f"<style>{style('report')}</style>", "style of the comparison", {"notebook_only": True}
        )

    def header(self) -> Panel:
        """Whether the gate stops, how the runs differ, and counts by category."""
        found, level = self.comparison, self.settings.fail_on
        stopped = found.failing(level)
        key = "compared.stopped" if stopped else "compared.passed"
        too_many = len(self._views) > MOST_PICTURES
        view = CompareHeaderView(
            stopped=bool(stopped),
            verdict=self._(key, level=level, count=len(stopped), all=len(found.pairs)),
            runs=self._("compared.runs", base=printable(found.base), new=printable(found.new)),
            notes=tuple(self._said(note) for note in found.notes),
            counts=self._counts(),
            no_pictures=self._("compared.no_pictures", count=MOST_PICTURES) if too_many else "",
        )
        return self._panel("compare_header", "header", view)

    def changes(self) -> Panel:
        """Every case × model that is not the same, worst first."""
        return self._panel("compare_pairs", "changes", tuple(self._views))

    def unchanged(self) -> Panel:
        """The names of those that are the same."""
        names = tuple(
            join("", [f"{pair.name} · {pair.model}: ", self._said(pair.why)], self.settings.lang)
            for pair in self._same
        )
        return self._panel("compare_same", "unchanged", names)

    def _panel(self, template: str, title: str, view: object) -> Panel:
        return Panel(render(template, view, self.settings.lang), title, self._about())

    def _about(self) -> dict[str, Any]:
        return {
            "layout": self.settings.layout,
            "lang": self.settings.lang,
            "title": text("compared", self.settings.lang),
        }

    def _(self, key: str, **values: object) -> str:
        return text(key, self.settings.lang, **values)

    def _counts(self) -> TableView:
        groups: dict[tuple[str, str], list[Pair]] = {}
        for pair in sorted(self.comparison.pairs, key=_by_category):
            groups.setdefault((pair.category, pair.model), []).append(pair)
        rows = tuple(
            RowView(
                join(
                    " · ", [said.category(category, self.settings.lang), model], self.settings.lang
                ),
                "",
                tuple(self._count(sum(p.state == s for p in pairs), s) for s in STATES),
            )
            for (category, model), pairs in groups.items()
        )
        titles = tuple(self._(f"state.{state}") for state in STATES)
        title, note = self._("compared.by_category"), self._("compared.counts")
        return TableView(title, note, titles, rows)

    def _count(self, count: int, state: str) -> CellView:
        return CellView(str(count), "failed" if count and state in _BAD else "")

    def _pair(self, pair: Pair, figures: PairFigures) -> PairView:
        title = pair.name
        shown = figures.base, figures.new, figures.difference
        pictures = tuple(self._images(pair, shown))
        crops = tuple(self._images(pair, figures.crops))
        sides = {(side.width, side.height) for side in (pair.base, pair.new) if side}
        size = sides.pop() if len(sides) == 1 else (None, None)
        note = ""
        if figures.region:
            x, y, width, height = figures.region
            note = self._("compared.crop", x=x, y=y, width=width, height=height)
        return PairView(
            anchor=pair_anchor(pair.category, pair.case, pair.model),
            title=title,
            model=pair.model,
            state=pair.state,
            state_words=self._(f"state.{pair.state}"),
            why=self._said(pair.why),
            size="{}x{}".format(*size) if all(size) else "",
            pictures=pictures,
            slide=bool(figures.base and figures.new and figures.difference),
            crop_note=note,
            crops=crops,
            matte=figures.matte,
            table=self._table(pair),
        )

    def _images(
        self, pair: Pair, shown: Iterable[Preview | None]
    ) -> Iterable[tuple[str, str, ImageView]]:
        for kind, picture in zip(_SHOWN, shown, strict=False):
            if picture:
                name = self._(f"compared.{kind}")
                alt = self._("alt.compared", which=name, case=pair.name, model=pair.model)
                src = quote(f"{self._base}{picture.path}")
                yield kind, name, ImageView(src, picture.width, picture.height, alt)

    def _table(self, pair: Pair) -> TableView | None:
        if not pair.values:
            return None
        rows = tuple(
            RowView(value.name, self._where(value), self._cells(value))
            for verdict in _ORDER
            for value in pair.of(verdict)
        )
        titles = ("base", "new", "difference", "verdict")
        heads = tuple(self._(f"compared.{name}") for name in titles)
        return TableView(self._("compared.values"), self._("compared.values_note"), heads, rows)

    def _where(self, value: Value) -> Words:
        """Unit, and region or kind of point."""
        lang = self.settings.lang
        point = value.region in KINDS
        where = said.kind(value.region, lang) if point else self._said(value.region)
        return join(", ", [self._said(value.unit), where], lang)

    def _said(self, english: Message | str) -> Words:
        return said.reason(english, self.settings.lang)

    def _cells(self, value: Value) -> tuple[CellView, ...]:
        passed = value.passed or (None, None)
        marks = {True: "passed", False: "failed", None: ""}
        note = ""
        if value.allowed is not None and value.tolerance:
            allowed = _number(value.allowed)
            why = self._said(value.tolerance)
            note = self._("compared.allowed", allowed=allowed, reason=why)
        state = {"worse": "failed", "changed": "failed", "better": "passed"}.get(value.verdict, "")
        return (
            CellView(_number(value.base), marks[passed[0]]),
            CellView(_number(value.new), marks[passed[1]], self._said(value.reason or "")),
            CellView(_signed(value.difference), "", note),
            CellView(self._(f"verdict.{value.verdict}"), state),
        )


def _by_category(pair: Pair) -> tuple[object, ...]:
    return category_order(pair.category), pair.model


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}".replace("-", "−")
