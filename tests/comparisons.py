"""Comparisons made by hand, for tests of what is done with them."""

from __future__ import annotations

from runs import run_of

from rmbg_eval import Measurement, Prediction, Run
from rmbg_eval.compare.alpha_change import NOTHING, AlphaChange
from rmbg_eval.compare.comparison import Comparison
from rmbg_eval.compare.pair import Pair
from rmbg_eval.compare.runs import compare_runs
from rmbg_eval.compare.tolerances import Tolerances
from rmbg_eval.errors import Failure, MissingCutoutError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.record import PointResult, RuleResult

FAILED = Failure("ImageError", Message("ada.png is empty"), Message("Copy it again."))


def made(model: str = "a", case: str = "ada", cutout: str = "0", **changes: object) -> Prediction:
    prediction = Prediction(
        category="portrait",
        case=case,
        model=model,
        picture_sha256="p" * 64,
        width=96,
        height=64,
        cutout=f"cutouts/{model}/portrait/{case}.png",
        cutout_sha256=cutout * 64,
    )
    return prediction.model_copy(update=changes)


def failed(model: str = "a", case: str = "ada") -> Prediction:
    return Prediction(category="portrait", case=case, model=model, failure=FAILED)


def lacking(model: str = "a") -> Prediction:
    """One whose cut-out a folder of finished ones lacks."""
    why = MissingCutoutError(Message("There is no cut-out of ada"), Message("Save it."))
    return failed(model).model_copy(update={"failure": Failure.of(why)})


def value(metric: str, number: float | None, model: str = "a", reason: str = "why") -> Measurement:
    return Measurement(
        category="portrait",
        case="ada",
        model=model,
        metric=metric,
        value=number,
        unit="u",
        region="r",
        reason=None if number is not None else reason,
    )


def point(passed: bool | None, measured: float | None = 0.0, **changes: object) -> PointResult:
    result = PointResult(
        category="portrait",
        case="ada",
        model="a",
        point="lens",
        kind="transparent",
        measured=measured if passed is not None else None,
        expected=0.0,
        tolerance=0.05,
        unit="alpha, 0 to 1",
        passed=passed,
        reason=None if passed is not None else "no edge",
    )
    return result.model_copy(update=changes)


def rule(passed: bool | None, measured: float | None = 0.7, **changes: object) -> RuleResult:
    result = RuleResult(
        category="portrait", case="ada", model="a", rule="fill",
        measured=None if passed is None else measured, least=0.8, most=None,
        unit="share of the frame", passed=passed,
        reason="nothing is kept" if passed is None else None,
    )  # fmt: skip
    return result.model_copy(update=changes)


def one(was: Run, now: Run, change: AlphaChange = NOTHING, **tolerances: object) -> Pair:
    (pair,), _ = compare_runs(was, now, Tolerances(**tolerances), lambda *_: change)
    moved = ("worse", "changed", "better")
    assert all(value.verdict in moved or value.excess == 0 for value in pair.values)
    return pair


def run(*measured: Measurement, points: tuple = (), cutout: str = "0", **changes: object) -> Run:
    return run_of(made(cutout=cutout), measurements=measured, points=points, **changes)


def comparison(*states: str, worse_point: bool = False) -> Comparison:
    points = one(run(points=(point(True),)), run(points=(point(False, 0.9),))).values
    pairs = tuple(
        Pair(
            category="c",
            case=state,
            model="m",
            state=state,
            why="because",
            values=points if worse_point else (),
        )
        for state in states
    )
    return Comparison(base="base", new="new", notes=(), pairs=pairs)
