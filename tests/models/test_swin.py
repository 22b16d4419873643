"""The Swin backbone against slow versions written token by token."""

from __future__ import annotations

import math

import pytest
from systems import needs

needs("torch")

import torch
import torch.nn.functional as F

from rmbg_eval.models.birefnet import swin
from rmbg_eval.models.birefnet.linear import linear
from rmbg_eval.models.birefnet.swin import PatchMerging, SwinBlock, SwinTransformer
from rmbg_eval.models.birefnet.windows import relative_position_index

CHANNELS, HEADS, SIDE = 8, 2, 4


@pytest.fixture(autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


def random_block(shift: int) -> SwinBlock:
    torch.manual_seed(shift)
    block = SwinBlock(CHANNELS, HEADS, SIDE, shift)
    for parameter in block.parameters():
        parameter.normal_(0, 0.5)
    return block


def slow_block(block: SwinBlock, image: torch.Tensor) -> torch.Tensor:
    """A Swin block on (H, W, C), token by token.

    The map is padded with zeros after the norm and shifted around the borders. A token attends to
    those of its window that were not brought there from the other side of the map.
    """
    height, width, channels = image.shape
    side, shift = block.side, block.shift
    padded_height, padded_width = (math.ceil(n / side) * side for n in (height, width))
    normed = torch.zeros(padded_height, padded_width, channels)
    normed[:height, :width] = block.norm1(image)
    query, key, value = (normed @ block.attn.qkv.weight.T + block.attn.qkv.bias).chunk(3, -1)
    depth = channels // HEADS

    def place(y: int, x: int) -> tuple:
        """Window, position in it, and whether the shift wrapped the token round the map."""
        row, column = (y - shift) % padded_height, (x - shift) % padded_width
        return (row // side, column // side), (row % side, column % side), (y < shift, x < shift)

    cells = [(y, x) for y in range(padded_height) for x in range(padded_width)]
    output = image.clone()
    for y, x in cells:
        if y >= height or x >= width:
            continue
        window, (row, column), wrapped = place(y, x)
        attended = []
        for head in range(HEADS):
            part = slice(head * depth, (head + 1) * depth)
            scores, values = [], []
            for v, u in cells:
                other_window, (other_row, other_column), other_wrapped = place(v, u)
                if window != other_window or wrapped != other_wrapped:
                    continue
                dy, dx = row - other_row + side - 1, column - other_column + side - 1
                bias = block.attn.relative_position_bias_table[dy * (2 * side - 1) + dx, head]
                scores.append(query[y, x, part] @ key[v, u, part] / math.sqrt(depth) + bias)
                values.append(value[v, u, part])
            attended.append(torch.stack(scores).softmax(0) @ torch.stack(values))
        projected = torch.cat(attended) @ block.attn.proj.weight.T + block.attn.proj.bias
        token = image[y, x] + projected
        hidden = F.gelu(block.norm2(token) @ block.mlp.fc1.weight.T + block.mlp.fc1.bias)
        output[y, x] = token + hidden @ block.mlp.fc2.weight.T + block.mlp.fc2.bias
    return output


@pytest.mark.parametrize("shift", [0, SIDE // 2])
@pytest.mark.parametrize("size", [(8, 12), (6, 9), (3, 4)])
def test_block_equals_the_definition(size: tuple[int, int], shift: int) -> None:
    block = random_block(shift)
    images = torch.randn(2, *size, CHANNELS)
    expected = torch.stack([slow_block(block, image) for image in images])
    actual = block(images.view(-1, CHANNELS).clone(), 2, *size).view_as(images)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shift", [0, SIDE // 2])
def test_group_size_does_not_matter(shift: int, monkeypatch: pytest.MonkeyPatch) -> None:
    block, tokens = random_block(shift), torch.randn(2 * 14 * 10, CHANNELS)
    expected = block(tokens.clone(), 2, 14, 10)
    monkeypatch.setattr(swin, "CPU_GROUP_BYTES", 1)  # one window at a time
    torch.testing.assert_close(block(tokens.clone(), 2, 14, 10), expected, rtol=0, atol=1e-5)


def test_relative_position_index_counts_offsets() -> None:
    index = relative_position_index(3)
    for query in range(9):
        for key in range(9):
            dy, dx = query // 3 - key // 3, query % 3 - key % 3
            assert index[query, key] == (dy + 2) * 5 + dx + 2


def test_cached_biases_follow_the_weights() -> None:
    block, tokens = random_block(2), torch.randn(8 * 8, CHANNELS)
    before = block(tokens.clone(), 1, 8, 8)
    state = {key: value.clone() for key, value in block.state_dict().items()}
    state["attn.relative_position_bias_table"] += torch.arange(49.0)[:, None] / 10
    block.load_state_dict(state)
    after = block(tokens.clone(), 1, 8, 8)
    assert not torch.allclose(before, after)
    assert block.to(torch.bfloat16)(tokens.bfloat16(), 1, 8, 8).dtype is torch.bfloat16


def test_merging_takes_four_tokens_column_by_column() -> None:
    merging, image = PatchMerging(CHANNELS), torch.randn(1, 5, 4, CHANNELS)
    padded = F.pad(image, (0, 0, 0, 0, 0, 1))[0]  # odd height: a row of zeros
    expected = [
        merging.reduction(
            merging.norm(torch.cat([padded[y + dy, x + dx] for dx in (0, 1) for dy in (0, 1)]))
        )
        for y in (0, 2, 4)
        for x in (0, 2)
    ]
    actual = merging(image.view(-1, CHANNELS), 1, 5, 4)
    torch.testing.assert_close(actual, torch.stack(expected), rtol=0, atol=1e-5)


def test_maps_halve_and_double() -> None:
    backbone = SwinTransformer(CHANNELS, (1, 2, 1, 1), (1, 2, 2, 4), SIDE)
    maps = backbone(torch.randn(2, 3, 48, 80))
    sizes = [(2, 8, 12, 20), (2, 16, 6, 10), (2, 32, 3, 5), (2, 64, 2, 3)]
    assert [tuple(feature.shape) for feature in maps] == sizes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_linear_equals_torch(dtype: torch.dtype) -> None:
    tokens, weight, bias = torch.randn(33, 24), torch.randn(40, 24), torch.randn(40)
    tokens, weight, bias = (t.to(dtype) for t in (tokens, weight, bias))
    tolerance = 1e-5 if dtype is torch.float32 else 0.1
    for chosen in (bias, None):
        actual = linear(tokens, weight, chosen)
        assert actual.is_contiguous()
        expected = F.linear(tokens, weight, chosen)
        torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)
