"""What anyone sees at once: how much of it there is, where, and that a good cut-out has nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.measure.alpha import strays
from rmbg_eval.run.findings import GROSS
from rmbg_eval.run.gross import gross

TRUTH = np.zeros((200, 300), np.float32)
TRUTH[50:150, 50:250] = 1


def test_a_good_cut_out_has_nothing() -> None:
    assert gross(TRUTH, TRUTH) == {}
    assert gross(TRUTH, None, [TRUTH]) == {}


def test_crumbs_and_holes_are_counted_and_found() -> None:
    alpha = TRUTH.copy()
    alpha[160:190:4, 260:290:4] = 1
    alpha[60:70:3, 60:70:3] = 0
    kinds = gross(alpha, TRUTH)
    assert {name: kind.amount for name, kind in kinds.items() if name != "excess"} == {
        "crumbs": 64, "holes": 16, "loss": 16 / TRUTH.sum(),
    }  # fmt: skip
    x, y, width, height = kinds["crumbs"].box
    assert x <= 260 < 288 <= x + width
    assert y <= 160 < 188 <= y + height
    assert gross(alpha, None)["crumbs"].amount == strays(alpha).islands


def test_what_the_truth_has_too_is_no_fault() -> None:
    lace = TRUTH.copy()
    lace[52:148:4, 52:248:4] = 0
    assert gross(lace, lace) == {}
    more = lace.copy()
    more[54, 54:70:4] = 0  # four at its edge, among hundreds that are real
    assert "holes" not in gross(more, lace)


def test_a_part_that_is_gone_or_left_is_a_share_of_the_subject() -> None:
    alpha = TRUTH.copy()
    alpha[50:150, 150:250] = 0
    kinds = gross(alpha, TRUTH)
    assert kinds["loss"].amount == pytest.approx(0.5)
    assert kinds["loss"].box == (150, 50, 100, 100)
    alpha = TRUTH.copy()
    alpha[0:50, 0:100] = 1
    kinds = gross(alpha, TRUTH)
    assert kinds["excess"].amount == pytest.approx(0.25)
    assert kinds["excess"].box == (0, 0, 100, 50)


def test_what_is_left_of_a_picture_without_a_subject_is_a_share_of_the_picture() -> None:
    nothing = np.zeros_like(TRUTH)
    assert gross(nothing, nothing) == {}
    kinds = gross(0.3 * TRUTH, nothing)
    assert kinds["invented"].amount == pytest.approx(1 / 3)
    assert kinds["invented"].box == (50, 50, 200, 100)
    assert "0.2\u00a0% of the picture is left" in str(GROSS["invented"].words(0.002))
    glass = nothing + np.float32(0.3)  # there is a subject, and all of it is see-through
    assert gross(TRUTH, glass) == {}


def test_without_truth_a_soft_patch_and_another_opinion_are_found() -> None:
    alpha = TRUTH.copy()
    alpha[80:120, 100:160] = 0.4
    kinds = gross(alpha, None, [TRUTH, TRUTH])
    assert kinds["haze"].amount == pytest.approx(2400 / alpha.size, rel=0.1)
    assert kinds["dissent"].amount == pytest.approx(2400 / alpha.size)
    assert kinds["dissent"].box == (100, 80, 60, 40)
    # Where another one says the same, it is no one's own opinion.
    assert "dissent" not in gross(alpha, None, [TRUTH, alpha])


shapes = st.tuples(st.integers(32, 48), st.integers(32, 48))


@given(shapes.flatmap(lambda shape: arrays(np.float32, (2, *shape), elements=st.sampled_from(
    [0.0, 0.25, 0.5, 1.0]))), st.booleans())  # fmt: skip
def test_places_are_in_the_picture(pair: np.ndarray, known: bool) -> None:
    alpha, other = pair
    height, width = alpha.shape
    kinds = gross(alpha, other if known else None, [] if known else [other])
    for kind in kinds.values():
        left, top, across, down = kind.box
        assert kind.amount > 0
        assert 0 <= left < left + across <= width
        assert 0 <= top < top + down <= height
