"""Configuration of BiRefNet; `family.py` has the settings of the published checkpoints.

Zheng et al. 2024, "Bilateral Reference for High-Resolution Dichotomous Image Segmentation".
"""

from __future__ import annotations

from typing import Any

from transformers import PretrainedConfig

from ...i18n import Message
from .patch_order import PATCH_ORDERS

SWIN_BACKBONES: dict[str, dict[str, Any]] = {
    # Liu et al. 2021, section 3.3; the window of l is that of its 384² checkpoint.
    "swin_v1_t": {
        "embed_dim": 96, "depths": (2, 2, 6, 2), "num_heads": (3, 6, 12, 24), "window_size": 7,
    },
    "swin_v1_l": {
        "embed_dim": 192, "depths": (2, 2, 18, 2), "num_heads": (6, 12, 24, 48), "window_size": 12,
    },
}  # fmt: skip


class BiRefNetConfig(PretrainedConfig):
    """Everything that decides what BiRefNet computes from its weights.

    The defaults are RMBG-2.0's settings. Every field that published code keeps under another name
    gives it in parentheses.

    Args:
        patch_order: order in which the decoder stacks image patches into channels, in einops'
            words: `wg hg c` (column by column, then row, then colour) or `c hg wg`. Keys and
            shapes are the same for both, so that a checkpoint loads with either, and gives wrong
            results with the wrong one.
        backbone: `swin_v1_t` or `swin_v1_l` (bb); sets the four fields that follow, unless they are
            given.
        embed_dim, depths, num_heads, window_size: of the Swin backbone.
    """

    model_type = "birefnet"

    def __init__(
        self,
        patch_order: str = "wg hg c",
        backbone: str = "swin_v1_l",
        embed_dim: int | None = None,
        depths: tuple[int, ...] | None = None,
        num_heads: tuple[int, ...] | None = None,
        window_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        _choose("patch_order", patch_order, PATCH_ORDERS)
        _choose("backbone", backbone, tuple(SWIN_BACKBONES))
        swin = SWIN_BACKBONES[backbone]
        self.patch_order = patch_order
        self.backbone = backbone
        self.embed_dim = embed_dim or swin["embed_dim"]
        self.depths = tuple(depths or swin["depths"])
        self.num_heads = tuple(num_heads or swin["num_heads"])
        self.window_size = window_size or swin["window_size"]
        if not len(self.depths) == len(self.num_heads) == 4:
            raise ValueError(
                Message(
                    "a Swin backbone has four stages, got depths={depths} and "
                    "num_heads={num_heads}",
                    depths=self.depths,
                    num_heads=self.num_heads,
                )
            )
        super().__init__(**kwargs)

    @property
    def stage_channels(self) -> tuple[int, ...]:
        """Channels of the four encoder maps, finest first; half of each see it at half size."""
        return tuple(2 * self.embed_dim * 2**stage for stage in range(4))


def _choose(field: str, value: Any, allowed: Any) -> None:
    if value not in allowed:
        choices = ", ".join(repr(choice) for choice in allowed)
        raise ValueError(
            Message(
                "{field}={value} is not one of {choices}",
                field=field,
                value=repr(value),
                choices=choices,
            )
        )
