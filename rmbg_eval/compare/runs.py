"""Two runs → what changed: case by case, measure by measure, point by point.

Nothing passes silently: what is new, missing or failed is a state of its own, and where no truth
says whether a moved alpha is for the better, that is a state too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from ..cases.categories import case_order
from ..core.files import in_shell
from ..core.key import CaseKey, Key, Names
from ..core.lookup import Renamed
from ..core.progress import OnStep, Step, ignore
from ..core.records import columns
from ..errors import OutputError, printable
from ..i18n import N_, Message, join
from ..measure.delivery import bounds
from ..measure.record import Measurement, PointResult, RuleResult
from ..measure.subject import WHOLE
from ..measure.table import TABLE
from ..predictions.prediction import Prediction
from ..run.case_record import CaseRecord
from ..run.record import Run
from .alpha_change import AlphaChange, change_of
from .comparison import Comparison, describe
from .differences import counterparts, differences, listed, names_of
from .excess import SHARES, of_others, of_point, of_rule, of_share
from .pair import ONLY_COLOURS, ROUNDING, STATES, Pair, State, Value, Verdict
from .pairs import WorstFirst, write
from .tolerances import ALPHA_MEAN, ALPHA_TILE, Tolerances

OTHER_PICTURE = Message(
    "the picture of this case changed between the two runs; nothing of the two compares: approve "
    "NEW to keep what is right"
)
OTHER_TRUTH = Message(
    "the truth of this case changed between the two runs; scores do not compare: approve NEW to "
    "keep what is right"
)
_NOT_JUDGED = {
    "verdict": "not judged",
    "excess": 0.0,
    "allowed": None,
    "tolerance": None,
    "reason": Message("the truth of this case changed between the two runs"),
}

_MOVED = ("worse", "changed", "better")
_DIRECTION = {metric.name: metric.higher_is_better for metric in TABLE}


def compare(
    base: Path,
    new: Path,
    tolerances: Tolerances = Tolerances(),
    on_step: OnStep = ignore,
    to: Callable[[], Path | None] = lambda: None,
) -> Comparison:
    """Compare the run or baseline in the folder `base` with the run in `new`.

    `to`: asked once both are read, for the folder in which pairs of many cases are kept; without
    one they are in memory. Raises OutputError where one of them is no run that can be read, and
    where NEW was interrupted: what it has not worked on is neither the same nor worse.
    """
    first = Message(
        "Give the folder of a run, or make one that is right the baseline: {command}.",
        command=f"rmbg-eval approve RUN --to {in_shell(str(base), 'DIR')}",
    )
    was, now = Run.load(base, first), Run.load(new)
    if not now.complete:
        raise OutputError(
            Message(
                "The run in {folder} was interrupted and is partial", folder=printable(str(new))
            ),
            Message("Run it again to its end."),
        )

    def moved(before: Prediction, after: Prediction) -> AlphaChange:
        return change_of(base, before, new, after)

    folder = to()
    many = was.records or now.records
    pairs, notes = compare_runs(was, now, tolerances, moved, on_step, folder if many else None)
    return Comparison(
        base=str(base),
        new=str(new),
        notes=notes,
        renamed=counterparts(was, now),
        pairs=pairs,  # type: ignore[arg-type]
        records={"pairs": pairs.file} if isinstance(pairs, WorstFirst) else None,
    )


def compare_runs(
    was: Run,
    now: Run,
    tolerances: Tolerances,
    moved: Callable[[Prediction, Prediction], AlphaChange],
    on_step: OnStep = ignore,
    to: Path | None = None,
) -> tuple[Sequence[Pair], tuple[Message, ...]]:
    """The pairs of two runs, worst first, and what else there is to say.

    `moved` compares the alphas of two predictions of one case. `to`: a folder in which the pairs
    are kept; else they are in memory, all at once.
    """
    names = names_of(was, now)
    both = _Both(was, now, names, tolerances, moved)
    before, after = Renamed(was.index.predictions, names), now.index.predictions
    keys = sorted({*after, *before}, key=_by_case)

    def each() -> Iterator[Pair]:
        for done, key in enumerate(keys, 1):
            yield both.pair(key, before.get(key), after.get(key))
            on_step(Step("comparing", done, len(keys)))

    pairs = write(to, each()) if to else tuple(sorted(each(), key=_worst_first))
    strangers = tolerances.strangers(
        (key.category for key in keys),
        (key.name for key in keys),
        (
            f"{case.category}/{case.id}/{point.id}"
            for case in chain(was.cases, now.cases)
            for point in case.points
        ),
    )
    return pairs, (*differences(was, now, names), *_other_cases(pairs), *strangers)


class _Both:
    """Two runs, looked up by the names of case and model in NEW."""

    def __init__(
        self,
        was: Run,
        now: Run,
        names: Names,
        tolerances: Tolerances,
        moved: Callable[[Prediction, Prediction], AlphaChange],
    ) -> None:
        self.tolerances = tolerances
        self.moved = moved
        self.values = [was.measurements.renamed(names).by_key, now.measurements.by_key]
        self.points = [Renamed(was.index.points, names), now.index.points]
        self.rules = [Renamed(was.index.rules, names), now.index.rules]
        self.backgrounds = {run.delivery.background for run in (was, now) if run.delivery}
        self.records = [run.index.cases for run in (was, now)]
        self.before = names.reversed().cases
        self.truths_kept = min(was.schema_version, now.schema_version) >= 4

    def pair(self, key: Key, was: Prediction | None, now: Prediction | None) -> Pair:
        def pair_of(
            state: State, why: Message, values: tuple[Value, ...] = (), **more: object
        ) -> Pair:
            far = (v.excess for v in values if v.verdict in ("worse", "changed"))
            return Pair(
                **key._asdict(), state=state, why=why, values=values,
                excess=max(far, default=0.0), base=was, new=now, **more,  # type: ignore[arg-type]
            )  # fmt: skip

        if now is None and was and was.failure:  # nothing that there was is gone
            why = Message(
                "it is not in NEW, and BASE has no cut-out: {why}", why=was.failure.problem
            )
            return pair_of("still-failed", why)
        if now is None:
            return pair_of(
                "missing",
                Message("it is in BASE only: bring it back, or approve NEW to let it go"),
            )
        if now.failure:
            if was and was.failure:
                why = Message("neither run has a cut-out: {why}", why=now.failure.message)
                return pair_of("still-failed", why)
            return pair_of(now.failure.state, now.failure.message)
        if was is None:
            values = (*self._points(key), *self._rules(key))
            if any(value.verdict == "worse" for value in values):
                return pair_of(*_state(values, AlphaChange(None, None), False), values)
            return pair_of(
                "new", Message("it is in NEW only: approve NEW to keep it as what is right")
            )
        if was.failure:
            why = Message("BASE has no cut-out: {why}", why=was.failure.problem)
            return pair_of("better", why)
        if was.picture_sha256 != now.picture_sha256:
            return pair_of("case-changed", OTHER_PICTURE)
        change = self.moved(was, now)
        measured = (side.get(key, {}) for side in self.values)
        others = (*self._points(key), *self._rules(key), *self._measures(key, *measured))
        values = (*self._alphas(key, change, others), *others)
        identical = was.cutout_sha256 == now.cutout_sha256 and not change.damaged
        if change.damaged or not self._other_truth(key.case_key):
            state, why = _state(values, change, identical)
        else:
            state, why = "case-changed", OTHER_TRUTH
            values = tuple(v.model_copy(update=_NOT_JUDGED) for v in values)
            if identical:
                why = Message("{why}; the cut-out is the same to the bit", why=why)
        if change.tile == 0 and not identical:
            why = join("; ", [why, ONLY_COLOURS])
        return pair_of(state, why, values, identical=identical, where=change.where)

    def _other_truth(self, case: CaseKey) -> bool:
        """Whether the truth, or the true foreground, is another; False where that is not known."""
        was, now = self._cases(case)
        if was is None or now is None:
            return False
        other = self.truths_kept and was.truth_sha256 != now.truth_sha256
        return other or was.has_truth is not now.has_truth

    def _cases(self, case: CaseKey) -> list[CaseRecord | None]:
        """What both runs say of a case."""
        was, now = self.records
        return [was.get(self.before.get(case, case)), now.get(case)]

    def _alphas(self, key: Key, change: AlphaChange, others: Sequence[Value]) -> Iterator[Value]:
        """How far alpha moved: judged unless there is a truth by which any of the `others` moved,
        which says whether for the better."""
        scored = any(v.verdict in _MOVED for v in others) and any(
            v.kind == "measure" and _DIRECTION.get(v.name) is not None
            for v in others
            if (v.base, v.new) != (None, None)
        )
        for name, value, region in (
            (ALPHA_MEAN, change.mean, WHOLE),
            (ALPHA_TILE, change.tile, N_("worst 16 px square")),
        ):
            tolerance = None if scored else self.tolerances.of(name, key)
            allowed = tolerance.allowed(0) if tolerance else None
            verdict: Verdict = "not judged"
            if allowed is not None:
                far = value is None or value > allowed + ROUNDING
                verdict = "changed" if far else "same"
            if change.damaged:  # whatever run.json says was measured of it
                verdict = "changed"
            excess = 0.0
            if verdict == "changed":
                square = name == ALPHA_TILE and value is not None
                excess = of_others(_times(value, allowed)) if square else of_share(change.share)
            reason = change.reason
            if scored and reason is None:
                reason = Message(
                    "shown, not judged: the measures against the truth say whether it is better"
                )
            yield Value(
                kind="alpha", name=name, unit=N_("alpha, 0 to 1"), region=region, base=None,
                new=None, difference=value, allowed=allowed,
                tolerance=Message.of(tolerance.reason) if tolerance else None,
                verdict=verdict, reason=reason, excess=excess,
            )  # fmt: skip

    def _measures(
        self, key: Key, was: Mapping[str, Measurement], now: Mapping[str, Measurement]
    ) -> Iterator[Value]:
        """Of both runs, but for what neither could measure for one reason: of pictures without
        truth that is nearly all."""
        for name in dict.fromkeys([*now, *was]):
            if name in was and name in now:
                one, other = was[name], now[name]
                measured = one.value is not None or other.value is not None
                if measured or one.reason != other.reason:
                    yield self._measure(key, one, other)

    def _measure(self, key: Key, was: Measurement, now: Measurement) -> Value:
        tolerance = self.tolerances.of(now.metric, key)
        higher = _DIRECTION.get(now.metric)
        verdict: Verdict = "not judged"
        difference = allowed = None
        reason = now.reason
        if reason is None and was.reason:
            reason = Message("not measured in BASE: {why}", why=was.reason)
        if was.value is not None and now.value is not None:
            difference = now.value - was.value
            if tolerance:
                allowed = tolerance.allowed(was.value)
                verdict = _verdict(difference, allowed, higher)
        elif tolerance and was.value is not None:
            verdict = "worse" if higher is not None else "changed"
            reason = Message("it can no longer be measured: {why}", why=now.reason)
        elif tolerance and now.value is not None:
            verdict = "changed"
        if tolerance is None:
            reason = reason or Message("no score")
        excess = 0.0
        if verdict in _MOVED:
            excess = of_others(_times(difference, allowed))
            if difference is not None and now.metric in SHARES:
                excess = of_share(abs(difference))
        return Value(
            kind="measure", name=now.metric, unit=now.unit, region=now.region, base=was.value,
            new=now.value, difference=difference, allowed=allowed,
            tolerance=Message.of(tolerance.reason) if tolerance else None,
            verdict=verdict, reason=reason, excess=excess,
        )  # fmt: skip

    def _points(self, key: Key) -> Iterator[Value]:
        was, now = (side.get(key, {}) for side in self.points)
        defined = [
            {p.id: p.model_copy(update={"title": {}}) for p in record.points} if record else {}
            for record in self._cases(key.case_key)
        ]
        for name in dict.fromkeys([*now, *was]):
            same = defined[0].get(name) == defined[1].get(name)
            yield self._point(key, name, was.get(name), now.get(name), same)

    def _point(
        self, key: Key, name: str, was: PointResult | None, now: PointResult | None, same: bool
    ) -> Value:
        """One that is new, or defined otherwise, is not judged, unless it is required and NEW
        misses it where BASE did not."""
        there = now or was
        assert there is not None
        tolerance = self.tolerances.of_point(name, key, there.tolerance)
        off = [
            abs(p.measured - p.expected)
            if p and p.measured is not None and p.expected is not None
            else None
            for p in (was, now)
        ]
        difference = None if off[0] is None or off[1] is None else off[1] - off[0]
        allowed = tolerance.allowed(off[0] or 0)
        passed = (was.passed if was else None, now.passed if now else None)
        note = None
        if was is None:
            note = Message("the point is new")
        elif now is None:
            note = Message("the point is in BASE only")
        elif not same:
            note = Message("the point is defined otherwise than in BASE")
        verdict = _turn(was, now, note is None)
        if verdict == "same" and difference is not None:
            verdict = _verdict(difference, allowed, False)
        excess = of_point(was, now, _newly_missed(was, now)) if verdict in _MOVED else 0.0
        reason = now.reason if now else None
        if note:
            reason = Message("{one}; {other}", one=note, other=reason) if reason else note
        return Value(
            kind="point", name=name, unit=there.unit, region=there.kind,
            base=was.measured if was else None, new=now.measured if now else None,
            difference=difference, allowed=allowed, tolerance=Message.of(tolerance.reason),
            verdict=verdict, reason=reason, passed=passed, required=there.required, excess=excess,
        )  # fmt: skip

    def _rules(self, key: Key) -> Iterator[Value]:
        was, now = (side.get(key, {}) for side in self.rules)
        for name in dict.fromkeys([*now, *was]):
            yield self._rule(was.get(name), now.get(name))

    def _rule(self, was: RuleResult | None, now: RuleResult | None) -> Value:
        """Only what passes or fails is judged: within its bounds a rule may move. One that is new,
        or asks for something else, is not, unless it is required and NEW breaks it where BASE did
        not."""
        there = now or was
        assert there is not None
        numbers = [rule.measured if rule else None for rule in (was, now)]
        passed = (was.passed if was else None, now.passed if now else None)
        note = None
        if was is None:
            note = Message("the delivery rule is new")
        elif now is None:
            note = Message("the delivery rule is in BASE only")
        elif (was.least, was.most) != (now.least, now.most) or len(self.backgrounds) > 1:
            note = Message("the delivery rule asks for something else than in BASE")
        verdict = _turn(was, now, note is None)
        asked = Message("{allowed} is asked for", allowed=bounds(there))
        base, new = numbers
        return Value(
            kind="rule", name=there.rule, unit=there.unit, region=WHOLE, base=base, new=new,
            difference=None if base is None or new is None else new - base, allowed=None,
            tolerance=None, verdict=verdict, reason=note or there.reason or asked, passed=passed,
            required=there.required,
            excess=of_rule(_newly_missed(was, now)) if verdict in _MOVED else 0.0,
        )  # fmt: skip


def _turn(
    was: PointResult | RuleResult | None, now: PointResult | RuleResult | None, compares: bool
) -> Verdict:
    """What whether it passes says; `compares`: whether both runs ask for the same."""
    if not compares:
        return "worse" if _newly_missed(was, now) else "not judged"
    before, after = (each and each.passed for each in (was, now))
    return "same" if before is after else "better" if after else "worse"


def _newly_missed(
    was: PointResult | RuleResult | None, now: PointResult | RuleResult | None
) -> bool:
    """Whether what is required is missed, and was not in BASE."""
    missed = now is not None and now.required and not now.passed
    return missed and (was is None or was.passed is True)


def _times(difference: float | None, allowed: float | None) -> float:
    """How many times as far as allowed something moved; once where there are no numbers."""
    return 1.0 if difference is None else abs(difference) / max(allowed or 0.0, ROUNDING)


def _other_cases(pairs: Sequence[Pair]) -> Iterator[Message]:
    """The cases that are others than in BASE, in a sentence."""
    states = columns(pairs, "category", "case", "state")
    others = (f"{category}/{case}" for category, case, state in states if state == "case-changed")
    names = [*dict.fromkeys(map(printable, others))]
    if names:
        yield Message(
            "{n} case changed between the two runs (picture, truth or points), so that scores do "
            "not compare: {names}",
            many="{n} cases changed between the two runs (picture, truth or points), so that "
            "scores do not compare: {names}",
            n=len(names),
            names=listed(names),
        )


def _state(values: Sequence[Value], change: AlphaChange, identical: bool) -> tuple[State, Message]:
    """The state of a case that both runs have a cut-out of: the worst of its values'."""
    by_verdict: dict[str, list[Value]] = {}
    for value in values:
        by_verdict.setdefault(value.verdict, []).append(value)
    if worse := by_verdict.get("worse"):
        first = max(worse, key=lambda v: (v.excess, v.passes))
        what = describe(first)
        if len(worse) > 1:
            what = Message("{what}, and {n} more", what=what, n=len(worse) - 1)
        if identical:
            what = Message(
                "{what}; the cut-out is the same to the bit, so the truth, the point, the rule or "
                "the measure is not",
                what=what,
            )
        return "worse", what
    if change.damaged and change.reason:
        return "changed", change.reason
    if changed := by_verdict.get("changed"):
        first = max(changed, key=lambda v: v.excess)
        what = describe(first)
        if first.kind == "alpha":
            what = Message("{what}; no measure says whether it is better", what=what)
        return "changed", what
    if others := [v for v in values if v.kind == "point" and v.verdict == "not judged"]:
        return "case-changed", Message(
            "points of this case changed between the two runs: {names}; approve NEW to keep them",
            names=[printable(v.name) for v in others],
        )
    if better := by_verdict.get("better"):
        first = max(better, key=lambda v: (v.excess, v.passes))
        return "better", describe(first)
    if identical:
        return "same", Message("the cut-out is the same to the bit")
    return "same", change.reason or Message("within the tolerances")


def _verdict(difference: float, allowed: float, higher: bool | None) -> Verdict:
    if abs(difference) <= allowed + ROUNDING:
        return "same"
    if higher is None:
        return "changed"
    return "better" if (difference > 0) is higher else "worse"


def _by_case(about: Key | Pair) -> tuple[object, ...]:
    return *case_order(*about.case_key), about.model


def _worst_first(pair: Pair) -> tuple[object, ...]:
    return STATES.index(pair.state), -pair.excess, *_by_case(pair)
