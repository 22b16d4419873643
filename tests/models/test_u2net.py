"""The small U²-Net with its real weights, on a small real photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from resizing import triangle

from rmbg_eval.core.images import Alpha, Picture, check_alpha
from rmbg_eval.models.table import load_model
from rmbg_eval.models.weights import U2NETP


@pytest.fixture(scope="module", params=[1.0, 0.4], ids=["as it is", "dark"])
def picture(request: pytest.FixtureRequest) -> Picture:
    """A cat, 451×300."""
    rgb = pytest.importorskip("skimage.data").chelsea()
    return Picture("pet/chelsea", np.rint(rgb * request.param).astype(np.uint8))


def reference(weights: Path, rgb: np.ndarray) -> Alpha:
    """As the authors' code does it, less its stretching; resized by the test's own matrices."""
    height, width = rgb.shape[:2]
    wide = np.rint(np.einsum("jw,hwc->hjc", triangle(width, 320), rgb))
    small = np.rint(np.einsum("ih,hjc->ijc", triangle(height, 320), wide))
    pixels = (small / small.max() - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    session = onnxruntime.InferenceSession(weights)
    name = session.get_inputs()[0].name
    outputs = session.run(None, {name: pixels.transpose(2, 0, 1)[None].astype(np.float32)})
    return triangle(320, height) @ outputs[0][0, 0] @ triangle(320, width).T


def test_alpha_is_what_the_authors_code_computes_before_it_stretches_it(
    weights: Path, picture: Picture
) -> None:
    model = load_model("u2netp")
    assert model.load() is True
    cutout = model.postprocess(model.infer([model.preprocess(picture)])[0], picture)
    check_alpha(cutout.alpha, picture.rgb.shape[:2])
    expected = reference(weights / "weights" / U2NETP.name, picture.rgb)
    assert np.abs(cutout.alpha - expected).max() < 0.01
    assert cutout.alpha[100:200, 180:300].mean() > 0.95  # its face


def test_a_black_picture_has_a_cutout(weights: Path) -> None:
    model = load_model("u2netp")
    model.load()
    black = Picture("pet/night", np.zeros((30, 40, 3), np.uint8))
    check_alpha(model.postprocess(model.infer([model.preprocess(black)])[0], black).alpha, (30, 40))
