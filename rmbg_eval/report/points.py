"""The observation points of a case: missed ones first, measured against expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..core.anchors import case_anchor
from ..i18n import Message, Named, join
from ..measure.kinds import KINDS, Expectation, expectation, kind_title, missed
from ..measure.record import ObservationPoint, PointResult
from ..run.previews import EdgeProfile
from ..run.record import CaseRecord
from ..run.spots import box_of
from .charts import profile_view
from .context import Context
from .provenance import NO_BREAK
from .views import MarkView, PointsView, PointView

STATES = {True: "passed", False: "failed", None: "unmeasured"}


def points_view(context: Context, record: CaseRecord) -> PointsView | None:
    """Every point of a case with the results of every model; None where it has none."""
    if not record.points:
        return None
    profiles = {p.point: p for p in context.previews.cases[record.key].profiles}
    rows = [
        point_view(point, context.models, results, profiles.get(point.id))
        for point, results in context.results(record)
    ]
    rows.sort(key=lambda row: (not row.missed, not row.detailed))
    count = sum(row.missed for row in rows)
    return PointsView(
        case_anchor(*record.key),
        Message("{count} missed of {all}", count=count, all=len(rows)),
        tuple(rows),
    )


def point_view(
    point: ObservationPoint,
    models: Sequence[str],
    results: Sequence[PointResult | None],
    profile: EdgeProfile | None = None,
) -> PointView:
    """A point with the results of `models`, in their order."""
    judged = next((r for r in results if r and r.expected is not None), None)
    kind = kind_title(point.kind)
    low, width = 0.0, 0.0
    expected = expectation(judged) if judged else None
    if expected:
        low = _place(expected.low, expected)
        width = _place(expected.high, expected) - low
    return PointView(
        id=point.id,
        title=Named(point.title, point.id),
        kind=join(" · ", [kind, Message("required")]) if point.required else kind,
        expected=_expected(judged, expected) if judged and expected else "",
        missed=any(result and result.passed is False for result in results),
        detailed=not all(result and result.passed for result in results),
        box=",".join(map(str, box_of(point))),
        shapes=" ".join(shape_paths(point)),
        given=_given(point),
        band=(low, width) if expected else None,
        marks=tuple(
            _mark(model, result, expected) for model, result in zip(models, results, strict=True)
        ),
        profile=profile_view(profile, models) if profile else None,
    )


def _given(point: ObservationPoint) -> dict[str, object]:
    """What its case says of it, for script/draw.js."""
    x, y, width, height = point.box or (0, 0, 0, 0)
    box = ((x, y), (x + width, y + height))
    besides = point.model_dump(include={"expected", "tolerance", "required"}, exclude_defaults=True)
    return {
        "kind": point.kind,
        "title": point.title,
        "region": point.region,
        "paths": point.lines or (point.polygon or box,),
        "besides": besides,
    }


def shape_paths(point: ObservationPoint) -> Iterable[str]:
    """The point's region as SVG path data, in pixels of the picture."""
    closed = ""
    lines = list(point.lines or ())
    if point.box:
        x, y, width, height = point.box
        lines = [((x, y), (x + width, y), (x + width, y + height), (x, y + height))]
        closed = "Z"
    elif point.polygon:
        lines, closed = [point.polygon], "Z"
    for line in lines:
        yield "M" + "L".join(f"{x},{y}" for x, y in line) + closed


def _mark(model: str, result: PointResult | None, expected: Expectation | None) -> MarkView:
    state = STATES[result.passed if result else None]
    if result is None or result.measured is None:
        reason = result.reason if result else None
        return MarkView(model, state, "–", reason or Message("not measured"), None)
    place = _place(result.measured, expected) if expected else None
    words = missed(result) if result.passed is False else Message("passed")
    return MarkView(model, state, _measured(result), words, place)


def _place(value: float, axis: Expectation) -> float:
    """Where on an axis of 100 a value is."""
    share = (value - axis.start) / ((axis.end - axis.start) or 1.0)
    return round(100 * min(max(share, 0.0), 1.0), 1)


def _expected(result: PointResult, axis: Expectation) -> str:
    """What passes: at most, at least, or a value and how far off it may be."""
    expected, tolerance = result.expected or 0.0, result.tolerance
    kind = KINDS.get(result.kind)
    if not tolerance:
        return _number(expected, result)
    if kind and expected - tolerance <= axis.start:
        return _number(expected + tolerance, result, "≤")
    if kind and kind.scale is not None and expected + tolerance >= axis.end:
        return _number(expected - tolerance, result, "≥")
    return _number(expected, result, tolerance=tolerance)


def _measured(result: PointResult) -> str:
    """With so many digits that what failed does not look as if it had passed."""
    measured, expected = result.measured or 0.0, result.expected or 0.0
    scale = 100 if _is_share(result) else 1
    digits = _digits(result)
    while result.passed is False and digits < 4:
        if abs(round(scale * measured, digits) - scale * expected) > scale * result.tolerance:
            break
        digits += 1
    return _number(measured, result, digits=digits)


def _is_share(result: PointResult) -> bool:
    return result.unit.endswith("0 to 1")


def _digits(result: PointResult) -> int:
    return 0 if _is_share(result) or result.unit == "count" else 1


def _number(
    value: float,
    result: PointResult,
    sign: str = "",
    digits: int | None = None,
    tolerance: float | None = None,
) -> str:
    digits = _digits(result) if digits is None else digits
    scale = 100 if _is_share(result) else 1
    text = f"{scale * value:.{digits}f}"
    if digits and digits == _digits(result):
        text = text.removesuffix(".0") if sign or tolerance is not None else text
    if tolerance is not None:
        text += f"{NO_BREAK}±{NO_BREAK}{scale * tolerance:g}"
    text = f"{sign}{NO_BREAK}{text}" if sign else text
    if result.unit == "ΔE2000":
        return f"ΔE{NO_BREAK}{text}"
    unit = "%" if scale == 100 else "px" if result.unit == "px" else ""
    return f"{text}{NO_BREAK}{unit}" if unit else text
