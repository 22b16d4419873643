"""Seeded random weights in the published layout: to try a machine before accepting a licence."""

from __future__ import annotations

import json
from pathlib import Path

from ..hub import FILE
from .member import Member

SEED = 0


def write_random_weights(member: Member, folder: Path) -> Path:
    """Put a checkpoint of the member's network into `folder`, which is returned.

    Keys, shapes, dtypes and file names are those of the published one (RMBG-2.0: 754 keys, 885 MB,
    a config.json without model_type), so that loading and computing cost the same. What it makes
    of a picture means nothing.
    """
    import torch
    from safetensors.torch import save_file

    from .config import BiRefNetConfig
    from .network import BiRefNet

    torch.manual_seed(SEED)
    state = BiRefNet(BiRefNetConfig(**member.config)).state_dict()
    folder.mkdir(parents=True, exist_ok=True)
    save_file({key: value.contiguous() for key, value in state.items()}, folder / FILE)
    (folder / "config.json").write_text(json.dumps({"architectures": ["BiRefNet"]}))
    return folder
