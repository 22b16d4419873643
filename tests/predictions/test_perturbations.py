"""A changed picture's alpha comes back onto the picture's own grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmbg_eval.predictions.perturbations import PERTURBATIONS, Perturbation

EACH = pytest.mark.parametrize("how", PERTURBATIONS, ids=lambda how: how.name)


@EACH
@settings(max_examples=20)
@given(st.integers(32, 90), st.integers(32, 90), st.integers(0, 9))
def test_an_alpha_that_follows_the_picture_comes_back(
    how: Perturbation, height: int, width: int, seed: int
) -> None:
    """Of a model whose alpha is the picture's brightness; smooth, so that resampling is small."""
    y, x = np.mgrid[:height, :width]
    wave = np.sin(x / 9 + seed) * np.cos(y / 11)
    rgb = np.repeat(np.rint(127 + 120 * wave)[..., None], 3, 2).astype(np.uint8)
    changed = how.change(rgb)
    assert changed.dtype == np.uint8
    assert changed.flags.c_contiguous
    back = how.back(changed[..., 0].astype(np.float32) / np.float32(255), (height, width))
    assert (back.dtype, back.shape) == (np.float32, (height, width))
    assert 0 <= back.min() <= back.max() <= 1
    inner = np.s_[3:-3, 3:-3]  # at the frame, what is 3 % smaller has lost nothing but sharpness
    exact = how.name in ("mirrored", "shifted by 8")
    assert np.abs(back - rgb[..., 0] / 255)[inner].max() <= (1e-6 if exact else 0.05)


@EACH
def test_the_picture_is_another(how: Perturbation) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    before = rgb.copy()
    assert not np.array_equal(how.change(rgb), rgb)
    assert np.array_equal(rgb, before)
