"""The table of measures, and that what is undefined is None with a reason, never a number."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest
from pydantic import ValidationError

from rmbg_eval.measure import TABLE, Measurement, measure

ALPHA = np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8)


def measurement(**changes):
    row = {"category": "pet", "case": "rex", "model": "isnet", "metric": "mad"}
    return Measurement(**(row | {"value": 0.5, "unit": "1", "region": "all"} | changes))


def test_measures_everything_where_there_is_a_truth():
    found = measure(ALPHA, ALPHA)
    assert list(found) == [metric.name for metric in TABLE]
    assert found["mad"] == (0, None)
    assert all(isinstance(value, float) and reason is None for value, reason in found.values())


def test_without_a_truth_what_needs_it_is_none_with_the_reason():
    found = measure(ALPHA, None)
    assert list(found) == [metric.name for metric in TABLE]
    for metric in TABLE:
        value, reason = found[metric.name]
        assert (value is None) == (reason is not None) == metric.needs_truth
    assert found["mad"] == (None, "the case has no truth")


def test_measuring_changes_neither_alpha_nor_truth():
    alpha, truth = ALPHA.copy(), ALPHA[::-1].copy()
    measure(alpha, truth)
    assert np.array_equal(alpha, ALPHA)
    assert np.array_equal(truth, ALPHA[::-1])


@pytest.mark.parametrize("metric", TABLE, ids=[metric.name for metric in TABLE])
def test_each_metric_says_what_it_is(metric):
    assert metric.unit
    assert metric.region
    assert metric.higher_is_better in (True, False, None)
    assert len(inspect.signature(metric.compute).parameters) == (2 if metric.needs_truth else 1)
    assert ">>>" in metric.compute.__doc__, "it has a doctest"
    assert "(H, W) float32" in metric.compute.__doc__, "it states its shapes"
    values = [ALPHA, ALPHA[::-1]] if metric.needs_truth else [ALPHA]
    assert 0 <= metric.compute(*values) <= 1


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
