"""ONNX matting graphs on the CPU: IS-Net as packaged, and any graph whose normalisation is given.

IS-Net: Qin et al., "Highly Accurate Dichotomous Image Segmentation", ECCV 2022.
Its two packaged forms take different runtimes because measurement says so
(2 cores, AMD EPYC with avx512_bf16, 1×3×1024×1024): OpenVINO needs a third to a
half of ONNX Runtime's time for the fp16 weights, and twice its time for the
quint8 weights. `make bench` prints both.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, Literal
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ModelError, printable
from ..images import Cutout, Picture, describe, resize_alpha
from . import Device, Dtype, ModelInfo, require_cpu
from .weights import ISNET_MEDIUM, ISNET_SMALL, Pinned, fetch, verified

Tensor = NDArray[np.float32]
Network = Callable[[Tensor], NDArray[Any]]
"""From `(1, 3, H, W) float32` to the output that is used; nothing else is computed."""


@dataclass(frozen=True)
class Normalisation:
    """`(x − mean) / std` on RGB in [0, 255], after a resize to `size` (width, height)."""

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, picture: Picture) -> Tensor:
        """`(1, 3, H, W) float32`: bilinear, antialiased when shrinking; the aspect is not kept."""
        image = Image.fromarray(picture.rgb).resize(self.size, Image.Resampling.BILINEAR)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        pixels: Tensor = (np.asarray(image, np.float32) - mean) / std
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])

    def __str__(self) -> str:
        mean, std = (", ".join(f"{v:.6g}" for v in vs) for vs in (self.mean, self.std))
        return f"resize to {self.size[0]}×{self.size[1]} bilinear, (RGB − [{mean}]) / [{std}]"


class OnnxModel:
    """A graph, its normalisation, and the runtime that computes it."""

    batch_size = 1

    def __init__(
        self,
        info: ModelInfo,
        normalise: Normalisation,
        open_network: Callable[[], Network],
        *,
        sigmoid: bool = False,
        weights: Pinned | None = None,
    ) -> None:
        self.info = info
        self._normalise = normalise
        self._open = open_network
        self._sigmoid = sigmoid
        self._weights = weights
        self._network: Network | None = None

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
        assert self._network is not None, "load() comes first"
        return [self._network(tensor) for tensor in inputs]

    def postprocess(self, output: NDArray[Any], picture: Picture) -> Cutout:
        """The output as alpha at the picture's size; ModelError unless it is one in [0, 1]."""
        if output.ndim < 2 or output.size != output.shape[-1] * output.shape[-2]:
            raise ModelError(
                f"{self.info.name} returned {describe(output)}; one H×W plane is expected",
                "Name the output that is the matte: onnx:PATH?…&output=NAME.",
            )
        alpha = output.reshape(output.shape[-2:]).astype(np.float32)
        if self._sigmoid:
            alpha = np.float32(1) / (np.float32(1) + np.exp(-alpha))
        if not np.isfinite(alpha).all() or alpha.min() < 0 or alpha.max() > 1:
            raise ModelError(
                f"{self.info.name} returned {describe(alpha)}; alpha lies in [0, 1]",
                "If the graph ends in logits, add activation=sigmoid to its onnx: spec.",
            )
        return Cutout(picture.rgb, resize_alpha(alpha, picture.size))


_ISNET_INPUT = Normalisation((1024, 1024), (128, 128, 128), (256, 256, 256))
_BACK = "output resized bilinear to the picture"


def isnet(label: str, device: Device, dtype: Dtype) -> OnnxModel:
    """IS-Net with fp16 weights, computed by OpenVINO in fp32 (default) or bf16."""
    require_cpu("isnet", device)
    if dtype not in ("auto", "fp32", "bf16"):
        raise ModelError(
            f"isnet offers the dtypes fp32 and bf16; {dtype!r} was asked for",
            "Use --dtype fp32, or bf16 where the processor has it.",
        )
    precision: Literal["fp32", "bf16"] = "bf16" if dtype == "bf16" else "fp32"
    info = ModelInfo(
        name=label,
        title="IS-Net, fp16 weights",
        licence="MIT",
        weights_sha256=ISNET_MEDIUM.sha256,
        pipeline=f"{_ISNET_INPUT}; {_BACK}",
        runtime=_runtime("openvino", "OpenVINO"),
        device="cpu",
        dtype=precision,
    )

    def network() -> Network:
        return _openvino(verified(ISNET_MEDIUM), precision)

    return OnnxModel(info, _ISNET_INPUT, network, weights=ISNET_MEDIUM)


def isnet_quint8(label: str, device: Device, dtype: Dtype) -> OnnxModel:
    """IS-Net with weights quantised to 8 bits, computed by ONNX Runtime; it has one dtype only."""
    require_cpu("isnet-quint8", device)
    info = ModelInfo(
        name=label,
        title="IS-Net, quint8 weights",
        licence="MIT",
        weights_sha256=ISNET_SMALL.sha256,
        pipeline=f"{_ISNET_INPUT}; {_BACK}",
        runtime=_runtime("onnxruntime", "ONNX Runtime"),
        device="cpu",
        dtype="quint8",
    )

    def network() -> Network:
        return _onnxruntime(verified(ISNET_SMALL), "output")

    return OnnxModel(info, _ISNET_INPUT, network, weights=ISNET_SMALL)


_OPTIONS = ("mean", "std", "size", "output", "activation", "licence")


def onnx_file(label: str, spec: str, device: Device) -> OnnxModel:
    """A graph of the user's: `PATH?mean=…&std=…[&size=…][&output=…][&activation=…][&licence=…]`.

    `mean` and `std`, one number or three, are of RGB in [0, 1], as papers give
    them. A graph does not say how its input is normalised, so both are required.
    """
    require_cpu("an onnx: model", device)
    name, _, query = spec.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [key for key in given if key not in _OPTIONS]
    if unknown or "mean" not in given or "std" not in given:
        what = f"unknown {printable(unknown[0])!r}" if unknown else "mean and std are required"
        raise ModelError(
            f"onnx:{printable(spec)}: {what}",
            "Write for example onnx:model.onnx?mean=0.485,0.456,0.406&std=0.229,0.224,0.225"
            f"; options: {', '.join(_OPTIONS)}.",
        )
    if given.get("activation", "none") not in ("none", "sigmoid"):
        raise ModelError(
            f"onnx:{printable(spec)}: activation is none or sigmoid", "Correct the spec."
        )
    path = Path(name).expanduser()
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"The graph {printable(name)} cannot be read: {error.strerror}", "Check the path."
        ) from None
    sigmoid = given.get("activation") == "sigmoid"
    normalise = Normalisation(
        _size(path, given.get("size")),
        _scaled(given["mean"], "mean"),
        _scaled(given["std"], "std"),
    )
    info = ModelInfo(
        name=label,
        title=f"ONNX graph {printable(path.name)}",
        licence=printable(given.get("licence") or "not stated"),
        weights_sha256=sha256,
        pipeline=f"{normalise}; output {printable(given.get('output') or 'first')}"
        f"{', sigmoid' if sigmoid else ''}; {_BACK}",
        runtime=_runtime("onnxruntime", "ONNX Runtime"),
        device="cpu",
        dtype="as in the graph",
    )

    def network() -> Network:
        return _onnxruntime(path, given.get("output"))

    return OnnxModel(info, normalise, network, sigmoid=sigmoid)


def _scaled(text: str, option: str) -> tuple[float, float, float]:
    """One number or three, of RGB in [0, 1], as three numbers of RGB in [0, 255]."""
    try:
        values = [255 * float(part) for part in text.split(",")]
        if len(values) not in (1, 3) or not np.isfinite(values).all():
            raise ValueError
        if option == "std" and min(values) <= 0:
            raise ValueError
    except ValueError:
        raise ModelError(
            f"{option} is one number or three with commas between; received {printable(text)!r}",
            "Write for example mean=0.485,0.456,0.406.",
        ) from None
    red, green, blue = values * 3 if len(values) == 1 else values
    return red, green, blue


def _size(path: Path, text: str | None) -> tuple[int, int]:
    """Width and height the network takes: as given, else as the graph fixes them."""
    if text:
        parts = text.lower().split("x")
        if len(parts) in (1, 2) and all(p.isdecimal() and 0 < int(p) <= 8192 for p in parts):
            return int(parts[0]), int(parts[-1])
        raise ModelError(
            f"size is one number or WIDTHxHEIGHT up to 8192; received {printable(text)!r}",
            "Write for example size=1024.",
        )
    shape = _session(path).get_inputs()[0].shape
    if len(shape) == 4 and all(isinstance(side, int) for side in shape[2:]):
        return shape[3], shape[2]
    raise ModelError(
        f"The graph {printable(path.name)} takes pictures of any size: {shape}",
        "Say which it was trained with: add size=1024 to its onnx: spec.",
    )


def _session(path: Path) -> Any:
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own exceptions share no base class
        raise ModelError(
            f"{printable(path.name)} is not a graph ONNX Runtime can run: "
            f"{printable(str(error))[:200]}",
            "Export it again, with standard operators only.",
        ) from None


def _onnxruntime(path: Path, output: str | None) -> Network:
    session = _session(path)
    names = [node.name for node in session.get_outputs()]
    if output and output not in names:
        raise ModelError(
            f"The graph {printable(path.name)} has no output {printable(output)!r}",
            f"Use one of {printable(', '.join(names))}.",
        )
    used, fed = output or names[0], session.get_inputs()[0].name

    def network(tensor: Tensor) -> NDArray[Any]:
        return session.run([used], {fed: tensor})[0]

    return network


def _openvino(path: Path, precision: Literal["fp32", "bf16"]) -> Network:
    openvino = _import_openvino()
    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelError(
            "This processor does not compute in bf16 (it needs avx512_bf16 or AMX)",
            "Use --dtype fp32.",
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


def _import_openvino() -> ModuleType:
    """OpenVINO without its telemetry: the package reports every import of itself otherwise."""
    loaded = sys.modules.get("openvino_telemetry")
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino

        return openvino
    except ImportError as error:
        raise ModelError(
            f"OpenVINO, which computes isnet, cannot be used: {printable(str(error))[:200]}",
            "Install it again: pip install --force-reinstall openvino.",
        ) from None
    finally:
        del sys.modules["openvino_telemetry"]
        if loaded:
            sys.modules["openvino_telemetry"] = loaded


def _runtime(package: str, title: str) -> str:
    try:
        return f"{title} {version(package)}"
    except PackageNotFoundError:
        return f"{title}, not installed"
