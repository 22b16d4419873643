"""Refinement: what it keeps and computes, how it is asked for; nothing is inferred twice."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FakeModel, disc, some_cases
from hypothesis import given, settings
from hypothesis import strategies as st
from systems import needs

from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Cutout, Picture, quantise
from rmbg_eval.core.modules import module_alone
from rmbg_eval.errors import ModelError
from rmbg_eval.models import refinement
from rmbg_eval.models.refinement import Refined, band, laplacian, linear, refine, solve, taken
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict

WAYS = ("closed-form", "guided")


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("unknowns", [100, 200_000])
@settings(max_examples=8)
@given(seed=st.integers(0, 2**32 - 1), soft=st.booleans())
def test_it_stays_in_range_and_outside_the_band_changes_nothing(
    how: str, unknowns: int, seed: int, soft: bool
) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(3, 50, 2)
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = np.zeros((height, width), np.float32)
    alpha[rng.integers(height) :, rng.integers(width) :] = 1
    if soft:
        alpha[: height // 2] = rng.random((height // 2, width), np.float32)
    before = alpha.copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refinement, "UNKNOWNS", unknowns)
        refined = refine(rgb, alpha, how)
    assert np.array_equal(alpha, before)
    assert refined.dtype == np.float32
    assert refined.shape == alpha.shape
    assert refined.min() >= 0
    assert refined.max() <= 1
    outside = ~band(alpha)
    assert np.array_equal(refined[outside], alpha[outside])


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_where_nothing_is_sure_on_both_sides_nothing_changes(how: str, value: float) -> None:
    alpha = np.full((64, 96), value, np.float32)
    assert np.array_equal(refine(disc()[0], alpha, how), alpha)


@pytest.mark.parametrize(("how", "share"), [("closed-form", 0.5), ("guided", 0.8)])
def test_an_alpha_as_coarse_as_the_grid_is_nearer_to_the_truth_afterwards(
    how: str, share: float
) -> None:
    truth = disc(size=(3072, 120))[1]
    noise = np.random.default_rng(0).integers(0, 9, (120, 3072, 1))
    rgb = (noise + truth[..., None] / 255 * [180, 120, 40] + 30).astype(np.uint8)
    coarse = cv2.resize(truth, (1024, 40), interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(coarse, (3072, 120)).astype(np.float32) / np.float32(255)
    wrong = [np.abs(a - truth / 255).mean() for a in (blurred, refine(rgb, blurred, how))]
    assert wrong[1] < share * wrong[0]
    assert np.array_equal(refine(rgb, blurred, how), refine(rgb, blurred, how))


def test_the_band_reaches_six_cells_to_both_sides() -> None:
    alpha = np.zeros((1, 2048), np.float32)
    alpha[:, 1000:] = 1
    (inside,) = (np.flatnonzero(np.diff(band(alpha)[0])) + 1,)
    assert inside.tolist() == [1000 - 12, 1000 + 12]


def test_the_guided_filters_coefficients_are_those_of_each_window() -> None:
    rng = np.random.default_rng(0)
    colours, alpha, radius, epsilon = rng.random((7, 9, 3)), rng.random((7, 9)), 2, 1e-3

    def windows(y: int, x: int) -> tuple[slice, slice]:
        return slice(max(0, y - radius), y + radius + 1), slice(max(0, x - radius), x + radius + 1)

    of_window = np.empty((7, 9, 4))
    for y in range(7):
        for x in range(9):
            inside = colours[windows(y, x)].reshape(-1, 3)
            values = alpha[windows(y, x)].ravel()
            spread = np.cov(inside.T, bias=True) + epsilon * np.eye(3)
            shared = ((inside - inside.mean(0)) * (values - values.mean())[:, None]).mean(0)
            slopes = np.linalg.inv(spread) @ shared
            of_window[y, x] = [*slopes, values.mean() - slopes @ inside.mean(0)]
    expected = np.empty((7, 9, 4))
    for y in range(7):
        for x in range(9):
            expected[y, x] = of_window[windows(y, x)].reshape(-1, 4).mean(0)
    assert np.allclose(linear(colours, alpha, radius, epsilon), expected, atol=1e-9)


def test_the_laplacian_is_pymattings() -> None:
    needs("pymatting")
    module = module_alone("pymatting.laplacian.cf_laplacian")
    rng = np.random.default_rng(1)
    colours, unknown = rng.random((9, 12, 3)), rng.random((9, 12)) < 0.5
    values, places = laplacian(colours, unknown)
    ours = np.zeros((len(values), 9 * 12))
    for row, (value, place) in enumerate(zip(values, places, strict=True)):
        ours[row, place[place >= 0]] = value[place >= 0]
    theirs = module.cf_laplacian(colours, 1e-7, 1, ~unknown).toarray()
    assert np.allclose(ours, theirs[unknown.ravel()], atol=1e-6)
    assert np.allclose(ours.sum(1), 0, atol=1e-6)


def test_an_alpha_that_is_linear_in_the_colours_is_found() -> None:
    rng = np.random.default_rng(2)
    truth = rng.random((20, 20))
    colours = truth[..., None] * [0.9, 0.5, 0.1] + (1 - truth[..., None]) * [0.1, 0.2, 0.6]
    unknown = np.zeros((20, 20), np.bool_)
    unknown[6:14, 6:14] = True
    start = np.where(unknown, 0.5, truth)
    found = solve(colours, start, unknown, np.zeros((20, 20)))
    assert np.abs(found - truth).max() < 1e-3


@pytest.mark.parametrize(
    ("options", "leading", "expected"),
    [
        ("", False, ("", None)),
        ("?refine=guided", False, ("", "guided")),
        (":/a?b/c?refine=guided", False, (":/a?b/c", "guided")),
        (":DIR?size=64&refine=closed-form&batch=2", False, (":DIR?size=64&batch=2", "closed-form")),
        ("?refine=guided:x {in} {out}", True, (":x {in} {out}", "guided")),
        ("?timeout=6&refine=guided:x {in}", True, ("?timeout=6:x {in}", "guided")),
        (":x http://y?refine=guided {in}", True, (":x http://y?refine=guided {in}", None)),
    ],
)
def test_it_is_one_of_a_models_options(
    options: str, leading: bool, expected: tuple[str, str | None]
) -> None:
    assert taken(options, leading) == expected


@pytest.mark.parametrize(
    "spec",
    [
        "grabcut?refine=guided",
        "folder:.?refine=guided",
        "callable:operator:neg?refine=guided",
        f"command?refine=guided:{shlex.quote(sys.executable)} {{in}} {{out}}",
        "isnet?refine=guided",
    ],
)
def test_any_model_can_be_refined(spec: str) -> None:
    model = load_model(f"mine={spec}")
    plain = load_model(f"mine={spec.replace('?refine=guided', '')}")
    assert isinstance(model, Refined)
    assert model.info.name == "mine"
    assert model.info.pipeline.startswith(f"{plain.info.pipeline}; refined within 6 cells")
    assert model.identity("a") != model.base.identity("a")
    assert load_model(spec).info.name == spec


def test_another_way_is_refused_and_the_ways_are_named() -> None:
    with pytest.raises(ModelError, match=r"refine=sharper.*refine=closed-form, refine=guided"):
        load_model("isnet?refine=sharper")


def test_isnet_matting_is_isnet_with_closed_form_matting() -> None:
    named, spelt = load_model("isnet-matting"), load_model("isnet?refine=closed-form")
    assert named.identity("a") == spelt.identity("a")
    assert named.info.name == "isnet-matting"


def test_the_base_is_inferred_once_in_whatever_order(tmp_path: Path) -> None:
    cases = some_cases(tmp_path / "in", 2)
    made = {}
    for order in ("first", "last"):
        store, fake = Store(tmp_path / order), FakeModel()
        models = [fake, Refined(fake, "guided")]
        for model in models if order == "first" else reversed(models):
            own = isinstance(model, Refined)
            for case, prediction in predict(model, cases, tmp_path / "out", store):
                assert prediction.failure is None
                spent = prediction.seconds
                assert ("refine" in spent) == own
                assert min(spent["infer"], spent["decode"], spent["encode"]) > 0
                made[order, case.id, own] = prediction.cutout_sha256
        assert fake.inferred == ["c/00", "c/01"]
    assert all(made["first", *key] == made["last", *key] for _, *key in made)
    picture = Picture("c/00", disc(0)[0])
    refined = Refined(FakeModel(), "guided").postprocess(FakeModel().alpha(picture), picture)
    stored = quantise(FakeModel().alpha(picture)).astype(np.float32) / np.float32(255)
    assert np.array_equal(refined.alpha, refine(picture.rgb, stored, "guided"))
    assert isinstance(refined, Cutout)
