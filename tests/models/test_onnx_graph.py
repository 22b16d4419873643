"""The file of a graph: every way that it can be wrong, and the files that hold its weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import some_cases
from systems import links
from tiny_onnx import (
    BFLOAT16,
    GREY,
    UINT8,
    alpha_of,
    as_float,
    cast,
    mean_of_all,
    mean_of_channels,
    mean_over,
    same,
    save_graph,
    times,
    turned,
    weight_elsewhere,
)

from rmbg_eval.core.cache import Store
from rmbg_eval.errors import ModelError
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict, stored_alpha


def test_an_unknown_output_lists_what_there_is(tmp_path: Path) -> None:
    nodes = [mean_of_channels("a"), same("a", "b")]
    path = save_graph(tmp_path / "two.onnx", nodes, ["a", "b"])
    with pytest.raises(ModelError, match="no output 'matte'.*Use one of a, b"):
        alpha_of(f"onnx:{path}?mean=0&std=1&output=matte")


def test_a_graph_of_any_size_without_size_is_refused(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "any.onnx", [mean_of_channels()], side="S")
    with pytest.raises(ModelError, match=r"pictures of any size.*add size=1024"):
        load_model(f"onnx:{path}?mean=0&std=1")


FITTING = "mean=0&std=1&size=64"


@pytest.mark.parametrize(
    ("graph", "options", "message"),
    [
        ({"shape": (1, 4, 64, 64)}, "", r"\[1, 4, 64, 64\]: 4 channels.*red, green and blue"),
        ({"shape": (1, 1, 64, 64)}, "", "1 channel, and pictures have 3"),
        ({"shape": (1, 64, 64, 3)}, "", "64 channels.*add layout=NHWC"),
        ({}, "&layout=NHWC", "64 channels.*Leave layout=NHWC out"),
        ({"shape": (3, 64)}, "", r"\[3, 64\]: 2 dimensions.*batch, channels, height and width"),
        ({"inputs": ("input", "b")}, "", "input .*, b .*: 2 inputs, and there is one picture"),
        ({"shape": (1000, 3, 64, 64)}, "", "at most 999 pictures.*one picture at once"),
        ({"outputs": ()}, "", r"odd\.onnx has no output\..*the matte"),
        ({"shape": (1, 3, 32, 64)}, "", "another size than 64x64.*Leave size out"),
        ({"shape": (1, 3, 0, 0)}, "", "a side has 1 to 8192 pixels"),
        ({"shape": (1, 3, 64, 8193)}, "", "a side has 1 to 8192 pixels.*trained with"),
        ({"element": UINT8, "nodes": [as_float()]}, "", "uint8.*mean=0&std=1/255"),
        ({"element": 11, "nodes": [as_float()]}, "", "double.*float32, float16 or"),
        ({"nodes": [same("input", "matte")]}, "", "3 planes, and a matte is one.*output=NAME"),
        ({"nodes": [mean_over((0, 2, 3), 0)]}, "", r"\[3\], and a matte is a plane of numbers"),
        (
            {"nodes": [cast("matte", BFLOAT16)], "gives": BFLOAT16},
            "",
            r"matte tensor\(bfloat16\).*, and a matte is a plane of numbers.*as its output",
        ),
        ({}, "&layout=CHW", "layout is one of NCHW, NHWC"),
    ],
)
def test_a_graph_that_does_not_fit_says_so_before_any_case(
    tmp_path: Path, graph: dict, options: str, message: str
) -> None:
    nodes = graph.pop("nodes", None) or [mean_of_all()]
    path = save_graph(tmp_path / "odd.onnx", nodes, **graph)
    with pytest.raises(ModelError, match=message):
        load_model(f"onnx:{path}?{FITTING}{options}")


def test_a_graph_of_two_dimensions_is_not_told_to_name_a_size(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "flat.onnx", [mean_of_all()], shape=(3, 64))
    with pytest.raises(ModelError, match="2 dimensions") as caught:
        load_model(f"onnx:{path}?mean=0&std=1")
    assert "size=" not in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 64, 64, 3), ("N", "H", "W", 3)], ids=str)
def test_channels_may_come_last(tmp_path: Path, shape: tuple) -> None:
    path = save_graph(tmp_path / "last.onnx", [mean_of_channels(axis=3)], shape=shape)
    np.testing.assert_allclose(alpha_of(f"onnx:{path}?{FITTING}&layout=NHWC"), GREY, atol=1e-6)


def test_a_single_plane_may_come_first_though_colours_come_last(tmp_path: Path) -> None:
    nodes = [mean_of_channels("grey", axis=3), turned("grey", "matte", (0, 3, 1, 2))]
    path = save_graph(tmp_path / "last.onnx", nodes, shape=(1, 64, 64, 3))
    np.testing.assert_allclose(alpha_of(f"onnx:{path}?{FITTING}&layout=NHWC"), GREY, atol=1e-6)


@pytest.mark.parametrize(
    ("version", "reason", "remedy"),
    [(13, "gone.bin", "Put the files that hold"), (99, "till opset", "Export it for an older")],
)
def test_what_the_runtime_says_last_is_said(
    tmp_path: Path, version: int, reason: str, remedy: str
) -> None:
    weights, nodes = b"", [mean_of_channels()]
    if version == 13:
        weights = weight_elsewhere("w", tmp_path / "gone.bin", 1)
        nodes = [mean_of_channels("grey"), times("grey", "w", "matte")]
        (tmp_path / "gone.bin").unlink()
    path = save_graph(tmp_path / "new.onnx", nodes, weights=weights, version=version)
    with pytest.raises(ModelError, match=f"{reason}.*{remedy}"):
        load_model(f"onnx:{path}?mean=0&std=1")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "/src/core/graph/model.cc:166 onnxruntime::Model::Model(onnx::ModelProto&&, const "
            "onnxruntime::PathString&) ModelProto does not have a graph.\n",
            "can run: ModelProto does not have a graph. Copy, download or export it again.",
        ),
        (
            "Exception during initialization: filesystem error: cannot get file size: No such file "
            "or directory [/home/ada/gone.bin]",
            "directory [/home/ada/gone.bin]. Put the files that hold its weights beside it.",
        ),
    ],
)
def test_what_an_older_runtime_says_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, told: str
) -> None:
    def open_session(path: Path, *_: object, **__: object) -> None:
        raise RuntimeError(f"[ONNXRuntimeError] : 1 : FAIL : Load model from {path} failed:{said}")

    monkeypatch.setattr("onnxruntime.InferenceSession", open_session)
    with pytest.raises(ModelError, match=re.escape(told)):
        load_model(f"onnx:{save_graph(tmp_path / 'old.onnx', [mean_of_channels()])}?mean=0&std=1")


def test_a_name_of_any_length_is_refused_at_once() -> None:
    # In a process of its own, for a regular expression cannot be interrupted.
    code = "from rmbg_eval.models.runtimes import _LEAD; _LEAD.sub('', 'a.cc:1 b' * 50_000)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_the_runtime_warns_of_reaches_no_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    """It repeats names in the graph, which may be a stranger's, as they are."""
    unused = weight_elsewhere("\x1b[2J", tmp_path / "w.data", 1)
    path = save_graph(tmp_path / "odd.onnx", [mean_of_channels()], weights=unused)
    load_model(f"onnx:{path}?mean=0&std=1").load()
    assert capfd.readouterr().err == ""


def test_a_pointer_of_git_lfs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ModelError, match="a pointer of Git LFS.*git lfs pull"):
        load_model(f"onnx:{path}?mean=0&std=1")


@pytest.mark.parametrize("content", ["", "not a graph"])
def test_a_file_that_is_no_graph_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.onnx"
    path.write_text(content)
    why = r"notes\.onnx is not a graph ONNX Runtime can run.*Copy, download or export it again"
    with pytest.raises(ModelError, match=why):
        alpha_of(f"onnx:{path}?mean=0&std=1&size=64")


@pytest.mark.parametrize("name", ["big.onnx.data", f"{'n' * 130}.data"], ids=["short", "long"])
def test_weights_beside_the_graph_are_part_of_the_identity(tmp_path: Path, name: str) -> None:
    """torch.onnx.export keeps them in `<name>.onnx.data`: the graph's own bytes then stay."""
    nodes = [mean_of_channels("grey"), times("grey", "w", "matte")]
    path, data = tmp_path / "big.onnx", tmp_path / name
    spec = f"onnx:{path}?mean=0&std=1"
    cases = some_cases(tmp_path / "in", 1)

    def mean_alpha(weight: float) -> float:
        save_graph(path, nodes, weights=weight_elsewhere("w", data, weight))
        done = predict(load_model(spec), cases, tmp_path / "out", Store.default())
        return float(stored_alpha(tmp_path / "out" / str(next(done)[1].cutout)).mean())

    assert mean_alpha(1.0) == pytest.approx(2 * mean_alpha(0.5), rel=0.05)


@pytest.mark.parametrize(
    "name",
    ["../w.data", "{folder}/in/w.data", "below", pytest.param("device", marks=links)],
)
def test_weights_anywhere_but_in_a_file_in_the_graphs_folder_are_not_read(
    tmp_path: Path, name: str
) -> None:
    """Reading /dev/zero or a pipe, which a stranger's graph may name, would never end."""
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    if name == "device":
        (folder / name).symlink_to(os.devnull)
    name = name.format(folder=tmp_path)
    for place in (tmp_path, folder):
        (place / "w.data").write_bytes(b"1234")
    graph = folder / "evil.onnx"
    graph.write_bytes(b"\x0a\x08location\x12" + bytes([len(name)]) + name.encode())
    with pytest.raises(ModelError, match=r"evil\.onnx has its weights in '.*beside it"):
        load_model(f"onnx:{graph}?mean=0&std=1")
