"""The official pipeline at full size on photographs, against the published way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from systems import needs

needs("torch")

import torch
from tiny_rmbg import member

from rmbg_eval.cases.case import Case
from rmbg_eval.cases.folder import load_cases
from rmbg_eval.core.images import quantise
from rmbg_eval.core.paths import resource
from rmbg_eval.models.birefnet.pipelines import MEAN, STD
from rmbg_eval.models.birefnet.rmbg import Rmbg

# One is smaller than what the network sees, the other wider.
NAMES = ("pet/chelsea", "low-quality/coffee-phone")
PHOTOGRAPHS = [case for case in load_cases(resource("cases")).cases if case.name in NAMES]


@pytest.mark.parametrize("case", PHOTOGRAPHS, ids=lambda case: case.name)
def test_the_published_way_on_photographs_at_full_size(checkpoint: Path, case: Case) -> None:
    """1024×1024, step by step as RMBG-2.0's page has it; the cut-out's 8 bits differ by one."""
    picture = case.picture()
    model = Rmbg("m", replace(member(checkpoint), size=(1024, 1024)))
    model.load()
    network, passed = model._network, []

    def watched(batch: torch.Tensor) -> torch.Tensor:
        passed.append((batch, network(batch)))
        return passed[-1][1]

    model._network = watched
    (output,) = model.infer([model.preprocess(picture)])
    stored = quantise(model.postprocess(output, picture).alpha)

    resized = np.asarray(Image.fromarray(picture.rgb).resize((1024, 1024), Image.BILINEAR))
    tensor = torch.from_numpy(resized.copy()).permute(2, 0, 1).float().div(255)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    ((batch, logits),) = passed
    torch.testing.assert_close(batch[0], ((tensor - mean) / std).float(), rtol=0, atol=1e-6)
    mask = logits.sigmoid()[0, 0].mul(255).byte().numpy()
    assert stored.shape == (picture.size[1], picture.size[0])
    assert np.ptp(stored) > 20
    expected = np.asarray(Image.fromarray(mask).resize(picture.size))
    assert np.abs(stored.astype(int) - expected).max() <= 1
