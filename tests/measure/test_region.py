"""Regions and distances against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rmbg_eval.measure import region
from rmbg_eval.measure.region import distance, distance_at

masks = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))).filter(np.any)


@pytest.mark.parametrize("asked", [0, 4], ids=["the other way", "row by row"])
def test_the_way_to_the_nearest_of_a_mask(monkeypatch: pytest.MonkeyPatch, asked: int) -> None:
    monkeypatch.setattr(region, "ROWS_ASKED", asked)

    @settings(max_examples=60)
    @given(masks)
    def check(mask: np.ndarray) -> None:
        spots = np.argwhere(mask)
        rows, columns = np.indices(mask.shape).reshape(2, -1)
        slow = [np.hypot(*(spots - spot).T).min() for spot in np.argwhere(np.ones(mask.shape))]
        assert distance_at(mask, rows, columns) == pytest.approx(slow, rel=1e-15)
        assert distance(mask).ravel() == pytest.approx(slow, rel=1e-7)

    check()


def test_pixels_that_are_many_and_far_take_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr(region, "distance", lambda mask: taken.append(mask.shape) or distance(mask))
    mask = np.zeros((200, 300), bool)
    mask[0, 0] = True
    rows, columns = np.indices(mask.shape).reshape(2, -1)
    assert distance_at(mask, rows, columns) == pytest.approx(np.hypot(rows, columns), rel=1e-15)
    assert taken == [(200, 300)]
    assert distance_at(mask, np.array([3, 0]), np.array([4, 0])).tolist() == [5, 0]
    assert len(taken) == 1
