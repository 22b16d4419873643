"""What is drawn of one pair, BASE and NEW."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from comparisons import made, one, run
from fakes import disc
from pictures import error_map
from PIL import Image

from rmbg_eval.compare.comparison import Pair
from rmbg_eval.report.comparison_pictures import PairFigures, difference_map, pair_figures


def figures_of(
    was: np.ndarray, now: np.ndarray, folder: Path, full: bool, **changes: object
) -> PairFigures:
    """Of a matte or cut-out as it was, and as it is now."""
    sides = []
    for side, pixels in (("was", was), ("now", now)):
        path = folder / side / made().cutout
        path.parent.mkdir(parents=True)
        Image.fromarray(pixels).save(path)
        sides.append(made(cutout_sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    pair = Pair(
        category="portrait", case="ada", model="a", state="changed", why="it",
        base=sides[0], new=sides[1], **changes,
    )  # fmt: skip
    return pair_figures(pair, folder / "was", folder / "now", folder, full=full)


@pytest.mark.parametrize("wiped", [False, True])
def test_without_colours_of_its_own_base_is_a_matte_where_those_of_new_are_gone(
    tmp_path: Path, wiped: bool
) -> None:
    rgb, alpha = disc(1)
    less = np.where(np.arange(alpha.shape[1]) < 48, alpha, 0)
    colours = np.where(less[..., None] == 0, 0, rgb) if wiped else rgb
    sides = alpha, np.dstack([colours, less]).astype(np.uint8)
    figures = figures_of(*sides, tmp_path, full=True)
    shown = np.asarray(Image.open(tmp_path / figures.base.full).convert("RGBA"))
    assert figures.matte == wiped
    assert figures.borrowed is not wiped
    if wiped:
        assert np.array_equal(shown[..., 0], alpha)
    else:
        assert np.array_equal(shown[alpha > 0][:, :3], rgb[alpha > 0])


def test_where_only_colours_changed_a_baseline_is_not_shown_in_the_new_ones(tmp_path: Path) -> None:
    rgb, alpha = disc(1)
    now = np.dstack([rgb, alpha])
    values = one(run(), run(cutout="1")).values
    figures = figures_of(alpha, now, tmp_path, full=False, values=values)
    assert (figures.matte, figures.borrowed) == (True, False)
    same = figures_of(
        alpha, now, tmp_path / "to-the-bit", full=False, values=values, identical=True
    )
    assert (same.matte, same.borrowed) == (False, True)


@pytest.mark.parametrize(
    ("size", "where", "region"),
    [
        ((400, 300), (300, 20, 10, 12), (225, 0, 160, 160)),
        ((400, 300), (100, 120, 10, 12), (25, 46, 160, 160)),
        ((90, 60), (40, 20, 10, 12), (0, 0, 90, 60)),
    ],
)
def test_what_is_magnified_is_where_alpha_moved(
    tmp_path: Path,
    size: tuple[int, int],
    where: tuple[int, int, int, int],
    region: tuple[int, int, int, int],
) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    less = alpha.copy()
    x, y, width, height = where
    less[y : y + height, x : x + width] = 0
    sides = (np.dstack([rgb, levels]) for levels in (alpha, less))
    figures = figures_of(*sides, tmp_path, full=False, where=where)
    assert figures.region == region
    assert not figures.borrowed
    assert not figures.matte
    left, top, across, down = region
    place = np.s_[top : top + down, left : left + across]
    base, new, moved = (
        np.asarray(Image.open(tmp_path / crop.path).convert("RGBA")) for crop in figures.crops
    )
    assert np.array_equal(base, np.dstack([rgb, alpha])[place])
    assert np.array_equal(new[..., 3], less[place])
    assert ((moved[..., 0] == 255) == (less[place] == 255)).all()
    for shown, levels in ((figures.base, alpha), (figures.new, less)):
        with Image.open(tmp_path / shown.path) as image:
            assert image.size == (shown.width, shown.height) == size
            assert np.array_equal(np.asarray(image.convert("RGBA"))[..., 3], levels)


def test_orange_is_more_opaque_as_in_an_error_map() -> None:
    base = np.array([[0, 0, 1, 0.5]], np.float32)
    new = np.array([[0, 0.25, 0, 0.625]], np.float32)
    white, orange, purple = (255, 255, 255), (213, 94, 0), (84, 39, 136)
    half = (234, 174, 128)
    drawn = [tuple(pixel) for pixel in difference_map(base, new)[0].tolist()]
    assert drawn == [white, orange, purple, half]
    solid, clear = np.ones((8, 8), np.float32), np.zeros((8, 8), np.float32)
    for alpha, truth in ((solid, clear), (clear, solid)):
        error = np.rint(error_map(alpha, truth))
        assert tuple(error[0, 0].tolist()) == tuple(difference_map(truth, alpha)[0, 0].tolist())
