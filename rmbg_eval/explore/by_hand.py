"""Points that visitors draw, on a served report or in explore: measured on cut-outs, and written to
the case.toml of a case."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ..cases.case import Case, CaseFile
from ..cases.checks import check_region
from ..cases.folder import load_cases
from ..cases.manifest import is_manifest
from ..cases.writing import write_point
from ..core.anchors import case_anchor
from ..core.decoding import decode_own, read_bytes
from ..core.files import user_path
from ..core.frozen import Frozen
from ..errors import CaseError, explain, printable, reason_of
from ..i18n import Message
from ..measure.points import Observation, judge
from ..measure.record import ObservationPoint, PointResult
from ..measure.subject import Subject
from ..predictions.prediction import Prediction
from ..run.measurements import no_prediction, result_of, subject_of, unmeasured
from ..run.record import CaseRecord, Run
from .engine import CutoutPng

MOST_MADE = 1 << 28
"""Bytes of the cut-outs of one visitor."""
MOST_KEPT = 1 << 27
"""Pixels of one case's cut-outs, all models together, that are kept decoded: about 1 GB."""

MOST_TOML = 50_000
"""Characters of a point."""


class _Asked(Frozen, strict=True):
    """What the page sends."""

    case: Annotated[str, Field(max_length=1000)]
    """Its anchor in the page."""
    toml: str
    was: str = ""
    """The point with its id whose place it takes, as the page had it; empty: it is new."""


class ByHand:
    """The points that are drawn on the report of `run`. Its methods are called one at a time.

    `cases`: the folder of cases that is written to, and read for what a point is measured against;
    None: nothing is written, and the run's own is read. Raises CaseError where there is none.
    """

    def __init__(self, run: Run, cases: Path | None) -> None:
        self._run = run
        self._cases = cases
        self._by_anchor = {case_anchor(*case.key): case for case in run.cases}
        self._subjects: tuple[str, dict[str, Subject | Message]] = ("", {})
        if cases:
            if is_manifest(cases):
                raise CaseError(
                    Message(
                        "Points are written to a folder of cases, and {file} is a table",
                        file=printable(cases.name),
                    ),
                    Message("Give the folder itself."),
                )
            load_cases(cases)

    def measure(self, data: bytes) -> dict[str, Any]:
        """What every model's cut-out has at a point: what is expected, and by model the state
        (passed, failed, unmeasured), the value, and words in every language."""
        record, point, asked = self._asked(data)
        subjects = self._subjects_of(asked.case, record)
        results = []
        for prediction in self._run.index.by_case.get(record.key, ()):
            of = subjects[prediction.model]
            seen = (
                Observation(None, None, None, of) if isinstance(of, Message) else judge(point, of)
            )
            results.append(result_of(prediction, point, seen))
        return values(point, results)

    def write(self, data: bytes) -> dict[str, Any]:
        """Write a point to its case's case.toml; which file that is.

        Raises CaseError where the case has another picture by now, the region leaves it, or as
        `write_point`.
        """
        assert self._cases is not None
        record, point, asked = self._asked(data)
        case = self._case(record)
        for prediction in self._run.index.by_case.get(record.key, ()):
            size = prediction.width or 0, prediction.height or 0
            if all(size):
                check_region(point, size, Message("Draw it within the picture."))
        path = write_point(case, point, _was(asked.was))
        return {"file": printable(path.relative_to(self._cases).as_posix())}

    def _asked(self, data: bytes) -> tuple[CaseRecord, ObservationPoint, _Asked]:
        try:
            asked = _Asked.model_validate_json(data)
        except ValidationError as error:
            raise CaseError(explain(error, [*_Asked.model_fields]), _AGAIN) from None
        record = self._by_anchor.get(asked.case)
        if record is None:
            raise CaseError(Message("This run has no such case"), Message("Reload the page."))
        return record, point_of(asked.toml), asked

    def _subjects_of(self, anchor: str, record: CaseRecord) -> dict[str, Subject | Message]:
        """By model: the cut-out with what is known of its case, or why it cannot be measured."""
        if self._subjects[0] == anchor:
            return self._subjects[1]
        self._subjects = ("", {})  # before the next ones need the memory
        case = self._case(record) if record.has_truth else None
        subjects: dict[str, Subject | Message] = {}
        for prediction in self._run.index.by_case.get(record.key, ()):
            try:
                known = next((s for s in subjects.values() if isinstance(s, Subject)), None)
                subjects[prediction.model] = self._subject(prediction, case, known)
            except Exception as error:  # one cut-out that is damaged leaves the others
                subjects[prediction.model] = unmeasured(error)
        if sum(s.alpha.size for s in subjects.values() if isinstance(s, Subject)) <= MOST_KEPT:
            self._subjects = (anchor, subjects)
        return subjects

    def _subject(
        self, prediction: Prediction, case: Case | None, known: Subject | None
    ) -> Subject | Message:
        """`known`: another model's of the same case, which has what is known of it."""
        if not prediction.cutout:
            return no_prediction(prediction)
        path = self._run.settings.out_folder / prediction.cutout
        return _measurable(read_bytes(path), path.name, case, known)

    def _case(self, record: CaseRecord) -> Case:
        """The case as it lies in the folder; CaseError unless it has the picture of the run."""
        settings = self._run.settings
        cases = load_cases(self._cases or settings.cases_folder, (), settings.layout_of).cases
        case = next((case for case in cases if case.key == record.key), None)
        if case is None:
            raise CaseError(
                Message(
                    "The folder of cases has no {name}", name="/".join(filter(None, record.key))
                ),
                Message("Serve the report with the cases that it is of."),
            )
        if case.failure:
            raise CaseError(case.failure.problem, case.failure.remedy)
        sha256 = hashlib.sha256(case.read()).hexdigest()
        predictions = self._run.index.by_case.get(record.key, ())
        if sha256 not in {prediction.picture_sha256 for prediction in predictions}:
            raise CaseError(
                Message("{name} has another picture than in this run", name=case.name),
                Message("Run it again, and draw on its report."),
            )
        return case


class PicturePoints:
    """The points that are drawn on one visitor's pictures in explore, by the pictures' ids.

    `png`: what a finished cut-out is; `add_to`: the folder of cases that is written to, or "";
    `most`: bytes of the cut-outs that are kept here, of the pictures that got one last.
    """

    def __init__(
        self, png: Callable[[CutoutPng], bytes], add_to: str, most: int = MOST_MADE
    ) -> None:
        self._png = png
        self._add_to = add_to
        self._most = most
        self._cases: dict[str, Case] = {}
        self._made: dict[str, dict[tuple[str, str], CutoutPng]] = {}
        self._subjects: dict[tuple[str, str, str], Subject] = {}
        self._lock = Lock()

    def opened(self, id: str, case: Case) -> None:
        """The picture `id` is that of `case`, which may be one that is written to."""
        with self._lock:
            self._cases[id] = case

    def made(self, id: str, model: str, foreground: str, made: CutoutPng) -> None:
        """`model` has made a cut-out of it."""
        with self._lock:
            self._made[id] = self._made.pop(id, {}) | {(model, foreground): made}
            while len(self._made) > 1 and self._kept() > self._most:
                del self._made[next(iter(self._made))]

    def _kept(self) -> int:
        return sum(len(made.png or b"") for of in self._made.values() for made in of.values())

    def forget(self, id: str) -> None:
        """The picture is no longer looked at."""
        with self._lock:
            self._cases.pop(id, None)
            self._made.pop(id, None)
            self._subjects = {}

    def measure(self, id: str, foreground: str, toml: str) -> dict[str, Any]:
        """What every model that has a cut-out of the picture has there, as `ByHand.measure`."""
        point = point_of(toml)
        with self._lock:
            made = {model: m for (model, how), m in self._made.get(id, {}).items()
                    if how == foreground}  # fmt: skip
            case = self._cases.get(id)
            results = []
            for model, each in made.items():
                subject = self._subject(id, case, model, foreground, each)
                who = Prediction(category="", case=id, model=model)
                results.append(result_of(who, point, judge(point, subject)))
        return values(point, results)

    def write(self, id: str, toml: str, was: str) -> Path:
        """Write a point to the case that the picture is of, new or in place of what it `was`.

        Raises CaseError where it is none in the folder that may be written to, or as `write_point`.
        """
        point = point_of(toml)
        case = self._cases.get(id)
        home = user_path(self._add_to, CaseError).resolve() if self._add_to else None
        if not home or not case or not (case.folder or case.image).resolve().is_relative_to(home):
            raise CaseError(
                Message("This picture is no case of the folder that may be written to"),
                Message("Add it to the case set first, or copy the point."),
            )
        return write_point(case, point, _was(was))

    def _subject(
        self, id: str, case: Case | None, model: str, foreground: str, made: CutoutPng
    ) -> Subject:
        """Of the picture that is looked at, kept."""
        key = id, model, foreground
        if any(other[0] != id for other in self._subjects):
            self._subjects = {}
        if key not in self._subjects:
            known = next(iter(self._subjects.values()), None)
            self._subjects[key] = _measurable(self._png(made), made.name, case, known)
        return self._subjects[key]


def point_of(toml: str) -> ObservationPoint:
    """The point that a text as in a case.toml has; CaseError for anything but one good point."""
    try:
        about = tomllib.loads(toml[: MOST_TOML + 1])
        points = CaseFile.model_validate(about).points
    except ValidationError as error:
        raise CaseError(explain(error, [*ObservationPoint.model_fields]), _AGAIN) from None
    except (ValueError, RecursionError) as error:
        raise CaseError(
            Message("The point is not TOML: {reason}", reason=reason_of(error)), _AGAIN
        ) from None
    if len(toml) > MOST_TOML or [*about] != ["points"] or len(points) != 1:
        raise CaseError(Message("It is not one point, and nothing else"), _AGAIN)
    return points[0]


def _was(toml: str) -> ObservationPoint | None:
    return point_of(toml) if toml else None


def values(point: ObservationPoint, results: list[PointResult]) -> dict[str, Any]:
    """A point's results, as script/draw.js has them."""
    from ..report.points import point_view  # takes long, and most visitors draw none

    view = point_view(point, [result.model for result in results], results)
    marks = [{**vars(mark), "words": mark.words.everywhere()} for mark in view.marks]
    return {"expected": view.expected, "marks": marks}


def _measurable(cutout: bytes, name: str, case: Case | None, known: Subject | None) -> Subject:
    """A cut-out that is a PNG's bytes with what is known of its case; `known`: another model's of
    the same case, which has that. Without a case, a point is measured on the cut-out alone."""
    if case and known is None:
        return subject_of(case, cutout, name)
    own = decode_own(cutout, name)
    if known is None:
        return Subject(own.alpha, own.rgb, own.rgb)
    return replace(known, alpha=own.alpha, rgb=own.rgb, kept={}, making={}, starting=Lock())


_AGAIN = Message("Correct the TOML, or draw the point again.")
