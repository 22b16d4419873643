"""The answer of a run's first screen, in sentences: which model is good, and what comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..ci.gate import all_failed, failed_alike, how_many_failed, missing
from ..core.numbers import figures
from ..i18n import N_, Message, join
from ..measure.kinds import kind_name
from ..measure.risk import GOOD_FROM, order_of
from ..measure.table import HEADLINES, TITLES
from ..run.agreement import others_of
from ..run.statistics import ALL, Difference, Row, as_good, difference_between, over_shared
from .context import Context
from .views import Text

GOOD, BAD = 0.85, 0.5
"""Shares of the points of a kind: all models pass so many, or fewer."""
NAMED = 3
"""Kinds, models and signs that are named at most, of what is told of several."""
MANY_FAILED = 0.1
"""Share of cut-outs that failed from which the answer is not told without them."""


class Answer:
    """What is said of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.run
        self.models = context.models
        self.summary = context.summary
        self.kinds = {(p.category, p.model): p for p in self.summary.kinds}
        self.failures = self.run.failures
        self.missing = len(missing(self.failures))
        self.lost = len(self.failures) - self.missing
        self.all_failed = all_failed(self.run)
        self.many_failed = self.all_failed or self.lost > MANY_FAILED * len(self.run.predictions)
        self.scored = any(p.measured for p in self.summary.points)
        rows = (self.summary.row(metric.name) for metric in HEADLINES)
        self.headlines = [row for row in rows if row and any(mean.scored for mean in row.means)]
        """The measures shown by category that there is a value of."""
        self.unscored, self.queue = context.unscored, context.queue

    def sentences(self) -> Iterable[Message]:
        """The heading; what it needs told beside it is `more`."""
        if not self.all_failed:
            yield from self._of_what_succeeded()
        if self.many_failed:
            yield self._count_failed()

    def _count_failed(self) -> Message:
        if self.missing:
            return Message("{problem}.", problem=how_many_failed(self.run))
        if self.all_failed:
            return Message("The one cut-out failed.", many="All {n} cut-outs failed.", n=self.lost)
        alike = failed_alike(self.failures, len(self.models))
        if all(of_all for of_all, _ in alike):  # it is the pictures, and no model is to blame
            return Message(
                "{n} of {all} pictures has no cut-out.",
                many="{n} of {all} pictures have no cut-out.",
                n=sum(len(together) for _, together in alike),
                all=len(self.run.cases),
            )
        return Message("{n} of {all} cut-outs failed.", n=self.lost, all=len(self.run.predictions))

    def failed(self) -> Text:
        """What stands over the failures."""
        if self.many_failed:  # the answer has counted them
            return Message("What failed, and what to do")
        return self._count_failed() if self.failures else ""

    def _of_what_succeeded(self) -> Iterable[Message]:
        if self.scored:
            yield from self._by_points()
        elif self.headlines:
            yield from self._by_measure(self.headlines[0])
        elif self.queue:
            yield from self._by_risk()
        else:
            yield Message(
                "{n} picture without points or truth: nothing is scored.",
                many="{n} pictures without points or truth: nothing is scored.",
                n=len(self.run.cases),
            )

    def _by_points(self) -> Iterable[Message]:
        counts = [self.context.points(ALL, model) for model in self.models]
        counts = sorted((c for c in counts if c.measured), key=lambda c: (-c.passed, c.failed))
        best, others = counts[0], counts[1:]
        alike = [c for c in counts if (c.passed, c.failed) == (best.passed, best.failed)]
        text = N_("{model} passes the most points, {passed} of {all}.")
        if len(self.models) == 1:
            text = N_("{model} passes {passed} of {all} points.")
        elif len(alike) > 1:
            text = N_("{models} pass the same number of points, {passed} of {all}.")
        elif best.best:
            text = N_("{model} clearly passes the most points, {passed} of {all}.")
        models = all_named([c.model for c in alike])
        yield Message(text, model=best.model, models=models, passed=best.passed, all=best.measured)
        yield from _beside_best(
            (
                other.model,
                str(other.passed) if other.measured == best.measured
                else f"{other.passed}/{other.measured}",
                difference_between(best, other, self.summary.groups),
            )
            for other in others
            if other not in alike
        )  # fmt: skip

    def _by_risk(self) -> Iterable[Message]:
        levels = self.context.levels
        first, count = levels["first"], levels.total()
        need = first + levels["worth"]
        values: dict[str, Any] = {"n": need, "all": count}
        if not need:
            yield Message(
                "No sign of a fault was found in {n} picture; a piece that is cleanly gone leaves "
                "none.",
                many="No sign of a fault was found in any of {n} pictures; a piece that is cleanly "
                "gone leaves none.",
                n=count,
            )
        elif count == 1 and first:
            yield Message("The picture needs a look.")
        elif count == 1:
            yield Message("The picture is worth a look.")
        elif not first:
            yield Message(
                "{n} of {all} pictures is worth a look.",
                many="{n} of {all} pictures are worth a look.",
                **values,
            )
        elif first == need:
            yield Message(
                "{n} of {all} pictures needs a look.",
                many="{n} of {all} pictures need a look.",
                **values,
            )
        else:
            text = N_("{n} of {all} pictures need a look, {first} of them first.")
            yield Message(text, first=first, **values)

    def _by_measure(self, row: Row) -> Iterable[Message]:
        means = [mean for mean in row.means if mean.value is not None]
        sign = 1 if row.higher_is_better else -1
        title = TITLES[row.metric]
        if len(means) == 1:
            yield Message(
                "{model} has a {measure} of {value}.",
                model=means[0].model,
                measure=title,
                value=figures(means[0].value or 0),
            )
            return
        most = max(mean.scored for mean in means)
        means = sorted(over_shared(means), key=lambda mean: -sign * (mean.value or 0))
        best = means[0]
        if best.value is None:
            yield Message("There is no picture that all models have a {measure} of.", measure=title)
            return
        alike = [mean for mean in means if as_good(best, mean)]
        values: dict[str, Any] = {
            "model": best.model,
            "models": all_named([mean.model for mean in alike]),
            "measure": title,
            "value": figures(best.value),
        }
        if len(alike) > 1:
            yield Message(
                "{models} are equally close to the truth, with a {measure} of {value} over {n} "
                "picture.",
                many="{models} are equally close to the truth, with a {measure} of {value} over "
                "{n} pictures.",
                n=best.scored,
                **values,
            )
        elif best.scored == most:
            yield Message("{model} is closest to the truth, with a {measure} of {value}.", **values)
        else:
            yield Message(
                "{model} is closest to the truth, with a {measure} of {value} over the {n} picture "
                "that all models have one of.",
                many="{model} is closest to the truth, with a {measure} of {value} over the {n} "
                "pictures that all models have one of.",
                n=best.scored,
                **values,
            )
        yield from _beside_best(
            (
                (other.model, figures(other.value or 0),
                 difference_between(best, other, self.summary.groups))
                for other in means
                if other not in alike
            ),
            sign,
        )  # fmt: skip

    def more(self) -> Text:
        """What is to be said after the answer."""
        if self.all_failed:
            return ""
        if self.unscored:
            return self._order_of_queue()
        return self._well_and_badly() if self.scored else ""

    def _order_of_queue(self) -> Text:
        """What the order by risk is worth."""
        others = others_of(self.run)
        order = order_of(others)
        how = Message("There is no truth here, so nothing is scored: pictures are ordered by risk.")
        if order.auroc < GOOD_FROM:
            how = Message(
                "There is no truth here, so nothing is scored: pictures are roughly ordered by "
                "risk."
            )
        parts = [how]
        if odd := self.context.peers.odd:
            parts.append(
                Message(
                    "{model} stands apart and is left out of the queue.",
                    many="{model} stand apart and are left out of the queue.",
                    n=len(odd),
                    model=all_named(odd),
                )
            )
        if others == "alike":
            parts.append(
                Message(
                    "On most pictures the models in the queue hardly differ: that they agree says "
                    "little."
                )
            )
        if self.context.levels["fine"]:
            parts.append(
                Message(
                    "A cut-out without a sign can be bad all the same: of test photographs, {bad} "
                    "of {n} were.",
                    bad=order.bad,
                    n=order.silent,
                )
            )
        return join(" ", parts)

    def _well_and_badly(self) -> Text:
        """What all models do well and badly, by kind of point."""
        shares: list[tuple[float, float, str, int, int]] = []
        for kind in dict.fromkeys(kind for kind, _ in self.kinds):
            counts = [self.kinds[kind, model] for model in self.models]
            counts = [count for count in counts if count.measured]
            if counts:
                each = [count.passed / count.measured for count in counts]
                passed = sum(count.passed for count in counts)
                shares.append(
                    (min(each), max(each), kind, passed, sum(count.measured for count in counts))
                )
        good = sorted((s for s in shares if s[0] >= GOOD), key=lambda s: -s[0])[:NAMED]
        bad = sorted((s for s in shares if s[1] < BAD), key=lambda s: s[1])[:NAMED]
        alone = len(self.models) == 1
        who = Message("Both models") if len(self.models) == 2 else Message("All models")
        parts: list[Text] = []
        for kinds, words in ((good, _WELL), (bad, _BADLY)):
            if kinds:
                counted: dict[str, Any] = {
                    "passed": sum(s[3] for s in kinds),
                    "all": sum(s[4] for s in kinds),
                }
                counted |= {"what": all_named([kind_name(s[2]) for s in kinds])}
                counted |= {"who": Message("It") if alone else who}
                who = Message("They")
                parts.append(Message(words[alone], **counted))
        return join(" ", parts) if parts else ""


def _beside_best(
    others: Iterable[tuple[str, str, Difference | None]], sign: int = 1
) -> Iterable[Message]:
    """Those that the best is not clearly better than: each model, its value as it is shown, and how
    the best differs from it, where more (`sign` 1) or less (-1) is better."""
    close: list[Text] = []
    few: list[Text] = []
    ahead: list[Text] = []
    shoots = False  # whether those ahead are so on more shoots, not on more pictures
    most: Difference | None = None  # that is of too few
    for model, value, apart in others:
        named = Message("{model} ({value})", model=model, value=value)
        if apart and apart.low is None:
            few.append(named)
            most = apart if most is None or most.groups < apart.groups else most
        elif apart is None or not apart.clear:
            close.append(named)
        elif (apart.higher - apart.lower) * sign < 0:
            ahead.append(named)
            shoots |= apart.groups < apart.cases
    if most and most.groups < most.cases:
        yield Message(
            "Whether that is better than {models} cannot be told: {n} shoot is too few.",
            many="Whether that is better than {models} cannot be told: {n} shoots are too few.",
            n=most.groups,
            models=any_named(few),
        )
    elif most:
        yield Message(
            "Whether that is better than {models} cannot be told: {n} case is too few.",
            many="Whether that is better than {models} cannot be told: {n} cases are too few.",
            n=most.groups,
            models=any_named(few),
        )
    if close:
        yield Message("That is not clearly better than {models}.", models=any_named(close))
    if ahead and shoots:
        yield Message("On more shoots, though, {models} is better.",
                      many="On more shoots, though, {models} are better.",
                      n=len(ahead), models=all_named(ahead))  # fmt: skip
    elif ahead:
        yield Message("On more pictures, though, {models} is better.",
                      many="On more pictures, though, {models} are better.",
                      n=len(ahead), models=all_named(ahead))  # fmt: skip


def all_named(names: Sequence[Text]) -> Text:
    """All of them in a sentence; of many, the first and how many others."""
    return _named(names, N_("{some} and {other}"), N_("{some} and {n} others"))


def any_named(names: Sequence[Text]) -> Text:
    """Any of them in a sentence that says what is not so; of many as `all_named`."""
    return _named(names, N_("{some} or {other}"), N_("{some} or {n} others"))


def _named(names: Sequence[Text], few: str, many: str) -> Text:
    if len(names) > NAMED + 1:
        return Message(many, some=names[:NAMED], n=len(names) - NAMED)
    if len(names) < 2:
        return names[0] if names else ""
    return Message(few, some=names[:-1], other=names[-1])


_WELL = (
    N_("{who} do well at {what} ({passed} of {all} points)."),
    N_("{who} does well at {what} ({passed} of {all} points)."),
)
_BADLY = (
    N_("{who} do badly at {what} ({passed} of {all} points)."),
    N_("{who} does badly at {what} ({passed} of {all} points)."),
)
