"""Graphs of the user's own, `onnx:PATH?…`: every option, and every way a graph can be wrong."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fakes import disc, some_cases
from tiny_onnx import (
    UINT8,
    as_float,
    mean_of_all,
    mean_of_channels,
    same,
    save_graph,
    square_root,
    times,
    turned,
    weight_elsewhere,
)

from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Alpha, Picture, check_alpha
from rmbg_eval.errors import ModelError
from rmbg_eval.models.table import load_model
from rmbg_eval.predictions.stages import predict, stored_alpha

SQUARE = Picture("c/square", disc(1, (64, 64))[0])
GREY = SQUARE.rgb.mean(axis=2) / 255
"""What a graph makes of SQUARE that takes the mean of the channels, unnormalised."""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return save_graph(tmp_path / "tiny.onnx", [mean_of_channels()])


def alpha_of(spec: str, picture: Picture = SQUARE) -> Alpha:
    """All stages of the model `spec`, one after the other."""
    model = load_model(spec)
    model.load()
    return model.postprocess(model.infer([model.preprocess(picture)])[0], picture).alpha


def test_the_output_is_the_alpha(graph: Path) -> None:
    alpha = alpha_of(f"onnx:{graph}?mean=0&std=1")
    check_alpha(alpha, (64, 64))
    np.testing.assert_allclose(alpha, GREY, atol=1e-6)


def test_the_colours_are_the_pictures(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1")
    cutout = model.postprocess(np.zeros((1, 1, 64, 64), np.float32), SQUARE)
    assert np.array_equal(cutout.rgb, SQUARE.rgb)


def test_mean_and_std_are_of_rgb_in_0_to_1_a_channel(graph: Path) -> None:
    mean, std = np.array([0.0, -0.2, -0.1]), np.array([2.0, 3.0, 4.0])
    expected = ((SQUARE.rgb / 255 - mean) / std).mean(axis=2)
    alpha = alpha_of(f"onnx:{graph}?mean=0,-0.2,-0.1&std=2,3,4")
    np.testing.assert_allclose(alpha, expected, atol=1e-6)


def test_activation_sigmoid_is_applied(graph: Path) -> None:
    alpha = alpha_of(f"onnx:{graph}?mean=0.5&std=0.1&activation=sigmoid")
    np.testing.assert_allclose(alpha, 1 / (1 + np.exp(-(GREY - 0.5) / 0.1)), atol=1e-5)


def test_logits_of_any_size_are_no_cause_for_warnings(graph: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alpha = alpha_of(f"onnx:{graph}?mean=0.5&std=0.001&activation=sigmoid")
    assert (alpha.min(), alpha.max()) == (0, 1)


def test_activation_none_is_the_default(graph: Path) -> None:
    plain = alpha_of(f"onnx:{graph}?mean=0&std=1")
    assert np.array_equal(plain, alpha_of(f"onnx:{graph}?mean=0&std=1&activation=none"))


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


def test_an_unknown_output_lists_what_there_is(tmp_path: Path) -> None:
    nodes = [mean_of_channels("a"), same("a", "b")]
    path = save_graph(tmp_path / "two.onnx", nodes, ["a", "b"])
    with pytest.raises(ModelError, match="no output 'matte'.*Use one of a, b"):
        alpha_of(f"onnx:{path}?mean=0&std=1&output=matte")


def test_size_is_width_by_height_and_the_alpha_is_brought_back(tmp_path: Path) -> None:
    spec = f"onnx:{save_graph(tmp_path / 'any.onnx', [mean_of_channels()], side='S')}?mean=0&std=1"
    wide = Picture("c/wide", disc(1, (96, 64))[0])
    model = load_model(f"{spec}&size=96x64")
    assert model.preprocess(SQUARE).shape == (1, 3, 64, 96)
    exact = alpha_of(f"{spec}&size=96x64", wide)
    np.testing.assert_allclose(exact, wide.rgb.mean(axis=2) / 255, atol=1e-6)
    coarse = alpha_of(f"{spec}&size=32", wide)
    assert coarse.shape == (64, 96)
    assert 0 < np.abs(coarse - exact).mean() < 0.1


def test_a_graph_of_fixed_size_needs_no_size(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1")
    assert model.preprocess(Picture("c/wide", disc(1, (96, 64))[0])).shape == (1, 3, 64, 64)


def test_a_graph_of_any_size_without_size_is_refused(tmp_path: Path) -> None:
    path = save_graph(tmp_path / "any.onnx", [mean_of_channels()], side="S")
    with pytest.raises(ModelError, match=r"pictures of any size.*add size=1024"):
        load_model(f"onnx:{path}?mean=0&std=1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "mean and std are required"),
        ("?mean=0.5", "mean and std are required"),
        ("?std=0.5", "mean and std are required"),
        ("?mean=0.5&std=1&sdt=2", "unknown 'sdt'.*options: mean, std, size, order, layout, output"),
        ("?mean=0.5,0.5&std=1", "mean is one number or three.*'0.5,0.5'"),
        ("?mean=half&std=1", "mean is one number or three.*'half'"),
        ("?mean=nan&std=1", "mean is one number or three.*'nan'.*example mean=0.485"),
        ("?mean=&std=1", "mean is one number or three.*''"),
        ("?mean=0.5&std=1,2", "std is one number or three.*'1,2'.*example std=0.229"),
        ("?mean=0.5&std=0", "std must be above 0.*'0'.*example std=0.229"),
        ("?mean=0.5&std=1,-1,1", "std must be above 0.*'1,-1,1'"),
        ("?mean=0.5&std=1&size=0", "size is one number or WIDTHxHEIGHT.*'0'"),
        ("?mean=0.5&std=1&size=-1", "size is one number or WIDTHxHEIGHT.*'-1'"),
        ("?mean=0.5&std=1&size=1x2x3", "size is one number or WIDTHxHEIGHT.*'1x2x3'"),
        ("?mean=0.5&std=1&size=9000", "size is one number or WIDTHxHEIGHT.*'9000'"),
        ("?mean=0.5&std=1&size=" + "9" * 5000, "size is one number or WIDTHxHEIGHT"),
        ("?mean=0.5&std=1&activation=tanh", "activation is one of none, sigmoid, softmax"),
        ("?mean=0&std=1/0", "std is one number or three.*'1/0'"),
        ("?mean=123.675&std=58.395", "mean is of RGB in .*Divide it by 255: mean=123.675/255"),
        ("?mean=0&std=255", "std is of RGB in .*Divide it by 255: std=255/255"),
        ("?mean=0&std=1&channel=-1", "channel is a number from 0.*'-1'"),
        ("?mean=0&std=1&channel=1", "1 plane, and no channel 1"),
        ("?mean=0&std=1&activation=softmax", "Say which: add channel=N"),
    ],
    ids=lambda text: text[:40],
)
def test_a_wrong_option_says_which_and_what_is_allowed(
    graph: Path, options: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_model(f"onnx:{graph}{options}")
    assert caught.value.remedy


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
        ({"shape": (1, 3, 32, 64)}, "", "another size than 64x64.*Leave size out"),
        ({"shape": (1, 3, 0, 0)}, "", "a side has 1 to 8192 pixels"),
        ({"shape": (1, 3, 64, 8193)}, "", "a side has 1 to 8192 pixels.*trained with"),
        ({"element": UINT8, "nodes": [as_float()]}, "", "uint8.*mean=0&std=1/255"),
        ({"element": 11, "nodes": [as_float()]}, "", "double.*float32, float16 or"),
        ({"nodes": [same("input", "matte")]}, "", "3 planes, and a matte is one.*output=NAME"),
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


def test_a_mean_may_be_a_fraction(graph: Path) -> None:
    fraction, decimal = (alpha_of(f"onnx:{graph}?mean={m}&std=2") for m in ("-51/255", "-0.2"))
    assert np.array_equal(fraction, decimal)


def test_what_rounding_took_beyond_1_is_1(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1")
    for past in (np.float32(1.0000002), np.float16(1.001)):
        assert model.postprocess(np.full((1, 1, 64, 64), past), SQUARE).alpha.max() == 1
    with pytest.raises(ModelError, match="alpha lies in"):
        model.postprocess(np.full((1, 1, 64, 64), np.float32(1.001)), SQUARE)


def test_a_second_sigmoid_is_told(graph: Path) -> None:
    model = load_model(f"onnx:{graph}?mean=0&std=1&activation=sigmoid")
    for logits in (-9, 0.5, 0.5):
        model.postprocess(np.float32([[[[logits]]]]), SQUARE)
        told = [str(each) for each in model.warnings]
        assert len(told) == (logits > 0)
    assert "lay in [0, 1], as after a sigmoid" in told[0]


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


def test_a_pointer_of_git_lfs_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(ModelError, match="a pointer of Git LFS.*git lfs pull"):
        load_model(f"onnx:{path}?mean=0&std=1")


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


def test_what_the_runtime_refuses_has_a_remedy(tmp_path: Path) -> None:
    nodes = [("MatMul", ["input", "input"], ["a"], b""), ("ReduceMean", ["a"], ["matte"], b"")]
    path = save_graph(tmp_path / "any.onnx", nodes, side="S")
    with pytest.raises(ModelError, match=r"cannot compute \[1, 3, 64, 32\].*Use the size"):
        alpha_of(f"onnx:{path}?mean=0&std=1&size=32x64")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx cannot be read: No such file.*Check the"):
        load_model(f"onnx:{tmp_path / 'gone.onnx'}?mean=0&std=1")


@pytest.mark.parametrize("path", ["~nobody-of-this-name/m.onnx", "a\0b.onnx"], ids=["home", "NUL"])
def test_a_path_that_cannot_be_one_is_a_model_error(path: str) -> None:
    with pytest.raises(ModelError, match="Check the path"):
        load_model(f"onnx:{path}?mean=0&std=1")


def test_a_file_that_is_no_graph_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.onnx"
    path.write_text("not a graph")
    with pytest.raises(ModelError, match=r"notes\.onnx is not a graph ONNX Runtime can run"):
        alpha_of(f"onnx:{path}?mean=0&std=1&size=64")


def test_info_says_how_the_alpha_is_made(graph: Path) -> None:
    spec = f"onnx:{graph}?mean=0.5&std=1&activation=sigmoid&licence=CC0"
    info = load_model(f"Mine={spec}").info
    assert (info.name, info.licence, info.device) == ("Mine", "CC0", "cpu")
    assert "resize to 64×64" in info.pipeline
    assert "[127.5, 127.5, 127.5]" in info.pipeline
    assert "sigmoid" in info.pipeline
    assert onnxruntime.__version__ in info.runtime


def identity(spec: str) -> str:
    return load_model(spec).identity("c/square")


@pytest.mark.parametrize(
    "options",
    [
        "mean=0.6&std=1",
        "mean=0.5&std=2",
        "mean=0.5&std=1&size=64x96",
        "mean=0.5&std=1&activation=sigmoid",
        "mean=0.5&std=1&output=b",
        "mean=0.5&std=1&channel=0",
        "mean=0.5&std=1&order=BGR",
        "mean=0.5&std=1&white=255",
        "mean=0.5&std=1&output=first",
    ],
)
def test_every_option_that_decides_the_alpha_is_part_of_the_identity(
    tmp_path: Path, options: str
) -> None:
    nodes = [mean_of_channels("a"), same("a", "b"), square_root("a", "first")]
    path = save_graph(tmp_path / "two.onnx", nodes, ["a", "b", "first"], side="S")
    plain = identity(f"onnx:{path}?mean=0.5&std=1&size=64")
    assert identity(f"onnx:{path}?size=64&{options}") != plain


def test_label_and_licence_are_no_part_of_the_identity(graph: Path) -> None:
    spec = f"onnx:{graph}?mean=0.5&std=1"
    assert identity(f"Mine={spec}&licence=MIT") == identity(spec)


def test_other_weights_are_another_identity(tmp_path: Path, graph: Path) -> None:
    other = save_graph(tmp_path / "other.onnx", [mean_of_channels("m")], ["m"])
    assert identity(f"onnx:{other}?mean=0&std=1") != identity(f"onnx:{graph}?mean=0&std=1")


@pytest.mark.parametrize("name", ["big.onnx.data", f"{'n' * 200}.data"], ids=["short", "long"])
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


@pytest.mark.parametrize("name", ["../w.data", "{folder}/in/w.data", "below", "device"])
def test_weights_anywhere_but_in_a_file_in_the_graphs_folder_are_not_read(
    tmp_path: Path, name: str
) -> None:
    """Reading /dev/zero or a pipe, which a stranger's graph may name, would never end."""
    folder = tmp_path / "in"
    (folder / "below").mkdir(parents=True)
    (folder / "device").symlink_to(os.devnull)
    name = name.format(folder=tmp_path)
    for place in (tmp_path, folder):
        (place / "w.data").write_bytes(b"1234")
    graph = folder / "evil.onnx"
    graph.write_bytes(b"\x0a\x08location\x12" + bytes([len(name)]) + name.encode())
    with pytest.raises(ModelError, match=r"evil\.onnx has its weights in '.*beside it"):
        load_model(f"onnx:{graph}?mean=0&std=1")
