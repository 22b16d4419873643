"""Which token lies in which window: the indices and masks of shifted-window attention.

Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
section 3.2. All of it follows from sizes alone, and is cached.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

# The kinds of window of a shifted block, in the order of `forbidden_pairs`.
INSIDE, RIGHT_EDGE, BOTTOM_EDGE, CORNER = range(4)


@dataclass(frozen=True)
class WindowGroup:
    """Windows that are processed together, sorted by the kind of their mask.

    Attributes:
        tokens: (W · side²,) int64, for each place in the windows the row of its token in the
            flattened (B · H · W, C) feature map; padding points at row 0.
        padding: (P,) int64, places in the windows that hold padding, or None.
        inside: places in the windows that hold tokens, or None where there is no padding.
        kinds: (kind, number of windows) in the order in which the windows lie in `tokens`.
        kind: (W,) int32, the same for each window.
    """

    tokens: Tensor
    padding: Tensor | None
    inside: Tensor | None
    kinds: tuple[tuple[int, int], ...]
    kind: Tensor


@torch.compiler.assume_constant_result  # what is below cannot, and need not, be compiled
def window_groups(
    batch: int, height: int, width: int, side: int, shift: int, most_windows: int, device: str
) -> tuple[WindowGroup, ...]:
    """Cut `batch` feature maps of `height` × `width` tokens into windows of `side` × `side`.

    The maps are padded at the right and at the bottom to whole windows, then rolled up and left by
    `shift`. Windows are sorted by kind and handed out in groups of at most `most_windows`. Groups
    are cached, so that changing sizes cost their index once.
    """
    return _window_groups(batch, height, width, side, shift, most_windows, device)


@lru_cache(maxsize=64)
def _window_groups(
    batch: int, height: int, width: int, side: int, shift: int, most_windows: int, device: str
) -> tuple[WindowGroup, ...]:
    rows, columns = math.ceil(height / side), math.ceil(width / side)
    y = (torch.arange(rows * side) + shift) % (rows * side)
    x = (torch.arange(columns * side) + shift) % (columns * side)
    inside = (y < height)[:, None] & (x < width)
    source = torch.where(inside, y[:, None] * width + x, -1)
    source = source.view(rows, side, columns, side).transpose(1, 2).reshape(-1, side * side)
    kind = torch.zeros(rows, columns, dtype=torch.int64)
    if shift:
        kind[:, -1] += RIGHT_EDGE
        kind[-1, :] += BOTTOM_EDGE
    kind = kind.flatten().repeat(batch)
    image_start = torch.arange(batch).repeat_interleave(rows * columns)[:, None] * height * width
    source = source.repeat(batch, 1)
    source = torch.where(source >= 0, source + image_start, -1)

    order = torch.argsort(kind, stable=True)
    groups = []
    for chosen in order.split(most_windows):
        tokens = source[chosen].flatten()
        present, counts = kind[chosen].unique_consecutive(return_counts=True)
        is_padding = tokens < 0
        padded = bool(is_padding.any())
        groups.append(
            WindowGroup(
                tokens=tokens.clamp(min=0).to(device),
                padding=is_padding.nonzero().flatten().to(device) if padded else None,
                inside=(~is_padding).nonzero().flatten().to(device) if padded else None,
                kinds=tuple(zip(present.tolist(), counts.tolist(), strict=True)),
                kind=kind[chosen].int().to(device),
            )
        )
    return tuple(groups)


def relative_position_index(side: int) -> Tensor:
    """(side², side²) int64: for query and key, the row of their offset in the bias table.

    Offsets dy and dx run from 1 - side to side - 1; the row is (dy + side - 1) · (2 side - 1) +
    (dx + side - 1).
    """
    place = torch.arange(side * side)
    y, x = place // side, place % side
    dy = y[:, None] - y[None, :] + side - 1
    dx = x[:, None] - x[None, :] + side - 1
    return dy * (2 * side - 1) + dx


def forbidden_pairs(side: int, shift: int) -> Tensor:
    """(4, side², side²) bool, by kind of window: query and key must not attend to one another.

    After the roll, the last `shift` rows (columns) of a window at the bottom (right) edge come from
    the other side of the image; tokens attend only within their own part.
    """
    wrapped = torch.arange(side) >= side - shift
    row, column = wrapped.repeat_interleave(side), wrapped.repeat(side)
    other_row = row[:, None] != row[None, :]
    other_column = column[:, None] != column[None, :]
    kinds = torch.zeros_like(other_row), other_column, other_row, other_row | other_column
    return torch.stack(kinds)


@torch.compiler.assume_constant_result
def attention_pattern(side: int, shift: int, device: str) -> tuple[Tensor, Tensor]:
    """`relative_position_index` and `forbidden_pairs` on a device, constants to the compiler."""
    return relative_position_index(side).to(device), forbidden_pairs(side, shift).to(device)
