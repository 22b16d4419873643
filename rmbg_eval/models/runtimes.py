"""The runtimes of ONNX graphs on the CPU. Neither is imported before a graph is opened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.modules import absent
from ..errors import SHORT_OF_MEMORY, ModelError, printable, reason_of
from ..i18n import Message
from .weights import refuse_pointer

Tensor = NDArray[np.float32]
KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
"""Of a graph's input, as ONNX Runtime names them."""
Network = Callable[[Tensor], NDArray[Any]]
"""From `(N, 3, H, W) float32` to the output that is used; nothing else is computed."""


def session(path: Path, optimised: bool = True) -> Any:
    """ONNX Runtime's session of a graph; ModelError if it is none.

    One that is not `optimised` opens faster, for who only asks what the graph takes.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what it has to say is raised, and names in a graph are foreign
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class
        refuse_pointer(path)
        reason, remedy = _said(error, _ANEW)
        raise ModelError(
            Message(
                "{name} is not a graph ONNX Runtime can run: {reason}",
                name=printable(path.name),
                reason=reason,
            ),
            remedy,
        ) from None


def _said(error: Exception, otherwise: Message) -> tuple[str, Message]:
    """What ONNX Runtime says is wrong, which comes last, and what to do about it."""
    said = _LEAD.sub("", str(error)).strip()
    last = said if len(said) <= _SAID else f"… {said[-_SAID:].partition(' ')[2]}"
    remedy = next((remedy for words, remedy in _REMEDIES if re.search(words, said)), otherwise)
    return printable(last).removesuffix("."), remedy


_SAID = 200
"""Characters of it that are repeated."""
_LEAD = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .* failed:)?"
    # A place in its own source. Bounded: names in a graph are foreign, and of any length.
    r"|\S{1,200}\.(cc|h):\d{1,6} [^()]{1,200}\([^()]{0,400}\) "
)
_ANEW = Message("Export it again, with standard operators only.")
_REMEDIES = (
    (
        "[Ee]xternal (data|initializer)|cannot get file size",
        Message("Put the files that hold its weights beside it."),
    ),
    ("[Pp]rotobuf|ModelProto", Message("Copy, download or export it again.")),
    ("allocate memory|bad.alloc", SHORT_OF_MEMORY),
    (
        "opset \\d|IR version",
        Message("Export it for an older opset, or install a newer onnxruntime."),
    ),
)
"""By what ONNX Runtime says of a graph that it cannot run."""


def open_onnxruntime(path: Path, output: str | None, nhwc: bool = False) -> Network:
    """The graph computed by ONNX Runtime: of its outputs the named one, or the first, alone, its
    channels before its sides.

    `nhwc`: the graph takes the channels last.
    """
    graph = session(path)
    used, fed = output or graph.get_outputs()[0].name, graph.get_inputs()[0]
    kind = KINDS[fed.type]

    def network(tensor: Tensor) -> NDArray[Any]:
        given = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1)) if nhwc else tensor
        try:
            result = graph.run([used], {fed.name: given.astype(kind, copy=False)})[0]
        except Exception as error:  # as above
            reason, remedy = _said(
                error, Message("Use the size and the layout that it was exported for.")
            )
            raise ModelError(
                Message(
                    "The graph {name} cannot compute {shape}: {reason}",
                    name=printable(path.name),
                    shape=str(list(given.shape)),
                    reason=reason,
                ),
                remedy,
            ) from None
        last = channels_last(result.shape, tensor.shape[2:], nhwc)
        return np.moveaxis(result, -1, -3) if last else result

    return network


def channels_last(shape: Sequence[object], sides: Sequence[int], nhwc: bool) -> bool:
    """Whether the channels come last in what a graph gives for pictures of these sides, height
    first: where its own sides, of the same ratio, do not tell, as in what it takes."""

    def are_sides(height: object, width: object) -> bool:
        if not (isinstance(height, int) and isinstance(width, int)):
            return False
        return abs(height * sides[1] - width * sides[0]) < max(sides)

    if len(shape) not in (3, 4):
        return False
    first, last = are_sides(*shape[-2:]), are_sides(*shape[-3:-1])
    return last if first != last else nhwc and len(shape) == 4 and shape[1] != 1


def open_openvino(
    path: Path, output: str, precision: Literal["fp32", "bf16"] = "fp32", ranges: Path | None = None
) -> Network:
    """The graph computed by OpenVINO: the named output alone; ModelError for bf16 where the CPU has
    none.

    With `ranges`, convolutions compute in 8 bits, as `_quantise` says.
    """
    openvino = import_openvino()
    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelError(
            Message("This processor does not compute in bf16 (it needs avx512_bf16 or AMX)"),
            Message("Use --dtype fp32."),
        )
    graph = core.read_model(path)
    # The graph's other outputs serve training; asked for, they would be computed.
    matte = [r for r in graph.get_results() if output in r.input_value(0).get_names()]
    graph = openvino.Model(matte, graph.get_parameters(), path.stem)
    if ranges:
        _quantise(graph, ranges)
    compiled = core.compile_model(
        graph,
        "CPU",
        {
            # Said explicitly: OpenVINO would take bf16 of its own accord where the CPU has it.
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
            "PERFORMANCE_HINT": "LATENCY",
        },
    )
    return lambda tensor: compiled(tensor)[0]


def _quantise(graph: Any, ranges: Path) -> None:
    """Let a graph of OpenVINO compute in 8 bits, between the ranges of a JSON file.

    Each entry of the file is the name of an operation, the lowest and the highest value that its
    output keeps, in 256 steps, and who takes it so: names and numbers of inputs. Of each
    convolution the weights get 255 steps for each output channel, around 0 to the largest of the
    channel; those of the first half as many, so that sums of two products fit 16 bits on
    processors without VNNI.
    """
    ops = import_module("openvino.opset13")
    named = {op.get_friendly_name(): op for op in graph.get_ordered_ops()}

    def steps(output: Any, low: NDArray[Any], high: NDArray[Any], levels: int) -> Any:
        kind = output.get_element_type().to_dtype()
        ends = [ops.constant(end.astype(kind)) for end in (low, high)]
        return ops.fake_quantize(output, *ends, *ends, levels).output(0)

    convolutions = [op for op in named.values() if op.get_type_name() == "Convolution"]
    for number, convolution in enumerate(convolutions):
        weights = convolution.input_value(1)
        largest = np.abs(weights.get_node().get_data().astype(np.float32))
        largest = largest.max(axis=(1, 2, 3), keepdims=True).clip(1e-4) * (1 if number else 2)
        convolution.input(1).replace_source_output(steps(weights, -largest, largest, 255))
    for source, low, high, takers in json.loads(ranges.read_text(encoding="utf-8")):
        if missing := {source, *(name for name, _ in takers)} - named.keys():
            raise ModelError(
                Message(
                    "OpenVINO's graph of isnet has no {name}, of which isnet-int8 has a range",
                    name=repr(min(missing)),
                ),
                Message("Use isnet, with --dtype bf16 for speed."),
            )
        shape = (1, 1, 1, 1)
        output = named[source].output(0)
        quantised = steps(output, np.full(shape, low), np.full(shape, high), 256)
        for name, number in takers:
            named[name].input(number).replace_source_output(quantised)


def import_openvino() -> ModuleType:
    """OpenVINO without its telemetry: the package reports every import of itself otherwise."""
    try:
        with absent("openvino_telemetry"):
            import openvino
    except ImportError as error:
        raise ModelError(
            Message(
                "OpenVINO, which computes isnet, cannot be used: {reason}",
                reason=reason_of(error),
            ),
            Message("Install it again: pip install --force-reinstall openvino."),
        ) from None
    return openvino


def runtime_name(package: str, title: str) -> str:
    """Title and version of a runtime, for the report and for the cache's key."""
    try:
        return f"{title} {version(package)}"
    except PackageNotFoundError:
        return f"{title}, not installed"
