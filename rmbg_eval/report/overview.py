"""What the first screen says: the answer, the points in bars, quality against time, and where it
goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..cases.categories import category_title
from ..ci.gate import all_failed, kept_rules, rules_name
from ..core.anchors import case_anchor, category_anchor
from ..core.numbers import figures
from ..i18n import N_, Message, join
from ..measure.kinds import KINDS, kind_name
from ..measure.risk import GOOD_FROM, order_of
from ..measure.table import HEADLINES, TITLES
from ..models.info import ModelInfo
from ..run.agreement import others_of
from ..run.findings import Finding
from ..run.intervals import FEWEST
from ..run.previews import Preview, Spot
from ..run.sample import SEED, Sample
from ..run.statistics import (
    ALL,
    Difference,
    Mean,
    Points,
    Row,
    difference_between,
    inference,
    over_shared,
)
from .by_eye import by_eye
from .context import Context
from .provenance import NO_BREAK, brief, precision, time_of
from .scatter import Dot, scatter
from .views import (
    AgreementCell,
    AgreementView,
    BarCell,
    FailureView,
    FindingView,
    ImageView,
    Link,
    MatrixRow,
    MatrixView,
    OverviewView,
    ScatterView,
    Text,
)

GOOD, BAD = 0.85, 0.5
"""Shares of the points of a kind: all models pass so many, or fewer."""
NAMED = 3
"""Kinds that are named at most, of what all models do well, and of what badly."""
MANY_FAILED = 0.1
"""Share of cut-outs that failed from which the answer is not told without them."""


class Overview:
    """Makes the overview of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.run
        self.models = context.models
        self.summary = context.summary
        self.kinds = {(p.category, p.model): p for p in self.summary.kinds}
        self.lost = len(self.run.failures)
        self.all_failed = all_failed(self.run)
        self.many_failed = self.lost > MANY_FAILED * len(self.run.predictions)
        self.scored = any(p.measured for p in self.summary.points)
        rows = (self.summary.row(metric.name) for metric in HEADLINES)
        self.headlines = [row for row in rows if row and any(mean.scored for mean in row.means)]
        """The measures shown by category that there is a value of."""
        self.unscored, self.odd, self.queue = context.unscored, context.odd, context.queue

    def view(self, failures: Sequence[FailureView]) -> OverviewView:
        """All of it; `failures`: the predictions that failed, for short."""
        matrices = tuple(self._matrices())
        findings = tuple(map(self._finding, self.context.previews.worst))
        return OverviewView(
            answer=tuple(self._answer()),
            more=self._more(),
            complete=self.run.complete,
            failed=self._failed(),
            failures=tuple(failures),
            failures_open=len(failures) <= 3 or self.all_failed,
            notes=tuple(self._notes()),
            matrices=matrices,
            key=self._key(matrices),
            scatter=self._scatter() if self.scored else None,
            few=self._few(),
            findings=findings,
            about_findings=self._about_findings(findings),
            misses=self._misses(),
            by_eye=by_eye(self.context),
            unscored=self.unscored,
            agreement=self._agreement() if self.unscored else None,
        )

    # ---- the answer

    def _answer(self) -> Iterable[Message]:
        if not self.all_failed:
            yield from self._of_what_succeeded()
        if self.many_failed:
            yield self._count_failed()

    def _count_failed(self) -> Message:
        if self.all_failed:
            return Message("The one cut-out failed.", many="All {n} cut-outs failed.", n=self.lost)
        return Message("{n} of {all} cut-outs failed.", n=self.lost, all=len(self.run.predictions))

    def _failed(self) -> Text:
        """What stands over the failures."""
        if self.many_failed:  # the answer has counted them
            return Message("What failed, and what to do")
        return self._count_failed() if self.lost else ""

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
        numbers: dict[str, Any] = {"passed": best.passed, "all": best.measured}
        if len(self.models) == 1:
            yield Message("{model} passes {passed} of {all} points.", model=best.model, **numbers)
            return
        alike = [c for c in counts if (c.passed, c.failed) == (best.passed, best.failed)]
        if len(alike) > 1:
            yield Message(
                "{models} pass the same number of points, {passed} of {all}.",
                models=_and([c.model for c in alike]),
                **numbers,
            )
        elif best.best:
            yield Message(
                "{model} clearly passes the most points, {passed} of {all}.",
                model=best.model,
                **numbers,
            )
        else:
            yield Message(
                "{model} passes the most points, {passed} of {all}.", model=best.model, **numbers
            )
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
        if not need:
            yield Message(
                "No sign of a fault was found in {n} picture; a piece that is cleanly gone leaves "
                "none.",
                many="No sign of a fault was found in any of {n} pictures; a piece that is cleanly "
                "gone leaves none.",
                n=count,
            )
        elif not first:
            yield Message(
                "{n} of {all} pictures is worth a look.",
                many="{n} of {all} pictures are worth a look.",
                n=need,
                all=count,
            )
        elif first == need:
            yield Message(
                "{n} of {all} pictures needs a look.",
                many="{n} of {all} pictures need a look.",
                n=need,
                all=count,
            )
        else:
            yield Message(
                "{n} of {all} pictures need a look, {first} of them first.",
                n=need,
                all=count,
                first=first,
            )

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
        values: dict[str, Any] = {
            "model": best.model,
            "measure": title,
            "value": figures(best.value),
        }
        if best.scored == most:
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
                for other in means[1:]
            ),
            sign,
        )  # fmt: skip

    def _more(self) -> Text:
        """What is to be said after the answer."""
        if self.all_failed:
            return ""
        if self.unscored:
            return self._order_of_queue()
        if self.scored:
            return self._well_and_badly()
        return Message(
            "What stands out comes first: where models differ, and where a cut-out looks unlike a "
            "finished one."
        )

    def _order_of_queue(self) -> Text:
        """What the order by risk is worth."""
        others = others_of(self.run.agreements)
        order = order_of(others)
        how = N_(
            "There is no truth here, so nothing is scored: pictures are ordered by risk, which is "
            "made of {signs}."
        )
        if order.auroc < GOOD_FROM:
            how = N_(
                "There is no truth here, so nothing is scored: pictures are roughly ordered by "
                "risk, which is made of {signs}."
            )
        signs = Message(
            "where models differ, soft patches in the subject, stray pieces, and outlines where "
            "the picture has no edge"
        )
        if others == "none":
            signs = Message(
                "soft patches in the subject, stray pieces, outlines where the picture has no "
                "edge, and how little is kept"
            )
        parts = [Message(how, signs=signs)]
        if self.odd:
            parts.append(
                Message("{model} stands apart and is left out of the queue.", model=self.odd)
            )
        if others == "alike":
            parts.append(
                Message("The models in the queue hardly differ: that they agree says little.")
            )
        if self.context.levels["fine"]:
            parts.append(
                Message(
                    "Where no sign is found, a cut-out can be bad all the same: {bad} of {n} were "
                    "in the calibration, on hard scenes that were new to it.",
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
                counted |= {"what": _and([kind_name(s[2]) for s in kinds])}
                counted |= {"who": Message("It") if alone else who}
                who = Message("They")
                parts.append(Message(words[alone], **counted))
        return join(" ", parts) if parts else ""

    def _notes(self) -> Iterable[Text]:
        if self.run.shard:
            yield Message(
                "This is shard {number} of {of}: {n} of {cases} cases. rmbg-eval merge makes one "
                "run and report of all.",
                number=self.run.shard.number,
                of=self.run.shard.of,
                n=len(self.run.cases),
                cases=self.run.shard.cases,
            )
        if self.run.sample:
            yield sampled(self.run.sample, len(self.run.cases))
        if self.run.delivery:
            passed, judged = kept_rules(self.run)
            yield Message(
                "Delivery rules {name}: {passed} of {all} passed. "
                "Each picture's drawer has its own.",
                name=rules_name(self.run),
                passed=passed,
                all=judged,
            )
        yield from precision(self.run)
        for model, data, count in self.summary.flattered:
            yield Message(
                "{model} is known to have been trained on {data}: {n} case is from it, and its "
                "figures flatter it.",
                many="{model} is known to have been trained on {data}: {n} cases are from it, and "
                "figures on them flatter it.",
                model=model,
                data=data,
                n=count,
            )

    # ---- the bars

    def _matrices(self) -> Iterable[MatrixView]:
        if self.scored:
            points = self.context.points
            names = [
                name
                for name in self.context.categories(empty=False)
                if any(points(name, model).measured for model in self.models)
            ]
            kinds = sorted({kind for kind, _ in self.kinds}, key=self._order)
            everything = Link("", Message("All"))
            yield self._matrix(
                "category",
                Message("by category"),
                [everything, *(Link(category_anchor(n), category_title(n)) for n in names)],
                [_bars([points(n, model) for model in self.models]) for n in (ALL, *names)],
            )
            yield self._matrix(
                "kind",
                Message("by kind of point"),
                [everything, *(Link("", kind_name(kind)) for kind in kinds)],
                [
                    _bars([points(ALL, model) for model in self.models]),
                    *(_bars([self.kinds[kind, model] for model in self.models]) for kind in kinds),
                ],
            )
        elif self.headlines:
            yield self._matrix(
                "measure",
                Message("by measure"),
                [Link("", TITLES[row.metric]) for row in self.headlines],
                [_figures(row) for row in self.headlines],
            )
        else:
            yield self._matrix("model", Message("Models"), [], [])

    def _matrix(
        self,
        name: str,
        title: Message,
        columns: Iterable[Link],
        cells: Sequence[Sequence[BarCell]],
    ) -> MatrixView:
        """`cells`: those of each column, in the order of the models."""
        rows = tuple(
            self._row(model, tuple(column[number] for column in cells))
            for number, model in enumerate(self.models)
        )
        return MatrixView(name, title, tuple(columns), rows)

    def _key(self, matrices: Iterable[MatrixView]) -> Text:
        """What the marks of these mean."""
        cells = [cell for one in matrices for row in one.rows for cell in row.cells]
        parts: list[Text] = []
        if any(cell.leads for cell in cells):
            parts.append(Message("Bold: the best of its column; ★: clearly the best."))
        if any(cell.lost for cell in cells):
            parts.append(Message("Dashed: could not be measured."))
        return join(" ", parts) if parts else ""

    def _order(self, kind: str) -> int:
        return [*KINDS, kind].index(kind)

    def _row(self, model: str, cells: tuple[BarCell, ...]) -> MatrixRow:
        tally = self.run.tally[model]
        lost = tally.predictions - tally.cutouts
        failed = Message("{failed} of {all} failed", failed=lost, all=tally.predictions)
        return MatrixRow(model, self._about(model), failed if lost else "", cells)

    def _about(self, model: str) -> tuple[Text, ...]:
        """Seconds and licence."""
        return time_of(self.run, model), self._info(model).licence_named

    def _info(self, model: str) -> ModelInfo:
        return self.run.index.models[model].info

    # ---- agreement

    def _agreement(self) -> AgreementView | None:
        """Each two models; None with one."""
        apart = {(each.one, each.other): each for each in self.run.agreements}
        if not apart:
            return None

        def cell(one: str, other: str) -> AgreementCell | None:
            found = apart.get((one, other)) or apart.get((other, one))
            if found is None:
                return None
            share = 100 * (1 - found.apart)
            value = f"{share:.1f}" if 99 <= share < 99.95 else f"{share:.0f}"
            words = Message(
                "{one} and {other} overlap by {share}\u00a0%, over {n} picture",
                many="{one} and {other} overlap by {share}\u00a0%, over {n} pictures",
                one=one,
                other=other,
                share=value,
                n=found.cases,
            )
            return AgreementCell(value, words, f"{max(0.0, share - 50) * 2:.0f}")

        return AgreementView(
            tuple(
                (model, tuple(cell(model, other) for other in self.models[:number]))
                for number, model in enumerate(self.models)
            ),
            Message("{model} stands apart.", model=self.odd) if self.odd else "",
        )

    # ---- quality and time

    def _scatter(self) -> ScatterView | None:
        dots, titles = [], []
        for model in self.models:
            count, spent = self.context.points(ALL, model), inference(self.run, model)
            if not spent or not count.measured:
                continue
            share = count.passed / count.measured
            licence = self._info(model).licence_words  # a message where it is none
            named = f"{licence[:16]} · " if isinstance(licence, str) else ""
            dots.append(
                Dot(
                    model, f"{named}{_share(share)}",
                    spent, share, count.low, count.high,
                )
            )  # fmt: skip
            words: list[Text] = [
                model, _share(share), brief(spent), self._info(model).licence_named,
            ]  # fmt: skip
            if count.low is not None and count.high is not None:
                words[1] = Message(
                    "{share} (95 % interval {low} to {high})",
                    share=_share(share),
                    low=_share(count.low),
                    high=_share(count.high),
                )
            titles.append(join(", ", words))
        if not dots:
            return None
        alt = Message("Share of points passed and seconds: {dots}", dots=join("; ", titles))
        return scatter(dots, alt)

    def _misses(self) -> Text:
        """Those that the sheet shows, each for as many models as missed it: what the link opens."""
        part = self.context.shown
        cases = [p.case_key for p in part.points if p.passed is False]
        if not cases:
            return ""
        figures = {"n": len(set(cases)), "misses": len(cases)}
        if part is self.run:
            return Message(
                "All misses: {misses} in {n} picture",
                many="All misses: {misses} in {n} pictures",
                **figures,
            )
        return Message(
            "All misses shown: {misses} in {n} picture",
            many="All misses shown: {misses} in {n} pictures",
            **figures,
        )

    def _few(self) -> Text:
        """Why there are no intervals."""
        if all(self.context.points(ALL, model).low is None for model in self.models):
            groups = self.summary.groups
            if len({*groups.values()}) < len(groups):
                return Message("no interval: fewer than {n} shoots", n=FEWEST)
            return Message("no interval: fewer than {cases} cases", cases=FEWEST)
        return Message("share of points passed, 95\u00a0% interval")

    # ---- where it goes wrong

    def _about_findings(self, findings: Iterable[FindingView]) -> Message:
        if not self.unscored:
            return Message("Original, then result. The gravest first, one of each kind.")
        if any(each.both for each in findings):
            return Message(
                "Riskiest first. Original, then the result that stands out; both results where "
                "what stands out is that they differ."
            )
        return Message("Riskiest first. Original, then the result that stands out, at the place.")

    def _finding(self, spot: Spot) -> FindingView:
        finding = spot.finding
        case = self.context.titles[finding.case_key]
        anchor = case_anchor(*finding.case_key)
        shown = finding.models[0]
        who: Text = _and(finding.models[:NAMED])
        if len(finding.models) == len(self.models) > 1:
            who = Message("both models") if len(self.models) == 2 else Message("all models")
        elif len(finding.models) > NAMED:
            who = Message("{count} models", count=len(finding.models))
        queued = self.queue.get(finding.case_key)
        crops = {shown: spot.cutout, finding.beside: spot.beside}
        images = [
            (model, self._left(case, model, crops[model]))
            for model in self.models
            if model in crops
        ]
        both = [(model, image) for model, image in images if image]
        return FindingView(
            both=tuple(both) if len(both) == 2 else (),
            level=queued.level if queued else "",
            also=finding.also[:NAMED],
            href=self.context.close_up(
                anchor, shown, finding.point, spot.box, "error" if self._specks(finding) else ""
            ),
            words=finding.words,
            case=case,
            who=who,
            original=self.context.image(
                spot.original, Message("{case}, the original there", case=case)
            ),
            cutout=self._left(case, shown, spot.cutout),
        )

    def _specks(self, finding: Finding) -> bool:
        """Whether it is small things, which the error map shows, if there is one."""
        record = self.context.shown.index.cases[finding.case_key]
        return record.has_truth and finding.kind in ("crumbs", "holes")

    def _left(self, case: Text, model: str, crop: Preview | None) -> ImageView | None:
        alt = Message("{case}, what {model} left there", case=case, model=model)
        return self.context.image(crop, alt)


def sampled(sample: Sample, cases: int) -> Message:
    """Which of so many cases are shown."""
    values: dict[str, Any] = {
        "shown": len(sample.cases), "all": cases, "failed": sample.failed,
        "failures": sample.failures, "worst": sample.worst, "random": sample.random, "seed": SEED,
    }  # fmt: skip
    if sample.by_category:
        return Message(
            "Shown are {shown} of {all} pictures: {failed} of the {failures} in which a model "
            "failed, of each category the {worst} worst, and {random} drawn by chance (seed "
            "{seed}) of those with a truth or points and of those without; every table, count and "
            "mean is over all.",
            **values,
        )
    return Message(
        "Shown are {shown} of {all} pictures: {failed} of the {failures} in which a model failed, "
        "the {worst} worst, and {random} drawn by chance (seed {seed}) of those with a truth or "
        "points and of those without; every table, count and mean is over all.",
        **values,
    )


def _bars(counts: Sequence[Points]) -> list[BarCell]:
    """A column of points: each bar is over all points of its cases, so that a model has none longer
    for what it failed at."""
    most = max(count.measured + count.unmeasured for count in counts)
    leads = _leading([count.passed for count in counts])
    return [_bar(count, most, lead) for count, lead in zip(counts, leads, strict=True)]


def _bar(count: Points, most: int, leads: bool) -> BarCell:
    if not count.measured:
        return BarCell("–", "", Message("no points"), None, False)
    words = Message("{passed} of {all} passed", passed=count.passed, all=count.measured)
    if count.unmeasured:
        words = join(", ", [words, Message("{count} not measurable", count=count.unmeasured)])
    share, seen = (f"{100 * part / most:.1f}" for part in (count.passed, count.measured))
    lost = seen if count.measured < most else ""
    return BarCell(
        str(count.passed), f"/{count.measured}", words, share, count.best, leads=leads, lost=lost
    )


def _figures(row: Row) -> list[BarCell]:
    """A column of means."""
    scored = [mean for mean in row.means if mean.value is not None]
    sign = 1 if row.higher_is_better else -1
    shared = {mean.model: mean.value for mean in over_shared(scored)} if scored else {}
    values = [shared.get(mean.model) for mean in row.means]
    leads = _leading([None if value is None else sign * value for value in values])
    return [_figure(mean, lead) for mean, lead in zip(row.means, leads, strict=True)]


def _figure(mean: Mean, leads: bool) -> BarCell:
    if mean.value is None:
        return BarCell("–", "", Message("not measured"), None, False)
    words = Message("over {count}", count=mean.scored)
    return BarCell(figures(mean.value), "", words, None, mean.best, leads=leads)


def _leading(values: Sequence[float | None]) -> list[bool]:
    """Which of them are the largest, if any is less."""
    there = {value for value in values if value is not None}
    return [len(there) > 1 and value == max(there) for value in values]


def _share(value: float) -> str:
    return f"{100 * value:.0f}{NO_BREAK}%"


def _beside_best(
    others: Iterable[tuple[str, str, Difference | None]], sign: int = 1
) -> Iterable[Message]:
    """Those that the best is not clearly better than: each model, its value as it is shown, and how
    the best differs from it, where more (`sign` 1) or less (-1) is better."""
    close: list[Text] = []
    ahead: list[Text] = []
    few: Difference | None = None
    for model, value, apart in others:
        named = Message("{model} ({value})", model=model, value=value)
        if apart is None or not apart.clear:
            close.append(named)
            if apart and apart.low is None and (few is None or few.groups < apart.groups):
                few = apart
        elif (apart.higher - apart.lower) * sign < 0:
            ahead.append(named)
    if few and few.groups < few.cases:
        yield Message(
            "Whether that is better than {models} cannot be told: {n} shoot is too few.",
            many="Whether that is better than {models} cannot be told: {n} shoots are too few.",
            n=few.groups,
            models=_or(close),
        )
    elif few:
        yield Message(
            "Whether that is better than {models} cannot be told: {n} case is too few.",
            many="Whether that is better than {models} cannot be told: {n} cases are too few.",
            n=few.groups,
            models=_or(close),
        )
    elif close:
        yield Message("That is not clearly better than {models}.", models=_or(close))
    if ahead:
        yield Message("On more pictures, though, {models} is better.",
                      many="On more pictures, though, {models} are better.",
                      n=len(ahead), models=_and(ahead))  # fmt: skip


def _and(names: Sequence[Text]) -> Text:
    """All of them in a sentence."""
    if len(names) < 2:
        return names[0] if names else ""
    return Message("{some} and {other}", some=names[:-1], other=names[-1])


def _or(names: Sequence[Text]) -> Text:
    """Any of them in a sentence that says what is not so."""
    if len(names) < 2:
        return names[0] if names else ""
    return Message("{some} or {other}", some=names[:-1], other=names[-1])


_WELL = (
    N_("{who} do well at {what} ({passed} of {all} points)."),
    N_("{who} does well at {what} ({passed} of {all} points)."),
)
_BADLY = (
    N_("{who} do badly at {what} ({passed} of {all} points)."),
    N_("{who} does badly at {what} ({passed} of {all} points)."),
)
