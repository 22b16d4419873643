"""IS-Net with its real weights, on a small real photograph."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from resizing import triangle

from rmbg_eval.core.images import Alpha, Picture, check_alpha
from rmbg_eval.errors import ModelError, WeightsError
from rmbg_eval.models import isnet, runtimes
from rmbg_eval.models.table import load_model
from rmbg_eval.models.weights import ISNET_MEDIUM


@pytest.fixture(scope="module")
def chelsea() -> Picture:
    """A cat, 451×300."""
    skimage_data = pytest.importorskip("skimage.data")
    return Picture("pet/chelsea", skimage_data.chelsea())


@pytest.fixture(scope="module")
def in_cache(real_weights: Path) -> Iterator[None]:
    """For the fixtures that compute once for the whole module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RMBG_EVAL_CACHE", str(real_weights.parent))
        yield


@pytest.fixture(scope="module")
def fp32(in_cache: None, chelsea: Picture) -> Alpha:
    """What isnet makes of the cat at its default dtype."""
    return alpha_of("isnet", "auto", chelsea)


@pytest.fixture(scope="module")
def reference(real_weights: Path, chelsea: Picture) -> Alpha:
    """The same graph by ONNX Runtime, and a resize of the test's own: nothing of rmbg_eval."""
    height, width = chelsea.rgb.shape[:2]
    wide = np.rint(np.einsum("jw,hwc->hjc", triangle(width, 1024), chelsea.rgb))
    pixels = np.rint(np.einsum("ih,hjc->ijc", triangle(height, 1024), wide))  # 8 bits, twice
    tensor = ((pixels - 128) / 256).astype(np.float32).transpose(2, 0, 1)[None]
    session = onnxruntime.InferenceSession(real_weights / ISNET_MEDIUM.name)
    plane = session.run(["output"], {"input": tensor})[0][0, 0]
    return triangle(1024, height) @ plane @ triangle(1024, width).T


def alpha_of(spec: str, dtype: str, picture: Picture) -> Alpha:
    model = load_model(spec, "auto", dtype)  # type: ignore[arg-type]
    assert model.load() is True
    assert model.load() is False
    cutout = model.postprocess(model.infer([model.preprocess(picture)])[0], picture)
    assert np.array_equal(cutout.rgb, picture.rgb)
    return cutout.alpha


def test_the_alpha_is_valid_and_shows_the_cat(fp32: Alpha, chelsea: Picture) -> None:
    check_alpha(fp32, chelsea.rgb.shape[:2])
    assert fp32[100:200, 180:300].mean() > 0.95  # its face
    assert fp32[:40, 400:].mean() < 0.05  # the far corner


def test_fp32_is_what_onnx_runtime_computes(fp32: Alpha, reference: Alpha) -> None:
    assert np.abs(fp32 - reference).max() < 0.01


def test_bf16_is_close_to_fp32_and_not_the_same(
    weights: Path, fp32: Alpha, chelsea: Picture
) -> None:
    try:
        reduced = alpha_of("isnet", "bf16", chelsea)
    except ModelError as error:
        assert "does not compute in bf16" in str(error.problem)
        pytest.skip(f"{error}")
    check_alpha(reduced, chelsea.rgb.shape[:2])
    difference = np.abs(reduced - fp32)
    assert 0 < difference.mean() < 0.01


@pytest.mark.parametrize(("spec", "apart"), [("isnet-quint8", 0.02), ("isnet-int8", 0.03)])
def test_eight_bits_are_close_to_the_same_network_and_not_the_same(
    weights: Path, fp32: Alpha, chelsea: Picture, spec: str, apart: float
) -> None:
    alpha = alpha_of(spec, "auto", chelsea)
    check_alpha(alpha, chelsea.rgb.shape[:2])
    assert 0 < np.abs(alpha - fp32).mean() < apart


def test_int8_of_a_graph_with_other_names_is_refused(
    weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ranges = tmp_path / "ranges.json"
    ranges.write_text('[["/conv_of_another/Relu", 0, 1, []]]')
    monkeypatch.setattr(isnet, "_INT8_RANGES", ranges)
    with pytest.raises(ModelError, match=r"no '/conv_of_another/Relu'.*--dtype bf16"):
        load_model("isnet-int8").load()


def test_only_the_output_that_is_used_is_computed(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []

    class Compiled(Exception):
        pass

    openvino = runtimes.import_openvino()

    def compile_model(core: object, graph: object, *more: object) -> None:
        compiled.append([sorted(output.get_names()) for output in graph.outputs])
        raise Compiled

    monkeypatch.setattr(openvino.Core, "compile_model", compile_model)
    with pytest.raises(Compiled):
        load_model("isnet").load()
    assert len(compiled[0]) == 1
    assert "output" in compiled[0][0]


def test_a_processor_without_bf16_is_told(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openvino = runtimes.import_openvino()
    monkeypatch.setattr(openvino.Core, "get_property", lambda *arguments: ["FP32", "INT8"])
    with pytest.raises(ModelError, match="does not compute in bf16.*--dtype fp32"):
        load_model("isnet", "auto", "bf16").load()


@pytest.mark.parametrize("spec", ["isnet", "isnet-int8", "isnet-quint8"])
def test_without_weights_load_says_how_to_get_them(spec: str) -> None:
    with pytest.raises(WeightsError, match=r"isnet-.*\.onnx is not in the cache.*models --fetch"):
        load_model(spec).load()


def test_the_pinned_hash_is_what_info_reports(real_weights: Path) -> None:
    data = (real_weights / ISNET_MEDIUM.name).read_bytes()
    assert load_model("isnet").info.weights_sha256 == hashlib.sha256(data).hexdigest()


def test_openvino_without_its_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match="OpenVINO, which computes isnet.*pip install"):
        runtimes.import_openvino()


_WATCHED = """
import sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "openvino_telemetry":
            raise SystemExit("openvino_telemetry was imported")

sys.meta_path.insert(0, Watch())
from rmbg_eval import load_model
load_model("isnet").load()
assert "openvino" in sys.modules
assert "openvino_telemetry" not in sys.modules
"""


def test_openvinos_telemetry_is_never_imported(weights: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED], env={**os.environ}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_telemetry_that_was_imported_before_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = type(sys)("openvino_telemetry")
    monkeypatch.setitem(sys.modules, "openvino_telemetry", mine)
    runtimes.import_openvino()
    assert sys.modules["openvino_telemetry"] is mine
