"""Pictures of measurements: what they say is so, and they are drawn the same every time."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.texmanager import TexManager

from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.run import plots
from rmbg_eval.run.fonts import drawable

ACROSS = ObservationPoint.model_validate(
    {"id": "rim", "kind": "soft-band", "lines": [[[5, 20], [75, 20]]]}
)


def edge(width: float, middle: float = 40) -> np.ndarray:
    x = np.arange(80) + 0.5
    return np.tile(np.clip((middle - x) / width + 0.5, 0, 1).astype(np.float32), (40, 1))


def test_a_profile_tells_each_ones_width() -> None:
    alphas = {"a": edge(10), "b": edge(20), "none": np.zeros((40, 80), np.float32)}
    length, courses, facts = plots.edge_profile(ACROSS, alphas, edge(5))
    assert facts["a"] == pytest.approx(8.4, abs=0.3)
    assert facts["b"] == pytest.approx(16.8, abs=0.3)
    assert facts["truth"] == pytest.approx(4.2, abs=0.3)
    assert facts["none"] is None
    assert length == 70
    assert set(courses) == {"a", "b", "none", "truth"}
    for name, width in (("a", 10), ("truth", 5)):
        distances = np.linspace(0, length, len(courses[name]))
        expected = np.interp(5 + distances, np.arange(80) + 0.5, edge(width)[20])
        assert courses[name] == pytest.approx(expected, abs=0.001)


def test_a_histogram_tells_what_is_in_between() -> None:
    _, facts = plots.soft_histogram({"a": edge(10)}, edge(20))
    assert facts == {
        "a": pytest.approx(9 / 80, abs=0.02),
        "truth": pytest.approx(18 / 80, abs=0.02),
    }


def test_disagreement_tells_how_far_and_how_often() -> None:
    _, facts = plots.disagreement({"a": edge(1, 40), "b": edge(1, 48), "c": edge(1, 40)})
    assert facts == {"mean": pytest.approx(0.1), "far": pytest.approx(0.1)}


def test_no_two_names_are_the_same_empty_boxes() -> None:
    one, other = (
        np.asarray(plots.soft_histogram({name: edge(3)}, edge(5))[0]) for name in ("发🥤", "丝🥦")
    )
    assert one.shape != other.shape or not np.array_equal(one, other)
    assert drawable("a\U0010fffe\udcff") == "a\\U0010fffe\\udcff"


def test_no_tex_is_started_that_a_stranger_s_matplotlibrc_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("TeX")

    monkeypatch.setattr(TexManager, "make_dvi", started)
    expected = plots.soft_histogram({"a": edge(3)}, edge(5))[0].tobytes()
    with rc_context({"text.usetex": True}):
        assert plots.soft_histogram({"a": edge(3)}, edge(5))[0].tobytes() == expected
        plots.disagreement({"a": edge(1, 40), "b": edge(1, 48)})


def test_the_same_numbers_give_the_same_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # of charts
    once, again = (plots.soft_histogram({"a": edge(3)}, edge(5))[0].tobytes() for _ in range(2))
    assert once == again
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["_hidden", "$\\frac$", "W" * 80, "发丝 🥤 \ue000\udcff", "ﷺ"])
def test_any_name_stands_in_the_legend(name: str) -> None:
    with_name, without = (
        np.asarray(plots.soft_histogram({each: edge(10)}, edge(5))[0]) for each in (name, " ")
    )
    assert not np.array_equal(with_name, without)
