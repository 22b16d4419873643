"""Signs without a truth, against slow versions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.measure.signs import cut_by_frame, edge_without_picture_edge, soft_away
from rmbg_eval.measure.subject import Undefined

SIZES = st.tuples(st.integers(3, 24), st.integers(3, 24))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    size = draw(SIZES)
    levels = st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]).map(np.float32)
    alpha = draw(arrays(np.float32, size, elements=levels, fill=st.just(np.float32(0))))
    tones = st.sampled_from([0, 5, 12, 13, 200])
    rgb = draw(arrays(np.uint8, (*size, 3), elements=tones, fill=st.just(np.uint8(0))))
    return alpha, rgb


def slow_contour(alpha: np.ndarray) -> list[tuple[int, int]]:
    height, width = alpha.shape
    return [
        (y, x) for y in range(height) for x in range(width)
        if alpha[y, x] >= 0.5 and any(
            0 <= v < height and 0 <= u < width and alpha[v, u] < 0.5
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
        )
    ]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(pictures())
def test_they_are_those_of_slow_versions(picture: tuple[np.ndarray, np.ndarray]) -> None:
    alpha, rgb = picture
    height, width = alpha.shape
    line = slow_contour(alpha)
    if not line:
        with pytest.raises(Undefined):
            soft_away(alpha)
        with pytest.raises(Undefined):
            edge_without_picture_edge(alpha, rgb)
        return
    counts = {True: [0, 0], False: [0, 0]}
    for y in range(height):
        for x in range(width):
            away = all((y - v) ** 2 + (x - u) ** 2 > 100 for v, u in line)
            side = counts[bool(alpha[y, x] >= 0.5)]
            side[0] += away and 0.05 <= alpha[y, x] <= 0.95
            side[1] += 1
    expected = [soft / max(1, count) for soft, count in (counts[True], counts[False])]
    assert soft_away(alpha) == pytest.approx(expected)

    def edge(y: int, x: int) -> bool:
        changes = [0]
        if 0 < x < width - 1:
            changes += [
                abs(int(a) - int(b)) for a, b in zip(*rgb[y, x - 1 : x + 2 : 2], strict=True)
            ]
        if 0 < y < height - 1:
            changes += [
                abs(int(a) - int(b)) for a, b in zip(*rgb[y - 1 : y + 2 : 2, x], strict=True)
            ]
        return max(changes) > 12

    alone = [
        not any(
            edge(v, u) for v in range(max(0, y - 2), min(height, y + 3))
            for u in range(max(0, x - 2), min(width, x + 3))
        )
        for y, x in line
    ]  # fmt: skip
    assert edge_without_picture_edge(alpha, rgb) == pytest.approx(np.mean(alone))
    border = [
        alpha[y, x] >= 0.5 for y in range(height) for x in range(width)
        if y in (0, height - 1) or x in (0, width - 1)
    ]  # fmt: skip
    assert cut_by_frame(alpha) == pytest.approx(np.mean(border))
