"""Masks resized on a device, against Pillow itself."""

from __future__ import annotations

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rmbg_eval.models.birefnet.masks import in_memory, published_mask, resize_on_device

sides = st.integers(2, 90)


@settings(max_examples=150)
@given(sides, sides, st.integers(0, 90), sides, st.integers(0, 2**32 - 1), st.booleans())
def test_torch_resizes_as_pillow_does_bit_for_bit(
    height: int, width: int, more: int, columns: int, seed: int, hard: bool
) -> None:
    rows = height + more
    rng = np.random.default_rng(seed)
    mask = rng.integers(0, 256, (height, width), dtype=np.uint8)
    if hard:  # overshoots at every edge
        mask = np.where(mask > 127, 255, 0).astype(np.uint8)
    theirs = np.asarray(Image.fromarray(mask).resize((columns, rows)))
    ours = resize_on_device(torch.from_numpy(mask), (columns, rows)).numpy()
    assert ours.dtype == np.uint8
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("size", [(1500, 1000), (640, 800), (64, 64)])
def test_a_tensor_gives_the_mask_of_an_array(size: tuple[int, int]) -> None:
    y, x = np.mgrid[:256, :256]
    alpha = (1 / (1 + np.exp((np.hypot(x - 128, y - 110) - 80) / 3))).astype(np.float32)
    array, tensor = (published_mask(a, size) for a in (alpha, torch.from_numpy(alpha)))
    assert array.shape == (size[1], size[0])
    assert np.array_equal(array, tensor)
    assert np.array_equal(in_memory(torch.from_numpy(alpha)), alpha)


def test_a_device_with_too_little_memory_leaves_it_to_pillow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alpha = torch.rand(64, 64)
    expected = published_mask(alpha.numpy(), (500, 300))
    error: Exception = torch.OutOfMemoryError()

    def short(mask: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        raise error

    monkeypatch.setattr("rmbg_eval.models.birefnet.masks.resize_on_device", short)
    assert np.array_equal(published_mask(alpha, (500, 300)), expected)
    error = RuntimeError("an illegal memory access was encountered")
    with pytest.raises(RuntimeError, match="illegal"):
        published_mask(alpha, (500, 300))
