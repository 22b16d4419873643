"""Modulated deformable convolution (Zhu et al. 2019, "Deformable ConvNets v2"), for inference.

Every tap k of the kernel reads the feature map at a learnt, fractional position and is scaled by a
learnt modulation:

    y(p) = Σ_k  w_k · m_k(p) · x(p - padding + k + Δ_k(p))

where x between pixels is bilinear, and zero outside the map.

How it is computed here: a bilinear sample times its modulation is a weighted sum of four pixels,
and over channels-last memory a pixel is one row of a table. `embedding_bag` computes exactly that,
a weighted sum of four table rows for each tap, in one fused and threaded kernel. The samples of an
output pixel then form one row of a matrix, and the convolution is a matrix product. Both run over
a few output rows at a time, which bounds memory whatever the image size.

On a CUDA device one kernel does both where it runs, and no sample leaves the chip: see
`kernels.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .derived import DerivedWeights
from .linear import linear

# Most memory for the samples of one step. On a CPU they should stay in the cache, and below the
# 32 MiB above which glibc maps fresh pages for every tensor.
CPU_STEP_BYTES = 12 * 2**20
DEVICE_STEP_BYTES = 128 * 2**20


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    modulation: Tensor,
    weight: Tensor,
    bias: Tensor,
    padding: int,
) -> Tensor:
    """Convolve `x` at deformed positions, with a stride of 1 and a dilation of 1.

    Args:
        x: (B, C, H, W), fastest in channels-last memory.
        offset: (B, 2K, H', W'), for each tap of the K = kernel height · kernel width taps, row by
            row, its displacement Δy, Δx in pixels.
        modulation: (B, K, H', W').
        weight: (C_out, C, kernel height, kernel width).
        bias: (C_out,).
        padding: as in `torch.nn.functional.conv2d`, equal in both directions.

    Returns:
        (B, C_out, H', W') in channels-last memory.

    Positions are computed in fp32 whatever the dtype of `x`: bf16 has 8 bits and could not tell
    two neighbouring pixels apart beyond column 256.
    """
    batch, channels, height, width = x.shape
    channels_out, _, kernel_height, kernel_width = weight.shape
    rows, columns = offset.shape[-2:]
    taps = kernel_height * kernel_width

    # One zero pixel around the map makes reading just outside it harmless. A position is clamped to
    # [-1, size], so that everything further out reads zeros too; at `size` the corner beyond it has
    # weight zero but must exist, hence one more row at the bottom (columns wrap to the next row).
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 2))
    row_stride, image_stride = width + 2, (height + 3) * (width + 2)
    table = padded.reshape(-1, channels)
    corner, limit, grid = _constants(
        (height, width), (kernel_height, kernel_width), columns, padding, str(x.device)
    )
    line = torch.arange(batch * rows, device=x.device)
    line_start = F.pad((line % rows).to(torch.float32)[:, None], (0, 1))  # zero for x
    image_start = line // rows * image_stride + row_stride + 1  # row of pixel (0, 0) in the table

    offset = offset.permute(0, 2, 3, 1).reshape(batch * rows, columns, taps, 2)
    modulation = modulation.permute(0, 2, 3, 1).reshape(batch * rows, columns, taps, 1)
    matrix = weight.permute(0, 2, 3, 1).reshape(channels_out, taps * channels)
    output = x.new_empty(batch * rows * columns, channels_out)

    budget = CPU_STEP_BYTES if x.device.type == "cpu" else DEVICE_STEP_BYTES
    step = max(1, budget // (columns * taps * channels * x.element_size()))
    for first in range(0, batch * rows, step):
        lines = slice(first, min(first + step, batch * rows))
        undeformed = grid + line_start[lines, None, None]  # whole numbers: exact
        position = offset[lines] + undeformed
        position = torch.minimum(position.clamp_(min=-1.0), limit)
        low = position.floor()
        fraction = position - low
        low = low.to(torch.int64)
        index = low[..., 0] * row_stride + low[..., 1] + image_start[lines, None, None]
        # Not-a-number offsets, as an fp16 overflow makes them, must not read outside the table.
        index = index.clamp_(0, table.shape[0] - row_stride - 2)
        share = torch.stack((1.0 - fraction, fraction), -1)  # (…, [y, x], [low, high])
        row_share = share[..., 0, :] * modulation[lines]
        share = row_share[..., :, None] * share[..., 1, None, :]
        samples = F.embedding_bag(
            (index[..., None] + corner).reshape(-1, 4),
            table,
            mode="sum",
            per_sample_weights=share.reshape(-1, 4).to(table.dtype),
        )
        pixels = slice(lines.start * columns, lines.stop * columns)
        output[pixels] = linear(samples.reshape(-1, taps * channels), matrix, bias)
    return output.view(batch, rows, columns, channels_out).permute(0, 3, 1, 2)


@lru_cache(maxsize=64)
def _constants(
    size: tuple[int, int], kernel: tuple[int, int], columns: int, padding: int, device: str
) -> tuple[Tensor, Tensor, Tensor]:
    """The rows of a pixel and its three neighbours, the map's size, and each tap's place in row 0.

    Kept, since a copy to a device makes it wait, and cannot be part of a recorded graph.

    Returns:
        (4,) int64, relative to the pixel's row of the table; (2,) fp32; (columns, K, 2) fp32, y and
        x before displacement.
    """
    row_stride = size[1] + 2
    corner = torch.tensor([0, 1, row_stride, row_stride + 1])
    limit = torch.tensor(size, dtype=torch.float32)
    tap = torch.stack(
        torch.meshgrid(torch.arange(kernel[0]), torch.arange(kernel[1]), indexing="ij"), -1
    ).view(-1, 2)
    start = F.pad(torch.arange(columns)[:, None, None], (1, 0))  # zero for y
    grid = (start + tap - padding).float()
    return corner.to(device), limit.to(device), grid.to(device)


class DeformableConv2d(DerivedWeights):
    """Deformable convolution whose offsets and modulation are convolutions of its own input.

    Stride 1, output of the input's size. The names of its parts are the published ones.
    """

    def __init__(self, channels: int, channels_out: int, kernel_size: int) -> None:
        super().__init__()
        taps, self.padding = kernel_size**2, kernel_size // 2
        self.convolve: Callable[..., Tensor] = deform_conv2d
        self.offset_conv = nn.Conv2d(channels, 2 * taps, kernel_size, padding=self.padding)
        self.modulator_conv = nn.Conv2d(channels, taps, kernel_size, padding=self.padding)
        self.regular_conv = nn.Conv2d(
            channels, channels_out, kernel_size, padding=self.padding, bias=False
        )

    def _joined(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of one convolution that computes offsets and modulation."""
        convs = self.offset_conv, self.modulator_conv
        return torch.cat([conv.weight for conv in convs]), torch.cat([conv.bias for conv in convs])

    def offset_and_modulation(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (B, 2K, H, W) in pixels and modulation (B, K, H, W) in [0, 2]."""
        both = F.conv2d(x, *self.derived("joined", self._joined), padding=self.padding)
        sizes = self.offset_conv.out_channels, self.modulator_conv.out_channels
        offset, modulation = both.split(sizes, dim=1)
        return offset, 2.0 * modulation.sigmoid()

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C_out, H, W).

        The weight is given, so that a caller can fold into `regular_conv.weight` what follows it.
        """
        offset, modulation = self.offset_and_modulation(x)
        return self.convolve(x, offset, modulation, weight, bias, self.padding)
