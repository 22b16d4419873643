"""Segmentation measures against slow versions, and against PySODMetrics 1.6.2's own figures."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from measure.mattes import SPECIAL, _pair, pairs

from rmbg_eval.core.images import quantise
from rmbg_eval.errors import ImageError
from rmbg_eval.measure.segmentation import METRICS, boundary_iou, e_measure, iou, s_measure
from rmbg_eval.measure.segmentation import weighted_f as weighted
from rmbg_eval.measure.subject import Undefined

some = settings(max_examples=25)
EPS = 2.220446049250313e-16
GOLDEN = json.loads((Path(__file__).parent / "golden" / "pysodmetrics.json").read_text())


def with_a_shape(pair):
    height, width = np.minimum(pair[0].shape, pair[1].shape)
    alpha, truth = (a[:height, :width].copy() for a in pair)
    if not (truth >= 0.5).any():
        truth[height // 2, width // 2] = 1
    return alpha, truth


def slow_e(alpha, truth):
    """Matrix by matrix, as the paper has it."""
    shape, found = (truth >= 0.5).astype(float), []
    for threshold in range(256):
        cut = (quantise(alpha) >= threshold).astype(float)
        if shape.all():
            enhanced = cut
        else:
            a, b = cut - cut.mean(), shape - shape.mean()
            enhanced = (2 * a * b / (a * a + b * b + EPS) + 1) ** 2 / 4
        found.append(enhanced.sum() / (shape.size - 1 + EPS))
    return np.mean(found)


def slow_weighted(alpha, truth):
    shape = truth >= 0.5
    error = np.abs(alpha.astype(float) - shape)
    inside = np.argwhere(shape)
    spread, importance = error.copy(), np.ones(shape.shape)
    for spot in np.argwhere(~shape):
        away = ((inside - spot) ** 2).sum(1)
        nearest = inside[away.argmin()]  # of several, the first row by row
        spread[tuple(spot)] = error[tuple(nearest)]
        importance[tuple(spot)] = 2 - math.exp(math.log(0.5) / 5 * math.sqrt(away.min()))
    taps = np.array([math.exp(-(x * x) / 50) for x in range(-3, 4)])
    kernel = np.outer(taps, taps) / np.outer(taps, taps).sum()
    padded = np.pad(spread, 3)
    least = error.copy()
    for y, x in inside:
        least[y, x] = min(error[y, x], (padded[y : y + 7, x : x + 7] * kernel).sum())
    weighted_error = least * importance
    front = len(inside)
    hit = front - weighted_error[shape].sum()
    recall = 1 - weighted_error[shape].mean()
    precision = hit / (hit + weighted_error[~shape].sum() + EPS)
    return 2 * recall * precision / (recall + precision + EPS)


def slow_s(alpha, truth):
    shape, values = truth >= 0.5, alpha.astype(float)
    if shape.all():
        return values.mean()

    def even(part):
        mean = part.mean()
        spread = part.std(ddof=1) if part.size > 1 else 0
        return 2 * mean / (mean * mean + 1 + spread + EPS)

    share = shape.mean()
    objects = share * even(values[shape]) + (1 - share) * even(1 - values[~shape])
    y, x = np.argwhere(shape).mean(0).round().astype(int) + 1
    regions = 0
    for rows in (slice(0, y), slice(y, None)):
        for columns in (slice(0, x), slice(x, None)):
            a, b = values[rows, columns], shape[rows, columns].astype(float)
            if not a.size:
                continue
            less = a.size - 1 + EPS
            spread = ((a - a.mean()) ** 2).sum() / less + ((b - b.mean()) ** 2).sum() / less
            both = ((a - a.mean()) * (b - b.mean())).sum() / less
            above = 4 * a.mean() * b.mean() * both
            below = (a.mean() ** 2 + b.mean() ** 2) * spread
            score = above / (below + EPS) if abs(above) > 1e-15 else float(below < 1e-15)
            regions += a.size / values.size * score
    return max(0, (objects + regions) / 2)


@some
@given(pairs)
def test_e_measure_is_that_of_the_paper(pair):
    alpha, truth = with_a_shape(pair)
    assert e_measure(alpha, truth) == pytest.approx(slow_e(alpha, truth), rel=1e-6)


def test_of_a_single_pixel_the_e_measure_is_1_at_most():
    one = np.ones((1, 1), np.float32)
    assert e_measure(one, one) == 1
    assert e_measure(0 * one, one) == pytest.approx(1 / 256)


@some
@given(pairs)
def test_weighted_f_is_that_of_the_paper(pair):
    alpha, truth = with_a_shape(pair)
    assert weighted(alpha, truth) == pytest.approx(slow_weighted(alpha, truth), rel=1e-6, abs=1e-9)


@some
@given(pairs)
def test_s_measure_is_that_of_the_paper(pair):
    alpha, truth = with_a_shape(pair)
    assert s_measure(alpha, truth) == pytest.approx(slow_s(alpha, truth), rel=1e-6, abs=1e-9)


@some
@given(pairs)
def test_overlaps_are_counted(pair):
    alpha, truth = with_a_shape(pair)
    one, other = alpha >= 0.5, truth >= 0.5
    assert iou(alpha, truth) == (one & other).sum() / (one | other).sum()
    reach = max(1, round(0.02 * math.hypot(*truth.shape)))
    edges = []
    for shape in (one, other):
        padded = np.pad(shape, reach)
        deep = np.ones(shape.shape, bool)
        for y in range(2 * reach + 1):
            for x in range(2 * reach + 1):
                deep &= padded[y : y + shape.shape[0], x : x + shape.shape[1]]
        edges.append(shape & ~deep)
    expected = (edges[0] & edges[1]).sum() / (edges[0] | edges[1]).sum()
    assert boundary_iou(alpha, truth) == expected


def test_a_boundary_is_as_wide_as_two_hundredths_of_the_diagonal():
    truth, grown = np.zeros((2, 300, 400), np.float32)
    truth[100:200, 100:200] = grown[95:205, 95:205] = 1
    rings = 100**2 - 80**2, 110**2 - 90**2  # 10 px of a diagonal of 500
    both = 100**2 - 90**2
    assert boundary_iou(grown, truth) == both / (sum(rings) - both)


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: str(row["seed"]))
def test_figures_are_those_of_pysodmetrics(row):
    alpha, truth = _pair(row["seed"])
    alpha = quantise(alpha) / np.float32(255)
    assert s_measure(alpha, truth) == pytest.approx(row["s"], rel=1e-6)
    assert e_measure(alpha, truth) == pytest.approx(row["e"], rel=1e-6)
    # Of two nearest pixels it may take the other.
    assert weighted(alpha, truth) == pytest.approx(row["w"], rel=2e-3)


def test_the_opposite_of_the_truth_has_no_structure_of_it():
    square = np.zeros((32, 32), np.float32)
    square[8:24, 8:24] = 1
    assert s_measure(1 - square, square) == 0


@pytest.mark.parametrize("function", [s_measure, e_measure, weighted, iou, boundary_iou])
def test_without_a_shape_in_the_truth_they_are_undefined(function):
    with pytest.raises(Undefined, match="half opaque"):
        function(SPECIAL["hard"], SPECIAL["empty"])
    for name in ("full", "one pixel", "all soft", "hard", "last column"):
        truth = SPECIAL[name]
        whole = np.ceil(truth).astype(np.float32)
        assert function(whole, whole) == pytest.approx(1, abs=3e-3), name
        assert function(SPECIAL["noise"], truth) < 0.9
    with pytest.raises(ImageError, match="36"):  # never stretched, and nothing of it left out
        function(SPECIAL["hard"][1:], SPECIAL["hard"])
    assert len(METRICS) == 5
