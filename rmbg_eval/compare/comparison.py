"""The nouns of a comparison, as comparison.json keeps them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from ..core.key import Keyed
from ..i18n import N_, Message, join
from ..predictions.prediction import Prediction
from ..settings import CompareFailOn as FailOn

State = Literal[
    "failed", "missing", "worse", "changed", "case-changed", "new", "still-failed", "better", "same"
]
STATES: tuple[State, ...] = (
    "failed", "missing", "worse", "changed", "case-changed",
    "new", "still-failed", "better", "same",
)  # fmt: skip
"""Of a case × model, worst first."""

Verdict = Literal["worse", "changed", "better", "same", "not judged"]


ROUNDING = 1e-9
"""What numbers that are equal may differ by."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Record):
    """A measure, a point or a delivery rule of one case and model, in both runs."""

    kind: Literal["measure", "point", "alpha", "rule"]
    name: str
    """The measure's or the rule's, or the point's id."""
    unit: str
    region: str
    base: FiniteFloat | None
    """For a point: what was measured. None for `alpha`, which is a difference itself."""
    new: FiniteFloat | None
    difference: FiniteFloat | None
    """new − base; for a point, of the distances from what is expected."""
    allowed: FiniteFloat | None
    """How large a difference still counts as the same; None where nothing judges it."""
    tolerance: Message | None
    """Why so large."""
    verdict: Verdict
    reason: Message | None = None
    """What is to be said beside the numbers."""
    passed: tuple[bool | None, bool | None] | None = None
    """Of a point or a rule: in BASE, in NEW."""
    required: bool = False

    @property
    def passes(self) -> bool:
        """Whether it is something that passes or fails: a point or a rule."""
        return self.kind in ("point", "rule")

    @property
    def excess(self) -> float:
        """How many times the difference is of what is allowed, to sort by."""
        if self.difference is None or self.kind == "rule":
            return 1.0
        return min(abs(self.difference) / max(self.allowed or 0, ROUNDING), 1e9)


class Pair(Keyed):
    """One case and model, in both runs."""

    state: State
    why: Message
    """The state in a sentence."""
    values: tuple[Value, ...] = ()
    identical: bool = False
    """Whether the cut-outs are the same to the bit."""
    where: tuple[int, int, int, int] | None = None
    """The 16 px square where alpha moved most: x, y, width, height."""
    base: Prediction | None = None
    new: Prediction | None = None

    def of(self, verdict: Verdict) -> list[Value]:
        """The values with that verdict: points and rules, then measures, the one furthest out
        first."""
        found = [v for v in self.values if v.verdict == verdict]
        return sorted(found, key=lambda v: (not v.passes, -v.excess))


class Comparison(_Record):
    """What changed from BASE to NEW.

    >>> from rmbg_eval import CompareSettings, compare_folders
    >>> settings = CompareSettings(base="reports/latest", new="reports/latest", out="reports/two")
    >>> [pair.state for pair in compare_folders(settings).pairs]
    ['same', 'same', 'same', 'same']
    """

    schema_version: Literal[1, 2, 3, 4] = 4
    """1 had texts in English where there are messages now; 1 and 2 had no `case-changed`; 1 to 3
    had no delivery rules."""
    base: str
    """The folder, as it was given."""
    new: str
    notes: tuple[Message, ...]
    """How the runs themselves differ: models, cases, versions, machines."""
    pairs: tuple[Pair, ...]
    """Worst first."""

    def count(self, state: State) -> int:
        """How many case × model are in that state."""
        return sum(pair.state == state for pair in self.pairs)

    def failing(self, fail_on: FailOn = "worse") -> tuple[Pair, ...]:
        """What a gate with `--fail-on` does not let pass."""
        return tuple(pair for pair in self.pairs if fails(pair, fail_on))


def fails(pair: Pair, fail_on: FailOn) -> bool:
    """Whether a gate stops at `pair`. `point` includes `error`, `worse` includes `point`."""
    if pair.state in ("failed", "missing"):
        return True
    if fail_on == "point":
        return any(v.passes and v.verdict == "worse" for v in pair.values)
    return fail_on == "worse" and pair.state in (
        "worse",
        "changed",
        "case-changed",
        "new",
    )


_TURNS = {
    (True, False): N_("{what}: passed → failed ({more})"),
    (True, None): N_("{what}: passed → not measured ({more})"),
    (False, True): N_("{what}: failed → passed ({more})"),
    (False, None): N_("{what}: failed → not measured ({more})"),
    (None, True): N_("{what}: not measured → passed ({more})"),
    (None, False): N_("{what}: not measured → failed ({more})"),
}


def describe(value: Value) -> Message:
    """A value's change in a few words."""
    allowed = Message("not judged")
    if value.allowed is not None:
        allowed = Message("allowed ±{allowed}", allowed=_number(value.allowed))
    if value.kind == "alpha":
        if value.difference is None:
            return value.reason or Message("alpha could not be compared")
        return Message(
            "alpha moved by {far} ({region}; {allowed})",
            far=_number(value.difference),
            region=Message(value.region),
            allowed=allowed,
        )
    name = Message.of(value.name)
    if value.kind == "point":
        name = Message("point {name}", name=value.name)
    if value.kind == "rule":
        name = Message("delivery rule {name}", name=value.name)
    numbers = join(" → ", [_number(value.base), _number(value.new)])
    if value.passed in _TURNS:
        more = join(" ", [numbers, Message(value.unit)])
        if value.reason:
            more = Message("{one}; {other}", one=more, other=value.reason)
        return Message(_TURNS[value.passed], what=name, more=more)
    if value.difference is None:
        return Message("{name}: {reason}", name=name, reason=value.reason)
    return Message("{name} {numbers} ({allowed})", name=name, numbers=numbers, allowed=allowed)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
