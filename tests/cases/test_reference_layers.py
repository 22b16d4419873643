"""The rendered cases are made of their layers: what is stored explains the picture."""

from __future__ import annotations

import dataclasses
import importlib
import json
import re
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from rmbg_eval.core.paths import resource

FOLDER = resource("cases")
RECORDS = json.loads((FOLDER / "_render" / "proof.json").read_text("utf-8"))
COMPOSED = pytest.mark.parametrize("name", sorted(RECORDS))


def test_every_scene_with_a_truth_is_made_of_layers_and_proved():
    scenes = {path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*/alpha.png")}
    assert scenes == RECORDS.keys()


def module(name):
    """A module of the renderer that needs no Blender."""
    folder = str(resource("cases", "_render"))
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


layers, proof = module("layers"), module("proof")


@COMPOSED
def test_the_picture_is_what_its_layers_make(name):
    found = proof.measured(name, RECORDS[name])
    assert proof.broken(name, RECORDS[name], found) == []


@COMPOSED
def test_another_alpha_would_be_seen(name):
    """The proof can fail: by a truth of linear light, or one that lies 4 pixels beside."""
    stored = layers.Layers.stored(FOLDER / name)
    picture = np.asarray(Image.open(FOLDER / name / "image.jpg"), np.float64)
    bound = proof.SHOWN
    assert abs(proof.shown(stored, picture)) <= bound
    other = dataclasses.replace(stored, alpha=stored.alpha**1.5)
    assert abs(proof.shown(other, picture)) > 5 * bound
    beside = dataclasses.replace(stored, alpha=np.roll(stored.alpha, 4, axis=1))
    band = stored.regions()["band"]
    off = [  # without most of the camera's noise
        np.abs(cv2.GaussianBlur((layer.composite() - picture).astype("f4"), (0, 0), 2))[band].mean()
        for layer in (stored, beside)
    ]
    assert off[1] > 1.1 * off[0]


@COMPOSED
def test_all_layers_are_as_large_as_the_picture_and_alpha_is_quiet(name):
    sizes = {
        Image.open(FOLDER / name / file).size
        for file in ("alpha.png", "foreground.jpg", "plate.jpg", "image.jpg")
    }
    assert len(sizes) == 1
    assert RECORDS[name]["noise"] <= 0.010


def test_the_table_of_the_readme_is_that_of_the_records():
    text = (FOLDER / "README.md").read_text("utf-8")
    table = text[text.index("| scene |") :]
    rows = re.findall(r"^\| ([a-z/-]+) \| ([0-9.]+) \|", table, re.MULTILINE)
    assert dict(rows) == {name: f"{row['noise']:.4f}" for name, row in RECORDS.items()}


LEVELS = arrays.arrays(np.float64, (4, 5, 3), elements=st.floats(0, 255))
ALPHA = arrays.arrays(np.float64, (4, 5), elements=st.floats(0, 1))


@given(ALPHA, LEVELS, LEVELS)
def test_a_composite_lies_between_its_layers(alpha, foreground, plate):
    made = layers.Layers(alpha, foreground, plate).composite()
    low, high = np.minimum(foreground, plate), np.maximum(foreground, plate)
    assert ((made >= low - 1e-9) & (made <= high + 1e-9)).all()
    assert np.allclose(made[alpha == 1], foreground[alpha == 1])
    assert np.allclose(made[alpha == 0], plate[alpha == 0])


def test_straight_colours_are_found_again_and_go_on_outwards():
    """A subject of two colours under noisy coverage: its colours, where it is and around it."""
    rng = np.random.default_rng(5)
    x = np.arange(120) * np.ones((80, 1))
    alpha = np.clip((90 - x) / 30, 0, 1)
    true = np.where(x[..., None] < 40, (0.6, 0.3, 0.1), (0.1, 0.5, 0.2))
    share = np.clip(alpha + rng.normal(0, 0.05, alpha.shape) * (alpha > 0) * (alpha < 1), 0, 1)
    found = layers.straight(true * alpha[..., None], share, alpha)
    assert np.abs(found - true)[alpha > 0.3].mean() < 0.01
    assert np.abs(found - true)[(alpha > 0.02) & (alpha < 0.3)].mean() < 0.03
    assert np.abs(found - true)[x > 95].mean() < 0.03
    assert np.isfinite(found).all()


@pytest.mark.parametrize("brighter", [True, False])
def test_glass_that_shines_or_bends_explains_the_picture(brighter):
    """Where clear glass shows what no colour at its coverage can, alpha rises until one can."""
    alpha = np.full((40, 40), 0.02)
    plate = np.full((40, 40, 3), 90.0)
    clear = layers.Layers(alpha, plate.copy(), plate)
    render = plate.copy()
    render[10:30, 10:30] = 240 if brighter else 20
    made = layers.shining(clear, render, np.ones((40, 40)))
    assert np.abs(made.composite() - render)[14:26, 14:26].max() < 3
    assert made.alpha[20, 20] > 0.6
    assert made.alpha[2, 2] == pytest.approx(0.02, abs=0.5 / 255)
