"""Specs, the table of models, and what is imported when."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import FakeModel
from hypothesis import assume, given
from hypothesis import strategies as st
from tiny_onnx import mean_of_channels, save_graph

from rmbg_eval.errors import ModelError
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.models.protocol import Model
from rmbg_eval.models.table import TABLE, load_model, load_object, model_from

NAMED = [entry for entry in TABLE if not entry.path]


@pytest.mark.parametrize("entry", NAMED, ids=lambda entry: entry.name)
def test_every_row_of_the_table_loads_under_its_name(entry) -> None:
    info = load_model(entry.name).info
    assert (info.name, info.licence) == (entry.name, entry.licence)
    assert info.weights_sha256 == getattr(entry.weights, "sha256", None)
    assert getattr(entry.weights, "repository", "") in (info.weights_from or "")
    assert info.device == "cpu"


LABELS = ["Studio A", "Müller & Söhne", "发丝模型", "a=b", "isnet: new?", "$v_1$", "../x", "é" * 80]


@pytest.mark.parametrize("label", LABELS)
def test_a_label_becomes_the_name(label: str, tmp_path: Path) -> None:
    for spec in ("grabcut", "isnet", f"folder:{tmp_path}"):
        assert load_model(f"{label}={spec}").info.name == label


@given(label=st.text(min_size=1, max_size=80).filter(str.isprintable).filter(str.strip))
def test_any_label_that_can_be_read_will_do(label: str) -> None:
    assume(
        label != "truth"
        and not re.match("(onnx|folder|command|callable|python):|(rmbg|birefnet)", label)
    )
    assert load_model(f"{label}=grabcut").info.name == label


@pytest.mark.parametrize(
    ("label", "fault"),
    [
        ("", "'' cannot be a label: it is empty"),
        ("  ", "cannot be a label: it is empty"),
        ("a\x1b[2J", r"'a\\\\x1b\[2J' cannot be a label: it has characters that cannot be seen"),
        ("\ud800", "cannot be a label: it has characters that cannot be seen"),
        ("x" * 81, "cannot be a label: it has 81 characters"),
        ("truth", "'truth' cannot be a label: the truth itself is called so"),
    ],
)
def test_a_label_that_cannot_be_one_is_named_as_the_fault(label: str, fault: str) -> None:
    with pytest.raises(ModelError, match=fault + ".*Use 1 to 80 characters"):
        load_model(f"{label}=grabcut")
    with pytest.raises(ModelError, match=fault):
        load_object(FakeModel(), label)


@pytest.mark.parametrize("spec", [3, None, Path("x"), ["grabcut"], lambda rgb: rgb])
def test_what_is_no_text_is_no_spec(spec: object) -> None:
    with pytest.raises(ModelError, match="is no spec of a model.*models=…"):
        load_model(spec)
    with pytest.raises(ModelError, match="no device 3.*'cpu'"):
        load_model("grabcut", 3)


def test_a_path_is_told_to_be_a_folder_of_cut_outs() -> None:
    with pytest.raises(ModelError, match="'cutouts'.* is no spec of a model.*as folder:PATH"):
        load_object(Path("cutouts"), "Studio")


def test_one_model_is_on_one_device() -> None:
    with pytest.raises(ModelError, match="One model runs on one device; 'cuda:0,cuda:1'"):
        load_model("grabcut", "cuda:0,cuda:1")


def test_a_spec_and_an_object_are_models() -> None:
    assert model_from("Mine=grabcut", "cpu").info.name == "Mine"
    assert model_from(FakeModel("theirs")).info.name == "theirs"


def test_an_equals_sign_in_a_path_is_no_label(tmp_path: Path) -> None:
    folder = tmp_path / "a=b"
    folder.mkdir()
    assert load_model(f"folder:{folder}").info.name == f"folder:{folder}"
    assert load_model(f"Mine=folder:{folder}").info.name == "Mine"
    graph = save_graph(tmp_path / "m.onnx", [mean_of_channels()])
    assert load_model(f"onnx:{graph}?mean=0&std=1").info.name.startswith("onnx:")


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "isnett",
        "ISNET",
        "isnet ",
        "isnet:",
        "onnx:",
        "folder:",
        "isnet=",
    ],
)
def test_an_unknown_spec_lists_what_there_is(spec: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(spec)
    assert str(caught.value.problem) == f"There is no model {spec!r}"
    for name in ("isnet", "isnet-quint8", "grabcut", "onnx:PATH", "folder:PATH"):
        assert name in str(caught.value.remedy)


@pytest.mark.parametrize("label", ["", "Studio="])
def test_a_folder_as_a_spec_is_told_how_it_is_given(label: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model") as caught:
        load_model(f"{label}{tmp_path}")
    assert "folder:PATH" in str(caught.value.remedy)
    assert "grabcut" not in str(caught.value.remedy)


def test_control_characters_of_a_spec_reach_no_message() -> None:
    with pytest.raises(ModelError) as caught:
        load_model("evil\x1b[2J\nmodel")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("spec", ["isnet", "isnet-int8", "isnet-quint8", "u2netp"])
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_the_model_has_not_is_refused(spec: str, device) -> None:
    with pytest.raises(ModelError, match=f"{spec} runs on the CPU only; device '{device}'.*auto"):
        load_model(spec, device)


def test_an_onnx_graph_refuses_another_device(tmp_path: Path) -> None:
    graph = save_graph(tmp_path / "m.onnx", [mean_of_channels()])
    with pytest.raises(ModelError, match="runs on the CPU only"):
        load_model(f"onnx:{graph}?mean=0&std=1", "cuda")


def test_isnet_takes_the_dtypes_it_offers_and_no_other() -> None:
    assert load_model("isnet").info.dtype == "fp32"
    assert load_model("isnet", "cpu", "fp32").info.dtype == "fp32"
    assert load_model("isnet", "cpu", "bf16").info.dtype == "bf16"
    with pytest.raises(ModelError, match="offers the dtypes fp32 and bf16; 'fp16' was asked for"):
        load_model("isnet", "cpu", "fp16")


@pytest.mark.parametrize("spec", ["isnet-int8", "isnet-quint8", "grabcut"])
def test_a_model_of_one_dtype_keeps_it_and_says_so(spec: str) -> None:
    assert load_model(spec, "auto", "bf16").info.dtype not in ("bf16", "fp32")
    assert load_model(spec, "auto", "bf16").info == load_model(spec).info


@pytest.mark.parametrize("field", ["weights_sha256", "pipeline", "runtime", "device", "dtype"])
def test_whatever_decides_the_alpha_decides_the_identity(field: str) -> None:
    info = FakeModel().info
    assert info.model_copy(update={field: "other"}).identity != info.identity


@pytest.mark.parametrize("field", ["name", "title", "licence"])
def test_what_does_not_decide_the_alpha_is_no_part_of_the_identity(field: str) -> None:
    info = FakeModel().info
    assert info.model_copy(update={field: "other"}).identity == info.identity


def test_the_models_differ_in_identity() -> None:
    infos = [load_model(entry.name).info for entry in NAMED]
    infos.append(load_model("isnet", "auto", "bf16").info)
    assert len({info.identity for info in infos}) == len(infos)


def test_info_survives_json() -> None:
    info = load_model("isnet").info
    assert ModelInfo.model_validate_json(info.model_dump_json()) == info


def test_the_fake_of_these_tests_keeps_the_protocol(tmp_path: Path) -> None:
    members = {name for name in vars(Model) if not name.startswith("_")}
    members |= set(Model.__annotations__)
    for model in (FakeModel(), load_model("isnet"), load_model(f"folder:{tmp_path}")):
        assert all(hasattr(model, member) for member in members)


_HEAVY = (
    "torch transformers onnxruntime openvino cv2 papermill nbconvert IPython "
    "matplotlib scipy skimage numba"
).split()


def loaded_after(code: str) -> set[str]:
    """Which of the heavy packages a new interpreter has imported once it has run `code`."""
    code += f"\nimport sys; print(*[name for name in {_HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_making_a_model_loads_no_runtime(tmp_path: Path) -> None:
    # The BiRefNet family asks torch for the device that `auto` means.
    specs = [entry.name for entry in NAMED if not entry.options] + [f"folder:{tmp_path}"]
    code = f"from rmbg_eval import load_model\nfor spec in {specs}: load_model(spec)"
    assert loaded_after(code) == set()


def test_a_runtime_that_is_loaded_would_be_noticed() -> None:
    assert loaded_after("import onnxruntime") == {"onnxruntime"}
