"""The family's network on torch: which device and dtype, and weights that are exactly its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.choices import Device, Dtype, kind
from ...errors import ModelError, WeightsError, printable, reason_of
from ...i18n import Message, and_more, join
from ..weights import refuse_pointer

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .network import BiRefNet


def choose(device: Device, dtype: Dtype) -> tuple[str, str]:
    """The device and dtype that are meant; ModelError for those that cannot be had.

    `auto` is the first of cuda, mps, cpu there is, and fp16 on cuda, fp32 elsewhere.
    """
    import torch

    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    name = next(d for d in ("cuda", "mps", "cpu") if there[d]) if device == "auto" else device
    if name.startswith("cuda:") and int(name[5:]) >= torch.cuda.device_count():
        there["cuda"] = False
    if not there[kind(name)]:
        raise ModelError(
            Message("This machine has no {device} device that torch can use", device=name),
            Message(
                "Use --device {devices}; cuda:1 needs a second one.",
                devices=[d for d in there if there[d]],
            ),
        )
    if dtype == "auto":
        return name, "fp16" if kind(name) == "cuda" else "fp32"
    if dtype == "fp16" and name == "cpu":
        raise ModelError(
            Message("fp16 on a CPU takes a minute for what takes seconds in fp32"),
            Message("Use --dtype fp32, or bf16."),
        )
    return name, dtype


def read_network(path: Path, config: Any, device: str, dtype: str) -> BiRefNet:
    """The network with the weights of the file `path`, and of no other beside it; WeightsError
    unless all fit."""
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers.utils import logging

    from .network import BiRefNet

    torch.set_float32_matmul_precision("high")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        loaded: Any = BiRefNet.from_pretrained(
            None,
            config=config,
            state_dict={_WRAPPED.sub("", name): each for name, each in load_file(path).items()},
            dtype=torch_dtype(dtype),
            ignore_mismatched_sizes=True,  # only so that they are named below
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        refuse_pointer(path)
        raise WeightsError(
            Message(
                "{path} could not be loaded: {reason}",
                path=printable(str(path)),
                reason=reason_of(error, 300),
            ),
            Message("Give the unaltered folder of a published checkpoint."),
        ) from None
    network, report = loaded
    wrong = [f"missing {key}" for key in sorted(report["missing_keys"])]
    wrong += [f"unknown {key}" for key in sorted(report["unexpected_keys"])]
    wrong += [
        f"{key[0]} is {tuple(key[1])}, expected {tuple(key[2])}"
        for key in report["mismatched_keys"]
    ]
    if wrong:
        first = join("; ", [printable(each)[:200] for each in wrong[:3]])
        raise WeightsError(
            Message(
                "The weights do not fit the network: {names}", names=and_more(first, len(wrong) - 3)
            ),
            Message(
                "Name the model of the family that the weights belong to; see rmbg-eval models."
            ),
        )
    network = network.eval().to(device)
    if kind(device) == "cuda":  # maps are so too, and cuDNN would else turn the weights each time
        network = network.to(memory_format=torch.channels_last)
    return network


_WRAPPED = re.compile(r"^(module\.|_orig_mod\.)+")
"""What training on several devices, and torch.compile, put before the names of weights."""


def torch_dtype(name: str) -> torch.dtype:
    """torch's own name of a dtype."""
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[name]


class Recorded:
    """What a function does on a CUDA device, recorded once and then replayed.

    RMBG-2.0 is some two thousand small steps. Python takes longer to ask for them than a fast
    device to do them; a recording ("CUDA graph") is asked for once. It is made and replayed where
    the tensors' device is the current one: see `on_device`.
    """

    def __init__(
        self, function: Callable[..., Tensor], *inputs: Tensor, beside: Recorded | None = None
    ) -> None:
        """Call `function(*inputs)` twice, so that what it keeps is made, and record it.

        `beside`: a recording that is never replayed at the same time; they share their memory.
        """
        import torch

        self._inputs = inputs
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                function(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        torch.cuda.empty_cache()  # a recording has memory of its own
        self._graph = torch.cuda.CUDAGraph()
        pool = beside._graph.pool() if beside else None
        # On the same queue: torch's own for this is of the device that was first recorded on.
        with torch.cuda.graph(self._graph, pool, stream, capture_error_mode="thread_local"):
            self._output = function(*inputs)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function of other tensors of the same shapes, dtypes and device."""
        for own, given in zip(self._inputs, inputs, strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._output.clone()
