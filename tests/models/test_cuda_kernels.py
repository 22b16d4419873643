"""The kernels for CUDA devices against the plain ones: on a device, or interpreted by Triton.

Without a device they are compiled for all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from systems import needs

needs("torch")

import torch
import torch.nn.functional as F
from test_deform_conv import random_case, slow_deform_conv2d
from tiny_rmbg import SMALL

from rmbg_eval.models.birefnet import kernels
from rmbg_eval.models.birefnet.config import BiRefNetConfig
from rmbg_eval.models.birefnet.deform_conv import DeformableConv2d
from rmbg_eval.models.birefnet.network import BiRefNet
from rmbg_eval.models.birefnet.swin import WindowAttention
from rmbg_eval.models.birefnet.windows import window_groups

needs("triton")  # which comes with torch, where that is for CUDA

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
READY = DEVICE == "cuda" or os.environ.get("TRITON_INTERPRET") == "1"
needs_a_device = pytest.mark.skipif(not READY, reason="interpreted, in a process of their own")
KIB = {75: 64, 86: 99, 90: 227}
"""Shared memory that a program may have, by compute capability (CUDA C++ Programming Guide)."""


@pytest.mark.skipif(READY, reason="the kernels run here")
def test_the_kernels_interpreted() -> None:
    """Triton decides when it is imported whether it interprets."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", __file__]
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@needs_a_device
@pytest.mark.parametrize("seed", range(4))
def test_a_deformed_convolution_is_the_formula(seed: int) -> None:
    from rmbg_eval.models.birefnet.deform_conv_cuda import deform_conv2d

    case = random_case(seed)
    expected = slow_deform_conv2d(*case.values())
    torch.set_float32_matmul_precision("highest")
    arguments = [v.to(DEVICE) if isinstance(v, torch.Tensor) else v for v in case.values()]
    computed = deform_conv2d(*arguments)
    assert (computed.cpu() - expected).abs().max() < 1e-4


@pytest.mark.skipif(not READY or DEVICE == "cuda", reason="only an interpreter sees what is read")
def test_a_deformed_convolution_reads_nothing_behind_its_map() -> None:
    from rmbg_eval.models.birefnet.deform_conv_cuda import deform_conv2d

    maps = torch.full((2, 16, 3, 5), torch.inf).to(memory_format=torch.channels_last)
    first = maps[:1].normal_()
    offset, modulation = torch.zeros(1, 2, 3, 5), torch.ones(1, 1, 3, 5)
    with np.errstate(invalid="raise"):  # infinity times a share of 0
        weight, bias = torch.eye(16).view(16, 16, 1, 1), torch.zeros(16)
        computed = deform_conv2d(first, offset, modulation, weight, bias, padding=0)
    assert (computed - first).abs().max() < 1e-6


@needs_a_device
@pytest.mark.parametrize(("side", "shift"), [(12, 6), (12, 0), (7, 3), (3, 1)])
def test_attention_is_torchs(side: int, shift: int) -> None:
    from rmbg_eval.models.birefnet.attention_cuda import window_attention

    torch.manual_seed(side)
    heads, places = 2, side**2
    attention = WindowAttention(heads * 32, side, heads, shift)
    torch.nn.init.normal_(attention.relative_position_bias_table)
    biases = attention.biases().detach()
    windows = max(2, len(biases))
    kinds = torch.arange(windows) % len(biases)
    qkv = torch.randn(windows * places, 3 * heads * 32)
    query, key, value = qkv.view(windows, places, 3, heads, 32).permute(2, 0, 3, 1, 4)
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=biases[kinds])
    torch.set_float32_matmul_precision("highest")
    computed = window_attention(qkv.to(DEVICE), biases.to(DEVICE), kinds.int().to(DEVICE), heads)
    assert (computed.cpu() - expected.transpose(1, 2).reshape(computed.shape)).abs().max() < 1e-4


@needs_a_device
def test_modules_that_are_given_them_compute_what_they_did() -> None:
    torch.manual_seed(0)
    attend, convolve = WindowAttention(32, 4, 2, 2), DeformableConv2d(16, 32, 3)
    torch.nn.init.normal_(attend.relative_position_bias_table)
    both = torch.nn.ModuleList([attend, convolve]).to(DEVICE)
    (group,) = window_groups(1, 7, 5, 4, 2, 2**31, DEVICE)
    tokens = torch.randn(len(group.tokens), 32, device=DEVICE)
    picture = torch.randn(2, 16, 6, 5, device=DEVICE)
    torch.set_float32_matmul_precision("highest")

    def compute() -> tuple[torch.Tensor, torch.Tensor]:
        weight = convolve.regular_conv.weight
        return attend(tokens, group), convolve(picture, weight, weight.mean((1, 2, 3)))

    with torch.inference_mode():
        expected = compute()
        kernels.use_kernels(both)
        assert attend.kernel is not None
        for found, plain in zip(compute(), expected, strict=True):
            assert (found - plain).abs().max() < 1e-4


@pytest.mark.skipif(READY, reason="the kernels run here")
def test_torch_traces_them_with_the_network_as_one_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    network = BiRefNet(BiRefNetConfig(**SMALL)).eval()
    monkeypatch.setattr(kernels, "call_kernels", lambda like: None)
    kernels.use_kernels(network)
    monkeypatch.setattr("torch.utils._triton.has_triton", lambda: True)  # as where a device is
    traced = []

    def trace(graph: torch.fx.GraphModule, inputs: object) -> Any:
        traced.extend(str(node.target) for node in graph.graph.nodes if "triton" in node.name)
        return lambda *arguments: (torch.zeros(1, 1, 64, 64),)

    with torch.inference_mode():
        torch.compile(network, backend=trace, fullgraph=True)(torch.randn(1, 3, 64, 64))
    modules = [type(module) for module in network.modules()]
    # The backbone sees the picture twice, in two sizes.
    wanted = 2 * modules.count(WindowAttention) + modules.count(DeformableConv2d)
    assert len(traced) == wanted


class CompiledOnly:
    """A kernel that is compiled for a device when it is called, and not run."""

    def __init__(self, kernel: Any, capability: int) -> None:
        self.kernel, self.capability, self.bytes = kernel, capability, 0

    def __getitem__(self, grid: object) -> Any:
        return self.compile

    def compile(self, *values: Any, **options: int) -> None:
        import triton
        from triton.backends.compiler import GPUTarget

        names = {torch.float32: "*fp32", torch.float16: "*fp16", torch.int32: "*i32"}
        types, constants = {}, {}
        for at, (parameter, value) in enumerate(zip(self.kernel.params, values, strict=True)):
            types[parameter.name] = "i32"
            if isinstance(value, torch.Tensor):
                types[parameter.name] = names[value.dtype]
            elif parameter.is_constexpr or value is None:
                types[parameter.name], constants[(at,)] = "constexpr", value
        source = triton.compiler.ASTSource(self.kernel, types, constants)
        made = triton.compile(
            source, target=GPUTarget("cuda", self.capability, 32), options=options
        )
        self.bytes = made.metadata.shared


@pytest.mark.skipif(READY, reason="the kernels run here")
@pytest.mark.parametrize("capability", KIB)
@pytest.mark.parametrize(
    ("dtype", "precision"),
    [(torch.float16, "high"), (torch.float32, "high"), (torch.float32, "highest")],
)
def test_they_fit_every_generation(
    dtype: torch.dtype, precision: str, capability: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rmbg_eval.models.birefnet import attention_cuda, deform_conv_cuda

    convolve = CompiledOnly(deform_conv_cuda.deform_conv_kernel, capability)
    attend = CompiledOnly(attention_cuda.window_attention_kernel, capability)
    monkeypatch.setattr(deform_conv_cuda, "deform_conv_kernel", convolve)
    monkeypatch.setattr(attention_cuda, "window_attention_kernel", attend)
    torch.set_float32_matmul_precision(precision)
    kernels.call_kernels(torch.zeros(1, dtype=dtype))
    assert 0 < convolve.bytes <= 1024 * KIB[capability]
    assert 0 < attend.bytes <= 1024 * KIB[capability]
