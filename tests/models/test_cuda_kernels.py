"""The kernels for CUDA devices against the plain ones: on a device, or interpreted by Triton."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

if importlib.util.find_spec("torch") is None and not os.environ.get("CI"):
    pytest.skip("torch is not installed", allow_module_level=True)

import torch
import torch.nn.functional as F
from test_deform_conv import random_case, slow_deform_conv2d

from rmbg_eval.models.birefnet.swin import WindowAttention

pytest.importorskip("triton", reason="Triton comes with torch, where that is for CUDA")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
READY = DEVICE == "cuda" or os.environ.get("TRITON_INTERPRET") == "1"
needs_a_device = pytest.mark.skipif(not READY, reason="interpreted, in a process of their own")


@pytest.mark.skipif(READY, reason="the kernels run here")
def test_the_kernels_interpreted() -> None:
    """Triton decides when it is imported whether it interprets."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", __file__]
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@needs_a_device
@pytest.mark.parametrize("seed", range(6))
def test_a_deformed_convolution_is_the_formula(seed: int) -> None:
    from rmbg_eval.models.birefnet.deform_conv_cuda import deform_conv2d

    case = random_case(seed)
    expected = slow_deform_conv2d(*case.values())
    torch.set_float32_matmul_precision("highest")
    arguments = [v.to(DEVICE) if isinstance(v, torch.Tensor) else v for v in case.values()]
    computed = deform_conv2d(*arguments)
    assert (computed.cpu() - expected).abs().max() < 1e-4


@needs_a_device
@pytest.mark.parametrize(("side", "shift"), [(12, 6), (12, 0), (7, 3), (3, 1)])
def test_attention_is_torchs(side: int, shift: int) -> None:
    from rmbg_eval.models.birefnet.attention_cuda import window_attention

    torch.manual_seed(side)
    heads, windows, places = 3, 6, side**2
    attention = WindowAttention(heads * 32, side, heads, shift)
    torch.nn.init.normal_(attention.relative_position_bias_table)
    biases = attention.biases().detach()
    kinds = torch.randint(0, len(biases), (windows,)).sort()[0]
    qkv = torch.randn(windows * places, 3 * heads * 32)
    query, key, value = qkv.view(windows, places, 3, heads, 32).permute(2, 0, 3, 1, 4)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=biases[kinds])
    torch.set_float32_matmul_precision("highest")
    computed = window_attention(qkv.to(DEVICE), biases.to(DEVICE), kinds.int().to(DEVICE), heads)
    assert (computed.cpu() - expected.transpose(1, 2).reshape(computed.shape)).abs().max() < 1e-4
