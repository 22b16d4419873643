"""A run as pandas frames, its charts, and what a notebook shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from comparisons import point
from matplotlib import pyplot, rc_context
from matplotlib.figure import Figure
from matplotlib.texmanager import TexManager
from runs import KEY, run_of

from rmbg_eval import (
    Measurement,
    Prediction,
    load_run,
    measurements_frame,
    plot_measure,
    plot_points,
    plot_time,
    points_frame,
    predictions_frame,
)
from rmbg_eval.errors import Failure, OutputError, SettingsError
from rmbg_eval.i18n import Message
from rmbg_eval.measure.columns import Measurements
from rmbg_eval.measure.record import PointResult
from rmbg_eval.run.folder import save
from rmbg_eval.run.fonts import drawable

FIELDS = {"category": KEY[0], "case": KEY[1]}


@pytest.fixture(autouse=True)
def no_figure_stays() -> Iterator[None]:
    yield
    pyplot.close("all")


def of(model: str, metric: str, value: float | None) -> Measurement:
    reason = Message("There is no truth") if value is None else None
    about = {"metric": metric, "unit": "alpha, 0 to 1", "region": "whole image"}
    return Measurement(**FIELDS, model=model, value=value, reason=reason, **about)


@pytest.fixture
def run():
    numbers = [of("a", "mad", 0.1), of("b", "mad", 0.3), of("a", "iou", 0.9), of("b", "iou", None)]
    return run_of(
        Prediction(
            **FIELDS, model="a", cutout="cutouts/a/c/x.png", seconds={"infer": 2.0, "refine": 0.5}
        ),
        Prediction(
            **FIELDS, model="b", failure=Failure("ModelError", Message("<b>gone"), Message("Look."))
        ),
        measurements=Measurements(numbers),
    )


def test_a_frame_has_every_number_and_why_one_is_missing(run) -> None:
    frame = measurements_frame(run)
    assert frame.value.isna().tolist() == [False, False, False, True]
    assert frame.reason[3] == "There is no truth"
    assert points_frame(run).empty
    predictions = predictions_frame(run)
    assert predictions.infer.tolist()[0] == 2.0
    assert predictions.refine.tolist()[0] == 0.5
    assert "gone" in predictions.failure[1]


def test_columns_are_of_numbers_also_where_all_is_missing(run) -> None:
    frames = (measurements_frame, predictions_frame, points_frame)
    told = PointResult(
        **FIELDS, model="a", point="p", kind="opaque", measured=1.0, expected=1.0, tolerance=0.1,
        unit="u", passed=True,
    )  # fmt: skip
    untold = told.model_copy(update={"measured": None, "passed": None})
    full = run.model_copy(update={"points": (told, untold)})
    nothing = run.model_copy(update={"points": (untold,), "predictions": run.predictions[1:]})
    empty = run.model_copy(update={"points": (), "predictions": (), "measurements": []})
    numbers = ["value", "measured", "expected", "infer", "refine", "risk", "width", "memory"]
    for each in (full, nothing, empty):
        dtypes = {name: str(kind) for f in frames for name, kind in f(each).dtypes.items()}
        assert {dtypes[name] for name in numbers} == {"float64"}
        assert dtypes["passed"] == "boolean"
    points = points_frame(full)
    assert len(points[points.passed]) == len(points) - len(points[~points.passed]) - 1 == 1
    assert points.groupby("model").passed.sum().to_dict() == {"a": 1}


def test_worst_is_high_where_low_is_better_and_the_other_way(run) -> None:
    assert run.worst(1, "mad").model.tolist() == ["b"]
    assert run.worst(5, "mad", model="a")["mad"].tolist() == [0.1]
    assert run.worst(5, "iou").model.tolist() == ["a"]  # what is undefined is no worst
    with pytest.raises(SettingsError, match="-1 is no number of cut-outs.*0 or more"):
        run.worst(-1, "mad")
    with pytest.raises(SettingsError, match=r"no measure 'sad' .*Name one of these: mad, iou"):
        run.worst(1, "sad")
    with pytest.raises(SettingsError, match=r"no model 'c' .*Name one of these: a, b"):
        run.worst(1, "mad", model="c")


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda run: plot_points(run, by="model"), "by cannot be 'model'.*: category, kind"),
        (lambda run: plot_measure(run, 3), "no measure 3 in.*: mad, iou"),
        (lambda run: plot_measure(run, "mad", 3), "3 is no Axes.*subplots"),
        (lambda run: run.worst(2.5, "mad"), "2.5 is no number of cut-outs.*0 or more"),
        (lambda run: run.worst("5", "mad"), "'5' is no number of cut-outs"),
        (lambda run: run.worst(1, ["mad"]), r"no measure \['mad'\] in"),
        (lambda run: run.worst(1, "mad", model=["a"]), r"no model \['a'\] in.*: a, b"),
    ],
)
def test_what_is_wrong_is_told_with_its_value_and_what_is_right(run, ask, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        ask(run)


def test_charts_say_unit_and_count_and_draw_into_the_axes_given(run) -> None:
    axes = plot_measure(run, "mad")
    assert axes.get_xlabel() == "alpha, 0 to 1, whole image"
    assert axes.get_title().endswith("1 of 1 cases")
    assert sorted(float(line.get_xdata()[0]) for line in axes.lines) == [0.1, 0.3]
    axes.clear()
    assert plot_time(run, "mad", ax=axes) is axes
    assert [float(line.get_ydata()[0]) for line in axes.lines] == [0.1]  # b has no time
    assert plot_points(run, ax=axes).get_title().endswith("of 0 a model")


def test_of_one_model_the_largest_values_stand_on_top(run) -> None:
    values = {"tom": 0.1, "rex": 0.3, "ada": 0.2}
    numbers = [of("a", "mad", v).model_copy(update={"case": case}) for case, v in values.items()]
    axes = Figure().subplots()
    plot_measure(run.model_copy(update={"measurements": Measurements(numbers)}), "mad", axes)
    names = [text.get_text().partition("/")[2] for text in axes.get_yticklabels()]
    assert names == ["tom", "ada", "rex"]


def test_a_chart_of_very_many_cases_has_those_on_top_and_says_so(run) -> None:
    numbers = [
        of("a", "mad", case / 3000).model_copy(update={"case": f"{case:04}"})
        for case in range(3000)
    ]
    axes = plot_measure(run.model_copy(update={"measurements": Measurements(numbers)}), "mad")
    axes.figure.canvas.draw()  # beyond 65,535 px it could not
    assert axes.get_title().endswith(", first 100 of 3000 cases")
    names = [text.get_text().partition("/")[2] for text in axes.get_yticklabels()]
    assert (names[0], names[-1], len(names)) == ("2900", "2999", 100)


def test_a_point_that_could_not_be_measured_has_neither_passed_nor_failed(run) -> None:
    untold = [point(None, category=category, point="hair") for category in ("portrait", "pet")]
    points = point(True), untold[0], point(True, model="b"), point(False, model="b"), untold[1]
    axes = plot_points(run.model_copy(update={"points": points}))
    assert axes.get_title().endswith("of 3 a model")
    assert [[bar.get_height() for bar in of_model] for of_model in axes.containers] == [[100], [50]]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["portrait", "pet"]
    axes = plot_points(run.model_copy(update={"points": untold}), by="kind")
    assert not axes.patches
    axes.figure.canvas.draw()


@pytest.mark.filterwarnings("error")
@pytest.mark.skipif(drawable("棋") != "棋", reason="no font here has Chinese characters")
def test_any_name_is_drawn_on_the_axes_that_are_returned() -> None:
    about = {"category": "摆件", "case": "棋子 $白色$ \ue000", "model": "模型"}
    number = of("a", "mad", 0.1).model_copy(update=about)
    (one, _), told = run_of().models, PointResult(
        **about, point="p", kind="opaque", measured=1.0, expected=1.0, tolerance=0.1, unit="u",
        passed=True,
    )  # fmt: skip
    named = one.model_copy(update={"info": one.info.model_copy(update={"name": "模型"})})
    made = Prediction(**about, cutout="x.png", seconds={"infer": 1.0})
    run = run_of(made, models=(named,), measurements=Measurements([number]), points=(told,))
    for draw in (plot_measure, plot_time, lambda run, _: plot_points(run)):
        axes = draw(run, "mad")
        axes.figure.canvas.draw()
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["模型"]
    assert plot_measure(run, "mad").get_yticklabels()[0].get_text() == "摆件/棋子 $白色$ \\ue000"


def test_no_two_names_are_the_same_empty_boxes() -> None:
    assert drawable("a\U0010fffe\udcff") == "a\\U0010fffe\\udcff"


CHARTS = {
    "measure": lambda run: plot_measure(run, "mad"),
    "time": lambda run: plot_time(run, "mad"),
    "points": plot_points,
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("_hidden", "_hidden"),
        ("$\\frac$", "$\\frac$"),
        ("W" * 80, "W" * 18 + "…" + "W" * 12),
        ("a\ue000\udcff", "a\\ue000\\udcff"),
    ],
)
def test_any_name_stands_in_the_legend(run, chart: str, name: str, told: str) -> None:
    axes = CHARTS[chart](_renamed(run, name))
    axes.figure.canvas.draw()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [told]


@pytest.mark.parametrize("chart", CHARTS)
def test_no_tex_is_started_that_a_stranger_s_matplotlibrc_asks_for(
    run, monkeypatch: pytest.MonkeyPatch, chart: str
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("TeX")

    monkeypatch.setattr(TexManager, "make_dvi", started)
    with rc_context({"text.usetex": True}):
        axes = CHARTS[chart](_renamed(run, "a"))
        axes.figure.canvas.draw()


def _renamed(run, name: str):
    """The run of one model, of this name, with a measure, a time and a point."""
    one = run.models[0]
    named = one.model_copy(update={"info": one.info.model_copy(update={"name": name})})
    made = run.predictions[0].model_copy(update={"model": name})
    numbers = Measurements([of(name, "mad", 0.1)])
    told = (point(True, model=name),)
    return run_of(made, models=(named,), measurements=numbers, points=told)


def test_finished_cut_outs_have_no_time(run) -> None:
    info = run.models[0].info.model_copy(update={"runtime": "none"})
    finished = tuple(model.model_copy(update={"info": info}) for model in run.models[:1])
    made_elsewhere = run.model_copy(update={"models": finished})
    assert "2.5" not in made_elsewhere._repr_html_()
    assert "<td>2.5</td>" in run._repr_html_()
    axes = plot_time(made_elsewhere, "mad")
    assert axes.get_title().endswith(": no model was timed")
    assert not axes.axison


def test_a_run_prints_a_line_and_shows_a_table(run) -> None:
    assert repr(run) == str(run)
    assert len(repr(run)) < 120
    assert "1 case × 2 models" in repr(run)
    shown = run.model_copy(update={"settings": run.settings.model_copy(update={"out": "<i>"})})
    assert "<i>" not in shown._repr_html_()
    assert shown._repr_html_().count("<tr>") == 3
    assert "<p>1 × b: &lt;b&gt;gone. Look.</p>" in shown._repr_html_()
    lost = run.predictions[1]
    why = [
        Failure("ModelError", Message("gone {n}", n=n), Message("Look.")) for n in (1, 1, 2, 3, 4)
    ]
    many = [lost.model_copy(update={"case": f"c{n}", "failure": w}) for n, w in enumerate(why)]
    html = run.model_copy(update={"predictions": tuple(many)})._repr_html_()
    assert "</table><p>2 × b: gone 1. Look.</p><p>1 × b: gone 2. Look.</p>" in html
    assert html.endswith("<p>… and for other reasons: see failures</p>")
    assert ", 5 failed: " in repr(run.model_copy(update={"predictions": tuple(many)}))
    lacking = Failure("MissingCutoutError", Message("gone"), Message("Look."))
    many[0] = many[0].model_copy(update={"failure": lacking})
    shown = run.model_copy(update={"predictions": tuple(many)})
    assert ", 4 failed, 1 missing: " in repr(shown)
    assert "<td>4, 1 missing</td>" in shown._repr_html_()


def test_a_run_is_loaded_from_wherever_it_lies(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "before").mkdir()
    save(tmp_path / "before", run)
    (tmp_path / "before").rename(tmp_path / "after")
    monkeypatch.chdir(tmp_path)
    for path in ("after", Path("after"), "after/run.json", str(tmp_path / "after")):
        assert load_run(path).settings.out_folder == tmp_path / "after"
    with pytest.raises(OutputError, match="Give the folder of a finished run"):
        load_run("before")


def test_measurements_are_had_by_their_place_like_predictions(run) -> None:
    numbers = [*run.measurements]
    assert [run.measurements[place] for place in (0, 3, -1, -4)] == [
        numbers[place] for place in (0, 3, -1, -4)
    ]
    for place in (4, -5):
        with pytest.raises(IndexError):
            run.measurements[place]
