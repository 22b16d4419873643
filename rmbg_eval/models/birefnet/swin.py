"""Swin Transformer (version 1) backbone, for inference.

Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". Tokens
attend to one another inside square windows; every second block shifts the windows by half their
side, so that information crosses window borders. Four stages halve the resolution and double the
channels, and each hands out a feature map.

How it is computed here, and why it is fast:

- A block reads its tokens window by window with one gather, whose index holds the padding, the
  cyclic shift and the partition into windows at once, and puts them back with one indexed copy.
  A token belongs to exactly one window, so attention, projection and MLP run on a few windows at a
  time, in place, and intermediate values stay small.
- Relative position bias and shift mask are one additive bias for `scaled_dot_product_attention`.
  In a shifted block only four kinds of window differ in their mask (inside, right edge, bottom
  edge, corner), so four biases serve any image size. Windows are sorted by kind, and each kind is
  one call with a bias that is broadcast, never expanded. On a CUDA device all of them are one
  kernel where that runs: see `kernels.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .derived import DerivedWeights
from .linear import linear
from .windows import WindowGroup, attention_pattern, relative_position_index, window_groups

# On a CPU a group of windows is as large as keeps its widest intermediate value below this size.
# Larger ones leave the cache, and above 32 MiB glibc maps fresh pages for every tensor: page faults
# then cost as much as the arithmetic.
CPU_GROUP_BYTES = 12 * 2**20


class WindowAttention(DerivedWeights):
    """Multi-head self-attention inside windows, with a learnt bias for each relative position."""

    def __init__(self, channels: int, side: int, heads: int, shift: int) -> None:
        super().__init__()
        self.side, self.heads, self.shift = side, heads, shift
        self.kernel: Callable[[Tensor, Tensor, Tensor, int], Tensor] | None = None
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_position_index(side))
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def biases(self) -> Tensor:
        """Additive attention biases, (kinds of window, heads, side², side²)."""
        table = self.relative_position_bias_table
        index, forbidden = attention_pattern(self.side, self.shift, str(table.device))
        biases = table[index.flatten()].view(1, *index.shape, self.heads).permute(0, 3, 1, 2)
        if self.shift:
            biases = biases.masked_fill(forbidden[:, None], float("-inf"))
        return biases.contiguous()

    def forward(self, tokens: Tensor, group: WindowGroup) -> Tensor:
        """(W · side², C) → (W · side², C) before the output projection; the group's windows."""
        places = self.side**2
        qkv = linear(tokens, self.qkv.weight, self.qkv.bias)
        biases = self.derived("biases", self.biases)
        if self.kernel is not None:
            return self.kernel(qkv, biases, group.kind, self.heads)
        qkv = qkv.view(-1, places, 3, self.heads, tokens.shape[1] // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attended, first = [], 0
        for kind, count in group.kinds:
            part = slice(first, first + count)
            attended.append(
                F.scaled_dot_product_attention(
                    query[part], key[part], value[part], attn_mask=biases[kind, None]
                ).transpose(1, 2)
            )
            first += count
        merged = attended[0] if len(attended) == 1 else torch.cat(attended)
        return merged.reshape(tokens.shape)


class Mlp(nn.Module):
    """Two linear maps with an (exact) GELU between them, applied to every token."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = F.gelu(linear(tokens, self.fc1.weight, self.fc1.bias))
        return linear(hidden, self.fc2.weight, self.fc2.bias)


class SwinBlock(nn.Module):
    """Window attention and MLP, each after a layer norm and with a residual connection."""

    MLP_RATIO = 4

    def __init__(self, channels: int, heads: int, side: int, shift: int) -> None:
        super().__init__()
        self.side, self.shift = side, shift
        self.norm1 = nn.LayerNorm(channels)
        self.attn = WindowAttention(channels, side, heads, shift)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels, self.MLP_RATIO * channels)

    def _most_windows(self, tokens: Tensor) -> int:
        """How many windows to process together: all of them, unless on a CPU (see the constant)."""
        if tokens.device.type != "cpu" or torch.compiler.is_compiling():
            return 2**31
        widest = self.MLP_RATIO * tokens.shape[1] * tokens.element_size()
        return max(1, CPU_GROUP_BYTES // (widest * self.side**2))

    def forward(self, tokens: Tensor, batch: int, height: int, width: int) -> Tensor:
        """Update `tokens`, (B · H · W, C), in place, and return them."""
        groups = window_groups(
            batch, height, width, self.side, self.shift,
            self._most_windows(tokens), str(tokens.device),
        )  # fmt: skip
        for group in groups:
            part, rows = tokens.index_select(0, group.tokens), group.tokens
            normed = self.norm1(part)
            if group.padding is not None:
                normed.index_fill_(0, group.padding, 0.0)  # padding is zero *after* the norm
            attended = self.attn(normed, group)
            if group.inside is not None:
                attended = attended.index_select(0, group.inside)
                part = part.index_select(0, group.inside)
                rows = rows.index_select(0, group.inside)
            part = part + linear(attended, self.attn.proj.weight, self.attn.proj.bias)
            part = part + self.mlp(self.norm2(part))
            tokens.index_copy_(0, rows, part)
        return tokens


class PatchMerging(nn.Module):
    """Halve the resolution: concatenate each 2 × 2 tokens and map them to twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * channels)
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)

    def forward(self, tokens: Tensor, batch: int, height: int, width: int) -> Tensor:
        """(B · H · W, C) → (B · ⌈H/2⌉ · ⌈W/2⌉, 2C); odd sides are padded with zeros."""
        channels = tokens.shape[1]
        image = tokens.view(batch, height, width, channels)
        if height % 2 or width % 2:
            image = F.pad(image, (0, 0, 0, width % 2, 0, height % 2))
        rows, columns = image.shape[1] // 2, image.shape[2] // 2
        cells = image.view(batch, rows, 2, columns, 2, channels)
        # The published weights expect the four tokens column by column.
        merged = cells.permute(0, 1, 3, 4, 2, 5).reshape(-1, 4 * channels)
        return linear(self.norm(merged), self.reduction.weight)


class SwinStage(nn.Module):
    """Blocks of one resolution, every second one shifted, and the merging that follows them."""

    def __init__(self, channels: int, depth: int, heads: int, side: int, merge: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            SwinBlock(channels, heads, side, shift=side // 2 if number % 2 else 0)
            for number in range(depth)
        )
        self.downsample = PatchMerging(channels) if merge else None


class PatchEmbedding(nn.Module):
    """Map each 4 × 4 pixels to one token."""

    SIDE = 4

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, kernel_size=self.SIDE, stride=self.SIDE)
        self.norm = nn.LayerNorm(channels)


class SwinTransformer(nn.Module):
    """Swin backbone that hands out four feature maps.

    Args:
        embed_dim: channels of the first stage; each later stage has twice as many.
        depths: number of blocks of each of the four stages.
        num_heads: attention heads of each stage.
        window_size: side of a window, in tokens.
    """

    def __init__(
        self,
        embed_dim: int,
        depths: tuple[int, ...],
        num_heads: tuple[int, ...],
        window_size: int,
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbedding(embed_dim)
        self.layers = nn.ModuleList()
        for stage, (depth, heads) in enumerate(zip(depths, num_heads, strict=True)):
            channels = embed_dim * 2**stage
            last = stage == len(depths) - 1
            self.layers.append(SwinStage(channels, depth, heads, window_size, merge=not last))
            self.add_module(f"norm{stage}", nn.LayerNorm(channels))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Compute the feature maps of a batch of images.

        Args:
            image: (B, 3, H, W), H and W divisible by 4.

        Returns:
            Four maps in channels-last memory, (B, C · 2^i, ⌈H / 2^(i+2)⌉, ⌈W / 2^(i+2)⌉) for
            i = 0 … 3.
        """
        embedded = self.patch_embed.proj(image)
        batch, channels, height, width = embedded.shape
        tokens = self.patch_embed.norm(embedded.permute(0, 2, 3, 1).reshape(-1, channels))
        maps = []
        for stage, layer in enumerate(self.layers):
            for block in layer.blocks:
                tokens = block(tokens, batch, height, width)
            normed = getattr(self, f"norm{stage}")(tokens)
            maps.append(normed.view(batch, height, width, -1).permute(0, 3, 1, 2))
            if layer.downsample is not None:
                tokens = layer.downsample(tokens, batch, height, width)
                height, width = math.ceil(height / 2), math.ceil(width / 2)
        return maps
