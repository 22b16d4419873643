"""What an `onnx:` spec says: every option, and every way that one can be wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from fakes import disc
from systems import WINDOWS, homes
from tiny_onnx import SQUARE, alpha_of, mean_of_channels, same, save_graph, square_root

from rmbg_eval.core.images import Picture
from rmbg_eval.errors import ModelError
from rmbg_eval.models.table import load_model


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return save_graph(tmp_path / "tiny.onnx", [mean_of_channels()])


def test_mean_and_std_are_of_rgb_in_0_to_1_a_channel(graph: Path) -> None:
    mean, std = np.array([0.0, -0.2, -0.1]), np.array([2.0, 3.0, 4.0])
    expected = ((SQUARE.rgb / 255 - mean) / std).mean(axis=2)
    alpha = alpha_of(f"onnx:{graph}?mean=0,-0.2,-0.1&std=2,3,4")
    np.testing.assert_allclose(alpha, expected, atol=1e-6)


def test_a_mean_may_be_a_fraction(graph: Path) -> None:
    fraction, decimal = (alpha_of(f"onnx:{graph}?mean={m}&std=2") for m in ("-51/255", "-0.2"))
    assert np.array_equal(fraction, decimal)


def test_activation_none_is_the_default(graph: Path) -> None:
    plain = alpha_of(f"onnx:{graph}?mean=0&std=1")
    assert np.array_equal(plain, alpha_of(f"onnx:{graph}?mean=0&std=1&activation=none"))


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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    why = "" if WINDOWS else "No such file"  # Windows has words of its own
    with pytest.raises(ModelError, match=rf"gone\.onnx cannot be read: {why}.*Check the"):
        load_model(f"onnx:{tmp_path / 'gone.onnx'}?mean=0&std=1")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("~nobody-of-this-name/m.onnx", marks=homes, id="home"),
        pytest.param("a\0b.onnx", id="NUL"),
    ],
)
def test_a_path_that_cannot_be_one_is_a_model_error(path: str) -> None:
    with pytest.raises(ModelError, match="Check the path"):
        load_model(f"onnx:{path}?mean=0&std=1")


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
