"""RMBG-2.0's network on a CUDA device, where there is one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch
from fakes import disc
from tiny_rmbg import member

from rmbg_eval.core.images import Picture
from rmbg_eval.models.birefnet.rmbg import Rmbg

if not torch.cuda.is_available():
    pytest.skip("there is no CUDA device", allow_module_level=True)


def alphas(checkpoint: Path, device: str, dtype: str, count: int, batch_size: int) -> np.ndarray:
    """(count, h, w) alpha of pictures that differ."""
    model = Rmbg("m", member(checkpoint), device=device, dtype=dtype, batch_size=batch_size)
    model.load()
    pictures = [Picture("c/disc", disc(seed, (150, 90))[0]) for seed in range(count)]
    found = model.infer([model.preprocess(picture) for picture in pictures])
    assert not model.warnings  # it was recorded
    return np.stack([np.asarray(alpha if device == "cpu" else alpha.cpu()) for alpha in found])


@pytest.mark.parametrize(("dtype", "apart"), [("fp32", 1e-3), ("fp16", 1e-2), ("bf16", 5e-2)])
def test_alpha_is_the_cpus(checkpoint: Path, dtype: str, apart: float) -> None:
    expected = alphas(checkpoint, "cpu", "fp32", 3, 3)
    for batch_size in (3, 8):  # recorded, and not: a batch that is not full
        assert np.abs(alphas(checkpoint, "cuda", dtype, 3, batch_size) - expected).max() < apart


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there is no second CUDA device")
@pytest.mark.parametrize("batch_size", [3, 8])
def test_a_second_device_computes_beside_the_first(checkpoint: Path, batch_size: int) -> None:
    first, second = (alphas(checkpoint, f"cuda:{n}", "fp32", 3, batch_size) for n in range(2))
    assert np.abs(first - second).max() < 1e-4
