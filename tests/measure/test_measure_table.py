"""The table of measures, and that what is undefined is None with a reason, never a number."""

from __future__ import annotations

import json
import math
from typing import get_args

import numpy as np
import pytest
from measure.mattes import _pair
from pydantic import ValidationError
from systems import needs

from rmbg_eval.errors import ImageError
from rmbg_eval.measure import agreement, signs, stability
from rmbg_eval.measure.matting import MASKED
from rmbg_eval.measure.record import Measurement
from rmbg_eval.measure.subject import Needs, Subject
from rmbg_eval.measure.table import PAPERS, TABLE, measure
from rmbg_eval.run.plan import metrics_of
from rmbg_eval.settings import Settings

ALPHA = np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)
RGB = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)
EVERYTHING = Subject(ALPHA, RGB, RGB, ALPHA, RGB)
OF_ONE = [metric for metric in TABLE if metric.compute]
OF_TWO = (agreement.apart, agreement.flip_difference, stability.instability)


def measurement(**changes):
    row = {"category": "pet", "case": "rex", "model": "isnet", "metric": "mad"}
    return Measurement(**(row | {"value": 0.5, "unit": "1", "region": "all"} | changes))


def test_measures_everything_where_everything_is_there():
    needs("pymatting")
    found = measure(EVERYTHING)
    assert list(found) == [metric.name for metric in OF_ONE]
    assert found["mad"] == (0, None)
    for name, (value, reason) in found.items():
        if name != "halo":
            assert isinstance(value, float), name
            assert reason is None


def test_without_what_it_needs_a_measure_is_none_with_the_reason():
    reasons = {
        "truth": "the case has no truth",
        "foreground": "the case has no truth",
    }
    found = measure(Subject(ALPHA, RGB, RGB))
    assert list(found) == [metric.name for metric in OF_ONE]
    for metric in OF_ONE:
        value, reason = found[metric.name]
        assert (value is None) == (reason is not None)
        if metric.needs != "nothing":
            assert str(reason) == reasons[metric.needs]
    known = measure(Subject(ALPHA, RGB, RGB, missing={"truth": "it is a sketch"}))
    assert known["mad"] == (None, "it is a sketch")


def test_measuring_changes_nothing():
    arrays = [ALPHA.copy(), RGB.copy(), RGB[::-1].copy(), ALPHA[::-1].copy(), RGB.copy()]
    subject = Subject(*arrays)
    before = [array.copy() for array in arrays]
    measure(subject, metrics_of(Settings()))
    for array, was in zip(arrays, before, strict=True):
        assert np.array_equal(array, was)


@pytest.mark.parametrize(
    "wrong",
    [
        {"truth": ALPHA[:3]},
        {"foreground": RGB[:3]},
        {"rgb": RGB[..., :2]},
        {"picture": RGB.astype(float)},
        {"alpha": ALPHA * 2},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_subject_is_of_one_size_and_kind(wrong):
    with pytest.raises(ImageError):
        Subject(**({"alpha": ALPHA, "rgb": RGB, "picture": RGB} | wrong))


@pytest.mark.parametrize("metric", TABLE, ids=[metric.name for metric in TABLE])
def test_each_metric_says_what_it_is(metric):
    assert metric.unit
    assert metric.region
    assert metric.higher_is_better in (True, False, None)
    assert metric.needs in get_args(Needs)
    text = " ".join(metric.function.__doc__.split())
    if metric in signs.METRICS:
        text += signs.__doc__  # what is so of all of them
    assert ">>>" in text, "it has a doctest"
    assert "(H, W) float32" in text, "it states its shapes"
    assert any(word in text for word in ("ource", "Ours.", "Jaccard", "it is no score"))


def test_each_metric_says_whether_higher_is_better():
    """The truth is better than the same a little beside it, by whatever knows the truth."""
    y, x = np.mgrid[:60, :80]
    truth, beside = (
        np.clip((20 - np.hypot(x - middle, y - 30)) / 6 + 0.5, 0, 1).astype(np.float32)
        for middle in (40, 46)
    )
    rgb, foreground = np.zeros((2, 60, 80, 3), np.uint8)
    foreground[:], rgb[:] = (200, 30, 30), (0, 160, 0)
    directed = [
        metric
        for metric in (*TABLE, *MASKED, *PAPERS)
        if metric.higher_is_better is not None and not metric.name.endswith("_decontaminated")
    ]
    right = measure(Subject(truth, foreground, rgb, truth, foreground), directed)
    wrong = measure(Subject(beside, rgb, rgb, truth, foreground), directed)
    for metric in directed:
        higher = right[metric.name][0] > wrong[metric.name][0]
        assert higher is metric.higher_is_better, metric.name


def test_no_two_metrics_share_a_name():
    assert len({metric.name for metric in TABLE}) == len(TABLE)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"value": None}, id="neither-value-nor-reason"),
        pytest.param({"reason": "no truth"}, id="both"),
        pytest.param({"value": math.nan}, id="nan"),
        pytest.param({"value": math.inf}, id="infinite"),
        pytest.param({"value": "much"}, id="text"),
        pytest.param({"score": 1}, id="unknown-name"),
    ],
)
def test_a_measurement_has_a_finite_value_or_a_reason(changes):
    with pytest.raises(ValidationError):
        measurement(**changes)


@pytest.mark.parametrize("changes", [{}, {"value": None, "reason": "no truth"}, {"value": 1e-300}])
def test_a_measurement_comes_back_from_json_as_it_was(changes):
    made = measurement(**changes)
    text = made.model_dump_json()
    json.loads(text, parse_constant=pytest.fail)  # NaN and Infinity are no JSON
    assert Measurement.model_validate_json(text) == made


def test_what_is_measured_is_the_same_in_a_mirrored_picture():
    """But what is defined otherwise: by a published code's order of pixels (Conn, HCE, S-measure,
    weighted F), blocks of 16 px (halo), or a background that stays as it is (photo)."""
    turned = {"conn", "hce", "s_measure", "weighted_f", "halo"}
    same = [
        metric
        for metric in (*TABLE, *PAPERS)
        if metric.name.split("_unknown")[0] not in turned
        and "photo" not in metric.name
        and not metric.name.endswith("_decontaminated")  # estimated, pixel after pixel
    ]
    random = np.random.default_rng(4)
    for seed in range(6):
        alpha, truth = _pair(seed)
        rgb = random.integers(0, 256, (3, *alpha.shape, 3), np.uint8)
        other = np.roll(alpha, 1, 0)
        arrays = [alpha, *rgb[:2], truth, rgb[2], other]

        def measured(turn, arrays=arrays):
            turned = [np.ascontiguousarray(turn(array)) for array in arrays]
            of_one = {
                name: value for name, (value, _) in measure(Subject(*turned[:5]), same).items()
            }
            of_two = {of.__name__: of(turned[0], turned[5]) for of in OF_TWO}
            return of_one | of_two

        as_it_is = measured(lambda a: a)
        for turn in (np.fliplr, np.flipud, lambda a: a.swapaxes(0, 1)):
            assert measured(turn) == pytest.approx(as_it_is, rel=1e-5, abs=1e-6), seed
