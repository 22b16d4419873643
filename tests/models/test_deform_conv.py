"""Deformable convolution against a slow version that follows the definition, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch
import torch.nn.functional as F

from rmbg_eval.models.birefnet import deform_conv
from rmbg_eval.models.birefnet.deform_conv import deform_conv2d


def slow_deform_conv2d(x, offset, modulation, weight, bias, padding):
    """The formula of the module's docstring as six loops, in fp64."""
    x, offset, modulation, weight = (t.double().numpy() for t in (x, offset, modulation, weight))
    batch, _, height, width = x.shape
    channels_out, _, kernel_height, kernel_width = weight.shape
    output = np.zeros((batch, channels_out, *offset.shape[-2:]))
    for b, p, q in np.ndindex(batch, *offset.shape[-2:]):
        for i, j in np.ndindex(kernel_height, kernel_width):
            tap = i * kernel_width + j
            y = p - padding + i + offset[b, 2 * tap, p, q]
            z = q - padding + j + offset[b, 2 * tap + 1, p, q]
            sample = np.zeros(x.shape[1])
            for row in (np.floor(y), np.floor(y) + 1):
                for column in (np.floor(z), np.floor(z) + 1):
                    if 0 <= row < height and 0 <= column < width:
                        share = (1 - abs(y - row)) * (1 - abs(z - column))
                        sample += share * x[b, :, int(row), int(column)]
            output[b, :, p, q] += modulation[b, tap, p, q] * (weight[:, :, i, j] @ sample)
    return torch.from_numpy(output) + bias.double()[:, None, None]


def random_case(seed: int) -> dict:
    """Random shapes and settings; offsets reach well outside the map."""
    random = np.random.default_rng(seed)
    kernel = int(random.choice([1, 3, 7]))
    padding = int(random.integers(0, kernel // 2 + 1))
    batch, channels, channels_out = (int(n) for n in random.integers(1, 5, 3))
    height, width = (int(n) for n in random.integers(kernel, kernel + 8, 2))
    rows, columns = (side + 2 * padding - kernel + 1 for side in (height, width))
    torch.manual_seed(seed)
    return {
        "x": torch.randn(batch, channels, height, width),
        "offset": torch.randn(batch, 2 * kernel**2, rows, columns) * 3,
        "modulation": torch.rand(batch, kernel**2, rows, columns) * 2,
        # Divided so that sums over more taps are not larger, and the tolerance means the same.
        "weight": torch.randn(channels_out, channels, kernel, kernel) / kernel,
        "bias": torch.randn(channels_out),
        "padding": padding,
    }


@pytest.mark.parametrize("seed", range(30))
def test_equals_the_definition(seed: int) -> None:
    case = random_case(seed)
    expected = slow_deform_conv2d(**case)
    actual = deform_conv2d(**case)
    assert actual.shape == expected.shape
    torch.testing.assert_close(actual.double(), expected, rtol=0, atol=1e-5)


def test_without_offsets_it_is_a_convolution() -> None:
    x, weight, bias = torch.randn(2, 4, 9, 12), torch.randn(5, 4, 3, 3), torch.randn(5)
    offset, modulation = torch.zeros(2, 18, 9, 12), torch.ones(2, 9, 9, 12)
    actual = deform_conv2d(x, offset, modulation, weight, bias, padding=1)
    torch.testing.assert_close(actual, F.conv2d(x, weight, bias, padding=1), rtol=0, atol=1e-5)


def test_memory_layout_and_step_size_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    case = random_case(3)
    expected = deform_conv2d(**case)
    for name in ("x", "offset", "modulation"):
        case[name] = case[name].contiguous(memory_format=torch.channels_last)
    monkeypatch.setattr(deform_conv, "CPU_STEP_BYTES", 1)  # one output row at a time
    torch.testing.assert_close(deform_conv2d(**case), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("position", [float("nan"), float("inf"), -1e30, 1e30])
def test_absurd_offsets_read_nothing_outside_the_map(position: float) -> None:
    x, weight = torch.randn(1, 2, 5, 6), torch.randn(3, 2, 3, 3)
    offset = torch.full((1, 18, 5, 6), position)
    ones, none = torch.ones(1, 9, 5, 6), torch.zeros(3)
    actual = deform_conv2d(x, offset, ones, weight, none, padding=1)
    if np.isfinite(position):
        assert (actual == 0).all()


def test_bf16_keeps_positions_exact() -> None:
    """At column 700 the next bf16 number is 704: positions need more bits than the values do."""
    x = torch.zeros(1, 1, 1, 1024)
    x[..., 700] = 1
    offset, modulation = torch.zeros(1, 2, 1, 1024), torch.ones(1, 1, 1, 1024)
    offset[:, 1] = 1  # every pixel reads its right neighbour
    weight = torch.ones(1, 1, 1, 1)
    tensors = (t.bfloat16() for t in (x, offset, modulation, weight, torch.zeros(1)))
    assert deform_conv2d(*tensors, padding=0).argmax() == 699
