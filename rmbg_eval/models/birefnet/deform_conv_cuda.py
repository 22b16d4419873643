"""Modulated deformable convolution as one kernel for CUDA devices, in Triton.

`deform_conv.py` has the formula. There the samples of all taps are a matrix in memory: at the
finest scale of RMBG-2.0 49 taps of 64 channels for each of 65,536 pixels, 411 MB in half precision,
written and read again. Here a program has the samples of a few output pixels and one tap at a time,
in registers, and multiplies them with that tap's weights at once.

Bilinear weights and sums are fp32 whatever the dtype; samples are rounded to it before the product.
"""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from .linear import product_precision

_PIXELS = 64
"""Output pixels a program."""
_CHANNEL_BYTES = 128
"""Of a pixel's channels, those that are multiplied at a time, at most: 64 in half precision.

More would not fit the memory beside the cores: 64 in fp32 take 144 to 208 KiB, and a program has 64
on a T4, 99 on most cards for desktops, 227 on an H100 (NVIDIA, "CUDA C++ Programming Guide", table
"Technical Specifications per Compute Capability").
"""
_CHANNELS_OUT = 256
"""Channels of the output at a time, at most."""
_LEAST = 16
"""Smallest side of a matrix product in Triton."""


@triton.jit
def _corner(x_pointer, image, y, x, share, channel, channels, height, width):  # type: ignore[no-untyped-def]
    """The pixels at (y, x), zeros outside the map, times their share of a bilinear sample."""
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    row = (image * height + y) * width + x
    pointers = x_pointer + row[:, None] * channels + channel[None, :]
    there = inside[:, None] & (channel < channels)[None, :]
    return tl.load(pointers, mask=there, other=0.0).to(tl.float32) * share[:, None]


@triton.jit
def deform_conv_kernel(  # type: ignore[no-untyped-def]  # noqa: D103
    x_pointer, offset_pointer, modulation_pointer, weight_pointer, bias_pointer, output_pointer,
    pixels, rows, columns, height, width, channels, channels_out,
    offset_image, offset_tap, offset_row, offset_column,
    modulation_image, modulation_tap, modulation_row, modulation_column,
    taps: tl.constexpr, kernel_width: tl.constexpr, padding: tl.constexpr,
    precision: tl.constexpr,
    block_pixels: tl.constexpr, block_channels: tl.constexpr, block_out: tl.constexpr,
):  # fmt: skip
    index = tl.program_id(0) * block_pixels + tl.arange(0, block_pixels)
    pixel = tl.minimum(index, pixels - 1)  # behind the last pixel it is computed again, not stored
    out = tl.program_id(1) * block_out + tl.arange(0, block_out)
    image = pixel // (rows * columns)
    row = pixel % (rows * columns) // columns
    column = pixel % columns
    offsets = offset_pointer + image * offset_image + row * offset_row + column * offset_column
    modulations = (
        modulation_pointer
        + image * modulation_image + row * modulation_row + column * modulation_column
    )  # fmt: skip
    total = tl.zeros((block_pixels, block_out), dtype=tl.float32)
    for tap in range(taps):
        down = tl.load(offsets + 2 * tap * offset_tap).to(tl.float32)
        across = tl.load(offsets + (2 * tap + 1) * offset_tap).to(tl.float32)
        scale = tl.load(modulations + tap * modulation_tap).to(tl.float32)
        y = row - padding + tap // kernel_width + down
        x = column - padding + tap % kernel_width + across
        # Further out than one pixel there are zeros too; what is not a number is such a place.
        y = tl.minimum(tl.maximum(y, -1.0), height)
        x = tl.minimum(tl.maximum(x, -1.0), width)
        top, left = tl.floor(y), tl.floor(x)
        low, right = y - top, x - left
        top_row, left_column = top.to(tl.int32), left.to(tl.int32)
        for first in range(0, channels, block_channels):
            channel = first + tl.arange(0, block_channels)
            sample = _corner(
                x_pointer, image, top_row, left_column,
                (1 - low) * (1 - right) * scale, channel, channels, height, width,
            )  # fmt: skip
            sample += _corner(
                x_pointer, image, top_row, left_column + 1,
                (1 - low) * right * scale, channel, channels, height, width,
            )  # fmt: skip
            sample += _corner(
                x_pointer, image, top_row + 1, left_column,
                low * (1 - right) * scale, channel, channels, height, width,
            )  # fmt: skip
            sample += _corner(
                x_pointer, image, top_row + 1, left_column + 1,
                low * right * scale, channel, channels, height, width,
            )  # fmt: skip
            weight = tl.load(
                weight_pointer + (tap * channels + channel)[:, None] * channels_out + out[None, :],
                mask=(channel < channels)[:, None] & (out < channels_out)[None, :],
                other=0.0,
            )
            total = tl.dot(sample.to(weight.dtype), weight, total, input_precision=precision)
    total += tl.load(bias_pointer + out, mask=out < channels_out, other=0.0)[None, :]
    tl.store(
        output_pointer + pixel[:, None] * channels_out + out[None, :],
        total.to(output_pointer.dtype.element_ty),
        mask=(index < pixels)[:, None] & (out < channels_out)[None, :],
    )


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    modulation: Tensor,
    weight: Tensor,
    bias: Tensor,
    padding: int,
) -> Tensor:
    """As `deform_conv.deform_conv2d`, for maps of less than 2³¹ values on a CUDA device."""
    batch, channels, height, width = x.shape
    channels_out, _, kernel_height, kernel_width = weight.shape
    rows, columns = offset.shape[-2:]
    pixels = batch * rows * columns
    image = x.permute(0, 2, 3, 1).contiguous()
    matrix = weight.permute(2, 3, 1, 0).contiguous()
    output = x.new_empty(batch, rows, columns, channels_out)
    block_out = _block(channels_out, _CHANNELS_OUT)
    deform_conv_kernel[(triton.cdiv(pixels, _PIXELS), triton.cdiv(channels_out, block_out))](
        image, offset, modulation, matrix, bias, output,
        pixels, rows, columns, height, width, channels, channels_out,
        *(offset.stride(n) for n in (0, 1, 2, 3)), *(modulation.stride(n) for n in (0, 1, 2, 3)),
        kernel_height * kernel_width, kernel_width, padding, product_precision(),
        _PIXELS, _block(channels, _CHANNEL_BYTES // x.element_size()), block_out,
        num_warps=8, num_stages=2,
    )  # fmt: skip
    return output.permute(0, 3, 1, 2)


def _block(channels: int, most: int) -> int:
    return min(most, max(_LEAST, triton.next_power_of_2(channels)))
