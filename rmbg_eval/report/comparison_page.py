"""The comparison's page: panels for a notebook's cells, as in the report, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..cases.categories import category_title
from ..compare.alpha_change import matte_hash
from ..compare.comparison import Comparison, alike, number
from ..compare.pair import MADE_BY, ONLY_COLOURS, STATES, Pair, State, Value, Verdict
from ..core.anchors import pair_anchor
from ..core.files import in_shell
from ..core.key import Key
from ..core.progress import OnStep, Step, ignore
from ..errors import RmbgEvalError, check_record, printable
from ..i18n import N_, Message, Named, join
from ..measure.kinds import kind_title
from ..measure.record import PointResult, RuleResult
from ..run.drawing import remove_drawn
from ..run.record import CaseRecord, Index, Run
from ..settings import CompareFailOn, CompareSettings
from . import Panel
from .by_eye import kept_by
from .comparison_pictures import PairFigures, Picture, pair_figures
from .comparison_views import (
    BarView,
    ChangesView,
    ChangeView,
    CompareHeaderView,
    PairView,
    SameView,
    WorseView,
)
from .comparison_words import answer, counted, measure_title, sentence
from .frame import render
from .measures import signed
from .plain import Plain, side_of
from .views import CellView, ImageView, RowView, TableView, Text

MOST_SENTENCES, MOST_CHANGES = 6, 3
"""What one reads first, of a comparison and of a pair; the rest is below, and in the table."""
MOST_PICTURES, MOST_PAIRS, MOST_NAMES = 60, 150, 2000
"""Pairs that pictures are shown of, that are shown at all, and names of those that are the same: a
page with more would be slow to open."""
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
_GATES: dict[CompareFailOn, Message] = {
    "worse": Message("It stops at whatever is neither the same nor better (--fail-on worse)."),
    "point": Message(
        "It stops at failures, lost points and broken delivery rules (--fail-on point)."
    ),
    "error": Message("It stops at failures alone (--fail-on error)."),
}
_WORDS = Message(
    "BASE is the run before, NEW the one after. The gate decides whether a build may go on."
)
_ORDER: tuple[Verdict, ...] = ("worse", "changed", "better", "same", "not judged")
_BAD = ("failed", "missing", "worse", "changed")


class ComparisonReport:
    """The panels of a comparison; making one draws its pictures into the comparison's folder.

    >>> from rmbg_eval import CompareSettings, ComparisonReport, compare_folders
    >>> settings = CompareSettings(base="reports/latest", new="reports/latest", out="reports/two")
    >>> ComparisonReport(compare_folders(settings), settings).header()
    <header>
    """

    def __init__(
        self, comparison: Comparison, settings: CompareSettings, on_step: OnStep = ignore
    ) -> None:
        check_record(comparison, Comparison)
        check_record(settings, CompareSettings)
        self.comparison = comparison
        self.settings = settings
        self._models = {model for _, model in comparison.groups}
        out = settings.out_folder
        self._shown = changed = self._first()
        self._plain = Plain(out, settings.lang)
        self._after = _index_of(settings.new_folder)
        same = comparison.pairs[comparison.changed : comparison.changed + 1]
        cutouts = [pair.base.cutout for pair in (*changed, *same) if pair.base]
        # A baseline, which has mattes, takes what is ticked; a run does not.
        self._takes = all(matte_hash(cutout) is not None for cutout in cutouts if cutout)
        # First what both runs have: a picture alone, of what is missing or new, shows no change.
        order = sorted(range(len(changed)), key=lambda n: not _has_both(changed[n]))
        pictured = {*order[:MOST_PICTURES]}
        self._views = []
        used = set()
        for done, pair in enumerate(changed):
            figures = PairFigures()
            if done in pictured:
                folders = settings.base_folder, settings.new_folder
                figures = pair_figures(pair, *folders, out, settings.layout == "folder")
            used |= figures.paths
            self._views.append(self._pair(pair, figures))
            on_step(Step("comparison · pictures", done + 1, len(changed)))
        remove_drawn(out / "assets", lambda path: f"assets/{path.name}" in used)

    def _first(self) -> tuple[Pair, ...]:
        """The worst of what is not the same; of what is missing or failed, a third of the room as
        long as there is more."""
        pairs = self.comparison.pairs
        alone = self.comparison.count("failed") + self.comparison.count("missing")
        first = min(alone, max(MOST_PAIRS // 3, MOST_PAIRS - (self.comparison.changed - alone)))
        last = min(self.comparison.changed, alone + MOST_PAIRS - first)
        return (*pairs[:first], *pairs[alone:last])

    def __repr__(self) -> str:
        return f"<Report on the {repr(self.comparison)[1:]}"

    def header(self) -> Panel:
        """Whether the gate stops, how the runs differ, and counts by category."""
        found, level = self.comparison, self.settings.fail_on
        stopped = found.stopped(level)
        worse = self._stopping()
        view = CompareHeaderView(
            answer=answer(found, level),
            runs=self._runs(),
            gate=join(" ", [_WORDS, _GATES[level]]),
            pairing=tuple(self._pairing()),
            worse=worse,
            more=stopped.total() - sum(1 + one.alike for one in worse),
            below=len(self._shown) == self.comparison.changed,
            bars=tuple(self._bars()) if found.changed else (),
            notes=found.notes,
            counts=self._counts(),
        )
        return self._panel("compare_header", "header", view)

    def changes(self) -> Panel:
        """What is not the same by case × model, worst first."""
        new, base = in_shell(self.settings.new, "RUN"), in_shell(self.settings.base, "DIR")
        command = f"rmbg-eval approve {new} --to {base} --decisions ~/Downloads/decisions.json"
        view = ChangesView(tuple(self._views), tuple(self._left()), self._approvals(), command)
        return self._panel("compare_pairs", "changes", view)

    def _left(self) -> Iterable[Message]:
        if self.comparison.changed > MOST_PAIRS:
            yield Message(
                "Shown are {count} of {all}, the worst first: the others are in junit.xml.",
                count=len(self._shown),
                all=self.comparison.changed,
            )
        if len(self._views) > MOST_PICTURES:
            yield Message(
                "Pictures are shown of {count} only: first of what both runs have a cut-out of.",
                count=MOST_PICTURES,
            )

    def _approvals(self) -> dict[str, Any] | None:
        """What script/approve.js asks for; None where no change can be approved of by itself."""
        changes = {
            pair_anchor(*pair.key): (
                pair.category, pair.case, pair.model,
                pair.base.cutout_sha256 if pair.base else None,
                pair.new.cutout_sha256 if pair.new else None,
            )
            for pair in self._shown
            if self._takes and _can_tick(pair)
        }  # fmt: skip
        if not changes:
            return None
        return {**kept_by(sorted(changes.items())), "changes": changes}

    def unchanged(self) -> Panel:
        """The names of those that are the same."""
        start = self.comparison.changed
        first = self.comparison.pairs[start : start + MOST_NAMES]
        names = tuple(
            Message("{name}: {what}", name=self._name(pair), what=pair.why) for pair in first
        )
        view = SameView(names, self.comparison.count("same") - len(names))
        return self._panel("compare_same", "unchanged", view)

    def _panel(self, template: str, title: str, view: object) -> Panel:
        html = render(template, view, self.settings.lang)
        plain = self._plain.render(template, view, side_of(6))  # three pictures, three magnified
        return Panel(html, plain, title, self._about())

    def _about(self) -> dict[str, Any]:
        return {
            "layout": self.settings.layout,
            "lang": self.settings.lang,
            "title": Message("What changed").text,
        }

    def _runs(self) -> Message:
        """Which are compared; and the model, where all is of one: lists do not repeat it."""
        base, new = printable(self.comparison.base), printable(self.comparison.new)
        runs = Message("BASE {base} → NEW {new}", base=base, new=new)
        return join(" · ", [runs, *self._models]) if len(self._models) == 1 else runs

    def _name(self, pair: Pair) -> str:
        """Of a pair in a list."""
        return pair.name if len(self._models) == 1 else f"{pair.name} · {pair.model}"

    def _pairing(self) -> Iterable[Message]:
        single = N_("{one} in BASE is compared with {other} in NEW: each run has this one model.")
        same = N_(
            "{one} in BASE is compared with {other} in NEW: the same weights and pipeline, or a "
            "folder of the same name, under another name."
        )
        text = single if len(self._models) == 1 else same
        for one, other in self.comparison.renamed.items():
            yield Message(text, one=printable(one), other=printable(other))
        if {*self.comparison.states} == {"missing", "new"}:
            yield Message(
                "No cut-out is compared with another: NEW has none of a case and a model that BASE "
                "has."
            )

    def _stopping(self) -> tuple[WorseView, ...]:
        """What stops the gate, worst first; what does so for one reason once for a model."""
        groups = alike(self.comparison.stopping(self.settings.fail_on), MOST_SENTENCES)
        return tuple(self._worse(pairs[0], len(pairs) - 1) for pairs in groups)

    def _worse(self, pair: Pair, alike: int) -> WorseView:
        changes = self._changes(pair)
        first = changes[0] if changes else ChangeView("", "", pair.why)
        anchor = pair_anchor(*pair.key)
        return WorseView(anchor, self._name(pair), first.sentence, first.what, alike)

    def _bars(self) -> Iterable[BarView]:
        """All of them, then by category."""
        groups: dict[str, Counter[State]] = {}
        for (category, _), states in self.comparison.groups.items():
            groups.setdefault(category, Counter()).update(states)
        if len(groups) != 1:
            yield self._bar(Message("All"), self.comparison.states)
        for category, states in groups.items():
            yield self._bar(category_title(category), states)

    def _bar(self, title: Text, states: Counter[State]) -> BarView:
        parts, start = [], 0.0
        for state in STATES:
            width = 100 * states[state] / max(states.total(), 1)
            if width:
                parts.append((state, round(start, 2), round(width, 2)))
                start += width
        return BarView(title, tuple(parts), counted(states))

    def _changes(self, pair: Pair) -> list[ChangeView]:
        """What made a pair's state, worst first."""
        values = [v for verdict in MADE_BY.get(pair.state, ()) for v in pair.of(verdict)]
        return [self._change(pair, value) for value in values]

    def _change(self, pair: Pair, value: Value) -> ChangeView:
        title: Text = ""
        if value.kind == "rule":
            title = Message("delivery rule {name}", name=value.name)
        if value.kind == "point":
            title = self._point_title(pair, value.name)
        return ChangeView(value.verdict, title, sentence(value, self._result(pair, value)))

    def _result(self, pair: Pair, value: Value) -> PointResult | RuleResult | None:
        """What NEW has of a point or a delivery rule."""
        if self._after is None or not value.passes:
            return None
        results: Mapping[Key, Mapping[str, PointResult | RuleResult]] = (
            self._after.rules if value.kind == "rule" else self._after.points
        )
        return results.get(pair.key, {}).get(value.name)

    def _point_title(self, pair: Pair, point: str) -> Text:
        case = self._case(pair)
        found = next((p for p in case.points if p.id == point), None) if case else None
        return Named(found.title, point) if found else point

    def _case(self, pair: Pair) -> CaseRecord | None:
        return self._after.cases.get(pair.case_key) if self._after else None

    def _counts(self) -> TableView:
        rows = tuple(
            RowView(
                join(" · ", [category_title(category), model]),
                "",
                tuple(
                    CellView(str(states[s]), "failed" if states[s] and s in _BAD else "")
                    for s in STATES
                ),
            )
            for (category, model), states in self.comparison.groups.items()
        )
        titles = tuple(_STATES[state] for state in STATES)
        note = Message("Cases by what became of them; none of them is left out.")
        return TableView(Message("By category"), note, titles, rows)

    def _pair(self, pair: Pair, figures: PairFigures) -> PairView:
        case = self._case(pair)
        changes = self._changes(pair)
        one, other = _names(pair)
        shown = figures.base, figures.new, figures.difference
        pictures = tuple(self._images(pair, shown))
        crops = tuple(self._images(pair, figures.crops))
        sides = {(s.width, s.height) for s in (pair.base, pair.new) if s and s.cutout}
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
            anchor=pair_anchor(*pair.key),
            title=Named(case.title, pair.case) if case else pair.case,
            name=pair.name,
            model=pair.model if one == other else f"{one} → {other}",
            state=pair.state,
            state_words=_STATES[pair.state],
            why=pair.why if pair.identical or not changes else None,
            changes=tuple(changes[:MOST_CHANGES]),
            more=max(0, len(changes) - MOST_CHANGES),
            size="{}x{}".format(*size) if all(size) else "",
            original=_image(figures.original, Message("{case}: the original", case=pair.name))
            if figures.original
            else None,
            pictures=pictures,
            crop_note=note,
            crops=crops,
            matte=figures.matte,
            borrowed=figures.borrowed,
            note=ONLY_COLOURS if pair.only_colours and changes else "",
            table=self._table(pair),
            tick=_tick(pair) if self._takes and _can_tick(pair) else "",
        )

    def _images(
        self, pair: Pair, shown: Iterable[Picture | None]
    ) -> Iterable[tuple[str, Message, ImageView]]:
        for kind, picture in zip(_SHOWN, shown, strict=False):
            if picture:
                name = _SHOWN[kind]
                alt = Message(
                    "{which} of {case}, {model}", which=name, case=pair.name, model=pair.model
                )
                yield kind, name, _image(picture, alt)

    def _table(self, pair: Pair) -> TableView | None:
        if not pair.values:
            return None
        rows = tuple(
            RowView(self._value_title(pair, value), self._where(value), self._cells(value))
            for verdict in _ORDER
            for value in pair.of(verdict)
        )
        heads = (*_SHOWN.values(), Message("Verdict"))
        return TableView(
            Message("Measures, points and delivery rules"),
            Message(
                "Worst first. Every tolerance has its reason; what nothing judges is "
                "shown all the same, what neither run could measure is not."
            ),
            heads,
            rows,
        )

    def _where(self, value: Value) -> Message:
        """Its name in the record, its unit, and its region or kind of point."""
        point = value.kind == "point"
        where = kind_title(value.region) if point else Message(value.region)
        return join(", ", [value.name, Message(value.unit), where])

    def _value_title(self, pair: Pair, value: Value) -> Text:
        if value.kind == "point":
            return self._point_title(pair, value.name)
        return measure_title(value)

    def _cells(self, value: Value) -> tuple[CellView, ...]:
        passed = value.passed or (None, None)
        marks = {True: "passed", False: "failed", None: ""}
        note: Text = ""
        if value.allowed is not None and value.tolerance:
            allowed = number(value.allowed)
            note = Message("allowed ±{allowed}: {reason}", allowed=allowed, reason=value.tolerance)
        state = {"worse": "failed", "changed": "failed", "better": "passed"}.get(value.verdict, "")
        return (
            CellView(number(value.base), marks[passed[0]]),
            CellView(number(value.new), marks[passed[1]], value.reason or ""),
            CellView(signed(value.difference), "", note),
            CellView(_VERDICTS[value.verdict], state),
        )


def _image(picture: Picture, alt: Message) -> ImageView:
    full = quote(picture.full) or None
    return ImageView(quote(picture.path), picture.width, picture.height, alt, full)


def _can_tick(pair: Pair) -> bool:
    """Whether the pair is one cut-out by one model, as an approval knows it by the model's name,
    and there is anything to take: where both failed, there is not."""
    one, other = _names(pair)
    both_failed = pair.state == "still-failed" and pair.new is not None
    return one == other == pair.model and not both_failed


def _tick(pair: Pair) -> Message:
    if pair.new is None:
        return Message("Take it out of the baseline")
    return Message("Take into the baseline")


def _has_both(pair: Pair) -> bool:
    return all(side is not None and side.cutout for side in (pair.base, pair.new))


def _names(pair: Pair) -> tuple[str, str]:
    """Of its model in BASE and in NEW."""
    one, other = (side.model if side else pair.model for side in (pair.base, pair.new))
    return one, other


def _index_of(folder: Path) -> Index | None:
    """What the run there holds; None where it has gone, and the comparison's own words must do."""
    try:
        return Run.load(folder).index
    except RmbgEvalError:
        return None
