"""Attention inside windows as one kernel for CUDA devices, in Triton.

`scaled_dot_product_attention` takes a bias that is equal for all windows, so that a shifted block
is four calls, most of them with a handful of windows, and joins what they give. Here each window
has the number of its bias, and all of them are one launch. The softmax is computed in one pass over
the keys (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax"; as in Dao et al.
2022, "FlashAttention"), in fp32 whatever the dtype.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from .linear import product_precision

_TOKENS = 32
"""Queries a program, and keys at a time."""


@triton.jit
def window_attention_kernel(  # type: ignore[no-untyped-def]  # noqa: D103
    qkv_pointer, bias_pointer, kind_pointer, output_pointer, places, heads, scale: tl.constexpr,
    width: tl.constexpr, block: tl.constexpr, block_width: tl.constexpr, precision: tl.constexpr,
):  # fmt: skip
    window, head = tl.program_id(0) // heads, tl.program_id(0) % heads
    query = tl.program_id(1) * block + tl.arange(0, block)
    channel = tl.arange(0, block_width)
    channels = heads * width
    start = qkv_pointer + window.to(tl.int64) * places * 3 * channels + head * width
    there = (query < places)[:, None] & (channel < width)[None, :]
    q = tl.load(start + query[:, None] * 3 * channels + channel[None, :], mask=there, other=0.0)
    kind = tl.load(kind_pointer + window)
    biases = bias_pointer + (kind * heads + head) * places * places + query[:, None] * places
    highest = tl.full((block,), float("-inf"), tl.float32)
    total = tl.zeros((block,), tl.float32)
    mixed = tl.zeros((block, block_width), tl.float32)
    for first in range(0, places, block):
        key = first + tl.arange(0, block)
        near = start + key[:, None] * 3 * channels + channel[None, :]
        inside = (key < places)[:, None] & (channel < width)[None, :]
        k = tl.load(near + channels, mask=inside, other=0.0)
        v = tl.load(near + 2 * channels, mask=inside, other=0.0)
        bias = tl.load(
            biases + key[None, :],
            mask=(query < places)[:, None] & (key < places)[None, :],
            other=float("-inf"),
        ).to(tl.float32)
        score = tl.dot(q, tl.trans(k), input_precision=precision) * scale + bias
        # A block of keys that are all forbidden leaves nothing: not minus infinity less itself.
        now = tl.maximum(highest, tl.max(score, 1))
        safe = tl.where(now == float("-inf"), 0.0, now)
        share = tl.exp(score - safe[:, None])
        kept = tl.exp(highest - safe)
        total = total * kept + tl.sum(share, 1)
        mixed = mixed * kept[:, None] + tl.dot(share.to(v.dtype), v, input_precision=precision)
        highest = now
    mixed = mixed / tl.where(total == 0.0, 1.0, total)[:, None]
    output = output_pointer + window.to(tl.int64) * places * channels + head * width
    tl.store(
        output + query[:, None] * channels + channel[None, :],
        mixed.to(output_pointer.dtype.element_ty),
        mask=there,
    )


def window_attention(qkv: Tensor, biases: Tensor, kinds: Tensor, heads: int) -> Tensor:
    """Softmax of the scaled products of queries and keys plus a bias, times the values.

    Args:
        qkv: (W · n, 3 · C), the queries, keys and values of W windows of n tokens.
        biases: (kinds of window, heads, n, n), to add before the softmax.
        kinds: (W,) int32, which of them each window takes.
        heads: how many; each has C / heads channels.

    Returns:
        (W · n, C).
    """
    places, channels = biases.shape[-1], qkv.shape[1] // 3
    output = qkv.new_empty(qkv.shape[0], channels)
    width = channels // heads
    window_attention_kernel[(kinds.shape[0] * heads, triton.cdiv(places, _TOKENS))](
        qkv, biases, kinds, output, places, heads, width**-0.5,
        width, _TOKENS, max(16, triton.next_power_of_2(width)), product_precision(),
        num_warps=2, num_stages=2,
    )  # fmt: skip
    return output
