"""The comparison's page: panels for a notebook's cells, as in the report, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ..cases.categories import category_order, category_title
from ..compare.comparison import STATES, Comparison, Pair, State, Value, Verdict
from ..core.anchors import pair_anchor
from ..core.progress import OnStep, Step, ignore
from ..errors import printable
from ..i18n import N_, Message, join
from ..measure.kinds import kind_title
from ..run.previews import Preview
from ..settings import CompareSettings
from ..web import style
from . import Panel, _base
from .comparison_pictures import PairFigures, pair_figures
from .frame import render, write_assets
from .views import CellView, ImageView, RowView, TableView, Text

MOST_PICTURES = 60
"""Pairs that pictures are shown of: a page with more would be slow to open."""
_SHOWN = {
    "base": Message("BASE"),
    "new": Message("NEW"),
    "difference": Message("Difference"),
}
_STATES: dict[State, Message] = {
    "failed": Message("failed"),
    "missing": Message("missing"),
    "worse": Message("worse"),
    "changed": Message("changed"),
    "case-changed": Message("case changed"),
    "new": Message("new"),
    "still-failed": Message("still failed"),
    "better": Message("better"),
    "same": Message("same"),
}
_VERDICTS: dict[Verdict, Message] = {
    "worse": Message("worse"),
    "changed": Message("changed"),
    "better": Message("better"),
    "same": Message("same"),
    "not judged": Message("not judged"),
}
_ORDER: tuple[Verdict, ...] = ("worse", "changed", "better", "same", "not judged")
_BAD = ("failed", "missing", "worse", "changed")


@dataclass(frozen=True)
class PairView:
    """A case × model on the page."""

    anchor: str
    title: str
    model: str
    state: str
    state_words: Message
    why: Message
    size: str
    """Width x height in pixels of both cut-outs; empty where they differ: then no two of the
    pictures show the same place."""
    pictures: tuple[tuple[str, Message, ImageView], ...]
    """Kind, its name, and what is shown."""
    slide: bool
    """Whether base and new can lie on each other."""
    crop_note: Text
    crops: tuple[tuple[str, Message, ImageView], ...]
    matte: bool
    table: TableView | None


@dataclass(frozen=True)
class CompareHeaderView:
    """The top of the page."""

    stopped: bool
    verdict: Message
    runs: Message
    notes: tuple[Message, ...]
    counts: TableView
    no_pictures: Message | None


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
        # First what both runs have: a picture alone, of what is missing or new, shows no change.
        order = sorted(range(len(changed)), key=lambda n: not _has_both(changed[n]))
        pictured = {*order[:MOST_PICTURES]}
        self._views = []
        used = set()
        for done, pair in enumerate(changed):
            figures = PairFigures()
            if done in pictured:
                folders = settings.base_folder, settings.new_folder
                figures = pair_figures(pair, *folders, out)
            used |= {s.path for s in (figures.base, figures.new, figures.difference) if s}
            used |= {s.path for s in figures.crops}
            self._views.append(self._pair(pair, figures))
            on_step(Step("comparison · pictures", done + 1, len(changed)))
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
        text = N_("The gate stops ({level}): {count} of {all}.")
        if not stopped:
            text = N_("The gate lets all {all} pass ({level}).")
        too_many = len(self._views) > MOST_PICTURES
        view = CompareHeaderView(
            stopped=bool(stopped),
            verdict=Message(text, level=level, count=len(stopped), all=len(found.pairs)),
            runs=Message(
                "BASE {base} → NEW {new}", base=printable(found.base), new=printable(found.new)
            ),
            notes=found.notes,
            counts=self._counts(),
            no_pictures=Message(
                "Pictures are shown of {count} only: first of what both runs have a cut-out of.",
                count=MOST_PICTURES,
            )
            if too_many
            else None,
        )
        return self._panel("compare_header", "header", view)

    def changes(self) -> Panel:
        """Every case × model that is not the same, worst first."""
        return self._panel("compare_pairs", "changes", tuple(self._views))

    def unchanged(self) -> Panel:
        """The names of those that are the same."""
        names = tuple(
            Message("{name}: {what}", name=f"{pair.name} · {pair.model}", what=pair.why)
            for pair in self._same
        )
        return self._panel("compare_same", "unchanged", names)

    def _panel(self, template: str, title: str, view: object) -> Panel:
        return Panel(render(template, view, self.settings.lang), title, self._about())

    def _about(self) -> dict[str, Any]:
        return {
            "layout": self.settings.layout,
            "lang": self.settings.lang,
            "title": Message("What changed").to(self.settings.lang),
        }

    def _counts(self) -> TableView:
        groups: dict[tuple[str, str], list[Pair]] = {}
        for pair in sorted(self.comparison.pairs, key=_by_category):
            groups.setdefault((pair.category, pair.model), []).append(pair)
        rows = tuple(
            RowView(
                join(" · ", [category_title(category), model]),
                "",
                tuple(self._count(sum(p.state == s for p in pairs), s) for s in STATES),
            )
            for (category, model), pairs in groups.items()
        )
        titles = tuple(_STATES[state] for state in STATES)
        title, note = (
            Message("By category"),
            Message("Cases by what became of them; none of them is left out."),
        )
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
        note: Text = ""
        if figures.region:
            x, y, width, height = figures.region
            note = Message(
                "Where alpha moved most: x {x}, y {y}, {width}×{height} px, every pixel as it is",
                x=x,
                y=y,
                width=width,
                height=height,
            )
        return PairView(
            anchor=pair_anchor(pair.category, pair.case, pair.model),
            title=title,
            model=pair.model,
            state=pair.state,
            state_words=_STATES[pair.state],
            why=pair.why,
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
    ) -> Iterable[tuple[str, Message, ImageView]]:
        for kind, picture in zip(_SHOWN, shown, strict=False):
            if picture:
                name = _SHOWN[kind]
                alt = Message(
                    "{which} of {case}, {model}", which=name, case=pair.name, model=pair.model
                )
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
        heads = (*_SHOWN.values(), Message("Verdict"))
        return TableView(
            Message("Measures and points"),
            Message(
                "Worst first. Every tolerance has its reason; what nothing judges is "
                "shown all the same."
            ),
            heads,
            rows,
        )

    def _where(self, value: Value) -> Message:
        """Unit, and region or kind of point."""
        point = value.kind == "point"
        where = kind_title(value.region) if point else Message(value.region)
        return join(", ", [Message(value.unit), where])

    def _cells(self, value: Value) -> tuple[CellView, ...]:
        passed = value.passed or (None, None)
        marks = {True: "passed", False: "failed", None: ""}
        note: Text = ""
        if value.allowed is not None and value.tolerance:
            allowed = _number(value.allowed)
            note = Message("allowed ±{allowed}: {reason}", allowed=allowed, reason=value.tolerance)
        state = {"worse": "failed", "changed": "failed", "better": "passed"}.get(value.verdict, "")
        return (
            CellView(_number(value.base), marks[passed[0]]),
            CellView(_number(value.new), marks[passed[1]], value.reason or ""),
            CellView(_signed(value.difference), "", note),
            CellView(_VERDICTS[value.verdict], state),
        )


def _has_both(pair: Pair) -> bool:
    return all(side is not None and side.cutout for side in (pair.base, pair.new))


def _by_category(pair: Pair) -> tuple[object, ...]:
    return category_order(pair.category), pair.model


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}".replace("-", "−")
