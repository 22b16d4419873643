"""Charts of a case: their lines are where the figures are, and words say what they show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmbg_eval.report.charts import histogram_view, profile_view
from rmbg_eval.run.previews import EdgeProfile


def test_a_profile_has_the_truth_and_every_model() -> None:
    profile = EdgeProfile(
        point="p",
        length=10,
        courses={"a": (1, 0.5, 0), "truth": (1, 1, 0)},
        widths={"a": 4.25, "truth": None},
    )
    view = profile_view(profile, ["b", "a"])
    truth, course = view.courses
    assert (str(truth.name), truth.number) == ("truth", "truth")
    assert (course.name, course.number) == ("a", "1")
    assert course.spots == "0.0,5.0 160.0,55.0 320.0,105.0"
    assert str(view.words) == (
        "truth does not fall from 0.92 to 0.08; a falls from 0.92 to 0.08 over 4.2 px"
    )
    assert view.length == "10\u00a0px"


def test_of_the_level_parts_of_a_profile_only_the_ends_are_in_the_page() -> None:
    profile = EdgeProfile(
        point="p", length=5, courses={"a": (1, 1, 1, 0.5, 0, 0)}, widths={"a": None}
    )
    (course,) = profile_view(profile, ["a"]).courses
    assert course.spots == "0.0,5.0 128.0,5.0 192.0,55.0 256.0,105.0 320.0,105.0"


def test_a_seventh_model_is_drawn_like_the_first() -> None:
    models = [f"m{n}" for n in range(7)]
    histogram = dict.fromkeys(models, (0.01,))
    assert [c.number for c in histogram_view(histogram, models, "x").courses] == [*"0123450"]


def test_a_histogram_has_a_step_for_each_share_and_says_what_its_top_is() -> None:
    histogram = {"a": (0.04, 0.02, 0.02, 0), "truth": (0.0, 0.0, 0.05, 0.05)}
    view = histogram_view(histogram, ["a"], "The cup")
    truth, course = view.courses
    assert (truth.number, course.number) == ("truth", "0")
    assert course.spots == ("0.0,25.0 80.0,25.0 80.0,65.0 240.0,65.0 240.0,105.0 320.0,105.0")
    assert truth.spots == "0.0,105.0 160.0,105.0 160.0,5.0 320.0,5.0"
    assert (truth.value, course.value) == ("10.0\u00a0%", "8.0\u00a0%")
    assert view.top == "5\u00a0%"
    assert str(view.words) == "Share of in-between pixels in The cup: a 8.0%; truth 10.0%"


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, "1 %"), (0.012, "2 %"), (0.02, "2 %"), (0.021, "5 %"), (0.3, "50 %"), (0.9, "100 %"),
     (1.0, "100 %"), (0.0004, "0.05 %"), (0.000001, "0.0001 %")],
)  # fmt: skip
def test_the_top_is_a_plain_number(highest: float, top: str) -> None:
    histogram = {"a": (highest, 0)}
    assert histogram_view(histogram, ["a"], "x").top == top.replace(" ", "\u00a0")


@given(st.lists(st.integers(0, 1_000_000), min_size=18, max_size=18))
def test_no_step_leaves_the_chart_and_the_highest_comes_near_its_top(counts: list[int]) -> None:
    steps = tuple(round(count / 1_000_000, 6) for count in counts)
    histogram = {"a": steps}
    (course,) = histogram_view(histogram, ["a"], "x").courses
    spots = [tuple(map(float, spot.split(","))) for spot in course.spots.split(" ")]
    assert [x for x, _ in spots] == sorted(x for x, _ in spots)
    assert (spots[0][0], spots[-1][0]) == (0, 320)
    heights = [y for _, y in spots]
    assert all(5 <= y <= 105 for y in heights)
    assert any(counts) == (min(heights) < 105)
    if max(counts) > 100:
        assert min(heights) <= 5 + 100 * 0.61, "at least 2 of 5"
