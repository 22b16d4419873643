"""What is measured and judged, as run.json keeps it; and where case.toml says to look.

These records load with pydantic alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, FiniteFloat, model_validator

from ..core.choices import Title
from ..core.frozen import Frozen
from ..core.key import Keyed
from ..i18n import Message

Region = Literal["box", "polygon", "lines"]
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class Measurement(Keyed):
    """One number about one prediction, or the reason why there is none.

    >>> from rmbg_eval import load_run
    >>> measurement = next(load_run("reports/latest").measurements.of("mad"))
    >>> measurement.name, measurement.unit, measurement.region
    ('product/bottle', 'alpha, 0 to 1', 'whole image')
    """

    metric: str
    value: FiniteFloat | None
    unit: str
    region: str
    """Which pixels it is over."""
    reason: Message | None = None
    """Why there is no value."""

    @model_validator(mode="after")
    def _value_or_reason(self) -> Measurement:
        if (self.value is None) == (self.reason is None):
            raise ValueError("a measurement has a value or a reason, never both or neither")
        return self


class PointResult(Keyed):
    """One observation point of one prediction: what was seen, and whether that is right."""

    point: str
    """The point's id within its case."""
    kind: str
    measured: FiniteFloat | None
    expected: FiniteFloat | None
    tolerance: FiniteFloat
    unit: str
    passed: bool | None
    """None: it could not be measured, for the reason given."""
    reason: Message | None = None
    required: bool = False
    """Whether the run fails where it did not pass."""

    @model_validator(mode="after")
    def _measured_or_reason(self) -> PointResult:
        if (self.measured is None) == (self.reason is None):
            raise ValueError("a point has a measured value or a reason, never both or neither")
        if self.measured is not None and self.passed is None:
            raise ValueError("what was measured has passed or failed")
        return self


class Sign(Frozen):
    """Something in a cut-out that makes it look wrong, and where."""

    measure: str
    """The measure that shows it."""
    text: Message
    """In words."""
    place: Box | None = None
    """In the picture; None where it is the whole of it."""
    weight: FiniteFloat
    """How much of the risk is because of it, in log odds: an order, not a share. 0 of what is told
    but not weighed."""


class Risk(Keyed):
    """How suspicious a cut-out's signs are, without a truth, and which: an order, no chance."""

    value: Annotated[FiniteFloat, Field(ge=0, le=1)] | None
    """From 0 to 1, or None for the reason given."""
    signs: tuple[Sign, ...] = ()
    """The heaviest first."""
    reason: Message | None = None
    """Why there is no value."""


class Agreement(Frozen):
    """How far two models are from each other, over all cases that both have a cut-out of."""

    one: str
    other: str
    cases: Annotated[int, Field(ge=1)]
    apart: Annotated[FiniteFloat, Field(ge=0, le=1)]
    """The mean of `measure.agreement.apart`."""


class RuleResult(Keyed):
    """One delivery rule of one cut-out: what was measured, and whether that is allowed."""

    rule: str
    """A name of `measure.delivery.RULES`."""
    measured: FiniteFloat | None
    least: FiniteFloat | None
    most: FiniteFloat | None
    """What is allowed: from `least` to `most`, each None where there is no such bound."""
    unit: str
    passed: bool | None
    """None: it could not be measured, for the reason given."""
    reason: Message | None = None
    required: bool = False
    """Whether the run fails where it did not pass."""

    @model_validator(mode="after")
    def _measured_or_reason(self) -> RuleResult:
        if (self.measured is None) == (self.reason is None):
            raise ValueError("a rule has a measured value or a reason, never both or neither")
        if (self.measured is None) != (self.passed is None):
            raise ValueError("a rule that was measured has passed or failed, any other has not")
        return self


class Rule(Frozen, strict=True):
    """What a finished picture must keep to."""

    least: FiniteFloat | None = None
    most: FiniteFloat | None = None
    required: bool = False
    """Whether a run fails (exit status 1) where this rule does."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> Rule:
        if self.least is None and self.most is None:
            raise ValueError(Message("a rule needs least, most, or both"))
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(Message("least is more than most"))
        return self


def _iso(date: object) -> object:
    """TOML has dates of its own; JSON has none."""
    return date.isoformat() if hasattr(date, "isoformat") else date


def _colour(written: object) -> str:
    if not isinstance(written, str) or not re.fullmatch("#[0-9A-Fa-f]{6}", written):
        raise ValueError(Message("a colour is a text such as #ffffff"))
    return written.lower()


class Delivery(Frozen, strict=True):
    """What a shop demands of a finished picture: a TOML file, or a preset of that name."""

    name: Annotated[str, Field(max_length=80)] = ""
    date: Annotated[str, BeforeValidator(_iso)] = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    """When the rules were read where they are from."""
    source: Annotated[str, Field(max_length=300)] = ""
    """Where they are from."""
    background: Annotated[str, BeforeValidator(_colour)] = Field(
        "#ffffff", pattern=r"^#[0-9a-f]{6}$"
    )
    """What the cut-out is laid over, for the rules about the finished picture."""
    rules: dict[str, Rule] = Field(default={})
    """By the names of `measure.delivery.RULES`."""


# case.toml is strict (a "1" is no number), but TOML has only lists where these are tuples.
_Count = Annotated[int, Field(ge=0)]
_Spot = Annotated[tuple[_Count, _Count], Field(strict=False)]
_Line = Annotated[tuple[_Spot, ...], Field(strict=False, min_length=2)]


class ObservationPoint(Frozen, strict=True):
    """A place to look at: pixels of the picture, x to the right and y down from its corner.

    Exactly one of `box`, `polygon` and `lines` is given.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")
    title: Title = Field(default={})
    kind: str
    """A name of `measure.kinds.KINDS`."""
    box: Annotated[tuple[_Count, _Count, _Count, _Count], Field(strict=False)] | None = None
    """Left, top, width, height."""
    polygon: Annotated[tuple[_Spot, ...], Field(strict=False, min_length=3)] | None = None
    lines: Annotated[tuple[_Line, ...], Field(strict=False, min_length=1)] | None = None
    """Each a path of two or more spots."""
    expected: Annotated[FiniteFloat, Field(ge=0, le=1e9)] | None = None
    """By default what the kind says, or what the truth has."""
    tolerance: Annotated[FiniteFloat, Field(ge=0, le=1e9)] | None = None
    """In the kind's unit; by default the kind's."""
    required: bool = False
    """Whether a run fails (exit status 1) where this point does."""

    @model_validator(mode="after")
    def _one_region(self) -> ObservationPoint:
        given = [name for name in ("box", "polygon", "lines") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                Message(
                    "point {point}: one of box, polygon and lines is needed, not {given}",
                    point=self.id,
                    given=given or Message("nothing"),
                )
            )
        if self.box and not (self.box[2] and self.box[3]):
            raise ValueError(Message("point {point}: the box is empty", point=self.id))
        return self

    @property
    def region(self) -> Region:
        """Which of the three it gives."""
        return "box" if self.box else "polygon" if self.polygon else "lines"

    @property
    def spots(self) -> Iterator[tuple[int, int]]:
        """The corners of its region."""
        if self.box:
            x, y, width, height = self.box
            return iter([(x, y), (x + width, y + height)])
        return chain(self.polygon or (), *(self.lines or ()))

    def fits(self, size: tuple[int, int]) -> bool:
        """Whether the region is wholly inside a picture of this width and height."""
        return all(x <= size[0] and y <= size[1] for x, y in self.spots)
