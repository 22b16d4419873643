"""BiRefNet and RMBG-2.0, for inference.

Zheng et al. 2024, "Bilateral Reference for High-Resolution Dichotomous Image Segmentation". A Swin
encoder sees the image at full and at half size, a squeeze block joins its maps at the coarsest
scale, and a decoder goes from there to full resolution.

Parameter and buffer names are those of the published checkpoints, so that these load strictly. Of
their files only `model.safetensors` is used: neither the code in it, nor its `config.json`, which
says nothing about the network.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel

from .config import BiRefNetConfig
from .decoder import Decoder, DecoderBlock, resize
from .swin import SwinTransformer

STRIDE = 32
"""Sides of the input must be divisible by this: five halvings."""


class BiRefNet(PreTrainedModel):
    """Background removal network.

    A new one has torch's random initialisation; weights come from a checkpoint.
    """

    config_class = BiRefNetConfig
    base_model_prefix = ""
    main_input_name = "pixel_values"

    def __init__(self, config: BiRefNetConfig) -> None:
        super().__init__(config)
        self.bb = SwinTransformer(
            config.embed_dim, config.depths, config.num_heads, config.window_size
        )
        channels = config.stage_channels
        self.squeeze_module = nn.Sequential(DecoderBlock(sum(channels), channels[3]))
        self.decoder = Decoder(config)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Keep what the modules' own constructors did."""

    def encode(self, image: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Four maps, finest first, each as the parts of a channel-wise concatenation."""
        maps = self.bb(image)
        half = F.interpolate(
            image,
            size=(image.shape[2] // 2, image.shape[3] // 2),
            mode="bilinear",
            align_corners=True,
        )
        return [
            (feature, resize(coarse, like=feature))
            for feature, coarse in zip(maps, self.bb(half), strict=True)
        ]

    @torch.no_grad()  # blocks update their tokens in place, and biases are cached
    def forward(self, pixel_values: Tensor) -> Tensor:
        """Segment a batch of images, without tracking gradients.

        Args:
            pixel_values: (B, 3, H, W), RGB, normalised with ImageNet's mean and standard
                deviation, in the model's dtype; H and W divisible by 32.

        Returns:
            (B, 1, H, W) logits; their sigmoid is the alpha, in [0, 1]. (Published code returns a
            list, whose last element these are.)
        """
        if pixel_values.dim() != 4 or pixel_values.shape[1] != 3:
            raise ValueError(f"expected (B, 3, H, W), got {tuple(pixel_values.shape)}")
        height, width = pixel_values.shape[-2:]
        if height % STRIDE or width % STRIDE or not height or not width:
            raise ValueError(f"sides must be multiples of {STRIDE}, got {height} × {width}")
        image = pixel_values.contiguous(memory_format=torch.channels_last)
        *maps, coarsest = self.encode(image)
        finer = [resize(part, like=coarsest[0]) for parts in maps for part in parts]
        (squeeze,) = self.squeeze_module
        return self.decoder(image, maps, squeeze([*finer, *coarsest]))
