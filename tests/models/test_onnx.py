"""Graphs of the user's own: what becomes of their output, one picture or several at once."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fakes import some_cases
from tiny_onnx import (
    GREY,
    SQUARE,
    UINT8,
    alpha_of,
    as_float,
    mean_of_all,
    mean_of_channels,
    mean_over,
    padded,
    same,
    save_graph,
    square_root,
    turned,
)

from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import check_alpha
from rmbg_eval.errors import ModelError
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return save_graph(tmp_path / "tiny.onnx", [mean_of_channels()])


def test_the_output_is_the_alpha(graph: Path) -> None:
    alpha = alpha_of(f"onnx:{graph}?mean=0&std=1")
    check_alpha(alpha, (64, 64))
    np.testing.assert_allclose(alpha, GREY, atol=1e-6)


def test_the_colours_are_the_pictures(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1")
    cutout = model.postprocess(np.zeros((1, 1, 64, 64), np.float32), SQUARE)
    assert np.array_equal(cutout.rgb, SQUARE.rgb)


def test_activation_sigmoid_is_applied(graph: Path) -> None:
    alpha = alpha_of(f"onnx:{graph}?mean=0.5&std=0.1&activation=sigmoid")
    np.testing.assert_allclose(alpha, 1 / (1 + np.exp(-(GREY - 0.5) / 0.1)), atol=1e-5)


def test_logits_of_any_size_are_no_cause_for_warnings(graph: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alpha = alpha_of(f"onnx:{graph}?mean=0.5&std=0.001&activation=sigmoid")
    assert (alpha.min(), alpha.max()) == (0, 1)


@pytest.mark.parametrize("normalisation", ["mean=0.5&std=0.1", "mean=-1&std=1"])
def test_an_output_out_of_range_is_refused_and_never_clipped(
    graph: Path, normalisation: str
) -> None:
    with pytest.raises(ModelError, match=r"alpha lies in \[0, 1\].*activation=sigmoid"):
        alpha_of(f"onnx:{graph}?{normalisation}")


@pytest.mark.parametrize("activation", ["none", "sigmoid"])
def test_nan_is_refused(tmp_path: Path, activation: str) -> None:
    nodes = [mean_of_channels("grey"), square_root("grey", "matte")]
    path = save_graph(tmp_path / "nan.onnx", nodes)
    with pytest.raises(ModelError, match="nan"):
        alpha_of(f"onnx:{path}?mean=0.5&std=1&activation={activation}")


@pytest.mark.parametrize("node", [same("input", "matte"), mean_of_all()], ids=["3 planes", "0-d"])
def test_an_output_that_is_no_plane_is_refused(tmp_path: Path, node: tuple) -> None:
    path = save_graph(tmp_path / "planes.onnx", [node])
    with pytest.raises(ModelError, match="(plane is expected|matte is one).*output=NAME"):
        alpha_of(f"onnx:{path}?mean=0&std=1")


@pytest.mark.parametrize(
    ("shape", "order", "layout"),
    [((1, 3, 64, 64), (0, 2, 3, 1), "NCHW"), ((1, 64, 64, 3), (0, 3, 1, 2), "NHWC")],
    ids=["last", "first"],
)
def test_the_planes_may_lie_otherwise_than_the_channels_of_the_picture(
    tmp_path: Path, shape: tuple, order: tuple, layout: str
) -> None:
    path = save_graph(tmp_path / "turned.onnx", [turned("input", "matte", order)], shape=shape)
    alpha = alpha_of(f"onnx:{path}?mean=0&std=1&layout={layout}&channel=2")
    np.testing.assert_allclose(alpha, SQUARE.rgb[..., 2] / 255, atol=1e-6)


@pytest.mark.parametrize("keep", [0, 1], ids=["(1, 3)", "(1, 3, 1, 1)"])
def test_a_row_of_numbers_is_never_made_large(tmp_path: Path, keep: int) -> None:
    path = save_graph(tmp_path / "row.onnx", [mean_over((2, 3), keep)])
    with pytest.raises(ModelError, match="plane (is expected|of numbers)"):
        alpha_of(f"onnx:{path}?mean=0&std=1{'&channel=0' if keep else ''}")


def test_the_named_output_is_used_and_the_first_by_default(tmp_path: Path) -> None:
    nodes = [mean_of_channels("a"), square_root("a", "b")]
    spec = f"onnx:{save_graph(tmp_path / 'two.onnx', nodes, ['a', 'b'])}?mean=0&std=1"
    np.testing.assert_allclose(alpha_of(spec), GREY, atol=1e-6)
    np.testing.assert_allclose(alpha_of(f"{spec}&output=b"), np.sqrt(GREY), atol=1e-6)


def test_only_the_output_that_is_used_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Session(onnxruntime.InferenceSession):
        def run(self, output_names, *arguments, **more):
            asked.append(output_names)
            return super().run(output_names, *arguments, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    nodes = [mean_of_channels("a"), square_root("a", "b")]
    path = save_graph(tmp_path / "two.onnx", nodes, ["a", "b"])
    alpha_of(f"onnx:{path}?mean=0&std=1&output=b")
    assert asked == [["b"]]


def test_one_of_several_planes_is_the_matte(tmp_path: Path) -> None:
    spec = f"onnx:{save_graph(tmp_path / 'rgb.onnx', [same('input', 'matte')])}?mean=0&std=1"
    powers = np.exp(SQUARE.rgb / 255)
    np.testing.assert_allclose(alpha_of(f"{spec}&channel=2"), SQUARE.rgb[..., 2] / 255, atol=1e-6)
    np.testing.assert_allclose(
        alpha_of(f"{spec}&channel=1&activation=softmax"),
        powers[..., 1] / powers.sum(axis=2),
        atol=1e-6,
    )
    with pytest.raises(ModelError, match="3 planes, and no channel 3"):
        load_model(f"{spec}&channel=3")


def test_a_graph_may_take_blue_first(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "rgb.onnx", [same("input", "matte")])
    alpha = alpha_of(f"onnx:{path}?mean=0,0,0.1&std=1,1,2&order=BGR&channel=0&activation=softmax")
    planes = np.exp((SQUARE.rgb / 255 - [0, 0, 0.1]) / [1, 1, 2])
    np.testing.assert_allclose(alpha, planes[..., 2] / planes.sum(axis=2), atol=1e-6)


def test_numbers_of_0_to_255_go_in_and_come_out(tmp_path: Path) -> None:
    nodes = [as_float("a"), mean_of_channels(source="a")]
    path = save_graph(tmp_path / "bytes.onnx", nodes, element=UINT8)
    spec = f"onnx:{path}?mean=0&std=1/255"
    np.testing.assert_allclose(alpha_of(f"{spec}&white=255"), GREY, atol=1e-6)
    with pytest.raises(ModelError, match="if in 0 to 255, white=255"):
        alpha_of(spec)


def test_what_rounding_took_beyond_1_is_1(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1")
    for past in (np.float32(1.0000002), np.float16(1.001)):
        assert model.postprocess(np.full((1, 1, 64, 64), past), SQUARE).alpha.max() == 1
    with pytest.raises(ModelError, match="alpha lies in"):
        model.postprocess(np.full((1, 1, 64, 64), np.float32(1.001)), SQUARE)


def test_a_second_sigmoid_is_told(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1&activation=sigmoid")
    for logits in (-9, 0.5, 0.5):
        model.postprocess(np.full((1, 1, 64, 64), np.float32(logits)), SQUARE)
        told = [str(each) for each in model.warnings]
        assert len(told) == (logits > 0)
    assert "lay in [0, 1], as after a sigmoid" in told[0]


def test_a_graph_of_a_fixed_batch_gets_as_many_pictures(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "four.onnx", [mean_of_channels()], shape=(4, 3, 64, 64))
    model = load_model(f"onnx:{path}?mean=0&std=1")
    cases = some_cases(tmp_path / "in", 6)
    made = [p for _, p in predict(model, cases, tmp_path / "out", Store.default())]
    single = load_model(
        f"onnx:{save_graph(tmp_path / 'one.onnx', [mean_of_channels()])}?mean=0&std=1"
    )
    same_alone = [p for _, p in predict(single, cases, tmp_path / "alone", Store.default())]
    assert model.batch_size == 4
    assert [p.cutout_sha256 for p in made] == [p.cutout_sha256 for p in same_alone]
    assert all(p.cutout for p in made)


def test_a_fixed_batch_that_comes_back_as_one_is_refused(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "four.onnx", [mean_of_all()], shape=(4, 3, 64, 64))
    with pytest.raises(ModelError, match="for 4 pictures; one plane each is expected"):
        alpha_of(f"onnx:{path}?mean=0&std=1")


def test_memory_that_does_not_suffice_is_said(tmp_path: Path) -> None:
    """What is asked for, 2 to the power of 48 bytes, no system has."""
    nodes = [mean_of_channels("grey"), padded("grey", "matte", 1 << 23)]
    path = save_graph(tmp_path / "vast.onnx", nodes, version=10)
    with pytest.raises(ModelError, match=r"cannot compute .*allocate memory.*close other programs"):
        alpha_of(f"onnx:{path}?mean=0&std=1")


def test_what_the_runtime_refuses_has_a_remedy(tmp_path: Path) -> None:
    nodes = [("MatMul", ["input", "input"], ["a"], b""), ("ReduceMean", ["a"], ["matte"], b"")]
    path = save_graph(tmp_path / "any.onnx", nodes, side="S")
    with pytest.raises(ModelError, match=r"cannot compute \[1, 3, 64, 32\].*Use the size"):
        alpha_of(f"onnx:{path}?mean=0&std=1&size=32x64")
