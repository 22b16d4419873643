"""Every measure and every observation point of a prediction: read, measured, and kept by content.

What is kept is known by the content of the cut-out, the picture, the truth, the true foreground,
the points and the table of measures: adding a measure never infers anything again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from pydantic import Field, TypeAdapter

from ..cases.case import Case
from ..cases.checks import check_size
from ..core.cache import MeasureCache
from ..core.decoding import DECODER, decode_own, read_bytes
from ..core.frozen import Frozen
from ..core.images import RGB, Alpha
from ..core.remote import sha256_of
from ..errors import Failure, RmbgEvalError
from ..i18n import N_, Message
from ..measure.columns import Column, Measurements, Value
from ..measure.kinds import KINDS
from ..measure.points import Observation, judge, tolerance
from ..measure.record import Box, ObservationPoint, PointResult
from ..measure.signs import places
from ..measure.subject import TRIMAP, UNKNOWN, Mask, Metric, Subject
from ..measure.table import VERSION, measure
from ..predictions.prediction import Prediction
from ..predictions.stages import picture_of

_Pixels = TypeVar("_Pixels", Alpha, RGB, Mask)


class Outcome(Frozen):
    """What was measured of one prediction."""

    values: dict[str, Value]
    points: tuple[Observation, ...] = ()
    places: dict[str, Box] = Field(default={})
    """Where signs are, by measure."""

    @classmethod
    def nothing(cls, metrics: Sequence[Metric], points: int, reason: Message) -> Outcome:
        """No value anywhere, for one reason."""
        return cls(
            values={metric.name: (None, reason) for metric in metrics},
            points=(Observation(None, None, None, reason),) * points,
        )


def measure_prediction(
    case: Case, prediction: Prediction, out: Path, metrics: Sequence[Metric], measures: MeasureCache
) -> Outcome:
    """Every one of `metrics` and every point of the case, each with a value or the reason why not.

    One cut-out that cannot be measured never ends a run. Raises OutputError if findings cannot be
    kept.
    """
    points = case.about.points
    if prediction.failure or not prediction.cutout:
        return Outcome.nothing(metrics, len(points), no_prediction(prediction))
    sides = truth_hashes(case)
    known_by = (prediction.cutout_sha256, prediction.picture_sha256, *sides, points)
    key = MeasureCache.key(VERSION, DECODER, [metric.name for metric in metrics], known_by)
    outcome = measures.read(key, _OUTCOME)
    if outcome is None:
        try:
            subject = read(case, out / prediction.cutout, prediction.picture_sha256)
            with ThreadPoolExecutor(1, "points") as pool:
                judging = pool.submit(lambda: tuple(judge(point, subject) for point in points))
                values = measure(subject, metrics)
                outcome = Outcome(values=values, points=judging.result(), places=places(subject))
        except Exception as error:  # one bad picture never ends a run
            outcome = Outcome.nothing(metrics, len(points), unmeasured(error))
        else:
            if truth_hashes(case) == sides:  # of a truth that was just replaced, nothing is kept
                measures.put(key, outcome.model_dump_json())
    return outcome


FAILED = N_("the prediction failed: {why}")


def no_prediction(prediction: Prediction) -> Message:
    """Why nothing can be measured of a prediction without a cut-out."""
    why = prediction.failure.message if prediction.failure else None
    return Message(FAILED, why=why)


def unmeasured(error: Exception) -> Message:
    """That a cut-out is there, and could not be measured."""
    return Message("it could not be measured: {why}", why=Failure.of(error).problem)


def truth_hashes(case: Case) -> tuple[str | None, ...]:
    """SHA-256 of truth and true foreground, None where there is none, and of a trimap where there
    is one."""
    files = (case.alpha, case.foreground, *([case.trimap] if case.trimap else []))
    return tuple(sha256_of(path) if path else None for path in files)


def read(case: Case, cutout: Path, picture_sha256: str | None = None) -> Subject:
    """The stored cut-out with all that is known of its case, as measures need it.

    `picture_sha256`: of the picture that it was made of; ImageError where the case has another.
    """
    return subject_of(case, read_bytes(cutout), cutout.name, picture_sha256)


def subject_of(case: Case, cutout: bytes, name: str, picture_sha256: str | None = None) -> Subject:
    """The same of a cut-out that is a PNG's bytes; `name`: what messages call it."""
    with ThreadPoolExecutor(3, "decode") as pool:
        decoding = pool.submit(picture_of, case, picture_sha256)
        reading_truth = pool.submit(case.truth)
        reading_foreground = pool.submit(case.true_foreground)
        own = decode_own(cutout, name)
    picture = decoding.result().rgb
    missing: dict[str, Message] = {}

    def usable(
        part: str, why_not: str, what: str, path: Path | None, read: Callable[[], _Pixels | None]
    ) -> _Pixels | None:
        """What is known of the case, if it fits; else why not is in `missing`."""
        try:
            pixels = read()
            if pixels is not None:
                check_size((own.alpha.shape[1], own.alpha.shape[0]), pixels, what, path)
        except RmbgEvalError as error:
            missing[part] = Message(why_not, why=error.problem)
            return None
        return pixels

    truth = usable(
        "truth", N_("the truth cannot be used: {why}"), N_("truth"), case.alpha,
        reading_truth.result,
    )  # fmt: skip
    foreground = usable(
        "foreground", N_("the true foreground cannot be used: {why}"), N_("true foreground"),
        case.foreground, reading_foreground.result,
    )  # fmt: skip
    unknown = usable(
        "trimap", N_("the trimap cannot be used: {why}"), N_("trimap"), case.trimap, case.unknown
    )
    return Subject(own.alpha, own.rgb, picture, truth, foreground, trimap=unknown, missing=missing)


def add(
    measurements: Measurements,
    prediction: Prediction,
    metrics: Sequence[Metric],
    values: dict[str, Value],
    trimap: bool = False,
) -> None:
    """Add the values of one prediction to those of the run; `trimap`: of a case that has one."""
    columns = [
        Column(
            metric=metric.name,
            unit=metric.unit,
            region=TRIMAP if trimap and metric.region == UNKNOWN else metric.region,
        )
        for metric in metrics
    ]
    measurements.add(prediction.key, columns, [values[metric.name] for metric in metrics])


def result_of(prediction: Prediction, point: ObservationPoint, seen: Observation) -> PointResult:
    """What was seen of `prediction` at `point`, as a run keeps it."""
    return PointResult(
        **prediction.key._asdict(),
        **vars(seen),
        point=point.id,
        kind=point.kind,
        tolerance=tolerance(point),
        unit=KINDS[point.kind].unit,
        required=point.required,
    )


_OUTCOME = TypeAdapter(Outcome)
