"""What anyone sees at once: how much of it there is, where, and that a good cut-out has nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from measure.mattes import pieces

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


def slow_pieces(alpha: np.ndarray, truth: np.ndarray | None) -> dict[str, int]:
    """How many crumbs and holes there are, piece by piece."""
    shape = alpha >= 0.5
    bodies, gaps = pieces(shape, 2), pieces(~shape, 1)
    inner = {(y, x) for y in range(1, shape.shape[0] - 1) for x in range(1, shape.shape[1] - 1)}
    limit = 0.01 * max(map(len, bodies), default=0)
    found = {}
    for name, own in (("crumbs", bodies), ("holes", [p for p in gaps if p <= inner])):
        small = [piece for piece in own if len(piece) < limit]
        real = []
        if truth is not None:
            alike = (truth >= 0.5) == (name == "crumbs")
            real = [piece for piece in small if 2 * sum(alike[at] for at in piece) >= len(piece)]
        if 0 < len(small) - len(real) >= len(real):
            found[name] = len(small) - len(real)
    return found


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans(), st.booleans(), st.booleans())
def test_crumbs_and_holes_are_those_of_a_slow_version(
    seed: int, much: bool, at_frame: bool, known: bool
) -> None:
    random = np.random.default_rng(seed)
    truth, alpha = np.zeros((2, 30, 32), np.float32)
    alpha[:, : 32 if much else 20] = truth[:, : 32 if much else 20] = 1
    for _ in range(6):
        y, x = random.integers(0 if at_frame else 1, 28, 2)
        height, width = random.integers(1, 3, 2)
        alpha[y : y + height, x : x + width] = 1 - alpha[y, x]
        truth[y : y + 1, x : x + random.integers(0, 3)] = alpha[y, x]
    level = np.float32(random.choice([0.5, 1]))
    alpha, truth = level * alpha, level * truth
    kinds = gross(alpha, truth if known else None)
    found = {name: kinds[name].amount for name in ("crumbs", "holes") if name in kinds}
    assert found == slow_pieces(alpha, truth if known else None)


@pytest.mark.parametrize(("side", "wide"), [(200, 9), (600, 21)])
def test_only_what_is_wider_than_any_edge_is_half_see_through(side: int, wide: int) -> None:
    for level, rows, seen in ((0.11, wide, True), (0.89, wide, True), (0.5, wide - 1, False),
                              (0.1, wide, False), (0.9, wide, False)):  # fmt: skip
        alpha = np.zeros((side, 2 * side), np.float32)
        alpha[50 : 50 + rows] = level
        kinds = gross(alpha, None)
        assert ("haze" in kinds) == seen, (level, rows)
        if seen:
            assert kinds["haze"].amount == pytest.approx(rows / side)
            assert kinds["haze"].box == (0, 50, 2 * side, rows)


def test_the_place_of_a_part_is_that_of_its_largest_piece() -> None:
    alpha = TRUTH.copy()
    alpha[60:62, 60:160] = 0  # wider than the other one
    alpha[80:120, 200:210] = 0
    kinds = gross(alpha, TRUTH)
    assert kinds["loss"].amount == pytest.approx(600 / 20000)
    assert kinds["loss"].box == (200, 80, 10, 40)
