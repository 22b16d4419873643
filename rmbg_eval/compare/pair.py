"""What became of one case and model from a run to another, as comparison.json keeps it."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import FiniteFloat

from ..core.key import Keyed, Lean
from ..errors import printable
from ..i18n import Message
from ..predictions.prediction import Prediction

State = Literal[
    "failed", "missing", "worse", "changed", "case-changed", "new", "still-failed", "better", "same"
]
STATES: tuple[State, ...] = get_args(State)
"""Of a case × model, worst first."""

Verdict = Literal["worse", "changed", "better", "same", "not judged"]

MADE_BY: dict[State, tuple[Verdict, ...]] = {
    "worse": ("worse", "changed"),
    "changed": ("changed",),
    "better": ("better",),
}
"""The verdicts that make a state; another has nothing but its reason."""

ONLY_COLOURS = Message("the same alpha in both: only colours can differ")

ROUNDING = 1e-7
"""What numbers that are equal may differ by: alpha, in float32, is right to 3e-8."""


class Value(Lean):
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
    excess: FiniteFloat = 0.0
    """How bad it is that it got worse or changed, or how good that it got better, as
    `rmbg_eval.compare.excess` has it; 0 of whatever else."""

    @property
    def passes(self) -> bool:
        """Whether it is something that passes or fails: a point or a rule."""
        return self.kind in ("point", "rule")


class Pair(Keyed):
    """One case and model, in both runs."""

    state: State
    why: Message
    """The state in a sentence."""
    values: tuple[Value, ...] = ()
    """But for measures that neither run has a number of, for one reason."""
    identical: bool = False
    """Whether the cut-outs are the same to the bit."""
    excess: FiniteFloat = 0.0
    """Of what is worst of all that got worse or changed; 0 without one."""
    where: tuple[int, int, int, int] | None = None
    """The 16 px square where alpha moved most: x, y, width, height."""
    base: Prediction | None = None
    new: Prediction | None = None

    def __repr__(self) -> str:
        """One line, as a failed assertion prints it."""
        return f"<{printable(self.name)}, {printable(self.model)}: {self.state}, {self.why}>"

    __str__ = __repr__

    @property
    def only_colours(self) -> bool:
        """Whether two cut-outs that are not identical are as opaque at every pixel."""
        alphas = {value.difference for value in self.values if value.kind == "alpha"}
        return alphas == {0.0} and not self.identical

    def of(self, verdict: Verdict) -> list[Value]:
        """The values with that verdict, the worst first; of equals points and rules."""
        found = [v for v in self.values if v.verdict == verdict]
        return sorted(found, key=lambda v: (-v.excess, not v.passes))
