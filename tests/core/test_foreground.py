"""Foreground colours: what the estimators must keep, and that they find what was put in."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import save_picture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmbg_eval.cases.case import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.decoding import decode_cutout
from rmbg_eval.core.foreground import (
    BOXES,
    blur_fusion,
    blur_fusion_on,
    estimate,
    multi_level,
    words,
)
from rmbg_eval.core.images import Cutout, Picture
from rmbg_eval.core.modules import module_alone
from rmbg_eval.errors import ModelError
from rmbg_eval.models.decontamination import Decontaminated
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict
from rmbg_eval.run.evaluate import evaluate
from rmbg_eval.settings import Settings


def _needs(package: str) -> pytest.MarkDecorator:
    absent = importlib.util.find_spec(package) is None and not os.environ.get("CI")
    return pytest.mark.skipif(absent, reason=f"{package} is not installed")


def on_torch(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    return blur_fusion_on("cpu", rgb, alpha)


ESTIMATORS = [
    pytest.param(blur_fusion, id="blur-fusion"),
    pytest.param(on_torch, id="blur-fusion on torch", marks=_needs("torch")),
    pytest.param(multi_level, id="pymatting", marks=_needs("pymatting")),
]


@st.composite
def pictures(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Any colours and alpha, of any size from 1 px; alphas of 0 and 1 are frequent."""
    shape = draw(st.tuples(st.integers(2, 40), st.integers(2, 40)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rgb = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    some = st.sampled_from([0, 1, 0.5, 1 / 255, 254 / 255])
    alpha = draw(hnp.arrays(np.float32, shape, elements=some.map(np.float32)))
    return rgb, alpha


@pytest.mark.parametrize("estimator", ESTIMATORS)
@settings(max_examples=30)
@given(data=pictures())
def test_opaque_pixels_and_alpha_are_left_alone(estimator: object, data: tuple) -> None:
    rgb, alpha = data
    before = rgb.copy(), alpha.copy()
    found = estimator(rgb, alpha)
    assert found.shape == rgb.shape
    assert found.dtype == np.uint8
    assert np.array_equal(found[alpha == 1], rgb[alpha == 1])
    assert np.array_equal(rgb, before[0])
    assert np.array_equal(alpha, before[1])


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("level", [0.5, 1.0])
def test_one_colour_everywhere_stays(estimator: object, level: float) -> None:
    rgb = np.full((50, 40, 3), (10, 128, 250), np.uint8)
    found = estimator(rgb, np.full((50, 40), level, np.float32))
    assert np.abs(found.astype(int) - rgb).max() <= 1


def composite() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A known foreground, a soft alpha, and the picture they make with a green background."""
    height, width = 200, 240
    y, x = np.mgrid[:height, :width]
    waves = 20 * np.sin(x[..., None] / 17 + np.arange(3)) + 15 * np.cos(y[..., None] / 23)
    front = np.array([200, 90, 60]) + waves
    back = np.array([30, 180, 40]) + waves[::-1]
    alpha = np.clip((90 - np.hypot(x - 120, y - 100)) / 24 + 0.5, 0, 1).astype(np.float32)
    rgb = alpha[..., None] * front + (1 - alpha[..., None]) * back
    return front, alpha, np.rint(rgb).astype(np.uint8)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_known_foreground_is_found_where_the_picture_shows_the_background(
    estimator: object,
) -> None:
    front, alpha, rgb = composite()
    soft = (alpha > 0.05) & (alpha < 0.95)
    before = np.abs(rgb - front)[soft].mean()
    after = np.abs(estimator(rgb, alpha) - front)[soft].mean()
    assert before > 25
    assert after < before / 3


def test_blur_fusion_is_the_published_formula() -> None:
    """As the authors' code has it: all channels at once, float64, divisors with their epsilon."""
    _, alpha, rgb = composite()
    a, image = alpha[..., None].astype(float), rgb / 255.0
    front = back = image
    for side in (90, 6):
        blurred = cv2.blur(a, (side, side))[..., None]
        f = cv2.blur(front * a, (side, side)) / (blurred + 1e-5)
        b = cv2.blur(back * (1 - a), (side, side)) / (1 - blurred + 1e-5)
        front, back = np.clip(f + a * (image - a * f - (1 - a) * b), 0, 1), b
    assert BOXES == (90, 6)
    assert np.abs(blur_fusion(rgb, alpha) - 255 * front).max() <= 0.51


@_needs("torch")
@settings(max_examples=30)
@given(data=pictures())
def test_torch_and_opencv_agree_within_one_level(data: tuple) -> None:
    rgb, alpha = data
    assert np.abs(on_torch(rgb, alpha).astype(int) - blur_fusion(rgb, alpha)).max() <= 1


@_needs("pymatting")
def test_pymatting_gives_the_same_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """With several threads it does so only most times, so those that it has are counted."""
    import numba

    pymatting = module_alone("pymatting.foreground.estimate_foreground_ml")
    threads = []

    def counted(*given: object) -> object:
        threads.append(numba.get_num_threads())
        return own(*given)

    own = pymatting.estimate_foreground_ml
    monkeypatch.setattr(pymatting, "estimate_foreground_ml", counted)
    _, alpha, rgb = composite()
    before = numba.get_num_threads()
    assert np.array_equal(multi_level(rgb, alpha), multi_level(rgb, alpha))
    assert threads == [1, 1]
    assert numba.get_num_threads() == before


@_needs("torch")
def test_a_device_with_too_little_memory_leaves_it_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    rgb, alpha = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8), rng.random((20, 30), np.float32)
    said = "CUDA out of memory. Tried to allocate 1.33 GiB."

    def short(*given: object) -> None:
        raise RuntimeError(said)

    monkeypatch.setattr("rmbg_eval.core.foreground.blur_fusion_on", short)
    found = estimate(rgb, alpha, "blur-fusion", "cuda")
    assert np.array_equal(found, blur_fusion(rgb, alpha))
    said = "an illegal memory access was encountered"
    with pytest.raises(RuntimeError, match="illegal"):
        estimate(rgb, alpha, "blur-fusion", "cuda")


def test_raw_is_the_picture_itself_and_an_unknown_way_is_an_error() -> None:
    rgb, alpha = np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32)
    assert estimate(rgb, alpha, "raw") is rgb
    with pytest.raises(ModelError, match="Use one of raw, blur-fusion, pymatting"):
        words("blur")


def test_an_estimator_that_is_not_installed_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rmbg_eval.core.foreground.find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r'pip install "rmbg-eval\[pymatting\]"'):
        load_model("grabcut", foreground="pymatting")


def test_it_is_another_pipeline_with_an_identity_of_its_own() -> None:
    raw, fused = load_model("grabcut"), load_model("grabcut", foreground="blur-fusion")
    assert fused.info.pipeline == f"{raw.info.pipeline}; {words('blur-fusion')}"
    assert raw.info.foreground == "raw"
    assert fused.info.foreground == "blur-fusion"
    assert fused.identity("a/b") != raw.identity("a/b")


class SoftModel:
    """Half transparent throughout; brings colours of its own if told to."""

    def __init__(self, own: np.ndarray | None = None) -> None:
        self.info = load_model("grabcut").info
        self.batch_size, self.warnings, self.own = 1, [], own

    def postprocess(self, output: object, picture: Picture) -> Cutout:
        alpha = np.full(picture.rgb.shape[:2], 0.5, np.float32)
        return Cutout(picture.rgb if self.own is None else self.own, alpha)


def test_colours_that_a_tool_brought_are_its_own() -> None:
    picture = Picture("a", np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    own = np.full((40, 40, 3), 7, np.uint8)
    kept = Decontaminated(SoftModel(own), "blur-fusion").postprocess(None, picture)
    assert kept.rgb is own
    assert not np.array_equal(
        Decontaminated(SoftModel(), "blur-fusion").postprocess(None, picture).rgb, picture.rgb
    )


def test_cut_outs_of_both_ways_are_kept_apart(tmp_path: Path) -> None:
    case = Case("c", "a", save_picture(tmp_path / "a.png"))
    made = {}
    for how in ("raw", "blur-fusion"):
        model = load_model("grabcut", foreground=how)
        ((_, prediction),) = predict(model, [case], tmp_path / how, Store.default())
        assert not prediction.cached
        path = tmp_path / how / prediction.cutout
        made[how] = decode_cutout(path.read_bytes(), path.name)
    assert np.array_equal(made["raw"][0], case.picture().rgb)
    assert not np.array_equal(made["raw"][0], made["blur-fusion"][0])
    assert np.array_equal(made["raw"][1], made["blur-fusion"][1])


def test_a_run_and_its_report_name_it(case_set: Path, tmp_path: Path) -> None:
    from rmbg_eval.report import Report

    settings_ = Settings(
        models=["grabcut"],
        cases=str(case_set),
        out=str(tmp_path / "out"),
        foreground="blur-fusion",
    )
    run = evaluate(settings_)
    assert not run.failures
    assert run.models[0].info.foreground == "blur-fusion"
    said = "foreground colours: blur-fusion"
    report = Report(run)
    assert said in report.more().html
    assert said in report.category("pet").html
    assert words("blur-fusion") in report.more().html
