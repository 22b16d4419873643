"""A run of several pictures, and decisions about it, for tests of what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from comparisons import made
from runs import run_of

from rmbg_eval import Run
from rmbg_eval.decisions.record import Approval, Decisions, Review, Side, Vote

START = datetime(2026, 11, 2, 9, tzinfo=UTC)


def sha(model: str, case: str) -> str:
    """The SHA-256 that a cut-out of `run_over` has."""
    return f"{model}{case}".encode().hex().ljust(64, "0")[:64]


def run_over(cases: int, models: tuple[str, ...] = ("a", "b"), group: int = 0) -> Run:
    """A run of so many pictures, `group` of them a shoot."""
    plain = run_of()
    (record,), (one, _) = plain.cases, plain.models
    names = [f"c{number}" for number in range(cases)]
    records = tuple(
        record.model_copy(
            update={"id": name, "group": f"g{place // group}" if group else None, "title": {}}
        )
        for place, name in enumerate(names)
    )
    runs = tuple(
        one.model_copy(update={"info": one.info.model_copy(update={"name": model})})
        for model in models
    )
    predictions = tuple(
        made(model, name).model_copy(
            update={"cutout_sha256": sha(model, name), "picture_sha256": sha("", name)}
        )
        for model in models
        for name in names
    )
    return plain.model_copy(update={"cases": records, "models": runs, "predictions": predictions})


def two_categories(run: Run) -> Run:
    """The same, every other picture of another category."""
    return run.model_copy(
        update={
            "cases": tuple(
                record.model_copy(update={"category": ("pet", "portrait")[int(record.id[1:]) % 2]})
                for record in run.cases
            ),
            "predictions": tuple(
                made.model_copy(update={"category": ("pet", "portrait")[int(made.case[1:]) % 2]})
                for made in run.predictions
            ),
        }
    )


def review(case: str = "c0", model: str = "a", answer: str = "usable", **changes: object) -> Review:
    return Review.model_validate(
        {
            "category": "portrait",
            "case": case,
            "model": model,
            "cutout_sha256": sha(model, case),
            "answer": answer,
            "person": "Ada",
            "time": START,
            **changes,
        }
    )


def vote(
    case: str = "c0", choice: str = "left", models: tuple[str, str] = ("a", "b"), **changes: object
) -> Vote:
    left, right = (Side(model=model, cutout_sha256=sha(model, case)) for model in models)
    values = {"category": "portrait", "case": case, "left": left, "right": right}
    return Vote.model_validate(
        {**values, "choice": choice, "person": "Ada", "time": START, **changes}
    )


def approval(case: str = "c0", model: str = "a", **changes: object) -> Approval:
    values = {"category": "portrait", "case": case, "model": model, "base_sha256": "0" * 64}
    return Approval.model_validate(
        {**values, "new_sha256": sha(model, case), "person": "Ada", "time": START, **changes}
    )


def later(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def decisions(*some: Review | Vote | Approval) -> Decisions:
    return Decisions.of(Decisions(decisions=some))
