"""Observation points: what a cut-out shows where one looks, against what it should."""

from __future__ import annotations

from dataclasses import dataclass

from ..i18n import Message
from .kinds import KINDS, ROUNDING, NoEdge, by_difference
from .record import ObservationPoint, PointResult
from .subject import NO_TRUTH, Subject, Undefined


@dataclass(frozen=True)
class Observation:
    """What was found at a point, before anyone asks whose it is."""

    measured: float | None
    expected: float | None
    passed: bool | None
    reason: Message | None = None


def judge(point: ObservationPoint, subject: Subject) -> Observation:
    """What the cut-out shows at `point`. Passed is |measured − expected| ≤ tolerance.

    A point without an edge where one should be fails, with that reason and no number. What cannot
    be said is neither passed nor failed, and has its reason.
    """
    expected: float | None = point.expected
    try:
        kind = KINDS[point.kind]
        if not point.fits((subject.alpha.shape[1], subject.alpha.shape[0])):
            raise Undefined(Message("its region leaves the picture"))
        if kind.needs == "truth":
            subject.need_truth()
        elif kind.needs == "foreground":
            subject.need_foreground()
        if expected is None:
            expected = kind.expected(point) if callable(kind.expected) else kind.expected
        if expected is None:
            if subject.truth is None:
                why = subject.missing.get("truth", NO_TRUTH)
                raise Undefined(
                    Message("{why}, and the point does not say what is expected", why=why)
                )
            expected = kind.function(point, subject.truth, subject)
        measured = kind.function(point, subject.alpha, subject)
    except NoEdge as none:
        if expected is None:  # the truth has none there either
            return Observation(
                None, None, None, Message("in the truth, {reason}", reason=none.reason)
            )
        return Observation(None, expected, False, none.reason)
    except Undefined as undefined:
        return Observation(None, expected, None, undefined.reason)
    passed = abs(measured - expected) <= tolerance(point) + ROUNDING
    return Observation(measured, expected, passed)


def tolerance(point: ObservationPoint) -> float:
    """How far off `point` may be, in its kind's unit."""
    return KINDS[point.kind].tolerance if point.tolerance is None else point.tolerance


def far_off(result: PointResult) -> float:
    """How far a point is from what was expected: 0 as expected, 1 as wrong as can be.

    An order, not a measurement: without a number, such as where no edge is, all of it is wrong. A
    kind that is not known here is taken for a share.
    """
    if result.measured is None:
        return 1.0
    kind = KINDS.get(result.kind)
    return (kind.severity if kind else by_difference)(result.measured, result.expected or 0)
