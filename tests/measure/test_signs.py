"""Signs without a truth, against slow versions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rmbg_eval.errors import ImageError
from rmbg_eval.measure import signs
from rmbg_eval.measure.signs import SIGNS, Look, small
from rmbg_eval.measure.subject import Subject, Undefined
from rmbg_eval.measure.table import measure

SIZES = st.tuples(st.integers(3, 24), st.integers(3, 24))
Spots = set[tuple[int, int]]


@st.composite
def looks(draw: st.DrawFn) -> Look:
    size = draw(SIZES)
    levels = st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]).map(np.float32)
    alpha = draw(arrays(np.float32, size, elements=levels, fill=st.just(np.float32(0))))
    tones = st.sampled_from([0, 5, 12, 13, 40, 200])
    rgb = draw(arrays(np.uint8, (*size, 3), elements=tones, fill=st.just(np.uint8(0))))
    return Look(alpha, rgb)


class Slow:
    """Pixel by pixel, as the docstrings say it."""

    def __init__(self, look: Look) -> None:
        self.alpha, self.rgb = look.alpha, look.rgb
        self.height, self.width = look.alpha.shape
        self.every = [(y, x) for y in range(self.height) for x in range(self.width)]
        self.subject = {at for at in self.every if self.alpha[at] >= 0.5}
        self.rest = set(self.every) - self.subject
        self.line = {at for at in self.subject if any(n in self.rest for n in self.near(at, 4))}
        self.soft = {at for at in self.every if 0.05 <= self.alpha[at] <= 0.95}

    def near(self, at: tuple[int, int], connectivity: int) -> list[tuple[int, int]]:
        y, x = at
        straight = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        across = [(y + a, x + b) for a in (-1, 1) for b in (-1, 1)]
        return straight if connectivity == 4 else straight + across

    def inside(self, at: tuple[int, int]) -> bool:
        return 0 <= at[0] < self.height and 0 <= at[1] < self.width

    def pieces(self, spots: Spots, connectivity: int) -> list[Spots]:
        left, pieces = set(spots), []
        while left:
            piece, front = set(), [left.pop()]
            while front:
                at = front.pop()
                piece.add(at)
                following = {n for n in self.near(at, connectivity) if n in left}
                left -= following
                front += following
            pieces.append(piece)
        return pieces

    def change(self, at: tuple[int, int]) -> int:
        y, x = at
        changes = [0]
        for one, other in (((y, x - 1), (y, x + 1)), ((y - 1, x), (y + 1, x))):
            if self.inside(one) and self.inside(other):
                pair = zip(self.rgb[one], self.rgb[other], strict=True)
                changes += [abs(int(a) - int(b)) for a, b in pair]
        return max(changes)

    def highest(self, at: tuple[int, int], reach: int) -> int:
        y, x = at
        square = [
            (v, u) for v in range(y - reach, y + reach + 1) for u in range(x - reach, x + reach + 1)
        ]
        return max(self.change(each) for each in square if self.inside(each))

    def patches(self, spots: Spots, reach: int) -> Spots:
        """Of the spots, all that are in a square of them, cut by the frame or not."""
        seen: Spots = set()
        for y, x in self.every:
            square = {
                (v, u)
                for v in range(y - reach, y + reach + 1)
                for u in range(x - reach, x + reach + 1)
                if self.inside((v, u))
            }
            seen |= square if square <= spots else set()
        return seen

    def spots(self, name: str) -> Spots:
        largest = max(map(len, self.pieces(self.subject, 8)))
        if name in ("soft_inside", "soft_outside"):
            own = self.subject if name == "soft_inside" else self.rest
            return own & self.patches(self.soft, 6)
        if name == "crumbs":
            small = [p for p in self.pieces(self.subject, 8) if len(p) < 0.01 * largest]
            return set().union(*small)
        if name == "edgeless":
            return {at for at in self.line if self.highest(at, 2) <= 12}
        if name == "edge_beside":
            return {
                (y, x) for y, x in self.line
                if 5 <= y < self.height - 5 and 5 <= x < self.width - 5
                and self.highest((y, x), 6) > max(12, 3 * self.highest((y, x), 1))
            }  # fmt: skip
        if name == "cut_by_frame":
            return {
                (y, x) for y, x in self.subject
                if y in (0, self.height - 1) or x in (0, self.width - 1)
            }  # fmt: skip
        assert name == "kept"
        return self.subject

    def out_of(self, name: str) -> float:
        border = [(y, x) for y, x in self.every if y in (0, self.height - 1) or
                  x in (0, self.width - 1)]  # fmt: skip
        return {
            "soft_outside": len(self.rest),
            "edgeless": len(self.line),
            "edge_beside": len(self.line),
            "cut_by_frame": len(border),
            "kept": len(self.every),
        }.get(name, len(self.subject))


@settings(max_examples=60)
@given(looks())
def test_they_are_those_of_slow_versions(look: Look) -> None:
    slow = Slow(look)
    for name, function in SIGNS.items():
        if name == "detached":  # several may be the largest: see below
            continue
        needs = {"edgeless": slow.line, "edge_beside": slow.line, "crumbs": slow.subject,
                 "soft_inside": slow.subject, "soft_outside": slow.rest}  # fmt: skip
        if not needs.get(name, slow.every):
            with pytest.raises(Undefined):
                function(look)
            continue
        trace = function(look)
        spots = slow.spots(name) if slow.subject else set()
        assert {(int(y), int(x)) for y, x in np.argwhere(trace.where)} == spots, name
        assert trace.value == pytest.approx(len(spots) / slow.out_of(name)), name


@settings(max_examples=60)
@given(looks())
def test_what_is_detached_is_every_larger_piece_but_the_largest(look: Look) -> None:
    slow = Slow(look)
    if not slow.subject:
        with pytest.raises(Undefined):
            signs.detached(look)
        return
    sizes = sorted(map(len, slow.pieces(slow.subject, 8)))
    large = [size for size in sizes[:-1] if size >= 0.01 * sizes[-1]]
    assert signs.detached(look).value == pytest.approx(sum(large) / sum(sizes))


def test_a_piece_of_one_percent_of_the_largest_is_no_crumb() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[:10, :10] = alpha[15, 15] = 1
    look = Look(alpha, np.zeros((20, 20, 3), np.uint8))
    assert (signs.crumbs(look).value, signs.detached(look).value) == (0, 1 / 101)


def test_a_look_is_of_an_alpha_and_a_picture_of_one_size() -> None:
    picture = np.zeros((4, 5, 3), np.uint8)
    for alpha, rgb in (
        (np.zeros((5, 4), np.float32), picture),
        (np.full((4, 5), 2, np.float32), picture),
        (np.zeros((4, 5), np.float32), picture / 255),
    ):
        with pytest.raises(ImageError):
            Look(alpha, rgb)


@pytest.mark.parametrize("height", [1, 283])
def test_a_place_of_a_large_picture_does_not_leave_it(height: int) -> None:
    alpha = np.zeros((height, 4044), np.float32)
    alpha[height // 2 :] = 1
    alpha[height // 2 :, 99:] = 0.6
    alpha[:, :9] = 0
    rgb = np.zeros((height, 4044, 3), np.uint8)
    for turn in (lambda a: a, lambda a: a.swapaxes(0, 1).copy()):
        subject = Subject(turn(alpha), turn(rgb), turn(rgb))
        places = signs.places(subject)
        assert {"cut_by_frame", "soft_inside"} <= places.keys()
        for left, top, across, down in places.values():
            assert 0 <= left <= left + across <= subject.alpha.shape[1]
            assert 0 <= top <= top + down <= subject.alpha.shape[0]


def test_a_large_picture_is_looked_at_smaller_and_its_places_are_its_own() -> None:
    alpha = np.zeros((1536, 1024), np.float32)
    alpha[200:1400, 200:900] = 1
    alpha[900:980, 500:580] = 0.6
    rgb = np.full((1536, 1024, 3), 90, np.uint8)
    look, scale = small(alpha, rgb)
    assert look.alpha.shape == (768, 512)
    assert scale == 2
    values = measure(Subject(alpha, rgb, rgb))
    assert values["soft_inside"][0] == pytest.approx(40 * 40 / (600 * 350), rel=0.05)
    left, top, width, height = signs.places(Subject(alpha, rgb, rgb))["soft_inside"]
    assert left <= 500
    assert top <= 900
    assert left + width >= 580
    assert top + height >= 980


def test_a_soft_patch_is_wider_than_an_edge() -> None:
    """Of a band as wide along the outline; a strip that is longer is none."""
    for name, level in (("soft_inside", 0.6), ("soft_outside", 0.4)):
        for width, height, seen in ((13, 13, 13 * 13), (20, 14, 20 * 14), (12, 40, 0), (40, 12, 0)):
            alpha = np.zeros((60, 100), np.float32)
            alpha[:, :50] = 1
            columns = slice(50, 50 + width) if level < 0.5 else slice(50 - width, 50)
            alpha[5 : 5 + height, columns] = level
            trace = SIGNS[name](Look(alpha, np.zeros((60, 100, 3), np.uint8)))
            assert np.count_nonzero(trace.where) == seen, (name, width, height)


def test_the_edge_beside_an_outline_is_found() -> None:
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[:, 30:] = 200
    for cut, beside in ((30, 0.0), (34, 1.0), (26, 1.0)):
        alpha = np.zeros((40, 60), np.float32)
        alpha[:, cut:] = 1
        share = signs.edge_beside(Look(alpha, rgb)).value
        assert share == pytest.approx(beside * 30 / 40), cut
