"""A run as pandas frames, for charts and questions of one's own: one row a number, a point or a
prediction. What is undefined is missing (pandas' `isna`), and `reason` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import TYPE_CHECKING

from ..errors import SettingsError, check_name, check_record, quoted
from ..i18n import Message
from ..measure.table import TABLE
from .record import Run

if TYPE_CHECKING:
    from pandas import DataFrame

KEY = ("category", "case", "model")
MEASUREMENTS = (*KEY, "metric", "value", "unit", "region", "reason")
POINTS = (
    *KEY, "point", "kind", "measured", "expected", "tolerance", "unit", "passed", "required",
    "reason",
)  # fmt: skip
PREDICTIONS = (
    *KEY, "width", "height", "cutout", "decode", "preprocess", "infer", "postprocess", "refine",
    "encode", "load", "memory", "cached", "device", "dtype", "risk", "failure",
)  # fmt: skip
STAGES = PREDICTIONS[6:13]
NUMBERS = {
    "value", "measured", "expected", "width", "height", *STAGES, "memory", "risk",
    "share", "low", "high", "run_low", "run_high", "best_rank", "worst_rank", "x", "y",
}  # fmt: skip
"""Of all frames, the columns of numbers that may be missing."""


def measurements_frame(run: Run) -> DataFrame:
    """Every number that was measured, a row each, as measurements.csv.

    Columns: `category`, `case`, `model`, `metric`, `value`, `unit`, `region` and `reason`.

    >>> from rmbg_eval import load_run, measurements_frame
    >>> frame = measurements_frame(load_run("reports/latest"))
    >>> wide = frame.pivot_table("value", ["category", "case"], ["metric", "model"])
    >>> wide["mad_unknown"].columns.tolist()
    ['grabcut', 'isnet']
    """
    check_record(run, Run)
    return frame(
        MEASUREMENTS,
        (
            [*m.key, m.metric, m.value, m.unit, m.region, text_of(m.reason)]
            for m in run.measurements
        ),
    )  # fmt: skip


def points_frame(run: Run) -> DataFrame:
    """Every observation point of every model, a row each.

    Columns: `category`, `case`, `model`, `point` (its id), `kind`, `measured`, `expected` and
    `tolerance` in `unit`, `passed` (missing where it could not be measured), `required`, `reason`.

    >>> from rmbg_eval import load_run, points_frame
    >>> frame = points_frame(load_run("reports/latest"))
    >>> frame.groupby("model")["passed"].sum().to_dict()
    {'grabcut': 0, 'isnet': 1}
    """
    check_record(run, Run)
    return frame(
        POINTS,
        (
            [
                *p.key, p.point, p.kind, p.measured, p.expected, p.tolerance, p.unit, p.passed,
                p.required, text_of(p.reason),
            ]
            for p in run.points
        ),
    )  # fmt: skip


def predictions_frame(run: Run) -> DataFrame:
    """Every cut-out or failure, a row each.

    Columns: `category`, `case`, `model`; `width` and `height` in pixels; `cutout`, the path of the
    RGBA PNG, to be opened from here; seconds of `decode`, `preprocess`, `infer`, `postprocess`,
    `refine`, `encode` and `load`; `memory`, the process's peak in bytes; `cached`, whether an
    earlier run made it; `device`, `dtype`; `risk`, from 0 to 1; `failure`, in words.

    >>> from rmbg_eval import load_run, predictions_frame
    >>> frame = predictions_frame(load_run("reports/latest"))
    >>> frame[["case", "model", "width"]].values.tolist()[0]
    ['bottle', 'isnet', 96]
    """
    check_record(run, Run)
    folder, risks = run.settings.out_folder, run.index.risks
    return frame(
        PREDICTIONS,
        (
            [
                *p.key, p.width, p.height, p.cutout and str(folder / p.cutout),
                *(p.seconds.get(stage) for stage in STAGES), p.peak_memory_bytes, p.cached,
                p.device, p.dtype, risks[p.key].value if p.key in risks else None,
                None if p.failure is None else str(p.failure),
            ]
            for p in run.predictions
        ),
    )  # fmt: skip


def worst_frame(run: Run, count: int, metric: str, model: str | None) -> DataFrame:
    """As `Run.worst` says."""
    try:
        most = index(count)
    except TypeError:
        most = -1
    if most < 0:
        raise SettingsError(
            Message("{n} is no number of cut-outs", n=quoted(count)),
            Message("Give a whole one, 0 or more."),
        )
    check_metric(run, metric)
    if model is not None:
        check_model(run, model)
    higher = {row.name: row.higher_is_better for row in TABLE}
    values = [
        (m.value, m)
        for m in run.measurements.of(metric)
        if m.value is not None and model in (None, m.model)
    ]
    values.sort(key=lambda pair: pair[0], reverse=not higher.get(metric))
    return frame(
        (*KEY, metric, "unit", "region"),
        ([*m.key, value, m.unit, m.region] for value, m in values[:most]),
    )


def check_metric(run: Run, metric: str) -> None:
    """SettingsError for a measure that the run does not have."""
    check_record(run, Run)
    problem = Message("There is no measure {name} in this run", name=quoted(metric))
    check_name(metric, run.measurements.metrics(), problem)


def check_model(run: Run, model: str) -> None:
    """SettingsError for a model that the run does not have."""
    problem = Message("There is no model {name} in this run", name=quoted(model))
    check_name(model, [*run.index.models], problem)


def frame(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> DataFrame:
    """Rows under their heads. A column of numbers is one where all of it is missing, too, and
    `passed` is pandas' `boolean`, so that it can be counted and be a mask where some is missing."""
    from pandas import DataFrame  # a second: only for who wants a frame

    made = DataFrame([*rows], columns=[*heads], dtype=object).infer_objects()
    empty = [name for name in heads if name in NUMBERS and made[name].dtype == object]
    passed = [name for name in heads if name == "passed"]
    return made.astype(dict.fromkeys(empty, "float64") | dict.fromkeys(passed, "boolean"))


def text_of(reason: Message | None) -> str | None:
    """The reason in English, or None, which pandas counts as missing."""
    return None if reason is None else str(reason)
