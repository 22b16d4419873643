"""A member of the BiRefNet family as small as tests need, in the published layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from rmbg_eval.core.images import Picture
from rmbg_eval.models.birefnet.config import BiRefNetConfig
from rmbg_eval.models.birefnet.member import Member
from rmbg_eval.models.birefnet.network import BiRefNet
from rmbg_eval.models.birefnet.rmbg import Rmbg
from rmbg_eval.models.hub import FILE, Checkpoint

SMALL = {
    "patch_order": "wg hg c",
    "embed_dim": 16,
    "depths": (1, 1, 1, 1),
    "num_heads": (1, 2, 2, 4),
    "window_size": 4,
}


def save_checkpoint(path: Path) -> Path:
    """Random weights, and a config.json without a model_type, as published."""
    torch.manual_seed(0)
    network = BiRefNet(BiRefNetConfig(**SMALL)).eval()
    network.decoder.conv_out1[0].weight.data.mul_(40)  # so that alpha is not all about one half
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, path / FILE)
    published = {"architectures": ["BiRefNet"], "auto_map": {"AutoConfig": "evil.py"}}
    (path / "config.json").write_text(json.dumps(published))
    return path


def member(folder: Path, **config: object) -> Member:
    """The member whose weights are in `folder`; 96×64 px."""
    checkpoint = Checkpoint("nobody/nothing", "main", folder=folder)
    return Member("small", "Small", "CC BY-NC 4.0", checkpoint, SMALL | config, (96, 64))


def alpha_of(model: Rmbg, picture: Picture) -> np.ndarray:
    """The model's alpha of a picture, stage by stage."""
    model.load()
    (output,) = model.infer([model.preprocess(picture)])
    return model.postprocess(output, picture).alpha
