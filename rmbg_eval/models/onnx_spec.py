"""What an `onnx:` spec says of a graph of the user's: its options, and the model that they make."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import numpy as np

from ..core.choices import require_cpu
from ..core.files import user_path
from ..errors import ModelError, printable, system_reason
from ..i18n import Message
from .entry import Entry, LoadOptions
from .info import NOT_STATED, ModelInfo
from .onnx import BACK, Normalisation, OnnxModel
from .onnx_graph import LARGEST, fitting, graph_sha256
from .runtimes import open_onnxruntime, runtime_name

_OPTIONS = ("mean", "std", "size", "order", "layout", "output", "channel", "activation", "white",
            "licence")  # fmt: skip
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
        sha256 = graph_sha256(path)
    except OSError as error:
        raise ModelError(
            Message(
                "The graph {name} cannot be read: {reason}",
                name=printable(name),
                reason=system_reason(error),
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
    size, batch = fitting(path, wanted, given.get("output"), nhwc, channel, whole)
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
    return OnnxModel(
        info,
        normalise,
        lambda: open_onnxruntime(path, given.get("output"), nhwc),
        activation=activation,
        channel=channel,
        white=white,
        batch=batch,
    )


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
        re.fullmatch("[0-9]{1,4}", part) and 0 < int(part) <= LARGEST for part in parts
    ):
        return int(parts[0]), int(parts[-1])
    raise ModelError(
        Message(
            "size is one number or WIDTHxHEIGHT up to 8192; received {received}",
            received=repr(printable(text)),
        ),
        Message("Write for example size=1024."),
    )


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
