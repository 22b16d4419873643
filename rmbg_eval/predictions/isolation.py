"""Predicting in a process of its own, so that a picture which kills it is one failed case.

A library that crashes, or a system out of memory, ends a process without an exception. The process
is then started again on what is left; where it dies again and has done nothing more, what is left
is halved until the picture that does it is alone. A process that hangs is ended: of a picture that
takes too long it is known which it is, the next. What is finished is in the store: no retry infers
it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ..cases.case import Case
from ..core.cache import Store
from ..core.processes import Call, ProcessError, in_processes
from ..errors import Failure
from ..i18n import Message
from ..settings import TIME_LIMIT
from .prediction import Prediction
from .share import Make, predict_share

_FLIGHT = 16
"""Pictures that are set apart first: about as many are worked on at a time."""

Numbered = list[tuple[int, Case]]


def predict_isolated(
    make: Make,
    device: str,
    name: str,
    warnings: list[Message],
    cases: Sequence[Case],
    out: Path,
    store: Store,
    time_limit: float = TIME_LIMIT,
) -> Iterator[tuple[Case, Prediction]]:
    """Yield each case with its prediction, in order, by one process after another on `device`.

    `make` must be importable by another process; `name`: of the model. What it warns of is added
    to `warnings`. Errors are as of `predict`.
    """
    left: list[tuple[Numbered, bool]] = [([*enumerate(cases)], False)]
    while left:
        share, again = left.pop()
        if not share:
            continue
        done = 0
        try:
            call = Call(device, predict_share, (make, device, share, out, store))
            for _, sent in in_processes([call], time_limit):
                if isinstance(sent, Message):
                    if sent not in warnings:
                        warnings.append(sent)
                    continue
                number, prediction = sent
                done += 1
                yield cases[number], prediction
        except ProcessError as died:
            share = share[done:]
            if done or not again:
                left.append((share, True))
            elif len(share) == 1:
                case = share[0][1]
                yield case, _killed(case, name, died, time_limit)
            else:
                half = 1 if died.hung else min(len(share) // 2, _FLIGHT)
                left += [(share[half:], True), (share[:half], True)]


def _killed(case: Case, name: str, died: ProcessError, time_limit: float) -> Prediction:
    problem = Message(
        "It ended the process that worked on it, also alone (exit status {code})", code=died.code
    )
    remedy = Message(
        "Most often a library crashed or the memory did not suffice: save the picture anew, "
        "smaller."
    )
    if died.hung:
        problem = Message(
            "It was not done after {seconds} seconds, also alone, and its process was ended",
            seconds=round(time_limit, 1),
        )
        remedy = Message("Save the picture anew, smaller, or give it longer with --time-limit.")
    return Prediction(
        category=case.category,
        case=case.id,
        model=name,
        failure=Failure(ProcessError.__name__, problem, remedy),
    )


def kills(prediction: Prediction) -> bool:
    """Whether the picture is one that must not be opened in this process."""
    return prediction.failure is not None and prediction.failure.kind == ProcessError.__name__
