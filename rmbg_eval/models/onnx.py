"""ONNX matting graphs on the CPU: any graph whose normalisation is given."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.choices import require_cpu
from ..core.files import user_path
from ..core.images import Cutout, Picture, describe, resize_alpha, without_rounding
from ..errors import ModelError, printable
from ..i18n import Message
from .entry import Entry, LoadOptions
from .info import NOT_STATED, ModelInfo
from .runtimes import KINDS, Network, Tensor, open_onnxruntime, runtime_name, session
from .weights import Pinned, fetch


@dataclass(frozen=True)
class Normalisation:
    """`(x − mean) / std` on RGB in [0, 255], after a resize to `size` (width, height)."""

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool = False
    """Whether the graph takes blue first; `mean` and `std` are of red, green and blue even so."""

    def __call__(self, picture: Picture) -> Tensor:
        """`(1, 3, H, W) float32`: bilinear, antialiased when shrinking; the aspect is not kept."""
        image = Image.fromarray(picture.rgb).resize(self.size, Image.Resampling.BILINEAR)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        planes = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))[None]
        pixels: Tensor = planes.astype(np.float32)
        pixels -= mean[:, None, None]
        pixels /= std[:, None, None]
        return np.ascontiguousarray(pixels[:, ::-1]) if self.bgr else pixels

    def __str__(self) -> str:
        mean, std = (", ".join(f"{v:.6g}" for v in vs) for vs in (self.mean, self.std))
        order = " as BGR" if self.bgr else ""
        return (
            f"resize to {self.size[0]}×{self.size[1]} bilinear, (RGB − [{mean}]) / [{std}]{order}"
        )


class OnnxModel:
    """A graph, its normalisation, and the runtime that computes it."""

    def __init__(
        self,
        info: ModelInfo,
        normalise: Normalisation,
        open_network: Callable[[], Network],
        *,
        activation: str = "none",
        channel: int | None = None,
        white: float = 1,
        weights: Pinned | None = None,
        batch: int = 1,
    ) -> None:
        self.batch_size = batch
        self.info = info
        self.warnings: list[Message] = []
        self._normalise = normalise
        self._open = open_network
        self._activation = activation
        self._channel = channel
        self._white = np.float32(white)
        self._weights = weights
        self._network: Network | None = None
        self._doubted = False

    def identity(self, name: str) -> str:
        return self.info.identity

    def fetch(self, say: Callable[[str], None]) -> None:
        if self._weights:
            fetch(self._weights, say)

    def load(self) -> bool:
        if self._network is not None:
            return False
        self._network = self._open()
        return True

    def preprocess(self, picture: Picture) -> Tensor:
        return self._normalise(picture)

    def infer(self, inputs: list[Tensor]) -> list[NDArray[Any]]:
        """The graph gets as many as it takes, the last one again where there are fewer."""
        assert self._network is not None, "load() comes first"
        if self.batch_size == 1:
            return [self._network(tensor) for tensor in inputs]
        spare = self.batch_size - len(inputs)
        outputs = self._network(np.concatenate([*inputs, *inputs[-1:] * spare]))
        if not outputs.ndim or len(outputs) != self.batch_size:
            raise ModelError(
                Message(
                    "{model} returned {received} for {n} pictures; one plane each is expected",
                    model=self.info.name,
                    received=describe(outputs),
                    n=self.batch_size,
                ),
                _WHICH,
            )
        return np.split(outputs, self.batch_size)[: len(inputs)]

    def postprocess(self, output: NDArray[Any], picture: Picture) -> Cutout:
        """The output as alpha at the picture's size; ModelError unless it is one in [0, 1]."""
        if output.ndim > 2 and self._channel is not None:
            output = self._chosen(output)
        if output.ndim < 2 or output.size != output.shape[-1] * output.shape[-2]:
            raise ModelError(
                Message(
                    "{model} returned {received}; one H×W plane is expected",
                    model=self.info.name,
                    received=describe(output),
                ),
                _WHICH,
            )
        alpha = output.reshape(output.shape[-2:]).astype(np.float32) / self._white
        if self._activation == "sigmoid":
            self._doubt(alpha)
            # The logistic function by its other name, which never overflows.
            alpha = np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * alpha))
        alpha = without_rounding(alpha, output.dtype)
        if not np.isfinite(alpha).all() or alpha.min() < 0 or alpha.max() > 1:
            raise ModelError(
                Message(
                    "{model} returned {received}; alpha lies in [0, 1]",
                    model=self.info.name,
                    received=describe(alpha),
                ),
                Message(
                    "If the graph ends in logits, add activation=sigmoid to its onnx: spec; if in "
                    "0 to 255, white=255."
                ),
            )
        return Cutout(picture.rgb, resize_alpha(alpha, picture.size))

    def _chosen(self, output: NDArray[Any]) -> NDArray[Any]:
        """The plane that `channel` says, of `(…, C, H, W)`; after softmax over all, if asked."""
        planes = output.reshape(-1, *output.shape[-2:])
        assert self._channel is not None
        if self._channel >= len(planes):
            raise ModelError(
                Message(
                    "{model} returned {received}, which has no channel {n}",
                    model=self.info.name,
                    received=describe(output),
                    n=self._channel,
                ),
                Message("Channels are counted from 0."),
            )
        if self._activation == "softmax":
            powers = np.exp(planes.astype(np.float32) - planes.max(0))
            planes = powers / powers.sum(0)
        return planes[self._channel]

    def _doubt(self, logits: NDArray[np.float32]) -> None:
        """Warn, once, of what looks like probabilities: their sigmoid is nowhere below a half."""
        if not self._doubted and logits.min() >= 0 and logits.max() <= 1:
            self._doubted = True
            self.warnings.append(
                Message(
                    "All that the graph returned for a picture lay in [0, 1], as after a sigmoid: "
                    "activation=sigmoid, applied once more, leaves nothing below 0.5"
                )
            )


_WHICH = Message(
    "Say which is the matte: onnx:PATH?…&output=NAME, or &channel=N, counted from 0, of several "
    "planes."
)


BACK = "output resized bilinear to the picture"
"""How an alpha becomes as large as its picture, in a pipeline's words."""
_OPTIONS = ("mean", "std", "size", "order", "layout", "output", "channel", "activation", "white",
            "licence")  # fmt: skip
_MOST = 5
"""Inputs that a message lists."""
_LARGEST = 8192
"""Pixels of a side that a graph takes."""
_CHOICES = {
    "activation": ("none", "sigmoid", "softmax"),
    "layout": ("NCHW", "NHWC"),
    "order": ("RGB", "BGR"),
    "white": ("1", "255"),
}


def _given(spec: str) -> tuple[str, dict[str, str]]:
    """The path in a spec and its options; ModelError for one that is unknown, wrong or left out."""
    name, _, query = spec.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [key for key in given if key not in _OPTIONS]
    if unknown or "mean" not in given or "std" not in given:
        what = Message("mean and std are required")
        if unknown:
            what = Message("unknown {name}", name=repr(printable(unknown[0])))
        raise ModelError(
            Message("onnx:{spec}: {what}", spec=printable(spec), what=what),
            Message(
                "Write for example "
                "onnx:model.onnx?mean=0.485,0.456,0.406&std=0.229,0.224,0.225; options: "
                "{options}.",
                options=_OPTIONS,
            ),
        )
    for option, choices in _CHOICES.items():
        if given.get(option, choices[0]) not in choices:
            what = Message("{option} is one of {choices}", option=option, choices=choices)
            raise ModelError(
                Message("onnx:{spec}: {what}", spec=printable(spec), what=what),
                Message("Correct the spec."),
            )
    return name, given


def onnx_file(asked: LoadOptions) -> OnnxModel:
    """A graph of the user's: `PATH?mean=…&std=…` and the other `_OPTIONS`.

    `mean` and `std`, one number or three, are of RGB in [0, 1], as papers give
    them. A graph does not say how its input is normalised, so both are required. What it says,
    its input's shape and its outputs, is read here: one that does not fit fails before any case.
    """
    require_cpu("an onnx: model", asked.device)
    name, given = _given(asked.options.removeprefix(":"))
    path = user_path(name, ModelError)
    try:
        sha256 = _sha256(path)
    except OSError as error:
        raise ModelError(
            Message(
                "The graph {name} cannot be read: {reason}",
                name=printable(name),
                reason=error.strerror,
            ),
            Message("Check the path."),
        ) from None
    activation = given.get("activation", "none")
    channel = _channel(given["channel"]) if "channel" in given else None
    if activation == "softmax" and channel is None:
        raise ModelError(
            Message("activation=softmax is over several planes, and one of them is the matte"),
            Message("Say which: add channel=N, counted from 0, to its onnx: spec."),
        )
    white = int(given.get("white", "1"))
    nhwc = given.get("layout") == "NHWC"
    mean, std = _scaled(given["mean"], "mean"), _scaled(given["std"], "std")
    wanted = _size(given["size"]) if given.get("size") else None
    whole = (mean, std) == ((0, 0, 0), (1, 1, 1))
    size, batch = _fitting(path, wanted, given.get("output"), nhwc, channel, whole)
    normalise = Normalisation(size, mean, std, given.get("order") == "BGR")
    steps = [
        f"{normalise}{', NHWC' if nhwc else ''}",
        f"{'' if channel is None else f'channel {channel} of '}{_named(given.get('output'))} output"
        f"{'' if activation == 'none' else f', {activation}'}{', ÷ 255' if white == 255 else ''}",
        BACK,
    ]
    info = ModelInfo(
        name=asked.label,
        title=f"ONNX graph {printable(path.name)}",
        licence=printable(given.get("licence") or NOT_STATED),
        weights_sha256=sha256,
        pipeline="; ".join(steps),
        runtime=runtime_name("onnxruntime", "ONNX Runtime"),
        device="cpu",
        dtype="as in the graph",
    )

    def network() -> Network:
        return open_onnxruntime(path, given.get("output"), nhwc)

    return OnnxModel(
        info,
        normalise,
        network,
        activation=activation,
        channel=channel,
        white=white,
        batch=batch,
    )


_EXTERNAL = re.compile(rb"\x0a\x08location\x12([\x01-\x7f]|[\x80-\xff][\x01-\x1f])")
"""How a graph names a file that holds weights of its: a protobuf entry of key `location`."""


def _sha256(path: Path) -> str:
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


def _named(output: str | None) -> str:
    return f"the {printable(output)!r}" if output else "the first"


def _scaled(text: str, option: str) -> tuple[float, float, float]:
    """One number or three, of RGB in [0, 1], as three numbers of RGB in [0, 255].

    Each may be a fraction: 1/255.
    """
    example = "mean=0.485,0.456,0.406" if option == "mean" else "std=0.229,0.224,0.225"
    remedy = Message("Write for example {example}.", example=example)
    try:
        values = [_number(part) for part in text.split(",")]
        if len(values) not in (1, 3) or not np.isfinite(values).all():
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise ModelError(
            Message(
                "{option} is one number or three with commas between; received {received}",
                option=option,
                received=repr(printable(text)),
            ),
            remedy,
        ) from None
    if option == "std" and min(values) <= 0:
        raise ModelError(
            Message(
                "std must be above 0, for pictures are divided by it; received {received}",
                received=repr(printable(text)),
            ),
            remedy,
        )
    if max(map(abs, values)) > _MOST_SCALED:
        raise ModelError(
            Message(
                "{option} is of RGB in [0, 1]; {received} looks like one of 0 to 255",
                option=option,
                received=repr(printable(text)),
            ),
            Message(
                "Divide it by 255: {option}={fractions}.",
                option=option,
                fractions=",".join(f"{printable(part)}/255" for part in text.split(",")),
            ),
        )
    values = [255 * value for value in values]
    red, green, blue = values * 3 if len(values) == 1 else values
    return red, green, blue


_MOST_SCALED = 10
"""A mean or deviation beyond it is none of RGB in [0, 1]."""


def _number(text: str) -> float:
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)


def _channel(text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text):
        raise ModelError(
            Message(
                "channel is a number from 0; received {received}", received=repr(printable(text))
            ),
            Message("Write for example channel=1 for the second plane."),
        )
    return int(text)


def _size(text: str) -> tuple[int, int]:
    """Width and height, as given."""
    parts = text.lower().split("x")
    if len(parts) in (1, 2) and all(
        re.fullmatch("[0-9]{1,4}", part) and 0 < int(part) <= _LARGEST for part in parts
    ):
        return int(parts[0]), int(parts[-1])
    raise ModelError(
        Message(
            "size is one number or WIDTHxHEIGHT up to 8192; received {received}",
            received=repr(printable(text)),
        ),
        Message("Write for example size=1024."),
    )


def _fitting(
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
    pictures = _pictures(graph, path, size, nhwc, whole)
    _check_output(graph, path, output, nhwc, channel)
    return pictures


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
    batch, *sides = shape
    channels = sides.pop(2 if nhwc else 0)
    if isinstance(channels, int) and channels != 3:
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
    height, width = (side if isinstance(side, int) else None for side in sides)
    if not all(0 < side <= _LARGEST for side in (width, height) if side is not None):
        raise misfit(
            Message("a side has 1 to {most} pixels", most=_LARGEST),
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
    return size, batch if isinstance(batch, int) and batch > 0 else 1


def _check_output(
    graph: Any, path: Path, output: str | None, nhwc: bool, channel: int | None
) -> None:
    """ModelError unless what the graph gives has one plane that is the matte."""
    outputs = {each.name: each.shape for each in graph.get_outputs()}
    if output and output not in outputs:
        raise ModelError(
            Message(
                "The graph {name} has no output {output}",
                name=printable(path.name),
                output=repr(printable(output)),
            ),
            Message("Use one of {names}.", names=[printable(name) for name in outputs]),
        )
    plane = outputs[output or next(iter(outputs))]
    last = nhwc and plane[1:2] != [1]
    planes = plane[3 if last else 1] if len(plane) == 4 else None
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
            _WHICH,
        )  # fmt: skip


ENTRIES = (
    Entry(
        "onnx",
        "an ONNX graph of yours",
        "yours",
        onnx_file,
        "the file itself",
        path=":PATH?mean=…&std=…",
        place=9,
    ),
)
