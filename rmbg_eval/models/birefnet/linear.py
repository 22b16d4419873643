"""Token-wise linear maps on the fastest kernel that plain torch offers."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_ONEDNN = torch.backends.mkldnn.is_available()


@torch.compiler.assume_constant_result  # a change of it compiles anew, as torch guards it
def product_precision() -> str:
    """How Triton multiplies fp32, as torch's own products do: `tf32`, or `ieee` for all bits."""
    return "ieee" if torch.get_float32_matmul_precision() == "highest" else "tf32"


def linear(tokens: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Apply one linear map to every token.

    Args:
        tokens: (N, C_in), contiguous.
        weight: (C_out, C_in).
        bias: (C_out,) or None.

    Returns:
        (N, C_out), contiguous.

    A 1 × 1 convolution over channels-last memory is the same matrix product. On a CPU torch gives
    it to oneDNN, with the bias fused. `torch.nn.functional.linear` goes to the BLAS library in fp32
    (MKL reaches half of oneDNN's speed on AMD processors), and first copies the bias in bf16.
    """
    use_onednn = (
        tokens.device.type == "cpu"
        and tokens.dtype in (torch.float32, torch.bfloat16)
        and _ONEDNN
        and not torch.compiler.is_compiling()  # the compiler picks, and fuses, its own kernel
    )
    if not use_onednn:
        return F.linear(tokens, weight, bias)
    count, channels = tokens.shape
    image = tokens.view(1, 1, count, channels).permute(0, 3, 1, 2)
    mapped = F.conv2d(image, weight.view(*weight.shape, 1, 1), bias)
    return mapped.permute(0, 2, 3, 1).reshape(count, weight.shape[0])
