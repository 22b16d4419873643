"""How far a cut-out differs where the picture was changed: against a slow version."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.measure.stability import instability
from rmbg_eval.measure.subject import Undefined

ALPHAS = arrays(np.float32, (14, 26), elements=st.sampled_from(np.float32([0, 0.45, 0.5, 1])))


def slow(one: np.ndarray, other: np.ndarray) -> float | None:
    """Pixel by pixel."""
    lines = []
    for alpha in (one, other):
        for y, x in np.argwhere(alpha >= 0.5):
            beside = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
            if any(
                0 <= v < alpha.shape[0] and 0 <= u < alpha.shape[1] and alpha[v, u] < 0.5
                for v, u in beside
            ):
                lines.append((y, x))
    found = [
        abs(float(one[y, x]) - float(other[y, x]))
        for y, x in np.ndindex(one.shape)
        if any((y - v) ** 2 + (x - u) ** 2 <= 100 for v, u in lines)
    ]
    return sum(found) / len(found) if found else None


@settings(max_examples=25)
@given(ALPHAS, ALPHAS, st.integers(0, 25))
def test_it_is_that_of_a_slow_version(one: np.ndarray, other: np.ndarray, clear: int) -> None:
    one, other = one.copy(), other.copy()
    one[:, clear:] = other[:, clear:] = 0
    expected = slow(one, other)
    if expected is None:
        with pytest.raises(Undefined, match="no outline in either"):
            instability(one, other)
    else:
        assert instability(one, other) == pytest.approx(expected, abs=1e-6)
        assert 0 <= instability(one, other) == instability(other, one) <= 1


def test_what_is_lost_counts_and_what_is_far_from_every_outline_does_not() -> None:
    alpha, empty = np.zeros((2, 60, 60), np.float32)
    alpha[20:40, 20:40] = 1
    assert instability(alpha, empty) > 0.25
    assert instability(alpha, alpha) == 0
    far = alpha.copy()
    far[0, 0] = 0.4
    assert instability(alpha, far) == 0
    with pytest.raises(Undefined):
        instability(empty, empty)
