"""RMBG-2.0 and the BiRefNet family on torch: our network, their weights, no code of theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError, WeightsError, printable
from ..files import user_path
from ..images import Cutout, Picture
from . import Device, Dtype, ModelInfo
from .family import Member
from .pipelines import MEAN, PIPELINES, STD, Prepared

if TYPE_CHECKING:
    import torch

    from .birefnet import BiRefNet

_STRIDE = 32
"""Sides of the network's input are multiples of this."""


class Rmbg:
    """A checkpoint of the family on one device, in one dtype, behind one pipeline."""

    def __init__(
        self,
        label: str,
        member: Member,
        *,
        pipeline: str = "official",
        size: tuple[int, int] | None = None,
        batch_size: int = 1,
        device: Device = "auto",
        dtype: Dtype = "auto",
    ) -> None:
        self.batch_size = batch_size
        self.warnings: list[str] = []
        self._member = member
        self._pipeline = PIPELINES[pipeline]()
        self._size = size or member.size
        self._device, self._dtype = choose(device, dtype)
        self._path: Path | None = None
        self._network: BiRefNet | None = None
        self._info = ModelInfo(
            name=label,
            title=member.title,
            licence=member.licence,
            weights_sha256=None if member.checkpoint.folder else member.checkpoint.sha256,
            weights_from=member.checkpoint.words,
            pipeline=self._pipeline.words.format(w=self._size[0], h=self._size[1])
            + f"; patch order {member.config['patch_order']}",
            runtime=f"torch {version('torch')}",
            device=self._device,
            dtype=self._dtype,
            trained_on=member.trained_on,
        )
        self._find()

    @property
    def info(self) -> ModelInfo:
        """What is known of the model; its weights' hash once they are on this machine."""
        return self._info

    def identity(self, name: str) -> str:
        """As the protocol says."""
        return self.info.identity

    def fetch(self, say: Callable[[str], None]) -> None:
        """As the protocol says."""
        if self._path is None:
            self._member.checkpoint.fetch(say)
            self._find()

    def load(self) -> bool:
        """As the protocol says."""
        if self._network is not None:
            return False
        if self._path is None:
            raise WeightsError(f"{self.info.name} has no weights here yet", "Fetch them first.")
        from .birefnet_config import BiRefNetConfig

        config = BiRefNetConfig(**self._member.config)
        self._network = read_network(self._path, config, self._device, self._dtype)
        return True

    def preprocess(self, picture: Picture) -> Prepared:
        """As the protocol says."""
        return self._pipeline.fit(picture.rgb, self._size)

    def infer(self, inputs: list[Prepared]) -> list[NDArray[np.float32]]:
        """One alpha `(H, W) float32` at the network's size for each input.

        Where the device's memory does not suffice for all of them, they are halved, and the
        report is told.
        """
        import torch

        try:
            return self._forward(inputs)
        except torch.cuda.OutOfMemoryError:
            if len(inputs) == 1:
                raise MemoryError from None
        torch.cuda.empty_cache()
        half = len(inputs) // 2
        self.batch_size = min(self.batch_size, max(1, half))
        self.warnings.append(f"not enough memory for {len(inputs)} pictures at once")
        return self.infer(inputs[:half]) + self.infer(inputs[half:])

    def postprocess(self, output: NDArray[np.float32], picture: Picture) -> Cutout:
        """As the protocol says."""
        return Cutout(picture.rgb, self._pipeline.unfit(output, picture.size))

    def _find(self) -> None:
        """Take note of the weights, if they are here."""
        self._path = self._member.checkpoint.find()
        if self._path is not None:
            checkpoint = self._member.checkpoint
            sha256 = checkpoint.verified(self._path)
            known = {"weights_sha256": sha256}
            if checkpoint.sha256 not in (None, sha256):  # a folder may hold anything
                known["title"] = f"The network of {self._member.title}, other weights"
            self._info = self._info.model_copy(update=known)

    def _forward(self, inputs: list[Prepared]) -> list[NDArray[np.float32]]:
        import torch

        assert self._network is not None, "load() comes first"
        dtype = _torch_dtype(self._dtype)
        with torch.inference_mode():
            pixels = torch.from_numpy(np.stack([prepared.pixels for prepared in inputs]))
            white = torch.tensor([prepared.white for prepared in inputs], dtype=torch.float32)
            x = pixels.to(self._device).permute(0, 3, 1, 2).float()
            x = x / white.to(self._device)[:, None, None, None]
            if self._pipeline.normalised:
                mean, std = (torch.tensor(v, device=x.device)[:, None, None] for v in (MEAN, STD))
                x = (x - mean) / std
            alpha = self._network(x.to(dtype)).float().sigmoid()
        return list(alpha[:, 0].cpu().numpy())


_OPTIONS = ("pipeline", "size", "batch", "revision")


def rmbg(label: str, member: Member, options: str, device: Device, dtype: Dtype) -> Rmbg:
    """A member as a spec names it: `[:FOLDER][?pipeline=…&size=…&batch=…&revision=…]`.

    `FOLDER` is that of a checkpoint on this machine; `revision` another than the pinned one.
    """
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise ModelError(
                f"{member.name} needs {package}, which is not installed",
                "Install it: make torch, or pip install 'rmbg-eval[torch]'.",
            )
    folder, _, query = options.removeprefix(":").partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for key in given:
        if key not in _OPTIONS:
            raise ModelError(
                f"{member.name}: unknown option {printable(key)!r}", f"Use {', '.join(_OPTIONS)}."
            )
    pipeline = given.get("pipeline", "official")
    if pipeline not in PIPELINES:
        raise ModelError(
            f"{member.name}: there is no pipeline {printable(pipeline)!r}",
            f"Use one of {', '.join(PIPELINES)}.",
        )
    checkpoint = member.checkpoint
    if folder:
        checkpoint = replace(checkpoint, folder=user_path(folder, ModelError))
    elif given.get("revision", checkpoint.revision) != checkpoint.revision:
        checkpoint = replace(checkpoint, revision=given["revision"], sha256=None)
    return Rmbg(
        label,
        replace(member, checkpoint=checkpoint),
        pipeline=pipeline,
        size=_size(member, given["size"]) if "size" in given else None,
        batch_size=_batch(member, given.get("batch", "1")),
        device=device,
        dtype=dtype,
    )


def _size(member: Member, text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})(?:x(\d{2,4}))?", text)
    width, height = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not found or width % _STRIDE or height % _STRIDE or not width or not height:
        raise ModelError(
            f"{member.name}: size is one number or WIDTHxHEIGHT, in multiples of {_STRIDE}; "
            f"received {printable(text)!r}",
            "Write for example size=1024.",
        )
    return width, height


def _batch(member: Member, text: str) -> int:
    if not re.fullmatch("[0-9]{1,3}", text) or not int(text):
        raise ModelError(
            f"{member.name}: batch is a number from 1 to 999; received {printable(text)!r}",
            "Write for example batch=8.",
        )
    return int(text)


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
    chosen = next(d for d in ("cuda", "mps", "cpu") if there[d]) if device == "auto" else device
    if not there[chosen]:
        raise ModelError(
            f"This machine has no {chosen} device that torch can use",
            f"Use --device {' or '.join(d for d in there if there[d])}.",
        )
    if dtype == "auto":
        return chosen, "fp16" if chosen == "cuda" else "fp32"
    if dtype == "fp16" and chosen == "cpu":
        raise ModelError(
            "fp16 on a CPU takes a minute for what takes seconds in fp32",
            "Use --dtype fp32, or bf16.",
        )
    return chosen, dtype


def read_network(path: Path, config: Any, device: str, dtype: str) -> BiRefNet:
    """The network with the weights of the folder that `path` is in; WeightsError unless all fit."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForImageSegmentation
    from transformers.utils import logging

    from . import birefnet  # noqa: F401  registers the type

    torch.set_float32_matmul_precision("high")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        network, found = AutoModelForImageSegmentation.from_pretrained(
            path.parent,
            config=config,
            dtype=_torch_dtype(dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # only so that they are named below
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(
            f"{printable(str(path))} could not be loaded: {printable(str(error))[:300]}",
            "Give the unaltered folder of a published checkpoint.",
        ) from None
    wrong = [f"missing {key}" for key in sorted(found["missing_keys"])]
    wrong += [f"unknown {key}" for key in sorted(found["unexpected_keys"])]
    wrong += [
        f"{key[0]} is {tuple(key[1])}, expected {tuple(key[2])}" for key in found["mismatched_keys"]
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise WeightsError(
            f"The weights do not fit the network: {printable('; '.join(wrong[:3]))}{more}",
            "Name the model of the family that the weights belong to; see rmbg-eval models.",
        )
    return network.eval().to(device)


def _torch_dtype(name: str) -> torch.dtype:
    import torch

    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[name]
