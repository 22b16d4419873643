"""Points that visitors of a served report draw: measured on its cut-outs, written to its cases."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..cases.case import Case, CaseFile
from ..cases.folder import load_cases
from ..cases.writing import write_point
from ..core.anchors import case_anchor
from ..core.images import decode_cutout, read_bytes
from ..errors import CaseError, Failure, ImageError, explain, printable, reason_of
from ..i18n import Message
from ..measure.points import Seen, judge
from ..measure.record import ObservationPoint
from ..measure.subject import Subject
from ..predictions.prediction import Prediction
from ..report.points import point_view
from ..report.views import Text
from ..run.measurements import no_prediction, read, result_of
from ..run.record import CaseRecord, Run

MOST_KEPT = 1 << 27
"""Pixels of one case's cut-outs, all models together, that are kept decoded: about 1 GB."""


class _Asked(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(extra="forbid", strict=True)

    case: Annotated[str, Field(max_length=1000)]
    """Its anchor in the page."""
    toml: Annotated[str, Field(max_length=50_000)]
    moved: bool = False
    """Whether it takes the place of the point with its id."""


class ByHand:
    """The points that are drawn on the report of `run`. Its methods are called one at a time.

    `cases`: the folder of cases that is written to, and read for what a point is measured against;
    None: nothing is written, and the run's own is read. Raises CaseError where there is none.
    """

    def __init__(self, run: Run, cases: Path | None) -> None:
        self._run = run
        self._cases = cases
        self._by_anchor = {case_anchor(case.category, case.id): case for case in run.cases}
        self._subjects: tuple[str, dict[str, Subject | Message]] = ("", {})
        if cases:
            load_cases(cases)

    def measure(self, data: bytes) -> dict[str, Any]:
        """What every model's cut-out has at a point: what is expected, and by model the state
        (passed, failed, unmeasured), the value, and words in every language."""
        record, point, asked = self._asked(data)
        subjects = self._subjects_of(asked.case, record)
        results = []
        for prediction in self._run.index.by_case.get((record.category, record.id), ()):
            subject = subjects[prediction.model]
            if isinstance(subject, Message):
                seen = Seen(None, None, None, subject)
            else:
                seen = judge(point, subject)
            results.append(result_of(prediction, point, seen))
        view = point_view(point, [result.model for result in results], results)
        marks = [
            {
                "model": mark.model,
                "state": mark.state,
                "value": mark.value,
                "words": _everywhere(mark.words),
            }
            for mark in view.marks
        ]
        return {"expected": view.expected, "marks": marks}

    def write(self, data: bytes) -> dict[str, Any]:
        """Write a point to its case's case.toml; which file that is.

        Raises CaseError where the case has another picture by now, the region leaves it, or as
        `write_point`.
        """
        assert self._cases is not None
        record, point, asked = self._asked(data)
        case = self._case(record)
        for prediction in self._run.index.by_case.get((record.category, record.id), ()):
            size = prediction.width or 0, prediction.height or 0
            if all(size) and not point.fits(size):
                raise CaseError(
                    Message(
                        "The region of point {point} leaves the picture of {width}×{height} pixels",
                        point=point.id,
                        width=size[0],
                        height=size[1],
                    ),
                    Message("Draw it within the picture."),
                )
        path = write_point(case, point, asked.moved)
        return {"file": printable(path.relative_to(self._cases).as_posix())}

    def _asked(self, data: bytes) -> tuple[CaseRecord, ObservationPoint, _Asked]:
        try:
            asked = _Asked.model_validate_json(data)
            about = tomllib.loads(asked.toml)
            points = CaseFile.model_validate(about).points
        except ValidationError as error:
            names = [*_Asked.model_fields, *ObservationPoint.model_fields]
            raise CaseError(explain(error, names), _AGAIN) from None
        except (ValueError, RecursionError) as error:
            raise CaseError(
                Message("The point is not TOML: {reason}", reason=reason_of(error)), _AGAIN
            ) from None
        if [*about] != ["points"] or len(points) != 1:
            raise CaseError(Message("It is not one point, and nothing else"), _AGAIN)
        record = self._by_anchor.get(asked.case)
        if record is None:
            raise CaseError(Message("This run has no such case"), Message("Reload the page."))
        return record, points[0], asked

    def _subjects_of(self, anchor: str, record: CaseRecord) -> dict[str, Subject | Message]:
        """By model: the cut-out with what is known of its case, or why it cannot be measured."""
        if self._subjects[0] == anchor:
            return self._subjects[1]
        self._subjects = ("", {})  # before the next ones need the memory
        case = self._case(record) if record.has_truth else None
        subjects: dict[str, Subject | Message] = {}
        for prediction in self._run.index.by_case.get((record.category, record.id), ()):
            try:
                known = next((s for s in subjects.values() if isinstance(s, Subject)), None)
                subjects[prediction.model] = self._subject(prediction, case, known)
            except Exception as error:  # one cut-out that is damaged leaves the others
                why = Failure.of(error).problem
                reason = Message("it could not be measured: {why}", why=why)
                subjects[prediction.model] = reason
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
        if case and known is None:
            return read(case, path)
        rgb, alpha = decode_cutout(read_bytes(path), path.name)
        if rgb is None:
            raise ImageError(
                Message("{name} has no colours", name=path.name),
                Message("Delete it and run again."),
            )
        if known is None:  # without a truth, a point is measured on the cut-out alone
            return Subject(alpha, rgb, rgb)
        return replace(known, alpha=alpha, rgb=rgb, kept={}, making={}, starting=Lock())

    def _case(self, record: CaseRecord) -> Case:
        """The case as it lies in the folder; CaseError unless it has the picture of the run."""
        settings = self._run.settings
        cases = load_cases(self._cases or settings.cases_folder, (), settings.layout_of).cases
        wanted = record.category, record.id
        case = next((case for case in cases if (case.category, case.id) == wanted), None)
        if case is None:
            raise CaseError(
                Message("The folder of cases has no {name}", name="/".join(filter(None, wanted))),
                Message("Serve the report with the cases that it is of."),
            )
        if case.failure:
            raise CaseError(case.failure.problem, case.failure.remedy)
        sha256 = hashlib.sha256(case.read()).hexdigest()
        predictions = self._run.index.by_case.get(wanted, ())
        if sha256 not in {prediction.picture_sha256 for prediction in predictions}:
            raise CaseError(
                Message("{name} has another picture than in this run", name=case.name),
                Message("Run it again, and draw on its report."),
            )
        return case


_AGAIN = Message("Correct the TOML, or draw the point again.")


def _everywhere(text: Text) -> dict[str, str]:
    return (text if isinstance(text, Message) else Message.of(text)).everywhere()
