"""The bar over the contact sheet: what finds its rows and orders them, and its columns' heads."""

from __future__ import annotations

from unicodedata import normalize

from ..cases.categories import category_title
from ..core.key import Key
from ..core.numbers import four_digits
from ..i18n import N_, Message
from ..measure.agreement import APART
from ..measure.kinds import kind_title
from ..measure.table import GUIDES, TABLE
from ..run.record import CaseRecord
from ..run.statistics import ALL
from .context import Context
from .provenance import time_of
from .sheet import EDGE_COLOUR, RISK, STRAY, columns, points_passed
from .views import BarView, HeadView, Option, SheetFacts

DISAGREEMENT, MISSES, SECONDS = "disagreement", "misses", "seconds"
ORDERS = {
    RISK: N_("Risk"),
    MISSES: N_("Worst: most misses"),
    EDGE_COLOUR: N_("Halo (edge ΔE)"),
    STRAY: N_("Stray pieces"),
    DISAGREEMENT: N_("Disagreement"),
    SECONDS: N_("Slowest"),
}
"""What a person puts cases in order by: a name of a value, largest first."""
FLAGS = {
    "missed": N_("With misses"),
    "differ": N_("Models differ"),
    "failed": N_("Failed"),
    "missing": N_("Missing"),
    "first": N_("Look first"),
    "worth": N_("Worth a look"),
    "fine": N_("No sign found"),
}
"""What a case is found by, whatever the model."""
DIFFER_FROM = 0.01
"""How far models differ where a case has no points: a hundredth of the picture is opaque in one and
clear in the other; or of the subject, beside one that stands apart and differs everywhere."""


class Bar:
    """Makes the bar of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.shown
        self.models = context.models
        values = self.run.measurements.scored()
        values |= {MISSES} if self.run.points else set()
        values |= {SECONDS} if any(p.inference_seconds for p in self.run.predictions) else set()
        self.orders = [name for name in ORDERS if name in values]
        others = [m for m in (GUIDES if context.cards else TABLE) if m.name in values]
        self.others = [m for m in others if m.name not in ORDERS]
        self.flags = {record.key: self._flags(record) for record in self.run.cases}

    def view(self) -> BarView:
        """The controls; those that would find nothing in this run are left out."""
        kinds = {p.kind: kind_title(p.kind) for p in self.run.points if p.passed is False}
        if self.context.unscored:
            signs = dict.fromkeys(sign.measure for r in self.run.risks for sign in r.signs)
            kinds = {m.name: m.title for m in TABLE if m.name in signs}
        flags = {flag for of_case in self.flags.values() for flag in of_case}
        orders = [Option("", Message("By category")), Option("set", Message("As in the set"))]
        orders += [Option(f"-{name}", Message(ORDERS[name])) for name in self.orders]
        return BarView(
            columns=columns(len(self.models)),
            heads=tuple(map(self._head, self.models)),
            has_truth=any(record.has_truth for record in self.run.cases),
            has_points=bool(self.run.points),
            flags=tuple(Option(name, Message(FLAGS[name])) for name in FLAGS if name in flags),
            categories=tuple(
                Option(name, category_title(name)) for name in self.context.categories()
            ),
            kinds=tuple(Option(kind, title) for kind, title in kinds.items()),
            by_reason=self.context.unscored,
            orders=tuple(orders),
            measures=tuple(
                Option(f"{'+' if metric.higher_is_better else '-'}{metric.name}", metric.title)
                for metric in self.others
            ),
            facts=self._facts(),
        )

    def _head(self, model: str) -> HeadView:
        points = self.context.points(ALL, model)
        passed, measured = points.passed, points.measured
        return HeadView(
            model=model,
            count=f"{passed}/{measured}" if measured else "",
            passed=points_passed(passed, measured) if measured else "",
            seconds=time_of(self.context.run, model),
        )

    def _flags(self, record: CaseRecord) -> list[str]:
        keys = self.context.keys(record)
        of_points = [
            [each.passed if each else None for each in of] for _, of in self.context.results(record)
        ]
        predictions = [self.run.index.predictions.get(key) for key in keys]
        flags = ["missed"] if any(False in each for each in of_points) else []
        odd = self.context.peers.odd
        measure = APART if odd else DISAGREEMENT  # which is a mean over all, the odd ones too
        held = [key for key in keys if key.model not in odd]
        apart = [self.run.measurements.values_of(key).get(measure) for key in held]
        far = max((value for value in apart if value is not None), default=0.0)
        differ = any(True in each and False in each for each in of_points)
        if differ or (not of_points and far >= DIFFER_FROM):
            flags.append("differ")
        failures = [p.failure for p in predictions if p and p.failure]
        flags += sorted({each.state for each in failures})
        queued = self.context.queue.get(record.key)
        return [*flags, queued.level] if queued else flags

    def _facts(self) -> SheetFacts:
        """What rows are found by, column by column."""
        names = [*self.orders, *(metric.name for metric in self.others)]
        place = self.context.rows()
        rows = len(place)
        words = [""] * rows
        flags: dict[str, list[int]] = {}
        kinds: dict[str, list[int]] = {}
        values: dict[str, list[list[float | None]]] = {
            name: [[None] * rows for _ in self.models] for name in names
        }
        for (category, case), row in place.items():
            titles = self.context.titles[category, case].everywhere().values()
            called = dict.fromkeys(name.lower() for name in [category, case, *titles])
            words[row] = normalize("NFC", " ".join(called))
            for flag in self.flags[category, case]:
                flags.setdefault(flag, []).append(row)
            failed: dict[str, None] = {}
            for number, model in enumerate(self.models):
                of, missed = self._values(Key(category, case, model))
                failed |= missed
                for name in names:
                    value = of.get(name)
                    if value is not None:
                        values[name][number][row] = four_digits(value)
            for kind in failed:
                kinds.setdefault(kind, []).append(row)
        return {"words": words, "flags": flags, "kinds": kinds, "values": values}

    def _values(self, key: Key) -> tuple[dict[str, float | None], dict[str, None]]:
        """What one result is put in order by, and the kinds of its points that failed, or else of
        the signs of its risk."""
        of: dict[str, float | None] = dict(self.run.measurements.values_of(key))
        points = self.run.index.points.get(key, {}).values()
        failed = [point for point in points if point.passed is False]
        of[MISSES] = len(failed) if points else None
        reasons = dict.fromkeys(point.kind for point in failed)
        if queued := self.context.queue.get(key.case_key):
            # As in the queue: or one bad baseline would be the order.
            risk = next((risk for risk in queued.risks if risk.model == key.model), None)
            of[RISK] = risk.value if risk else None
            reasons = dict.fromkeys(sign.measure for sign in risk.signs) if risk else {}
        prediction = self.run.index.predictions.get(key)
        of[SECONDS] = prediction.inference_seconds if prediction else None
        return of, reasons
