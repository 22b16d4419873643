"""ONNX graphs of one or two nodes, written byte by byte: the `onnx` package is no dependency.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from fakes import disc

from rmbg_eval.core.images import Alpha, Picture
from rmbg_eval.models.table import load_model

Node = tuple[str, list[str], list[str], bytes]
"""Operator, inputs, outputs, encoded attributes."""

SQUARE = Picture("c/square", disc(1, (64, 64))[0])
GREY = SQUARE.rgb.mean(axis=2) / 255
"""What a graph makes of SQUARE that takes the mean of the channels, unnormalised."""

FLOAT = 1
UINT8 = 2
BFLOAT16 = 16


def alpha_of(spec: str, picture: Picture = SQUARE) -> Alpha:
    """All stages of the model `spec`, one after the other."""
    model = load_model(spec)
    model.load()
    return model.postprocess(model.infer([model.preprocess(picture)])[0], picture).alpha


def save_graph(
    path: Path,
    nodes: Iterable[Node],
    outputs: Iterable[str] = ("matte",),
    side: int | str = 64,
    weights: bytes = b"",
    shape: Sequence[int | str] = (),
    inputs: Iterable[str] = ("input",),
    element: int = FLOAT,
    version: int = 13,
    gives: int = FLOAT,
) -> Path:
    """A graph from `inputs`, 1×3×side×side or of another `shape`, to `outputs`.

    A side that is text is any size.
    """
    body = b"".join(_message(1, _node(*node)) for node in nodes)
    body += _message(2, b"tiny") + weights
    taken = list(shape) or [1, 3, side, side]
    body += b"".join(_message(11, _value(name, taken, element)) for name in inputs)
    body += b"".join(_message(12, _value(name, None, gives)) for name in outputs)
    opset = _message(1, b"") + _number(2, version)
    path.write_bytes(_number(1, 8) + _message(7, body) + _message(8, opset))
    return path


def mean_of_channels(output: str = "matte", axis: int = 1, source: str = "input") -> Node:
    """Red, green and blue to their mean: N×3×H×W to N×1×H×W."""
    return "ReduceMean", [source], [output], _ints("axes", [axis]) + _int("keepdims", 1)


def mean_over(axes: Sequence[int], keep: int) -> Node:
    """The mean over axes, which stay as one number or go."""
    return "ReduceMean", ["input"], ["matte"], _ints("axes", axes) + _int("keepdims", keep)


def mean_of_all(output: str = "matte") -> Node:
    """Everything to one number, of no dimensions."""
    return "ReduceMean", ["input"], [output], _int("keepdims", 0)


def same(source: str, output: str) -> Node:
    return "Identity", [source], [output], b""


def turned(source: str, output: str, order: Sequence[int]) -> Node:
    return "Transpose", [source], [output], _ints("perm", order)


def as_float(output: str = "matte") -> Node:
    return cast(output, FLOAT)


def cast(output: str, element: int) -> Node:
    return "Cast", ["input"], [output], _int("to", element)


def padded(source: str, output: str, more: int) -> Node:
    """With so many pixels more below and at the right; up to opset 10."""
    return "Pad", [source], [output], _ints("pads", [0] * 6 + [more, more])


def square_root(source: str, output: str) -> Node:
    """NaN wherever `source` is below 0."""
    return "Sqrt", [source], [output], b""


def times(source: str, weight: str, output: str) -> Node:
    return "Mul", [source, weight], [output], b""


def weight_elsewhere(name: str, file: Path, value: float) -> bytes:
    """One number called `name`, kept in `file` beside the graph, as exporters do with big ones."""
    file.write_bytes(np.float32(value).tobytes())
    location = _message(1, b"location") + _message(2, file.name.encode())
    tensor = _number(1, 1) + _number(2, FLOAT) + _message(8, name.encode())
    return _message(5, tensor + _message(13, location) + _number(14, 1))


def _node(operator: str, inputs: list[str], outputs: list[str], attributes: bytes) -> bytes:
    names = [_message(1, name.encode()) for name in inputs]
    names += [_message(2, name.encode()) for name in outputs]
    return b"".join(names) + _message(4, operator.encode()) + attributes


def _value(name: str, shape: list[int | str] | None, element: int = FLOAT) -> bytes:
    tensor = _number(1, element)
    if shape:
        sides = [_number(1, s) if isinstance(s, int) else _message(2, s.encode()) for s in shape]
        tensor += _message(2, b"".join(_message(1, side) for side in sides))
    return _message(1, name.encode()) + _message(2, _message(1, tensor))


def _int(name: str, value: int) -> bytes:
    return _message(5, _message(1, name.encode()) + _number(3, value) + _number(20, 2))


def _ints(name: str, values: Sequence[int]) -> bytes:
    numbers = b"".join(_number(8, value) for value in values)
    return _message(5, _message(1, name.encode()) + numbers + _number(20, 7))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
