"""RMBG-2.0 behind the protocol: the official pipeline step by step, the others, strict loading."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from systems import needs

needs("torch")

import torch
from fakes import disc
from safetensors.torch import load_file, save_file
from tiny_rmbg import SMALL, alpha_of, member, save_checkpoint

from rmbg_eval.cases.case import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Picture
from rmbg_eval.errors import ModelError, WeightsError
from rmbg_eval.models.birefnet.config import BiRefNetConfig
from rmbg_eval.models.birefnet.network import BiRefNet
from rmbg_eval.models.birefnet.pipelines import PIPELINES
from rmbg_eval.models.birefnet.rmbg import Rmbg
from rmbg_eval.models.birefnet.torch_runtime import choose
from rmbg_eval.models.hub import FILE, Checkpoint
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict, stored_alpha

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the published layout, with code that must never run."""
    path = save_checkpoint(tmp_path_factory.mktemp("checkpoint"))
    (path / "evil.py").write_text("raise SystemExit('remote code ran')")
    return path


@pytest.fixture
def picture() -> Picture:
    return Picture("c/disc", disc(3, (150, 90))[0])


def logits(folder: Path, x: np.ndarray) -> np.ndarray:
    """The network itself on `(H, W, 3)` normalised numbers."""
    network = BiRefNet(BiRefNetConfig(**SMALL)).eval()
    network.load_state_dict(load_file(folder / FILE))
    tensor = torch.from_numpy(x.transpose(2, 0, 1)[None].astype(np.float32))
    return network(tensor)[0, 0].numpy()


def test_official_pipeline_is_the_published_one_step_by_step(
    folder: Path, picture: Picture
) -> None:
    resized = np.asarray(Image.fromarray(picture.rgb).resize((96, 64), Image.BILINEAR))
    x = (resized / 255 - MEAN) / STD
    probability = 1 / (1 + np.exp(-logits(folder, x).astype(np.float64)))
    mask = Image.fromarray((probability * 255).astype(np.uint8)).resize(picture.size)
    ours = np.rint(255 * alpha_of(Rmbg("m", member(folder)), picture))
    assert np.ptp(np.asarray(mask)) > 20
    assert np.abs(ours - np.asarray(mask).astype(float)).max() <= 1


def test_center_crop_is_transparent_outside_and_not_normalised(
    folder: Path, picture: Picture
) -> None:
    alpha = alpha_of(Rmbg("m", member(folder), pipeline="center-crop"), picture)
    inside = slice(7, 7 + 135)  # 90 high, at 96:64
    assert not alpha[:, :7].any()
    assert not alpha[:, 142:].any()
    crop = np.ascontiguousarray(picture.rgb[:, inside])
    x = np.asarray(Image.fromarray(crop).resize((96, 64), Image.BILINEAR)) / 255
    mask = (255 / (1 + np.exp(-logits(folder, x)))).astype(np.uint8)
    expected = np.asarray(Image.fromarray(mask).resize((135, 90)))
    assert np.abs(255 * alpha[:, inside] - expected).max() <= 1.01


def test_letterbox_keeps_the_aspect() -> None:
    pipeline = PIPELINES["letterbox"]()
    rgb, alpha = disc(1, (80, 160))
    prepared = pipeline.fit(rgb, (64, 64)).pixels
    assert prepared.shape == (64, 64, 3)
    bars = np.r_[prepared[:, :16].reshape(-1, 3), prepared[:, 48:].reshape(-1, 3)]
    assert np.abs(bars / 255 - MEAN).max() < 0.003
    fitted = np.zeros((64, 64), np.float32)
    fitted[:, 16:48] = np.asarray(Image.fromarray(alpha).resize((32, 64), Image.BILINEAR)) / 255
    back = pipeline.unfit(fitted, (80, 160))
    assert back.shape == (160, 80)
    assert np.abs(back - alpha / 255).mean() < 0.02


def test_rembgs_variant_stretches_the_mask() -> None:
    pipeline = PIPELINES["rembg"]()
    alpha = np.linspace(0.4, 0.6, 64 * 64, dtype=np.float32).reshape(64, 64)
    stretched = pipeline.unfit(alpha, (64, 64))
    assert (stretched.min(), stretched.max()) == (0, 1)
    with pytest.raises(ModelError, match="flat"):
        pipeline.unfit(np.full((64, 64), 0.5, np.float32), (64, 64))
    dark = np.full((64, 64, 3), 100, np.uint8)
    assert pipeline.fit(dark, (32, 32)).white == 100


@pytest.mark.parametrize("name", PIPELINES)
def test_every_pipeline_is_named_and_has_an_identity_of_its_own(folder: Path, name: str) -> None:
    models = {n: Rmbg("m", member(folder), pipeline=n) for n in PIPELINES}
    others = {models[n].info.identity for n in PIPELINES if n != name}
    assert models[name].info.identity not in others
    assert "96×64" in models[name].info.pipeline


def test_patch_order_is_part_of_the_identity(folder: Path) -> None:
    other = Rmbg("m", member(folder, patch_order="c hg wg"))
    assert other.info.identity != Rmbg("m", member(folder)).info.identity


def test_a_batch_gives_what_single_pictures_give(folder: Path) -> None:
    pictures = [Picture(f"c/{seed}", disc(seed, (120, 80))[0]) for seed in range(3)]
    model = Rmbg("m", member(folder), batch_size=3)
    model.load()
    inputs = [model.preprocess(picture) for picture in pictures]
    together = model.infer(inputs)
    for one, alpha in zip(inputs, together, strict=True):
        assert np.abs(model.infer([one])[0] - alpha).max() < 1e-5


def test_bf16_is_another_model_near_the_first(folder: Path, picture: Picture) -> None:
    exact, reduced = (Rmbg("m", member(folder), dtype=d) for d in ("fp32", "bf16"))
    assert exact.info.identity != reduced.info.identity
    difference = np.abs(alpha_of(exact, picture) - alpha_of(reduced, picture))
    assert 0 < difference.max() < 0.1


def test_it_predicts_like_any_model_and_no_code_of_the_checkpoint_runs(
    folder: Path, tmp_path: Path, picture: Picture
) -> None:
    Image.fromarray(picture.rgb).save(tmp_path / "disc.png")
    case = Case("c", "disc", tmp_path / "disc.png")
    model = Rmbg("m", member(folder))
    ((_, made),) = predict(model, [case], tmp_path / "out", Store.default())
    assert made.failure is None
    stored = stored_alpha(tmp_path / "out" / made.cutout)
    assert np.abs(stored - alpha_of(model, picture)).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("decoder.conv_out1.0.bias"), "missing decoder.conv_out1.0.bias"),
        (lambda s: s.update(extra=torch.zeros(1)), "unknown extra"),
        (lambda s: s.update({"k" * 9999: torch.zeros(1)}), r"unknown k{192}\. Name"),
        (
            lambda s: s.update({"decoder.conv_out1.0.bias": torch.zeros(2)}),
            "decoder.conv_out1.0.bias",
        ),
    ],
    ids=["missing", "unknown", "of a long name", "of another shape"],
)
def test_weights_that_do_not_fit_are_named(
    folder: Path, tmp_path: Path, change: object, message: str
) -> None:
    state = load_file(folder / FILE)
    change(state)
    save_file(state, tmp_path / FILE)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match=f"do not fit the network: .*{message}"):
        Rmbg("m", member(tmp_path)).load()


@pytest.mark.parametrize("before", ["module.", "_orig_mod.", "module._orig_mod."])
def test_what_training_puts_before_the_names_of_weights_is_no_part(
    folder: Path, tmp_path: Path, picture: Picture, before: str
) -> None:
    state = load_file(folder / FILE)
    save_file({f"{before}{key}": value for key, value in state.items()}, tmp_path / FILE)
    wrapped, bare = (alpha_of(Rmbg("m", member(path)), picture) for path in (tmp_path, folder))
    assert np.array_equal(wrapped, bare)


def test_a_network_that_computes_no_numbers_fails(
    folder: Path, tmp_path: Path, picture: Picture
) -> None:
    state = load_file(folder / FILE)
    state["decoder.conv_out1.0.bias"] += torch.nan
    save_file(state, tmp_path / FILE)
    with pytest.raises(ModelError, match="m computed what is no number.*may be damaged"):
        alpha_of(Rmbg("m", member(tmp_path)), picture)


def test_a_pointer_of_git_lfs_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(WeightsError, match="a pointer of Git LFS"):
        Rmbg("m", member(tmp_path)).load()


def test_a_file_that_holds_no_weights_says_so(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"<html>log in</html>")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match="could not be loaded"):
        Rmbg("m", member(tmp_path)).load()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("rmbg-2.0?size=1000", "multiples of 32"),
        ("rmbg-2.0?size=0", "multiples of 32"),
        ("rmbg-2.0?pipeline=best", "Use one of official, letterbox, center-crop, rembg"),
        ("rmbg-2.0?batch=0", "batch is a number"),
        ("rmbg-2.0?colour=red", "unknown option 'colour'"),
        ("rmbg-2.0:", "There is no model"),
        ("rmbg-2.0:~nobody-of-this-name/x", "can be no path"),
        ("rmbg-3.0", "There is no model"),
    ],
)
def test_a_wrong_spec_says_what_is_allowed(spec: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_model(spec)


def test_a_spec_names_folder_pipeline_and_size(folder: Path) -> None:
    model = load_model(f"Mine=rmbg-2.0:{folder}?pipeline=letterbox&size=512x256&batch=2")
    assert model.info.name == "Mine"
    assert model.info.title == "The network of RMBG-2.0 by BRIA AI, other weights"
    assert model.info.pipeline.startswith("fit into 512×256")
    assert model.info.licence.startswith("CC BY-NC 4.0")
    assert model.info.weights_from == f"the folder {folder.name}"
    assert len(model.info.weights_sha256) == 64
    assert model.batch_size == 2


def test_a_folder_without_weights_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no model\.safetensors in"):
        load_model(f"rmbg-2.0:{tmp_path}").fetch(print)


def test_a_file_of_weights_that_is_not_there_is_told_with_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError) as told:
        load_model("birefnet:epoch_10.safetensors").fetch(print)
    assert str(told.value.problem) == f"There is no epoch_10.safetensors in {Path.cwd()}"
    assert str(told.value.remedy) == "Check the path."


def test_what_is_pickled_is_told_what_to_become(tmp_path: Path) -> None:
    pickled = tmp_path / "epoch_1.pth"
    torch.save({"weight": torch.ones(1)}, pickled)
    for path in (tmp_path, pickled):
        with pytest.raises(WeightsError, match=r"but epoch_1\.pth") as told:
            load_model(f"rmbg-2.0:{path}").fetch(print)
        (call,) = re.findall(r"by safetensors\.torch\.(save_file\(.*\)), of", str(told.value))
        eval(call, {"save_file": save_file, "torch": torch})
        assert load_file(tmp_path / "epoch_1.safetensors").keys() == {"weight"}
        (tmp_path / "epoch_1.safetensors").unlink()


def test_weights_of_another_name_are_named_by_their_file(tmp_path: Path, folder: Path) -> None:
    for epoch in (10, 20):
        shutil.copy(folder / FILE, tmp_path / f"epoch_{epoch}.safetensors")
    model = load_model(f"birefnet:{tmp_path / 'epoch_20.safetensors'}")
    model.fetch(print)
    assert model.info.weights_from == f"epoch_20.safetensors in the folder {tmp_path.name}"
    for path in (tmp_path, tmp_path / "epoch_30.safetensors"):
        with pytest.raises(WeightsError, match=r"but epoch_10.*Name the file itself"):
            load_model(f"birefnet:{path}").fetch(print)


@pytest.mark.parametrize("beside", [True, False], ids=["beside model.safetensors", "alone"])
def test_weights_of_another_name_are_what_computes(
    folder: Path, tmp_path: Path, picture: Picture, beside: bool
) -> None:
    if beside:
        shutil.copy(folder / FILE, tmp_path)
    state = load_file(folder / FILE)
    state["decoder.conv_out1.0.bias"] -= 200
    save_file(state, tmp_path / "epoch_2.safetensors")
    epoch = Checkpoint("nobody/nothing", "main").local(tmp_path / "epoch_2.safetensors")
    assert alpha_of(Rmbg("m", member(folder)), picture).max() > 0.1
    assert alpha_of(Rmbg("m", replace(member(folder), checkpoint=epoch)), picture).max() < 0.1


def test_the_file_itself_may_be_named_and_is_nobodys_for_sure(folder: Path) -> None:
    info = load_model(f"birefnet:{folder / FILE}").info
    assert info.weights_from == f"the folder {folder.name}"
    assert info.title == "The network of BiRefNet, general use, weights of a folder"
    assert info.licence == "not stated"


def test_devices_and_dtypes() -> None:
    assert choose("cpu", "auto") == ("cpu", "fp32")
    assert choose("cpu", "bf16") == ("cpu", "bf16")
    with pytest.raises(ModelError, match="fp16 on a CPU"):
        choose("cpu", "fp16")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="no cuda device"):
            choose("cuda", "auto")
