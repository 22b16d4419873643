"""The file of an ONNX graph: its hash, and whether its input and its outputs fit pictures."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import ModelError, printable
from ..i18n import Message
from .onnx import WHICH
from .runtimes import KINDS, channels_last, session

LARGEST = 8192
"""Pixels of a side that a graph takes."""
_MOST = 5
"""Inputs that a message lists."""
_LARGEST_BATCH = 999
"""Pictures that a graph takes at once: as many are held in memory."""
_EXTERNAL = re.compile(rb"\x0a\x08location\x12([\x01-\x7f]|[\x80-\xff][\x01-\x1f])")
"""How a graph names a file that holds weights of its: a protobuf entry of key `location`."""
_NUMBERS = re.compile(r"tensor\((float|float16|double|bool|u?int\d+)\)")
"""What a graph may give, as ONNX Runtime names it: what NumPy has."""

_Misfit = Callable[[Message, Message], ModelError]
"""From what is wrong and its remedy, to the error that also says what the graph takes."""


def graph_sha256(path: Path) -> str:
    """Of the graph, and of the files beside it that hold its weights; ModelError where it names
    anything else, which reading may never end: a graph may be a stranger's."""
    graph = path.read_bytes()
    digest = hashlib.sha256(graph)
    names = {graph[m.end() : m.end() + _varint(m[1])] for m in _EXTERNAL.finditer(graph)}
    for name in sorted(names):
        weights = Path(os.fsdecode(name))
        file_of = path.parent / weights
        odd = os.path.exists(file_of) and not os.path.isfile(file_of)
        if odd or weights.anchor or ".." in weights.parts:
            raise ModelError(
                Message(
                    "The graph {name} has its weights in {file}, which is no file in its own "
                    "folder",
                    name=printable(path.name),
                    file=repr(printable(str(weights))[:200]),
                ),
                Message("Export it again, with the files that hold its weights beside it."),
            )
        # The runtime says what is missing.
        with suppress(OSError, ValueError), file_of.open("rb") as file:
            digest.update(name)
            while part := file.read(1 << 24):  # it may have many GB
                digest.update(part)
    return digest.hexdigest()


def _varint(digits: bytes) -> int:
    """A number of protobuf's: seven bits a byte, the lowest first."""
    return sum((digit & 0x7F) << 7 * place for place, digit in enumerate(digits))


def fitting(
    path: Path,
    size: tuple[int, int] | None,
    output: str | None,
    nhwc: bool,
    channel: int | None,
    whole: bool,
) -> tuple[tuple[int, int], int]:
    """Width and height of the pictures, and how many at once; ModelError if the graph takes others,
    or gives no plane that is one matte.

    `whole`: the pictures are left at whole numbers of 0 to 255.
    """
    graph = session(path, optimised=False)
    sides, batch = _pictures(graph, path, size, nhwc, whole)
    _check_output(graph, path, output, sides, nhwc, channel)
    return sides, batch


def _pictures(
    graph: Any, path: Path, size: tuple[int, int] | None, nhwc: bool, whole: bool
) -> tuple[tuple[int, int], int]:
    """Of what the graph takes: width, height and how many at once. A side that it leaves open is a
    text or None in its shape."""
    inputs = graph.get_inputs()
    takes = [printable(f"{each.name} {each.type} {each.shape}") for each in inputs[:_MOST]]

    def misfit(problem: Message, remedy: Message) -> ModelError:
        about = Message(
            "The graph {name} takes {inputs}: {problem}",
            name=printable(path.name), inputs=takes, problem=problem,
        )  # fmt: skip
        return ModelError(about, remedy)

    if len(inputs) != 1:
        raise misfit(
            Message("{n} inputs, and there is one picture", n=len(inputs)),
            Message("Export it with the picture as its only input."),
        )
    shape = inputs[0].shape
    if len(shape) != 4:
        raise misfit(
            Message(
                "{n} dimension, and pictures have 4",
                many="{n} dimensions, and pictures have 4",
                n=len(shape),
            ),
            Message("Export it with an input of batch, channels, height and width."),
        )
    if inputs[0].type == "tensor(uint8)" and not whole:
        raise misfit(
            Message("normalised pictures are no whole numbers"),
            Message("If it takes RGB of 0 to 255, say so in its onnx: spec: mean=0&std=1/255."),
        )
    if inputs[0].type not in KINDS:
        raise misfit(
            Message("pictures are float32, float16 or uint8"),
            Message("Export it with an input of one of these."),
        )
    batch, sides = shape[0], shape[1:3] if nhwc else shape[2:]
    if isinstance(batch, int) and batch > _LARGEST_BATCH:
        raise misfit(
            Message("at most {most} pictures are given at once", most=_LARGEST_BATCH),
            Message("Export it for one picture at once."),
        )
    _check_channels(shape, nhwc, misfit)
    return _size(sides, size, misfit), batch if isinstance(batch, int) and batch > 0 else 1


def _check_channels(shape: Sequence[object], nhwc: bool, misfit: _Misfit) -> None:
    channels = shape[3 if nhwc else 1]
    if not isinstance(channels, int) or channels == 3:
        return
    other = shape[1 if nhwc else 3] == 3
    turn = (
        Message("Leave layout=NHWC out of its onnx: spec.")
        if nhwc
        else Message("Its channels come last: add layout=NHWC to its onnx: spec.")
    )
    raise misfit(
        Message(
            "{n} channel, and pictures have 3",
            many="{n} channels, and pictures have 3",
            n=channels,
        ),
        turn if other else Message("Export it with an input of red, green and blue."),
    )


def _size(
    sides: Sequence[object], size: tuple[int, int] | None, misfit: _Misfit
) -> tuple[int, int]:
    """Width and height of the pictures, of the graph's sides, its height first, and the spec's."""
    height, width = (side if isinstance(side, int) else None for side in sides)
    if not all(0 < side <= LARGEST for side in (width, height) if side is not None):
        raise misfit(
            Message("a side has 1 to {most} pixels", most=LARGEST),
            Message("Export it with the size that it was trained with."),
        )
    if size is None:
        if width is None or height is None:
            raise misfit(
                Message("pictures of any size"),
                Message("Say which it was trained with: add size=1024 to its onnx: spec."),
            )
        size = width, height
    if size[0] != (width or size[0]) or size[1] != (height or size[1]):
        raise misfit(
            Message("pictures of another size than {size}", size=f"{size[0]}x{size[1]}"),
            Message("Leave size out of its onnx: spec."),
        )
    return size


def _check_output(
    graph: Any,
    path: Path,
    output: str | None,
    size: tuple[int, int],
    nhwc: bool,
    channel: int | None,
) -> None:
    """ModelError unless what the graph gives has one plane that is the matte."""
    outputs = {each.name: each for each in graph.get_outputs()}
    if not outputs:
        raise ModelError(
            Message("The graph {name} has no output", name=printable(path.name)),
            Message("Export it with the matte as its output."),
        )
    if output and output not in outputs:
        raise ModelError(
            Message(
                "The graph {name} has no output {output}",
                name=printable(path.name),
                output=repr(printable(output)),
            ),
            Message("Use one of {names}.", names=[printable(name) for name in outputs]),
        )
    used = outputs[output or next(iter(outputs))]
    plane = used.shape
    row = len(plane) == 1 or (len(plane) == 2 and 1 in plane)
    if row or not _NUMBERS.fullmatch(used.type):
        raise ModelError(
            Message(
                "The graph {name} gives {shape}, and a matte is a plane of numbers",
                name=printable(path.name),
                shape=printable(f"{used.name} {used.type} {plane}"),
            ),
            WHICH if len(outputs) > 1 else Message("Export it with the matte as its output."),
        )
    planes = None
    if len(plane) == 4:
        planes = plane[3 if channels_last(plane, size[::-1], nhwc) else 1]
    if isinstance(planes, int) and (planes != 1 if channel is None else planes <= channel):
        raise ModelError(
            Message(
                "The graph {name} gives {shape}: {n} plane, and no channel {channel}",
                many="The graph {name} gives {shape}: {n} planes, and no channel {channel}",
                name=printable(path.name), shape=str(plane), n=planes, channel=channel,
            )
            if channel is not None
            else Message(
                "The graph {name} gives {shape}: {n} planes, and a matte is one",
                name=printable(path.name), shape=str(plane), n=planes,
            ),
            WHICH,
        )  # fmt: skip
