"""Measures: pure functions from an alpha (and its truth) to a number, and the table of them.

Prediction and truth are used as they are: no stretch, no threshold. What is
undefined is None with a reason, never 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator

from ..images import Alpha
from .alpha import in_between_share, mad


class Measurement(BaseModel):
    """One number about one prediction, or the reason why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str
    case: str
    model: str
    metric: str
    value: FiniteFloat | None
    unit: str
    region: str
    """Which pixels it is over."""
    reason: str | None = None
    """Why there is no value."""

    @model_validator(mode="after")
    def _value_or_reason(self) -> Measurement:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a measurement has a value or a reason, never both or neither")
        return self


@dataclass(frozen=True)
class Metric:
    """A row of the table of measures."""

    name: str
    unit: str
    region: str
    higher_is_better: bool | None
    """None where it points to a place to look and is no score."""
    compute: Callable[[Alpha, Alpha], float] | Callable[[Alpha], float]
    needs_truth: bool


TABLE: tuple[Metric, ...] = (
    Metric("mad", "alpha, 0 to 1", "whole image", False, mad, needs_truth=True),
    Metric(
        "in_between_share",
        "share, 0 to 1",
        "whole image",
        None,
        in_between_share,
        needs_truth=False,
    ),
)


Values = dict[str, tuple[float | None, str | None]]
"""By metric: the value, or None and the reason."""


def measure(alpha: Alpha, truth: Alpha | None) -> Values:
    """Every metric of the table."""
    found: Values = {}
    for metric in TABLE:
        if not metric.needs_truth:
            found[metric.name] = float(metric.compute(alpha)), None  # type: ignore[call-arg]
        elif truth is None:
            found[metric.name] = None, "the case has no truth"
        else:
            found[metric.name] = float(metric.compute(alpha, truth)), None  # type: ignore[call-arg]
    return found
