"""The runtimes of ONNX graphs on the CPU. Neither is imported before a graph is opened."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, printable, reason_of
from ..i18n import Message

Tensor = NDArray[np.float32]
Network = Callable[[Tensor], NDArray[Any]]
"""From `(1, 3, H, W) float32` to the output that is used; nothing else is computed."""


def session(path: Path) -> Any:
    """ONNX Runtime's session of a graph; ModelError if it is none."""
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class
        raise ModelError(
            Message(
                "{name} is not a graph ONNX Runtime can run: {reason}",
                name=printable(path.name),
                reason=reason_of(error),
            ),
            Message("Export it again, with standard operators only."),
        ) from None


def open_onnxruntime(path: Path, output: str | None) -> Network:
    """The graph computed by ONNX Runtime: of its outputs the named one, or the first, alone."""
    graph = session(path)
    names = [node.name for node in graph.get_outputs()]
    if output and output not in names:
        raise ModelError(
            Message(
                "The graph {name} has no output {output}",
                name=printable(path.name),
                output=repr(printable(output)),
            ),
            Message("Use one of {names}.", names=[printable(name) for name in names]),
        )
    used, fed = output or names[0], graph.get_inputs()[0]
    kind = np.float16 if fed.type == "tensor(float16)" else np.float32

    def network(tensor: Tensor) -> NDArray[Any]:
        return graph.run([used], {fed.name: tensor.astype(kind, copy=False)})[0]

    return network


def open_openvino(path: Path, precision: Literal["fp32", "bf16"]) -> Network:
    """IS-Net computed by OpenVINO: its matte alone; ModelError for bf16 where the CPU has none."""
    openvino = import_openvino()
    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelError(
            Message("This processor does not compute in bf16 (it needs avx512_bf16 or AMX)"),
            Message("Use --dtype fp32."),
        )
    graph = core.read_model(path)
    # The graph's other outputs serve training; asked for, they would be computed.
    matte = [r for r in graph.get_results() if "output" in r.input_value(0).get_names()]
    graph = openvino.Model(matte, graph.get_parameters(), "isnet")
    compiled = core.compile_model(
        graph,
        "CPU",
        {
            # Said explicitly: OpenVINO would take bf16 of its own accord where the CPU has it.
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
            "PERFORMANCE_HINT": "LATENCY",
        },
    )

    def network(tensor: Tensor) -> NDArray[Any]:
        return compiled(tensor)[0]

    return network


def import_openvino() -> ModuleType:
    """OpenVINO without its telemetry: the package reports every import of itself otherwise."""
    loaded = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino

        return openvino
    except ImportError as error:
        raise ModelError(
            Message(
                "OpenVINO, which computes isnet, cannot be used: {reason}",
                reason=reason_of(error),
            ),
            Message("Install it again: pip install --force-reinstall openvino."),
        ) from None
    finally:
        del sys.modules["openvino_telemetry"]
        if loaded:
            sys.modules["openvino_telemetry"] = loaded


def runtime_name(package: str, title: str) -> str:
    """Title and version of a runtime, for the report and for the cache's key."""
    try:
        return f"{title} {version(package)}"
    except PackageNotFoundError:
        return f"{title}, not installed"
