"""GrabCut: the baseline that needs no weights."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import disc

from rmbg_eval.core.images import Alpha, Picture, check_alpha
from rmbg_eval.errors import ModelError
from rmbg_eval.models.table import load_model


def alpha_of(rgb: np.ndarray) -> Alpha:
    model, picture = load_model("grabcut"), Picture("c/a", rgb)
    assert model.load() is False
    cutout = model.postprocess(model.infer([model.preprocess(picture)])[0], picture)
    assert cutout.rgb is picture.rgb
    check_alpha(cutout.alpha, rgb.shape[:2])
    return cutout.alpha


def test_it_finds_a_bright_disc_on_dark_noise() -> None:
    rgb, truth = disc(1, (200, 150))
    assert np.abs(alpha_of(rgb) - truth / 255).mean() < 0.03


def test_it_is_deterministic_whatever_opencv_drew_before() -> None:
    import cv2

    # Blocks of chance colours: ambiguous enough that the random centres decide a tenth of it.
    blocks = np.random.default_rng(0).integers(0, 256, (8, 12, 3)).astype(np.uint8)
    rgb = np.ascontiguousarray(blocks.repeat(10, axis=0).repeat(10, axis=1))
    first = alpha_of(rgb)
    assert 0 < first.mean() < 1
    for seed in (1, 2, 3):
        cv2.setRNGSeed(seed)
        assert np.array_equal(alpha_of(rgb), first)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_a_flat_picture_is_a_model_error(colour: tuple[int, int, int]) -> None:
    with pytest.raises(ModelError, match="no two colour distributions.*differ from the border"):
        alpha_of(np.full((48, 64, 3), colour, np.uint8))


def test_the_smallest_and_the_longest_picture_are_no_crash() -> None:
    for size in ((32, 32), (640, 32), (32, 640), (1300, 70)):
        alpha_of(disc(1, size)[0])


def test_a_large_picture_gets_an_alpha_of_its_own_size() -> None:
    rgb, truth = disc(1, (1500, 900))
    model = load_model("grabcut")
    inputs = model.preprocess(Picture("c/a", rgb))
    assert max(inputs.shape) == 960
    (mask,) = model.infer([inputs])  # its contour is finer than the coarse picture's pixels
    coarse = mask[1::3, 1::3].repeat(3, 0).repeat(3, 1)
    assert 0 < np.abs(mask - coarse).mean() < 0.02
    assert np.abs(alpha_of(rgb) - truth / 255).mean() < 0.03


def test_the_picture_itself_is_not_touched() -> None:
    rgb = disc(1)[0]
    before = rgb.copy()
    alpha_of(rgb)
    assert np.array_equal(rgb, before)
