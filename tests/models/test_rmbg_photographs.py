"""The official pipeline at full size on photographs, against the published way."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if importlib.util.find_spec("torch") is None and not os.environ.get("CI"):
    pytest.skip("torch is not installed", allow_module_level=True)

import torch
from safetensors.torch import load_file
from tiny_rmbg import SMALL, member, save_checkpoint

from rmbg_eval.cases.case import Case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.images import quantise
from rmbg_eval.core.paths import resource
from rmbg_eval.models.birefnet.config import BiRefNetConfig
from rmbg_eval.models.birefnet.network import BiRefNet
from rmbg_eval.models.birefnet.pipelines import MEAN, STD
from rmbg_eval.models.birefnet.rmbg import Rmbg
from rmbg_eval.models.hub import FILE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the published layout."""
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"))


PHOTOGRAPHS = [case for case in load_cases(resource("cases")).cases if not case.alpha]


@pytest.mark.parametrize("case", PHOTOGRAPHS, ids=lambda case: case.name)
def test_the_published_way_on_photographs_at_full_size(folder: Path, case: Case) -> None:
    """1024×1024, step by step as RMBG-2.0's page has it; the cut-out's 8 bits differ by one."""
    picture = case.picture()
    square = replace(member(folder), size=(1024, 1024))
    resized = np.asarray(Image.fromarray(picture.rgb).resize((1024, 1024), Image.BILINEAR))
    tensor = torch.from_numpy(resized.copy()).permute(2, 0, 1).float().div(255)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    network = BiRefNet(BiRefNetConfig(**SMALL)).eval()
    network.load_state_dict(load_file(folder / FILE))
    probability = network(((tensor - mean) / std).float()[None]).sigmoid()[0, 0]
    mask = Image.fromarray(probability.mul(255).byte().numpy()).resize(picture.size)
    model = Rmbg("m", square)
    model.load()
    (output,) = model.infer([model.preprocess(picture)])
    stored = quantise(model.postprocess(output, picture).alpha)
    assert stored.shape == (picture.size[1], picture.size[0])
    assert np.ptp(stored) > 20
    assert np.abs(stored.astype(int) - np.asarray(mask)).max() <= 1
