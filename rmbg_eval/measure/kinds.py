"""The kinds of observation points: each function, and the table of them.

All that there is to say of a kind stands here; docs/guide/add-a-point-kind.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from ..core.images import Alpha
from ..i18n import N_, Message
from .alpha import in_between
from .colours import BACKGROUNDS, background, colour_difference
from .places import (
    SOFT_FROM,
    SOFT_TO,
    Profile,
    across,
    band_width,
    largest_rise,
    profile,
    region_mask,
)
from .record import ObservationPoint, PointResult, Region
from .subject import Mask, Needs, Subject, Undefined

ENOUGH = 0.5
"""Of the truth's fall, for an edge to be there."""
STANDS_OUT = 0.1
"""A strand is where the truth's alpha is higher than beside it by at least this."""
ASTRAY = 0.4
"""How far alpha may be off on a strand and beside it, of what the strand stands out: less than a
half, so that no one alpha is right at both."""
BESIDE_STRAND = range(3, 9)
"""Pixels to either side of a strand: where the gap beside it is looked for."""
MOST = 0.8
"""Share of a strand that must be recovered for the strand to be."""
CUT = 0.5
"""A contour has alpha above on its one side, and below on the other."""
BESIDE_CONTOUR = 40
"""Pixels to either side of a line: where it is clear beside a contour."""
AIR = 8
"""Pixels that the truth is clear there, at least, for alpha to be clear at one of them."""
FAR_COLOUR = 20.0
"""ΔE2000 as bad as a fringe is counted: no likeness is left."""
HARDLY = 0.005
"""A share that is said to be nothing."""
ROUNDING = 1e-6

_Near = NDArray[np.float32]


class NoEdge(Undefined):
    """Alpha does not fall where it should: the point fails, with this reason and no number."""


def by_difference(measured: float, expected: float) -> float:
    """How far off alphas and shares are: by their difference."""
    return min(1.0, abs(measured - expected))


def by_share(measured: float, expected: float) -> float:
    """How far off widths and counts are: by the difference as a share of the larger."""
    return abs(measured - expected) / max(measured, expected, 1.0)


@dataclass(frozen=True)
class Expectation:
    """What passes, on an axis that also holds what was measured, in the kind's unit."""

    low: float
    high: float
    start: float
    end: float


def would_be_right(measured: float, expected: float) -> Message:
    """What was measured, and what was expected, as numbers."""
    one, other = apart(measured, expected)
    return Message("{measured}, where {expected} would be right", measured=one, expected=other)


@dataclass(frozen=True)
class Kind:
    """What a kind of point measures, where, and what is right."""

    name: str
    title: str
    """What should be, in short, for the report."""
    measures: str
    unit: str
    regions: tuple[Region, ...]
    function: Callable[[ObservationPoint, Alpha, Subject], float]
    """What the alpha, `(H, W) float32` in [0, 1] (the subject's, or the truth for what is
    expected), has at the point. Raises Undefined or NoEdge."""
    expected: float | Callable[[ObservationPoint], float] | None
    """What is expected where the point does not say; None: what the truth has."""
    tolerance: float
    """How far off the measured value may be where the point does not say."""
    needs: Needs = "nothing"
    """What the case must have for it to be measurable at all."""
    severity: Callable[[float, float], float] = by_difference
    """How far a measured value is from the expected one: 0 as expected, 1 as wrong as can be. An
    order of failures, not a measurement."""
    across: bool = False
    """Its lines go straight across an edge, two spots each; the report plots alpha along one."""
    words: Callable[[float, float], Message] = would_be_right
    """What a reader sees at a missed point, from what was measured and what was expected."""
    what: str = ""
    """What it is about, for a table's column and in a sentence; empty: its title."""
    scale: float | None = 1.0
    """Where its axis ends; None: nowhere, as with widths and counts."""


def _mean_alpha(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    if point.lines:
        return float(np.concatenate([profile(alpha, line)[1] for line in point.lines]).mean())
    return float(alpha[region_mask(point, alpha.shape)].mean(dtype=np.float64))


def _soft_band(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    widths = [band_width(*profile(alpha, line)) for line in point.lines or ()]
    width = float(np.median(widths))
    if not np.isfinite(width):
        none = sum(not np.isfinite(each) for each in widths)
        raise NoEdge(
            Message(
                "alpha does not fall from 0.92 to 0.08 on {some} of {all} lines",
                some=none,
                all=len(widths),
            )
        )
    return width


def _smooth_fall(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    rises = []
    for line in point.lines or ():
        values = profile(alpha, line)[1]
        due, step = SOFT_FROM - SOFT_TO, 1.0
        if subject.truth is not None:
            true = profile(subject.truth, line)[1]
            due, step = largest_rise(-true), _steepest(true) + ENOUGH
        fall = largest_rise(-values)
        if fall < ENOUGH * due - ROUNDING:
            raise NoEdge(
                Message(
                    "alpha falls by no more than {fall} on a line across the edge",
                    fall=f"{fall:.2f}",
                )
            )
        if _steepest(values) > step:
            raise NoEdge(
                Message(
                    "alpha falls by {fall} within a pixel: it is cut off",
                    fall=f"{_steepest(values):.2f}",
                )
            )
        rises.append(largest_rise(values))
    return max(rises)


def _steepest(values: Profile) -> float:
    """How far alpha falls within a pixel, at most."""
    return float((values[:-2] - values[2:]).max(initial=0.0))


def _in_between(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    """1 − Σ|α − truth| ÷ Σ|m − truth|, m the one alpha that is best for all of them; 0 at least.

    Over the region's pixels that are in-between in the truth, above also those that are so in α.
    """
    truth, region = subject.need_truth(), region_mask(point, alpha.shape)
    due = in_between(truth) & region
    if not due.any():
        raise Undefined(Message("the truth has no in-between pixel in the region"))
    there = due | (in_between(alpha) & region)
    spread = np.abs(truth[due] - np.median(truth[due])).sum(dtype=np.float64)
    if spread < ROUNDING:
        raise Undefined(Message("the truth's in-between pixels in the region are all alike"))
    apart = np.abs(np.subtract(alpha[there], truth[there], dtype=np.float64)).sum()
    return max(0.0, float(1 - apart / spread))


def _breaks(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    count = 0
    for number, line in enumerate(point.lines or (), 1):
        broken = profile(alpha, line)[1] < CUT
        if subject.truth is None:
            broken |= ~_anywhere(alpha < CUT, line).any(1)
        else:
            clear = subject.truth < CUT
            there = _anywhere(clear, line).sum(1) >= AIR
            if not there.any():
                raise Undefined(
                    Message("the truth is nowhere clear beside line {number}", number=number)
                )
            broken |= there & ~_anywhere(clear & (alpha < CUT), line).any(1)
        count += int(broken[0]) + int(np.count_nonzero(broken[1:] & ~broken[:-1]))
        if line[0] == line[-1] and broken[0] and broken[-1] and not broken.all():
            count -= 1  # one break, over the spot where a closed line begins
    return float(count)


def _anywhere(mask: Mask, line: tuple[tuple[int, int], ...]) -> Mask:
    """What a mask, `(H, W)`, has beside each sample, and on it."""
    found: Mask = across(mask.view(np.uint8), line, BESIDE_CONTOUR, 0.5, "highest") > 0
    return found


def _strands(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    found = 0
    for number, line in enumerate(point.lines or (), 1):
        on, beside = _on_and_beside(subject.need_truth(), line)
        lowest = beside.min((1, 2))
        stands_out = on - lowest
        there = stands_out >= STANDS_OUT
        if not there.any():
            raise Undefined(Message("the truth has nothing along line {number}", number=number))
        # At a side, the gap is where it is about as low as anywhere, nearest to the strand.
        gap = beside <= (lowest + ASTRAY / 4 * stands_out)[:, None, None]
        there_on, there_beside = _on_and_beside(alpha, line)
        beside_off = np.where(gap, np.abs(there_beside - beside), 0)
        gap_off = np.take_along_axis(beside_off, gap.argmax(1)[:, None], 1).max((1, 2))
        off = np.maximum(np.abs(there_on - on), gap_off)
        recovered = (off <= ASTRAY * stands_out + ROUNDING)[there]
        found += int(recovered.mean() >= MOST)
    return float(found)


def _on_and_beside(alpha: Alpha, line: tuple[tuple[int, int], ...]) -> tuple[_Near, _Near]:
    """The highest alpha within 2.5 px of each sample, `(N,)`, as a strand is thinner than one's
    aim; the lowest within 1.5 px of what is beside it, `(N, 6, 2)`: from 3 to 8 px away, at both
    sides."""
    on = across(alpha, line, 1, 1.5, "highest").max(1)
    reach = BESIDE_STRAND[-1]
    columns = np.array([(reach - away, reach + away) for away in BESIDE_STRAND])
    return on, across(alpha, line, reach, 1.5, "lowest")[:, columns]


def _fringe(point: ObservationPoint, alpha: Alpha, subject: Subject) -> float:
    band = region_mask(point, alpha.shape) & subject.edge
    if not band.any():
        raise Undefined(Message("the truth has no edge in the region"))
    rows, columns = (slice(int(part.min()), int(part.max()) + 1) for part in np.nonzero(band))
    part = rows, columns
    means = []
    for name in BACKGROUNDS:
        behind = background(name, alpha.shape)
        differences = colour_difference(
            subject.rgb[part],
            alpha[part],
            subject.need_foreground()[part],
            subject.need_truth()[part],
            behind[part] if behind.ndim == 3 else behind,
        )
        means.append(float(differences[band[part]].mean()))
    return max(means)


def _by_number(measured: float, expected: float) -> float:
    apart = abs(measured - expected)
    return apart / (apart + 1)


def _by_colour(measured: float, expected: float) -> float:
    return min(1.0, abs(measured - expected) / FAR_COLOUR)


def _lines(point: ObservationPoint) -> float:
    return float(len(point.lines or ()))


_FARTHEST = 1e12


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, … from `value`, and from 5 at least: an axis ends there."""
    ten = 10.0 ** floor(log10(max(value, 1.0)))
    return max(5.0, next(each * ten for each in (1, 2, 5, 10) if each * ten >= value))


PLACES = tuple(f".{digits}f" for digits in range(4))
FIGURES = tuple(f".{digits}g" for digits in range(3, 7))


def apart(one: float, other: float, forms: tuple[str, ...] = PLACES) -> tuple[str, str]:
    """Both in the shortest of the forms that tells them apart: after the point, or in figures.

    >>> apart(0.8, 1.0), apart(0.1234, 0.1235, FIGURES)
    (('0.8', '1.0'), ('0.1234', '0.1235'))
    """
    for form in forms:
        both = f"{one:{form}}", f"{other:{form}}"
        if both[0] != both[1]:
            break
    return both


def _clear_words(measured: float, expected: float) -> Message:
    if expected > 0:
        return _level_words(measured, expected)
    share = apart(100 * measured, 100 * expected)[0]
    return Message("{share}\u00a0% is left where it should be clear", share=share)


def _solid_words(measured: float, expected: float) -> Message:
    if expected < 1:
        return _level_words(measured, expected)
    if measured < HARDLY:
        return Message("Nothing of it is solid")
    return Message("Only {share}\u00a0% solid", share=apart(100 * measured, 100 * expected)[0])


def _level_words(measured: float, expected: float) -> Message:
    share, due = apart(100 * measured, 100 * expected)
    return Message("{share}\u00a0% opaque; {due}\u00a0% would be right", share=share, due=due)


def _width_words(measured: float, expected: float) -> Message:
    width, due = apart(measured, expected)
    return Message("Edge {width}\u00a0px wide; {due}\u00a0px in the photo", width=width, due=due)


def _fall_words(measured: float, expected: float) -> Message:
    rise, due = apart(100 * measured, 100 * expected)
    if expected > 0:
        return Message(
            "Rises by {rise}\u00a0% on the way out; {due}\u00a0% would be right", rise=rise, due=due
        )
    return Message("Does not only fall: it rises again by {rise}\u00a0% of full alpha", rise=rise)


def _soft_words(measured: float, expected: float) -> Message:
    share, due = apart(100 * measured, 100 * expected)
    if expected < 1:
        return Message(
            "{share}\u00a0% of the soft edge is right, where {due}\u00a0% was expected",
            share=share,
            due=due,
        )
    if measured < HARDLY:
        return Message("None of the soft edge is right")
    return Message("Only {share}\u00a0% of the soft edge is right", share=share)


def _break_words(measured: float, expected: float) -> Message:
    count = Message(
        "The outline breaks in {n} place",
        many="The outline breaks in {n} places",
        n=round(measured),
    )
    return _count_words(count, expected) if expected > 0 else count


def _strand_words(measured: float, expected: float) -> Message:
    if measured > expected:
        count = Message("{n} strand is left", many="{n} strands are left", n=round(measured))
        return _count_words(count, expected)
    return Message(
        "{n} of {all} strands is recovered",
        many="{n} of {all} strands are recovered",
        n=round(measured),
        all=f"{expected:.0f}",
    )


def _count_words(count: Message, expected: float) -> Message:
    return Message("{what}; {due} would be right", what=count, due=f"{expected:g}")


def _colour_words(measured: float, expected: float) -> Message:
    difference, due = apart(measured, expected)
    if expected > 0:
        return Message(
            "The edge's colour is off by ΔE\u00a0{difference}; {due} would be right",
            difference=difference,
            due=due,
        )
    return Message("Wrong colour in the edge, ΔE\u00a0{difference}", difference=difference)


_ALPHA, _SHARE = N_("alpha, 0 to 1"), N_("share, 0 to 1")
_AREA: tuple[Region, ...] = ("box", "polygon")
_ANY: tuple[Region, ...] = ("box", "polygon", "lines")
_LINES: tuple[Region, ...] = ("lines",)

TABLE = (
    Kind("transparent", N_("should be transparent"), "mean alpha", _ALPHA, _ANY,
        _mean_alpha, 0.0, 0.05, words=_clear_words, what=N_("clear places")),
    Kind("opaque", N_("should be opaque"), "mean alpha", _ALPHA, _ANY,
        _mean_alpha, 1.0, 0.05, words=_solid_words, what=N_("solid parts")),
    Kind("semi-transparent", N_("should be as see-through as it is"), "mean alpha", _ALPHA, _AREA,
        _mean_alpha, None, 0.1, words=_level_words, what=N_("see-through parts")),
    Kind("soft-band", N_("should have its soft band"), "median width from alpha 0.92 to 0.08",
        N_("px"), _LINES, _soft_band, None, 2.0, severity=by_share, across=True,
        words=_width_words, what=N_("width of edges"), scale=None),
    Kind("smooth-fall", N_("should fall off smoothly"), "largest rise on the way out", _ALPHA,
        _LINES, _smooth_fall, 0.0, 0.1, across=True, words=_fall_words, what=N_("smooth fall-off")),
    Kind("in-between", N_("in-between pixels should be recovered"),
        "share of the truth's in-between detail that is recovered", _SHARE,
        _AREA, _in_between, 1.0, 0.5, "truth", words=_soft_words, what=N_("soft detail")),
    Kind("unbroken", N_("should be unbroken"),
        "breaks, where alpha is below 0.5 or nothing beside it is", N_("count"), _LINES,
        _breaks, 0.0, 0.0, severity=_by_number, words=_break_words,
        what=N_("whole outlines"), scale=None),
    Kind("strands", N_("every strand should be there"), "lines that are recovered", N_("count"),
        _LINES, _strands, _lines, 0.0, "truth", by_share, words=_strand_words,
        what=N_("single strands"), scale=None),
    Kind("no-fringe", N_("should have no colour fringe"), "colour difference at the edge",
        N_("ΔE2000"), _AREA, _fringe, 0.0, 3.0, "foreground", _by_colour,
        words=_colour_words, what=N_("clean edge colour"), scale=None),
)  # fmt: skip

KINDS = {kind.name: kind for kind in TABLE}


def check(point: ObservationPoint) -> ObservationPoint:
    """`point`, if its kind exists and is measured over such a region; ValueError says what is."""
    kind = KINDS.get(point.kind)
    if kind is None:
        raise ValueError(
            Message("point {point}: kind must be one of {kinds}", point=point.id, kinds=[*KINDS])
        )
    if point.region not in kind.regions:
        raise ValueError(
            Message(
                "point {point}: {kind} needs one of {regions}, not {region}",
                point=point.id,
                kind=point.kind,
                regions=kind.regions,
                region=point.region,
            )
        )
    if kind.across and any(len(line) != 2 for line in point.lines or ()):
        raise ValueError(
            Message(
                "point {point}: {kind} needs straight lines, of two spots",
                point=point.id,
                kind=point.kind,
            )
        )
    return point


def kind_title(name: str) -> Message | str:
    """What a kind of point asks for; one that is not known here, by its name."""
    return Message(KINDS[name].title) if name in KINDS else name


def kind_name(name: str) -> Message | str:
    """What a kind of point is about; one that is not known here, by its name."""
    return Message(KINDS[name].what or KINDS[name].title) if name in KINDS else name


def missed(result: PointResult) -> Message:
    """A plain sentence for a point that did not pass; why, where nothing was measured."""
    kind = KINDS.get(result.kind)
    if result.measured is None or result.expected is None:
        why = result.reason or Message("not measured")
        return Message("No such edge there: {reason}", reason=why) if kind and kind.across else why
    return (kind.words if kind else would_be_right)(result.measured, result.expected)


def expectation(result: PointResult) -> Expectation | None:
    """What passes at a point, on its kind's axis, or where the kind is not known here, on one that
    holds all of it; None where nothing was expected, or no axis goes so far."""
    if result.expected is None:
        return None
    low, high = result.expected - result.tolerance, result.expected + result.tolerance
    kind = KINDS.get(result.kind)
    if kind is None:
        values = (low, high, result.expected if result.measured is None else result.measured)
        return Expectation(low, high, min(values), max(values))
    if max(abs(low), abs(high), abs(result.measured or 0.0)) > _FARTHEST:  # of a stranger's run
        return None
    end = kind.scale or _round_up(max(high, result.measured or 0.0))
    return Expectation(min(max(0.0, low), end), min(high, end), 0.0, end)
