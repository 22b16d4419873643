"""BiRefNet's decoder, for inference: from the encoder's maps to one logit for each pixel.

Zheng et al. 2024, "Bilateral Reference for High-Resolution Dichotomous Image Segmentation". From
coarse to fine, every scale refers to the image itself (inward reference: its pixels at full
resolution, cut into patches and stacked into channels) and to a learnt attention for regions rich
in gradients (outward reference).

Several neighbouring maps of the published network are linear with nothing between them. Here they
are joined where that saves much, with equal results up to rounding:

- batch norms are folded into the convolution before them;
- a convolution of concatenated maps is the sum of the convolutions of the parts;
- the last 1 × 1 convolution, to one channel, moves before the upsampling that precedes it, and into
  the convolutions on both sides: the full resolution then holds 9 channels instead of 240.

Parameters of `conv_ms_spvn_*` and `gdt_convs_pred_*` serve training only. Checkpoints hold them, so
that the modules exist; nothing uses them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import BiRefNetConfig
from .deform_conv import DeformableConv2d
from .derived import DerivedWeights


def resize(x: Tensor, like: Tensor) -> Tensor:
    """Bilinear resize of (B, C, h, w) to the height and width of `like`, corners aligned."""
    if x.shape[-2:] == like.shape[-2:]:
        return x
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)


def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the one convolution that equals `conv` followed by `norm`.

    The norm uses its running statistics. Factors are computed in fp32, and rounded to the dtype of
    `conv`.
    """
    scale = norm.weight.float() * torch.rsqrt(norm.running_var.float() + norm.eps)
    shift = norm.bias.float() - norm.running_mean.float() * scale
    if conv.bias is not None:
        shift = shift + conv.bias.float() * scale
    weight = conv.weight * scale.view(-1, 1, 1, 1).to(conv.weight.dtype)
    return weight, shift.to(conv.weight.dtype)


class FoldingModule(DerivedWeights):
    """A module that folds its batch norms once."""

    def folded(self, conv: nn.Conv2d, norm: nn.BatchNorm2d, name: str) -> tuple[Tensor, Tensor]:
        """`fold(conv, norm)`, kept under a name of this module's own."""
        return self.derived(name, lambda: fold(conv, norm))


def conv_parts(parts: Sequence[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """Convolve the channel-wise concatenation of `parts` without building it.

    Args:
        parts: maps (B, C_i, H, W).
        weight: (C_out, Σ C_i, k, k); the output keeps the size of the parts.
        bias: (C_out,).
    """
    slices = weight.split([part.shape[1] for part in parts], dim=1)
    padding = weight.shape[-1] // 2
    output = F.conv2d(parts[0], slices[0], bias, padding=padding)
    for part, part_weight in zip(parts[1:], slices[1:], strict=True):
        output += F.conv2d(part, part_weight, padding=padding)
    return output


def image_patches(image: Tensor, like: Tensor, order: str) -> Tensor:
    """Cut an image into a grid of patches as large as `like`, and stack them into channels.

    Args:
        image: (B, 3, H, W).
        like: map whose height h and width w divide H and W.
        order: einops name of the new channel axis; hg and wg count patches down and across.

    Returns:
        (B, 3 · H/h · W/w, h, w) in channels-last memory.
    """
    batch, colours, height, width = image.shape
    h, w = like.shape[-2:]
    grid = image.view(batch, colours, height // h, h, width // w, w)
    axis = {"b": 0, "c": 1, "hg": 2, "h": 3, "wg": 4, "w": 5}
    stacked = grid.permute([axis[name] for name in ("b", "h", "w", *order.split())])
    return stacked.reshape(batch, h, w, -1).permute(0, 3, 1, 2)


class DeformableBranch(FoldingModule):
    """Deformable convolution, batch norm and ReLU."""

    def __init__(self, channels: int, channels_out: int, kernel_size: int) -> None:
        super().__init__()
        self.atrous_conv = DeformableConv2d(channels, channels_out, kernel_size)
        self.bn = nn.BatchNorm2d(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.folded(self.atrous_conv.regular_conv, self.bn, "conv")
        return self.atrous_conv(x, weight, bias).relu_()


class ASPPDeformable(FoldingModule):
    """Atrous spatial pyramid pooling with deformable kernels 1, 1, 3, 7 and a global average."""

    BRANCH_CHANNELS = 256

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = self.BRANCH_CHANNELS
        self.aspp1 = DeformableBranch(channels, inner, 1)
        self.aspp_deforms = nn.ModuleList(
            DeformableBranch(channels, inner, kernel_size) for kernel_size in (1, 3, 7)
        )
        self.global_avg_pool = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, inner, 1, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(),
        )
        self.conv1 = nn.Conv2d(inner * 5, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → the same shape."""
        weight, bias = self.folded(self.conv1, self.bn1, "output")
        *weights, average_weight = weight.chunk(5, dim=1)
        _, average_conv, average_norm, _ = self.global_avg_pool
        average = x.mean((2, 3), keepdim=True)
        average = F.conv2d(average, *self.folded(average_conv, average_norm, "average")).relu_()
        # The average is the same everywhere, so its part of the sum is a bias of each image.
        output = F.conv2d(average, average_weight, bias)
        for branch, part_weight in zip((self.aspp1, *self.aspp_deforms), weights, strict=True):
            output = F.conv2d(branch(x), part_weight).add_(output)
        return output.relu_()


class DecoderBlock(FoldingModule):
    """Convolution to few channels, pyramid pooling, convolution to the output's channels."""

    INNER_CHANNELS = 64

    def __init__(self, channels: int, channels_out: int) -> None:
        super().__init__()
        inner = self.INNER_CHANNELS
        self.conv_in = nn.Conv2d(channels, inner, 3, padding=1)
        self.bn_in = nn.BatchNorm2d(inner)
        self.dec_att = ASPPDeformable(inner)
        self.conv_out = nn.Conv2d(inner, channels_out, 3, padding=1)
        self.bn_out = nn.BatchNorm2d(channels_out)

    def inner(self, parts: Sequence[Tensor]) -> Tensor:
        """Everything up to the last convolution, from the parts of a concatenation."""
        hidden = conv_parts(parts, *self.folded(self.conv_in, self.bn_in, "in")).relu_()
        return self.dec_att(hidden)

    def forward(self, parts: Sequence[Tensor]) -> Tensor:
        weight, bias = self.folded(self.conv_out, self.bn_out, "out")
        return F.conv2d(self.inner(parts), weight, bias, padding=1)

    def projected_output(self, projection: Tensor) -> tuple[Tensor, Tensor]:
        """Weight (1, inner, 3, 3) and bias (1,) of the last convolution followed by a 1 × 1 one.

        Args:
            projection: (channels_out,), the 1 × 1 convolution's weight to one channel.
        """
        weight, bias = fold(self.conv_out, self.bn_out)
        return torch.einsum("o,oiyx->iyx", projection, weight)[None], (projection @ bias)[None]


class ImageBlock(nn.Module):
    """Two convolutions in a row: the decoder's view of the image's own patches."""

    INNER_CHANNELS = 64

    def __init__(self, channels: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, self.INNER_CHANNELS, 3, padding=1)
        self.conv_out = nn.Conv2d(self.INNER_CHANNELS, channels_out, 3, padding=1)

    def forward(self, patches: Tensor) -> Tensor:
        return self.conv_out(self.conv1(patches))

    def projected(self, projection: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Weights of `project`: first convolution to nine channels, its bias, and the last bias.

        Args:
            projection: (channels_out,), a 1 × 1 convolution's weight to one channel.
        """
        taps = torch.einsum("o,oiyx->yxi", projection, self.conv_out.weight).flatten(0, 1)
        weight = torch.einsum("di,icyx->dcyx", taps, self.conv1.weight)
        return weight, taps @ self.conv1.bias, (projection @ self.conv_out.bias)[None]

    @staticmethod
    def project(image: Tensor, weight: Tensor, bias: Tensor, last_bias: Tensor) -> Tensor:
        """This block followed by a 1 × 1 convolution to one channel, without the wide maps.

        The output at p is the sum over the 3 × 3 taps d of what `conv1`, projected by tap d of the
        second convolution, gives at p + d, and of nothing where p + d lies outside the image. So
        `conv1` is projected to nine channels, one for each tap, and these are shifted and added.
        """
        shift = torch.eye(9, dtype=image.dtype, device=image.device).view(1, 9, 3, 3)
        if not image.is_cuda:
            return F.conv2d(F.conv2d(image, weight, bias, padding=1), shift, last_bias, padding=1)
        # cuDNN's fast kernels take channels by eights: the whole network is 2 % faster so.
        image = F.pad(image, (0, 0, 0, 0, 0, 5)).contiguous(memory_format=torch.channels_last)
        nine = F.conv2d(
            image, F.pad(weight, (0, 0, 0, 0, 0, 5, 0, 7)), F.pad(bias, (0, 7)), padding=1
        )
        shift, last_bias = F.pad(shift, (0, 0, 0, 0, 0, 7, 0, 7)), F.pad(last_bias, (0, 7))
        return F.conv2d(nine, shift, last_bias, padding=1)[:, :1]


class LateralBlock(nn.Module):
    """1 × 1 convolution from the encoder to the decoder."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, parts: Sequence[Tensor]) -> Tensor:
        return conv_parts(parts, self.conv.weight, self.conv.bias)


class Decoder(FoldingModule):
    """From the encoder's maps, coarse to fine, to one logit for each pixel."""

    GRADIENT_CHANNELS = 16

    def __init__(self, config: BiRefNetConfig) -> None:
        super().__init__()
        self.patch_order = config.patch_order
        c1, c2, c3, c4 = config.stage_channels  # finest first
        pixels = {2: 4**2, 3: 8**2, 4: 16**2, 5: 32**2}  # of the image for each pixel of the map
        self.ipt_blk5 = ImageBlock(3 * pixels[5], c4 // 8)
        self.ipt_blk4 = ImageBlock(3 * pixels[4], c4 // 8)
        self.ipt_blk3 = ImageBlock(3 * pixels[3], c3 // 8)
        self.ipt_blk2 = ImageBlock(3 * pixels[2], c2 // 8)
        self.ipt_blk1 = ImageBlock(3, c1 // 8)
        self.decoder_block4 = DecoderBlock(c4 + c4 // 8, c3)
        self.decoder_block3 = DecoderBlock(c3 + c4 // 8, c2)
        self.decoder_block2 = DecoderBlock(c2 + c3 // 8, c1)
        self.decoder_block1 = DecoderBlock(c1 + c2 // 8, c1 // 2)
        self.lateral_block4 = LateralBlock(c3)
        self.lateral_block3 = LateralBlock(c2)
        self.lateral_block2 = LateralBlock(c1)
        self.conv_out1 = nn.Sequential(nn.Conv2d(c1 // 2 + c1 // 8, 1, 1))
        for level, channels in ((4, c3), (3, c2), (2, c1)):
            hidden = self.GRADIENT_CHANNELS
            self.add_module(f"conv_ms_spvn_{level}", nn.Conv2d(channels, 1, 1))
            self.add_module(
                f"gdt_convs_{level}",
                nn.Sequential(
                    nn.Conv2d(channels, hidden, 3, padding=1), nn.BatchNorm2d(hidden), nn.ReLU()
                ),
            )
            for use in ("pred", "attn"):
                head = nn.Sequential(nn.Conv2d(hidden, 1, 1))
                self.add_module(f"gdt_convs_{use}_{level}", head)

    def _level(self, level: int, x: Tensor, image: Tensor) -> Tensor:
        """Decode one scale: inward reference, decoder block, gradient attention."""
        patches = image_patches(image, like=x, order=self.patch_order)
        reference = getattr(self, f"ipt_blk{level + 1}")(patches)
        decoded = getattr(self, f"decoder_block{level}")((x, reference))
        conv, norm, _ = getattr(self, f"gdt_convs_{level}")
        weight, bias = self.folded(conv, norm, f"gradient {level}")
        gradient = F.conv2d(decoded, weight, bias, padding=1).relu_()
        return decoded * getattr(self, f"gdt_convs_attn_{level}")(gradient).sigmoid()

    def _projections(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Weights of the two summands of the output, each with its share of the last convolution.

        Returns:
            Those of decoder block 1's last convolution, and of `ImageBlock.project`.
        """
        (output,) = self.conv_out1
        channels = self.decoder_block1.conv_out.out_channels
        from_block, from_image = output.weight.flatten().tensor_split([channels])
        weight, bias = self.decoder_block1.projected_output(from_block)
        return (weight, bias + output.bias), self.ipt_blk1.projected(from_image)

    def _logits(self, x: Tensor, image: Tensor) -> Tensor:
        """The finest scale, projected to one channel before it is resized."""
        (weight, bias), image_weights = self.derived("projections", self._projections)
        reference = self.ipt_blk2(image_patches(image, like=x, order=self.patch_order))
        coarse = F.conv2d(self.decoder_block1.inner((x, reference)), weight, bias, padding=1)
        return resize(coarse, like=image) + self.ipt_blk1.project(image, *image_weights)

    def forward(self, image: Tensor, maps: Sequence[Sequence[Tensor]], coarsest: Tensor) -> Tensor:
        """Decode.

        Args:
            image: (B, 3, H, W).
            maps: the three finer maps of the encoder, finest first, each as the parts of a
                channel-wise concatenation, (B, ·, H/4, W/4), (B, ·, H/8, W/8), (B, ·, H/16, W/16).
            coarsest: (B, ·, H/32, W/32), squeezed.

        Returns:
            (B, 1, H, W) logits.
        """
        x = coarsest
        for level, parts in zip((4, 3, 2), reversed(maps), strict=True):
            x = resize(self._level(level, x, image), like=parts[0])
            x = getattr(self, f"lateral_block{level}")(parts).add_(x)
        return self._logits(x, image)
