"""IS-Net as packaged, on the CPU.

Qin et al., "Highly Accurate Dichotomous Image Segmentation", ECCV 2022. Its two packaged forms take
different runtimes because measurement says so (2 cores, AMD EPYC with avx512_bf16, one
1×3×1024×1024 inference): for the fp16 weights OpenVINO takes 0.84 s in fp32 and 0.41 s in bf16,
ONNX Runtime 0.94 s; for the quint8 weights OpenVINO takes 1.81 s, ONNX Runtime 1.22 s. `make bench`
prints them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ..core.choices import require_cpu
from ..errors import ModelError
from ..i18n import Message
from .entry import Entry, LoadOptions
from .info import ModelInfo
from .onnx import BACK, Normalisation, OnnxModel
from .runtimes import Network, open_onnxruntime, open_openvino, runtime_name
from .weights import ISNET_MEDIUM, ISNET_SMALL, Pinned, verified

_INPUT = Normalisation((1024, 1024), (128, 128, 128), (256, 256, 256))
_MATTE = "output"
"""Of the graph's outputs."""


def isnet(asked: LoadOptions) -> OnnxModel:
    """IS-Net with fp16 weights, computed by OpenVINO in fp32 (default) or bf16."""
    require_cpu("isnet", asked.device)
    if asked.dtype not in ("auto", "fp32", "bf16"):
        raise ModelError(
            Message(
                "isnet offers the dtypes fp32 and bf16; {dtype} was asked for",
                dtype=repr(asked.dtype),
            ),
            Message("Use --dtype fp32, or bf16 where the processor has it."),
        )
    precision: Literal["fp32", "bf16"] = "bf16" if asked.dtype == "bf16" else "fp32"
    return _isnet(
        asked,
        "IS-Net, fp16 weights",
        ISNET_MEDIUM,
        runtime_name("openvino", "OpenVINO"),
        precision,
        lambda: open_openvino(verified(ISNET_MEDIUM), _MATTE, precision),
    )


_INT8_RANGES = Path(__file__).with_name("isnet-int8.json")
"""As NNCF 3.4 found them (`quantize`, preset mixed) over 10 of the reference pictures, at which
operations; `runtimes._quantise` says what is made of them."""


def isnet_int8(asked: LoadOptions) -> OnnxModel:
    """IS-Net of the fp16 weights, computed in 8 bits by OpenVINO; it has one dtype only."""
    require_cpu("isnet-int8", asked.device)
    ranges = hashlib.sha256(_INT8_RANGES.read_bytes()).hexdigest()
    return _isnet(
        asked,
        "IS-Net, computed in 8 bits",
        ISNET_MEDIUM,
        runtime_name("openvino", "OpenVINO"),
        "int8",
        lambda: open_openvino(verified(ISNET_MEDIUM), _MATTE, ranges=_INT8_RANGES),
        f"weights and activations in 8 bits, ranges {ranges[:8]}",
    )


def isnet_quint8(asked: LoadOptions) -> OnnxModel:
    """IS-Net with weights quantised to 8 bits, computed by ONNX Runtime; it has one dtype only."""
    require_cpu("isnet-quint8", asked.device)
    return _isnet(
        asked,
        "IS-Net, quint8 weights",
        ISNET_SMALL,
        runtime_name("onnxruntime", "ONNX Runtime"),
        "quint8",
        lambda: open_onnxruntime(verified(ISNET_SMALL), _MATTE),
    )


def _isnet(
    asked: LoadOptions,
    title: str,
    weights: Pinned,
    runtime: str,
    dtype: str,
    network: Callable[[], Network],
    computed: str = "",
) -> OnnxModel:
    """IS-Net in one of its forms; `computed`: how, where the dtype does not say it all."""
    pipeline = "; ".join(filter(None, (str(_INPUT), computed, BACK)))
    info = ModelInfo(
        name=asked.label,
        title=title,
        licence="MIT",
        weights_sha256=weights.sha256,
        pipeline=pipeline,
        runtime=runtime,
        device="cpu",
        dtype=dtype,
    )
    return OnnxModel(info, _INPUT, network, weights=weights)


ENTRIES = (
    Entry("isnet", "IS-Net, fp16 weights", "MIT", isnet, ISNET_MEDIUM, place=0),
    Entry("isnet-int8", "IS-Net, computed in 8 bits", "MIT", isnet_int8, ISNET_MEDIUM, place=0),
    Entry("isnet-quint8", "IS-Net, quint8 weights", "MIT", isnet_quint8, ISNET_SMALL, place=0),
)
