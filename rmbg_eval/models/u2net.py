"""U²-Net's small version on the CPU: 4.6 MB of weights, which rembg has as u2netp.

Qin et al., "U²-Net: Going Deeper with Nested U-Structure for Salient Object Detection", Pattern
Recognition 2020 (xuebinqin/U-2-Net on GitHub). The authors' code and rembg stretch what
the network gives so that its least becomes 0 and its largest 1; here it is left as it is.

Of 12 inferences of 1×3×320×320 each (2 cores, AMD EPYC), the fastest took 0.23 s of a processor by
OpenVINO and 0.33 s by ONNX Runtime; they differ by 3e-6. In bf16 alpha is wrong by up to 0.5.
"""

from __future__ import annotations

from ..core.choices import require_cpu
from .entry import Entry, LoadOptions
from .info import ModelInfo
from .onnx import BACK, Normalisation, OnnxModel
from .runtimes import open_openvino, runtime_name
from .weights import U2NETP, verified

_INPUT = Normalisation(
    (320, 320), (123.675, 116.28, 103.53), (58.395, 57.12, 57.375), brightest=True
)
_MATTE = "1959"
"""Of the graph's seven outputs the fused one; the others serve training."""


def u2netp(asked: LoadOptions) -> OnnxModel:
    """It has one dtype only."""
    require_cpu("u2netp", asked.device)
    info = ModelInfo(
        name=asked.label,
        title="U²-Net, small",
        licence="Apache-2.0",
        weights_sha256=U2NETP.sha256,
        pipeline=f"{_INPUT}; {BACK}",
        runtime=runtime_name("openvino", "OpenVINO"),
        device="cpu",
        dtype="fp32",
    )
    return OnnxModel(info, _INPUT, lambda: open_openvino(verified(U2NETP), _MATTE), weights=U2NETP)


ENTRIES = (Entry("u2netp", "U²-Net, small", "Apache-2.0", u2netp, U2NETP, place=0),)
