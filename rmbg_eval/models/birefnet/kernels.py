"""The network's kernels for CUDA devices, where they run.

They are written in Triton, which comes with torch where that is for CUDA on Linux, and compiles
them on their first call. It needs a C compiler and Python's headers for that, which a machine may
lack; so they are called once before the network is given them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .deform_conv import DeformableConv2d
from .swin import WindowAttention


def use_kernels(network: nn.Module) -> None:
    """Let the network, on its device and in its dtype, compute with the kernels.

    Raises:
        Exception: whatever keeps them from running there; the network is as it was.
    """
    from .attention_cuda import window_attention
    from .deform_conv_cuda import deform_conv2d

    call_kernels(next(network.parameters()))
    for module in network.modules():
        if isinstance(module, WindowAttention):
            module.kernel = window_attention
        elif isinstance(module, DeformableConv2d):
            module.convolve = deform_conv2d


def call_kernels(like: Tensor) -> None:
    """Call both, on the device and in the dtype of a tensor, with sides as in RMBG-2.0."""
    from .attention_cuda import window_attention
    from .deform_conv_cuda import deform_conv2d

    places, taps = 12 * 12, 7 * 7
    with torch.inference_mode():
        window_attention(
            like.new_zeros(places, 3 * 32),
            like.new_zeros(1, 1, places, places),
            torch.zeros(1, dtype=torch.int32, device=like.device),
            heads=1,
        )
        deform_conv2d(
            like.new_zeros(1, 64, 8, 8),
            like.new_zeros(1, 2 * taps, 8, 8),
            like.new_zeros(1, taps, 8, 8),
            like.new_zeros(256, 64, 7, 7),
            like.new_zeros(256),
            padding=3,
        )
