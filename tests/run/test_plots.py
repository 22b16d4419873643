"""What is drawn of measurements: figures and pictures say what is so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib import colormaps

from rmbg_eval.measure.alpha import in_between_share
from rmbg_eval.measure.record import ObservationPoint
from rmbg_eval.run import plots

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
    steps = plots.soft_histogram({"a": edge(10)}, edge(20))
    assert sum(steps["a"]) == pytest.approx(9 / 80, abs=0.02)
    assert steps["truth"] == pytest.approx([1 / 80] * plots.STEPS, abs=1e-6), "a straight fall"


@given(arrays(np.uint8, (5, 7)))
def test_a_histogram_s_steps_are_counted_pixel_by_pixel(levels: np.ndarray) -> None:
    alpha = levels.astype(np.float32) / 255
    steps = plots.soft_histogram({}, alpha)
    counts = [0] * 18
    for level in levels.ravel().tolist():
        place = (100 * level - 5 * 255) // (5 * 255)  # in whole numbers: 51 is just 0.2
        if 0 <= place < 18:
            counts[place] += 1
    assert steps["truth"] == pytest.approx([count / 35 for count in counts], abs=1e-6)
    assert sum(steps["truth"]) == pytest.approx(in_between_share(alpha), abs=1e-5)


def test_disagreement_tells_how_far_and_how_often() -> None:
    one, other = (np.uint8(255 * edge(1, middle)) for middle in (40, 48))
    _, mean, far = plots.disagreement([one, other, one])
    assert (mean, far) == (pytest.approx(0.1), pytest.approx(0.1))


@given(st.lists(arrays(np.uint8, (6, 9)), min_size=2, max_size=4))
def test_a_map_has_the_range_of_all_models_in_the_colours_of_cividis(
    levels: list[np.ndarray],
) -> None:
    picture, mean, far = plots.disagreement(levels)
    apart = np.max(levels, axis=0).astype(int) - np.min(levels, axis=0)
    assert np.array_equal(np.asarray(picture), np.rint(255 * colormaps["cividis"](apart)[..., :3]))
    assert mean == pytest.approx(apart.mean() / 255, abs=1e-6)
    assert far == pytest.approx((apart > 127.5).mean())


@pytest.mark.parametrize("shape", [(1000, 2000), (1, 5000)])
def test_a_map_of_a_large_picture_is_small(shape: tuple[int, int]) -> None:
    large = np.zeros(shape, np.uint8)
    picture, _, _ = plots.disagreement([large, large + 255])
    assert picture.size == (plots.MAP_SIDE, max(1, round(plots.MAP_SIDE * shape[0] / shape[1])))
    assert picture.getpixel((0, 0)) == picture.getpixel((479, 0)) == (254, 232, 56)
