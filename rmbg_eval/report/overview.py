"""What the first screen shows: the answer, the points in bars, quality against time, and where it
goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..cases.categories import category_title
from ..ci.gate import MOST_FAILURES, all_failed_alike, failed_alike, kept_rules, rules_name
from ..core.anchors import case_anchor, category_anchor
from ..core.key import Key
from ..core.numbers import figures
from ..i18n import Message, join
from ..measure.agreement import APART
from ..measure.kinds import KINDS, kind_name
from ..measure.table import TITLES
from ..models.info import ModelInfo
from ..run.findings import Finding
from ..run.intervals import FEWEST
from ..run.previews import Preview, Spot
from ..run.risks import two_figures
from ..run.sample import SEED, Sample
from ..run.statistics import ALL, Mean, Points, Row, copies_in, inference, over_shared
from .answer import NAMED, Answer, all_named
from .by_eye import by_eye
from .context import Context
from .provenance import brief, precision, time_of
from .scatter import NARROW, WIDE, Dot, scatter
from .sheet import failure_view
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


class Overview:
    """Makes the overview of one run."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.run = context.run
        self.models = context.models
        self.summary = context.summary
        self.said = Answer(context)
        self.unscored, self.queue = context.unscored, context.queue

    def view(self) -> OverviewView:
        matrices = tuple(self._matrices())
        findings = tuple(map(self._finding, self.context.previews.worst))
        failures = tuple(self._failures())
        return OverviewView(
            answer=tuple(self.said.sentences()),
            more=self.said.more(),
            complete=self.run.complete,
            failed=self.said.failed(),
            failures=failures,
            failures_open=len(failures) <= 3 or self.said.all_failed,
            notes=tuple(self._notes()),
            matrices=matrices,
            key=self._key(matrices),
            charts=self._charts(),
            few=self._few(),
            findings=findings,
            about_findings=self._about_findings(findings),
            misses=self._misses(),
            by_eye=by_eye(self.context),
            unscored=self.unscored,
            agreement=self._agreement() if self.unscored else None,
        )

    def _failures(self) -> Iterable[FailureView]:
        """What failed for every model for the same reason is said once; of many, each reason."""
        if len(failures := self.said.failures) > MOST_FAILURES:
            shown = self.context.shown.index.cases
            for of_all, together in failed_alike(failures, len(self.models)):
                first = next((p for p in together if p.case_key in shown), together[0])
                view = failure_view(
                    first, first.case_key, Message("all models") if of_all else first.model
                )
                yield replace(view, alike=len(together) - 1)
            return
        for predictions in self.context.shown.index.by_case.values():
            failed = [p for p in predictions if p.failure]
            same = all_failed_alike(failed, len(predictions))
            for prediction in failed[:1] if same else failed:
                who = Message("all models") if same else prediction.model
                yield failure_view(prediction, prediction.case_key, who)

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
        if self.context.sample:
            yield sampled(self.context.sample, len(self.run.cases))
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
        if copies := copies_in(self.run):
            copy, first = next(iter(copies.items()))
            yield Message(
                "{n} picture is a copy of another ({copy} of {first}): both are in means and "
                "counts; where models are compared and in intervals, they are one shoot.",
                many="{n} pictures are copies of others ({copy} of {first}): all are in means and "
                "counts; where models are compared and in intervals, those of one picture are one "
                "shoot.",
                n=len(copies),
                copy="/".join(copy),
                first="/".join(first),
            )

    # ---- the bars

    def _matrices(self) -> Iterable[MatrixView]:
        if self.said.scored:
            points = self.context.points
            names = [
                name
                for name in self.context.categories()
                if any(points(name, model).measured for model in self.models)
            ]
            kinds = sorted({kind for kind, _ in self.said.kinds}, key=self._order)
            heads = [Link(category_anchor(name), category_title(name)) for name in names]
            bars = [_bars([points(n, model) for model in self.models]) for n in (ALL, *names)]
            of_kinds = [_bars([self.said.kinds[k, model] for model in self.models]) for k in kinds]
            every, by_category = Link("", Message("All")), Message("by category")
            yield self._matrix("category", by_category, [every, *heads], bars)
            heads = [Link("", kind_name(kind)) for kind in kinds]
            by_kind = Message("by kind of point")
            yield self._matrix("kind", by_kind, [every, *heads], [bars[0], *of_kinds])
        elif self.said.headlines:
            yield self._matrix(
                "measure",
                Message("by measure"),
                [Link("", TITLES[row.metric]) for row in self.said.headlines],
                [_figures(row) for row in self.said.headlines],
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
        rows = []
        for number, model in enumerate(self.models):
            about = time_of(self.run, model), self._info(model).licence_named
            own = tuple(column[number] for column in cells)
            rows.append(MatrixRow(model, about, self._lost(model), own))
        return MatrixView(name, title, tuple(columns), tuple(rows))

    def _key(self, matrices: Iterable[MatrixView]) -> Text:
        """What the marks of these mean; of one model, which has no chart, how sure its share is."""
        cells = [cell for one in matrices for row in one.rows for cell in row.cells]
        parts: list[Text] = []
        if len(self.models) == 1 and self.said.scored:
            count = self.context.points(ALL, self.models[0])
            parts.append(
                Message(
                    "{share} of the points, over {n} picture.",
                    many="{share} of the points, over {n} pictures.",
                    share=_interval(count),
                    n=len(count.values),
                )
            )
        leads = any(cell.leads for cell in cells)
        if leads:
            parts.append(Message("Bold: the best of its column."))
        if any(cell.best for cell in cells):
            parts.append(Message("★: clearly the best."))
        if leads and not self.said.scored and any(map(_of_other_cases, self.said.headlines)):
            parts.append(Message("The best is over the pictures that all models have."))
        if any(cell.lost for cell in cells):
            parts.append(Message("Dashed: could not be measured."))
        return join(" ", parts) if parts else ""

    def _order(self, kind: str) -> int:
        return [*KINDS, kind].index(kind)

    def _lost(self, model: str) -> Text:
        """How many of its cut-outs failed, and how many are missing; empty: none."""
        tally = self.run.tally[model]
        failed, lacking = tally.failed, tally.missing
        values: dict[str, Any] = {"failed": failed, "missing": lacking, "all": tally.predictions}
        if failed and lacking:
            return Message("{failed} of {all} failed, {missing} missing", **values)
        if lacking:
            return Message("{missing} of {all} missing", **values)
        return Message("{failed} of {all} failed", **values) if failed else ""

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
                "{one} and {other} look alike on {share}\u00a0% of the subject, over {n} picture",
                many="{one} and {other} look alike on {share}\u00a0% of the subject, over {n} "
                "pictures",
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
            self._about_agreement(),
        )

    def _about_agreement(self) -> Text:
        counts = sorted(each.cases for each in self.run.agreements)
        peers, parts = self.context.peers, list[Text]()
        if peers.odd:
            parts.append(
                Message(
                    "{model} stands apart.",
                    many="{model} stand apart.",
                    n=len(peers.odd),
                    model=all_named(peers.odd),
                )
            )
        if any(peers.siblings(each.one, each.other) for each in self.run.agreements):
            parts.append(Message("That models of the same weights agree says nothing."))
        if counts[0] < counts[-1]:
            parts.append(
                Message(
                    "Over {least} to {most} pictures: those that both have.",
                    least=counts[0],
                    most=counts[-1],
                )
            )
        else:
            parts.append(Message("Over {n} picture.", many="Over {n} pictures.", n=counts[0]))
        return join(" ", parts)

    # ---- quality and time

    def _charts(self) -> tuple[ScatterView, ...]:
        """None of one model alone."""
        dots, titles = [], []
        for model in self.models if self.said.scored and len(self.models) > 1 else ():
            count, spent = self.context.points(ALL, model), inference(self.run, model)
            if not spent or not count.measured:
                continue
            share = count.passed / count.measured
            licence = self._info(model).licence_words  # a message where it is none
            named = f"{licence[:16]} · " if isinstance(licence, str) else ""
            words = f"{named}{_share(share)}"
            dots.append(Dot(model, words, spent, share, count.low, count.high))
            licence_named = self._info(model).licence_named
            titles.append(join(", ", [model, _interval(count), brief(spent), licence_named]))
        alt = Message("Share of points passed and seconds: {dots}", dots=join("; ", titles))
        return tuple(scatter(dots, alt, across) for across in (WIDE, NARROW) if dots)

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
            return Message("Original, then result. The gravest of each kind first.")
        both = [bool(each.both) for each in findings]
        if all(both):  # their names are below them
            return Message("Riskiest first.")
        if any(both):
            return Message("Riskiest first. Original, then the result that stands out; or both.")
        return Message("Riskiest first. Original, then the result that stands out.")

    def _finding(self, spot: Spot) -> FindingView:
        finding = spot.finding
        case = self.context.titles[finding.case_key]
        anchor = case_anchor(*finding.case_key)
        shown = finding.models[0]
        who: Text = all_named(finding.models[:NAMED])
        if len(self.models) == 1:
            who = ""
        elif len(finding.models) == len(self.models):
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
            words=self._words(finding) if len(both) == 2 else finding.words,
            case=case,
            who=who,
            original=self.context.image(
                spot.original, Message("{case}, the original there", case=case)
            ),
            cutout=self._left(case, shown, spot.cutout),
        )

    def _words(self, finding: Finding) -> Message:
        """Where both results have their models' names below them."""
        key = Key(*finding.case_key, finding.models[0])
        apart = self.context.shown.measurements.values_of(key).get(APART)
        if apart is None:
            return finding.words
        return Message("They differ on {share}\u00a0% of the subject", share=two_figures(apart))

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


def _of_other_cases(row: Row) -> bool:
    """Whether some means are over other pictures than all models have."""
    scored = [mean for mean in row.means if mean.value is not None]
    return [mean.scored for mean in over_shared(scored)] != [mean.scored for mean in scored]


def _leading(values: Sequence[float | None]) -> list[bool]:
    """Which of them are the largest, if any is less."""
    there = {value for value in values if value is not None}
    return [len(there) > 1 and value == max(there) for value in values]


def _interval(count: Points) -> Text:
    """The share of its points that passed, with its interval where there is one."""
    share = _share(count.passed / count.measured)
    if count.low is None or count.high is None:
        return share
    return Message(
        "{share} (95 % interval {low} to {high})",
        share=share,
        low=_share(count.low),
        high=_share(count.high),
    )


def _share(value: float) -> Message:
    return Message("{share}\u00a0%", share=f"{100 * value:.0f}")
