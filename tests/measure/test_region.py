"""Regions and distances against their definitions."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rmbg_eval.measure import region
from rmbg_eval.measure.kernels.neighbours import eroded
from rmbg_eval.measure.region import densest, distance, distance_at, pieces

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


@settings(max_examples=60)
@given(arrays.arrays(bool, st.tuples(st.integers(1, 24), st.integers(1, 24))), st.integers(1, 12))
def test_a_disc_erodes_row_by_row_as_pixel_by_pixel(mask: np.ndarray, reach: int) -> None:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    for pixels in (mask, mask | (np.indices(mask.shape).sum(0) % 11 > 0)):
        slow = cv2.erode(pixels.view(np.uint8), disc).view(bool)
        assert (eroded(pixels, disc.sum(1, dtype=np.int64) // 2) == slow).all()


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


@settings(max_examples=60)
@given(arrays.arrays(bool, st.tuples(st.integers(3, 24), st.integers(3, 24))))
def test_a_place_holds_as_much_as_any_window(mask: np.ndarray) -> None:
    place = densest(mask)
    if not mask.any():
        assert place is None
        return
    assert place is not None
    left, top, width, height = place
    side = max(1, min(mask.shape) // 4)
    assert (width, height) == (side, side)
    counts = [
        mask[y : y + side, x : x + side].sum()
        for y in range(mask.shape[0] - side + 1) for x in range(mask.shape[1] - side + 1)
    ]  # fmt: skip
    assert mask[top : top + side, left : left + side].sum() == max(counts)


@pytest.mark.parametrize("shape", [(160, 163), (500, 333), (427, 640)])
def test_what_is_only_at_the_frame_is_in_its_place(shape: tuple[int, int]) -> None:
    for y, x in ((0, 0), (-1, -1), (-1, shape[1] // 2), (shape[0] // 2, -1)):
        mask = np.zeros(shape, bool)
        mask[y, x] = True
        place = densest(mask)
        assert place is not None
        left, top, width, height = place
        assert mask[top : top + height, left : left + width].any()


def test_counting_pieces_takes_little_beside_their_numbers() -> None:
    mask = np.zeros((4096, 4096), bool)
    mask[::64, ::64] = True
    tracemalloc.start()
    label, sizes = pieces(mask, 8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * label.nbytes
    assert sizes.tolist() == [mask.size - 4096] + [1] * 4096
