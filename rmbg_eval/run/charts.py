"""Charts of a run for a notebook: each draws into matplotlib axes, its own or yours, and returns
them. A case without a value is left out, and the title says how many there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ..errors import check_name, check_record, quoted
from ..i18n import Message
from ..measure.table import TITLES
from .fonts import drawable, plain
from .frames import check_metric
from .record import Run
from .statistics import inference

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's, which colour-blind readers can tell apart."""
MARKS = "osD^vP*X"
MOST = 100
"""Cases that a chart has rows for: more are no picture that can be drawn, or read."""
_NAME = 32
"""Characters, at most, of a model's name in a legend."""


def plot_measure(run: Run, metric: str, ax: Axes | None = None) -> Axes:
    """A measure by case, a mark a model; the cases that differ most between models stand on top, of
    one model those with the largest values. Of more than 100 cases only these are shown.

    >>> from rmbg_eval import load_run, plot_measure
    >>> axes = plot_measure(load_run("reports/latest"), "mad_unknown")
    >>> axes.get_title()
    'mean error in the unknown region, 1 of 2 cases'
    """
    values, unit, region = _by_case(run, metric)
    highest = {name: max(case.values()) for name, case in values.items()}
    names = sorted(
        values, key=lambda name: (highest[name] - min(values[name].values()), highest[name])
    )
    cut = len(names) > MOST
    count = f"first {MOST} of {len(names)}" if cut else f"{len(names)} of {len(run.cases)}"
    names = names[-MOST:]
    axes = _axes(ax, 0.28 * len(names) + 1.4)
    drawn = []
    for number, model in enumerate(run.index.models):
        rows = [row for row, name in enumerate(names) if model in values[name]]
        drawn += axes.plot(
            [values[names[row]][model] for row in rows], rows, label=_short(model), linestyle="",
            marker=MARKS[number % len(MARKS)], color=COLOURS[number % len(COLOURS)],
        )  # fmt: skip
    axes.set_yticks(range(len(names)), map(drawable, names))
    axes.set_xlabel(f"{unit}, {region}")
    axes.set_title(f"{_title(metric)}, {count} cases")
    axes.grid(axis="x", alpha=0.3)
    return _finished(axes, drawn)


def plot_points(run: Run, by: str = "category", ax: Axes | None = None) -> Axes:
    """The share of observation points passed, by `category` or by `kind` of point, a bar a model:
    of those that could be measured, as in the report. There is no bar where none could.

    >>> from rmbg_eval import load_run, plot_points
    >>> plot_points(load_run("reports/latest")).get_title()
    'observation points passed, of 1 a model'
    """
    check_record(run, Run)
    check_name(by, ("category", "kind"), Message("by cannot be {value}", value=quoted(by)))
    passed: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for point in run.points:
        own = passed[getattr(point, by), point.model]
        if point.passed is not None:
            own.append(point.passed)
    groups, models = [*dict.fromkeys(group for group, _ in passed)], [*run.index.models]
    axes = _axes(ax, 3.2)
    width = 0.8 / max(len(models), 1)
    drawn = []
    for number, model in enumerate(models):
        at, shares = [], []
        for place, group in enumerate(groups):
            if known := passed.get((group, model)):
                at.append(place + number * width)
                shares.append(100 * fmean(known))
        colour = COLOURS[number % len(COLOURS)]
        drawn.append(axes.bar(at, shares, width, label=_short(model), color=colour))
    axes.set_xticks(
        [place + 0.4 - width / 2 for place in range(len(groups))], map(drawable, groups)
    )
    axes.tick_params(axis="x", rotation=0 if len(groups) < 5 else 25)
    axes.set_ylabel("% of the points")
    axes.set_ylim(0, 100)
    each = sum(point.model == models[0] for point in run.points)
    axes.set_title(f"observation points passed, of {each} a model")
    return _finished(axes, drawn)


def plot_time(run: Run, metric: str, ax: Axes | None = None) -> Axes:
    """A measure's mean over the cases that every model has a value of, against the median seconds
    of a picture's inference; a mark a model. A model whose inference was not timed is left out;
    where none was, as of finished cut-outs, the title says so, and nothing is drawn.

    >>> from rmbg_eval import load_run, plot_time
    >>> plot_time(load_run("reports/latest"), "mad_unknown").get_xlabel()
    'seconds of inference a picture, median'
    """
    values, unit, region = _by_case(run, metric)
    shared = [case for case in values.values() if case.keys() == run.index.models.keys()]
    axes = _axes(ax, 3.6)
    timed = {model: inference(run, model) for model in run.index.models}
    if not any(timed.values()):
        axes.set_axis_off()
        axes.set_title(f"{_title(metric)}: no model was timed")
        return axes
    drawn: list[Any] = []
    for number, (model, seconds) in enumerate(timed.items()):
        if seconds is not None and shared:
            drawn += axes.plot(
                seconds, fmean(case[model] for case in shared), label=_short(model), linestyle="",
                marker=MARKS[number % len(MARKS)], color=COLOURS[number % len(COLOURS)],
            )  # fmt: skip
    axes.set_xlabel("seconds of inference a picture, median")
    axes.set_ylabel(f"{unit}, {region}, mean")
    axes.set_title(f"{_title(metric)}, {len(shared)} of {len(run.cases)} cases")
    axes.grid(alpha=0.3)
    return _finished(axes, drawn)


def _by_case(run: Run, metric: str) -> tuple[dict[str, dict[str, float]], str, str]:
    """Each case's values by model, without what is undefined; the unit and the region."""
    check_metric(run, metric)
    values: dict[str, dict[str, float]] = defaultdict(dict)
    unit = region = ""
    for m in run.measurements.of(metric):
        unit, region = m.unit, m.region
        if m.value is not None:
            values[m.name][m.model] = m.value
    return values, unit, region


def _axes(ax: Axes | None, height: float) -> Any:
    from matplotlib import pyplot

    if ax is not None:
        check_record(ax, pyplot.Axes)
        return ax
    return pyplot.subplots(figsize=(7.2, height), layout="constrained")[1]


def _finished(axes: Any, drawn: Sequence[Any]) -> Any:
    """With a legend of all that is named, of ours also what begins with an underscore, which
    matplotlib itself leaves out."""
    handles, names = axes.get_legend_handles_labels()
    for each in drawn:
        if each.get_label().startswith("_"):
            handles.append(each)
            names.append(each.get_label())
    if names:
        axes.legend(handles, names)
    plain(axes)
    return axes


def _short(model: str) -> str:
    """A model's name as a legend has it: a long one is cut in its middle, or it would leave the
    drawing no room."""
    return drawable(model if len(model) <= _NAME else f"{model[:18]}…{model[-12:]}")


def _title(metric: str) -> str:
    return str(TITLES.get(metric, metric))
