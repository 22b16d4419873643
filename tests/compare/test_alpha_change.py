"""How far alpha moved: against a slow version, and what is refused on the way to it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from fakes import disc
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from systems import links

from rmbg_eval import Prediction
from rmbg_eval.compare.alpha_change import (
    NOTHING,
    TILE,
    alpha_change,
    change_of,
    decoded,
    matte_hash,
)
from rmbg_eval.core.images import Cutout, encode_png
from rmbg_eval.errors import RmbgEvalError

sides = st.integers(1, 50)
alphas = st.tuples(sides, sides).flatmap(
    lambda shape: st.tuples(*[arrays(np.float32, shape, elements=st.floats(0, 1, width=32))] * 2)
)


@settings(max_examples=60)
@given(alphas)
def test_is_the_slow_version(pair: tuple[np.ndarray, np.ndarray]) -> None:
    base, new = pair
    tiles = {}
    height, width = (min(side, TILE) for side in base.shape)
    for y in range(base.shape[0] - height + 1):
        for x in range(base.shape[1] - width + 1):
            part = np.abs(np.float64(new) - base)[y : y + height, x : x + width]
            tiles[x, y, width, height] = part.mean()
    found = alpha_change(base, new)
    assert found.mean == pytest.approx(np.abs(np.float64(new) - base).mean(), abs=1e-12)
    assert found.tile == pytest.approx(max(tiles.values()), abs=1e-9)
    assert found.reason is None
    if found.where is None:
        assert np.array_equal(base, new)
    else:
        assert tiles[found.where] == pytest.approx(found.tile, abs=1e-12)


@pytest.mark.parametrize(("y", "x"), [(0, 0), (9, 9), (23, 31), (49, 49)])
def test_one_pixel_weighs_the_same_wherever_it_is(y: int, x: int) -> None:
    base = np.zeros((50, 50), np.float32)
    new = base.copy()
    new[y, x] = 1
    found = alpha_change(base, new)
    assert found.tile == 1 / 256
    left, top, width, height = found.where or (99, 99, 0, 0)
    assert left <= x < left + width
    assert top <= y < top + height
    assert left + width <= 50
    assert top + height <= 50


def test_is_the_same_both_ways_and_nothing_of_itself() -> None:
    rng = np.random.default_rng(0)
    one, other = (rng.random((40, 70)).astype(np.float32) for _ in range(2))
    assert alpha_change(one, other) == alpha_change(other, one)
    assert alpha_change(one, one) == NOTHING


def test_other_sizes_are_told_and_not_stretched() -> None:
    found = alpha_change(np.zeros((4, 6), np.float32), np.zeros((5, 6), np.float32))
    assert (found.mean, found.tile) == (None, None)
    assert str(found.reason) == "the sizes differ: 6×5 pixels, 6×4 in BASE"


def kept(folder: Path, name: str = "cutouts/a.png", change: int = 0) -> Prediction:
    rgb, alpha = disc()
    alpha = np.clip(alpha.astype(int) - change, 0, 255).astype(np.float32) / np.float32(255)
    data = encode_png(Cutout(rgb, alpha))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    hashed = hashlib.sha256(data).hexdigest()
    return Prediction(category="c", case="x", model="m", cutout=name, cutout_sha256=hashed)


def test_of_files(tmp_path: Path) -> None:
    was, now = kept(tmp_path / "one"), kept(tmp_path / "two", change=51)
    found = change_of(tmp_path / "one", was, tmp_path / "two", now)
    assert 0.15 < found.tile <= 0.2
    assert change_of(tmp_path / "one", was, tmp_path / "one", was) == NOTHING


@pytest.mark.parametrize("change", [0, 51])
def test_of_a_file_that_is_gone_or_another_nothing_is_known(tmp_path: Path, change: int) -> None:
    """Also where run.json says of both files that they are the same."""
    one, two = tmp_path / "one", tmp_path / "two"
    was, now = kept(one), kept(two, change=change)
    kept(one, change=9)
    for why in ("a.png is not the file that run.json describes", "a.png does not exist"):
        for found in (change_of(one, was, two, now), change_of(two, now, one, was)):
            assert found.damaged
            assert found.mean is None
            assert "could not be compared: " in str(found.reason)
            assert why in str(found.reason)
        (one / "cutouts" / "a.png").unlink(missing_ok=True)


def test_a_file_that_is_another_than_was_written_is_told(tmp_path: Path) -> None:
    was = kept(tmp_path)
    kept(tmp_path, change=9)
    with pytest.raises(RmbgEvalError, match=r"cutouts/a.png is not the file that run\.json"):
        decoded(tmp_path, was)


@pytest.mark.parametrize(
    "name", ["../outside.png", "/etc/passwd", "", pytest.param("link.png", marks=links)]
)
def test_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "run"
    good = kept(inside)
    kept(tmp_path, "outside.png")
    if name == "link.png":
        (inside / name).symlink_to(tmp_path / "outside.png")
    with pytest.raises(RmbgEvalError, match="is no file of the run"):
        decoded(inside, good.model_copy(update={"cutout": name}))


@pytest.mark.parametrize(
    ("path", "hashed"),
    [
        ("mattes/m/c/x.0123456789abcdef.webp", "0123456789abcdef"),
        ("mattes/m/c/x.y.0123456789abcdef.png", "0123456789abcdef"),
        ("mattes/m/c/x.webp", None),
        ("cutouts/m/c/x.0123456789abcdef.webp", None),
        ("", None),
    ],
)
def test_hash_of_a_mattes_name(path: str, hashed: str | None) -> None:
    assert matte_hash(path) == hashed
