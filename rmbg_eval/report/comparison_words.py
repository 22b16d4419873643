"""What changed of one case and model, in plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ..ci.gate import why_broken
from ..compare.comparison import Comparison, describe
from ..compare.pair import STATES, State, Value
from ..i18n import Message, join
from ..measure.delivery import RULES
from ..measure.kinds import FIGURES, KINDS, PLACES, apart, missed
from ..measure.record import PointResult, RuleResult
from ..measure.table import TABLE, TITLES
from ..settings import CompareFailOn

_COUNTS: dict[State, Callable[[int], Message]] = {
    "failed": lambda n: Message("{n} failed", n=n),
    "missing": lambda n: Message("{n} is missing", many="{n} are missing", n=n),
    "worse": lambda n: Message("{n} got worse", n=n),
    "changed": lambda n: Message("{n} changed", n=n),
    "case-changed": lambda n: Message(
        "{n} is of a changed case", many="{n} are of changed cases", n=n
    ),
    "new": lambda n: Message("{n} is new", many="{n} are new", n=n),
    "still-failed": lambda n: Message("{n} failed before already", n=n),
    "better": lambda n: Message("{n} got better", n=n),
    "same": lambda n: Message("{n} is the same", many="{n} are the same", n=n),
}


_WAYS = {
    metric.name: Message("more is better") if metric.higher_is_better else Message("less is better")
    for metric in TABLE
    if metric.higher_is_better is not None
}
"""Which way is good, of measures that have one."""


_AFTER_NUMBERS = ("px", "px²", "MB", "megapixels")
"""Units that are told after a number; others are a share, a score or a count."""


def answer(comparison: Comparison, fail_on: CompareFailOn) -> Message:
    """Whether the gate stops, and what became of how many cut-outs: of those that stop it, or else
    of all that changed."""
    total = len(comparison.pairs)
    stopped = comparison.stopped(fail_on)
    what: Message | tuple[Message, ...] = counted(stopped or comparison.states, same=False)
    told = comparison.stopping(fail_on) if stopped else comparison.passing(fail_on)
    if what and all(pair.only_colours for pair in told):
        what = Message("{what}, in colours alone", what=what)
    if stopped:
        return Message(
            "The gate stops: of {n} cut-out, {what}.",
            many="The gate stops: of {n} cut-outs, {what}.",
            n=total,
            what=what,
        )
    if what:
        return Message(
            "The gate lets this pass: of {n} cut-out, {what}.",
            many="The gate lets this pass: of {n} cut-outs, {what}.",
            n=total,
            what=what,
        )
    return Message(
        "Nothing changed: {n} cut-out is as it was.",
        many="Nothing changed: {n} cut-outs are as they were.",
        n=total,
    )


def counted(states: Counter[State], same: bool = True) -> tuple[Message, ...]:
    """How many are in which state, worst first."""
    return tuple(
        _COUNTS[state](count)
        for state in STATES
        if (count := states[state]) and (same or state != "same")
    )


def measure_title(value: Value) -> Message:
    """A measure's or a rule's long name; the name that it has in the record, where it is not known
    here."""
    if value.kind == "rule":
        return Message(RULES[value.name].title) if value.name in RULES else Message.of(value.name)
    known = {
        "alpha_mean": Message("how far alpha moved"),
        "alpha_tile": Message("how far alpha moved in the worst square"),
        **TITLES,
    }
    return known.get(value.name) or Message.of(value.name)


def sentence(value: Value, after: PointResult | RuleResult | None) -> Message:
    """What a value's change means. `after`: the point or rule as it is in NEW, where it is one."""
    if value.kind == "alpha" or value.difference is None:
        return describe(value)
    if value.kind == "measure":
        new, base = value.new or 0.0, value.base or 0.0
        one, other = _amount(value, new, base), _amount(value, base, new)
        title = measure_title(value)
        said = Message("{what} {new}, {base} before", what=title, new=one, base=other)
        way = _WAYS.get(value.name)
        return join("; ", [said, way]) if way else said
    if after is None or after.measured is None or value.base is None:
        return describe(value)
    before = _amount(value, value.base, after.measured)
    if after.passed:
        return Message("passes now; {base} before", base=before)
    what = missed(after) if isinstance(after, PointResult) else why_broken(after)
    return Message("{what}; {base} before", what=what, base=before)


def _amount(value: Value, number: float, other: float) -> Message:
    """A number with its unit, in as many digits as tell it from `other`."""
    kind = KINDS.get(value.region) if value.kind == "point" else None
    if kind is not None and kind.scale is not None:
        return Message("{share}\u00a0%", share=apart(100 * number, 100 * other)[0])
    first = apart(number, other, FIGURES if value.kind == "measure" else PLACES)[0]
    if value.unit == "ΔE2000":
        return Message("ΔE\u00a0{number}", number=first)
    if value.unit in _AFTER_NUMBERS:
        return join("\u00a0", [first, Message(value.unit)])
    return Message.of(first)
