"""RMBG-2.0 and the BiRefNet family on torch: our network, their weights, no code of theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.accelerator import (
    UnlessOutOfMemory,
    free_memory,
    is_out_of_memory,
    on_device,
    side_stream,
    wait_for,
)
from ...core.cache import MeasureCache
from ...core.choices import Device, Dtype
from ...core.images import Alpha, Cutout, Picture
from ...errors import ModelError, WeightsError, reason_of
from ...i18n import Message
from ..info import ModelInfo
from .masks import Map, is_finite
from .member import Member
from .patch_order import PATCH_ORDERS, find_order
from .pipelines import MEAN, PIPELINES, STD, Prepared
from .torch_runtime import Recorded, choose, read_network, torch_dtype

if TYPE_CHECKING:
    from torch import Tensor

    from .network import BiRefNet


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
        compiled: bool = False,
        find_patch_order: bool = False,
    ) -> None:
        self._find_patch_order = find_patch_order
        self.batch_size = batch_size
        self.warnings: list[Message] = []
        self._member = member
        self._pipeline = PIPELINES[pipeline]()
        self._size = size or member.size
        self._device, self._dtype = choose(device, dtype)
        self._compiled = compiled
        self.weights_path: Path | None = None
        """The file of the weights, if it is on this machine."""
        self._network: Callable[[Tensor], Tensor] | None = None
        self._recordings: dict[str, Recorded | None] = {}
        self.info = ModelInfo(
            name=label,
            title=member.title,
            licence=member.licence,
            weights_sha256=None if member.checkpoint.folder else member.checkpoint.sha256,
            weights_from=member.checkpoint.words,
            pipeline=self._words(),
            runtime=f"torch {version('torch')}{', torch.compile' if compiled else ''}",
            device=self._device,
            dtype=self._dtype,
            trained_on=member.trained_on,
        )
        self._find()

    def identity(self, name: str) -> str:
        return self.info.identity

    def fetch(self, say: Callable[[str], None]) -> None:
        if self.weights_path is None:
            self._member.checkpoint.fetch(say)
            self._find()

    def load(self) -> bool:
        if self._network is not None:
            return False
        if self.weights_path is None:
            raise WeightsError(
                Message("{model} has no weights here yet", model=self.info.name),
                Message("Fetch them first."),
            )
        try:
            self._network = self._read()
            if self._device.startswith("cuda"):
                self._use_kernels(self._network)
        except Exception as error:
            if self._device == "cpu" or not is_out_of_memory(error):
                raise
            self._network = None
        if self._network is None:
            self._fall_back()
        if self._compiled:
            self._compile()
        self._recording()
        return True

    def preprocess(self, picture: Picture) -> Prepared:
        return self._pipeline.fit(picture.rgb, self._size)

    def infer(self, inputs: list[Prepared]) -> list[Map]:
        """One alpha `(H, W) float32` at the network's size for each input; on CUDA it stays there.

        Where the device's memory does not suffice, the batch is halved; where it does not suffice
        for one picture, all of its batch and all that follow are computed on the CPU in fp32:
        slower, but nearer to what was asked for than a smaller dtype. The report is told either
        way, and the device and dtype of each prediction are its own.
        """
        with UnlessOutOfMemory():
            return self._forward(inputs)
        # Not before the error is gone: it holds the tensors.
        free_memory(self._device)
        if len(inputs) == 1:
            if self._device == "cpu":
                raise MemoryError
            self._fall_back()
            return self._forward(inputs)
        self._recordings.clear()
        half = len(inputs) // 2
        self.batch_size = min(self.batch_size, half)
        self.warnings.append(
            Message(
                "not enough memory for {n} pictures at once: from there on at most {half}",
                n=len(inputs),
                half=half,
            )
        )
        first, device = self.infer(inputs[:half]), self._device
        rest = self.infer(inputs[half:])
        if self._device != device:  # one batch, one device: that which its keys will name
            first = self.infer(inputs[:half])
        return first + rest

    def postprocess(self, output: Map, picture: Picture) -> Cutout:
        device = "cpu" if isinstance(output, np.ndarray) else str(output.device)
        with side_stream(device):
            if not is_finite(output):
                raise ModelError(
                    Message("{model} computed what is no number", model=self.info.name),
                    Message("The weights may be damaged: fetch them anew.")
                    if self._dtype == "fp32"
                    else Message("Use --dtype fp32."),
                )
            return Cutout(picture.rgb, self._pipeline.unfit(output, picture.size))

    def _read(self) -> BiRefNet:
        from .config import BiRefNetConfig

        assert self.weights_path is not None
        config = BiRefNetConfig(**self._member.config)
        return read_network(self.weights_path, config, self._device, self._dtype)

    def _use_kernels(self, network: BiRefNet) -> None:
        from .kernels import use_kernels

        try:
            with on_device(self._device):
                use_kernels(network)
        except Exception as error:  # Triton's, the C compiler's and CUDA's share no base
            if is_out_of_memory(error):
                raise
            self.warnings.append(
                Message(
                    "its kernels for {device} do not run on this machine, so that each picture "
                    "takes longer: {reason}",
                    device=self._device,
                    reason=reason_of(error, 300),
                )
            )

    def _fall_back(self) -> None:
        """Go on on the CPU in fp32, from the weights themselves."""
        self.warnings.append(
            Message(
                "not enough memory on {device} for one picture in {dtype}: from there on computed "
                "on the CPU in fp32",
                device=self._device,
                dtype=self._dtype,
            )
        )
        self._network = None
        self._recordings.clear()
        free_memory(self._device)
        self._device, self._dtype, self._compiled = "cpu", "fp32", False
        self._network = self._read()
        computed = {"device": "cpu", "dtype": "fp32", "runtime": f"torch {version('torch')}"}
        self.info = self.info.model_copy(update=computed)

    def _compile(self) -> None:
        """Compile now, on a blank picture, so that no picture waits for it."""
        import torch

        blank = Prepared(np.zeros((self._size[1], self._size[0], 3), np.uint8), 255)
        assert self._network is not None
        compiled: Any = torch.compile(self._network)
        self._network = compiled
        try:
            self.infer([blank] * self.batch_size)
        except Exception as error:  # dynamo's, inductor's and the C++ compiler's share no base
            raise ModelError(
                Message(
                    "torch.compile failed on this machine: {reason}",
                    reason=reason_of(error, 300),
                ),
                Message("Run the same without --compile."),
            ) from None

    def _words(self) -> str:
        """What is done to a picture and to what comes out, for the report."""
        width, height = self._size
        order = self._member.config["patch_order"]
        return f"{self._pipeline.words.format(w=width, h=height)}; patch order {order}"

    def _find(self) -> None:
        """Take note of the weights, if they are here."""
        self.weights_path = self._member.checkpoint.find()
        if self.weights_path is not None:
            checkpoint = self._member.checkpoint
            sha256 = checkpoint.verified(self.weights_path)
            changes = {"weights_sha256": sha256}
            if checkpoint.sha256 not in (None, sha256):  # a folder may hold anything
                changes["title"] = f"The network of {self._member.title}, other weights"
            if self._find_patch_order:
                config = {**self._member.config, "patch_order": self._suitable_order(sha256)}
                self._member = replace(self._member, config=config)
                changes["pipeline"] = self._words()
            self.info = self.info.model_copy(update=changes)

    def _suitable_order(self, sha256: str) -> str:
        """The patch order of these weights, found out once on this machine."""
        kept = MeasureCache.default()
        key = kept.key("patch order", sha256, self._pipeline.words, self._size)
        order = kept.get(key)
        if order not in PATCH_ORDERS:
            self._network = self._read()
            order = find_order(self._alpha_by, PATCH_ORDERS)
            self._network = None
            free_memory(self._device)
            kept.put(key, order)
        return order

    def _alpha_by(self, order: str, picture: Picture) -> Alpha:
        network: Any = self._network
        network.decoder.patch_order = order
        (output,) = self._forward([self.preprocess(picture)], record=False)
        return self.postprocess(output, picture).alpha

    def _recording(self) -> Recorded | None:
        """What is computed of a full batch on a CUDA device, recorded; None where it is not.

        Kept by the precision of matrix products, which decides what is recorded.
        """
        import torch

        if not self._device.startswith("cuda"):
            return None
        precision = torch.get_float32_matmul_precision()
        if precision not in self._recordings:
            self._recordings[precision] = self._record()
        return self._recordings[precision]

    def _record(self) -> Recorded | None:
        import torch

        width, height = self._size
        pixels = torch.zeros((self.batch_size, height, width, 3), dtype=torch.uint8)
        white = torch.full((self.batch_size,), 255.0)
        beside = next((one for one in self._recordings.values() if one), None)
        try:
            with on_device(self._device), torch.inference_mode():
                return Recorded(
                    self._alpha, pixels.to(self._device), white.to(self._device), beside=beside
                )
        except Exception as error:
            free_memory(self._device)
            short = is_out_of_memory(error)
            self.warnings.append(
                Message(
                    "not recorded on {device}, so that each picture takes longer: {reason}",
                    device=self._device,
                    reason=Message("not enough memory") if short else reason_of(error, 300),
                )
            )
            return None

    def _forward(self, inputs: list[Prepared], record: bool = True) -> list[Map]:
        import torch

        full = record and len(inputs) == self.batch_size
        recording = self._recording() if full else None
        with on_device(self._device), torch.inference_mode():
            pixels = torch.from_numpy(np.stack([prepared.pixels for prepared in inputs]))
            white = torch.tensor([prepared.white for prepared in inputs], dtype=torch.float32)
            compute = self._alpha if recording is None else recording
            alpha = compute(pixels.to(self._device), white.to(self._device))
            if self._device.startswith("cuda"):
                wait_for(self._device)
                return list(alpha.unbind())
        return list(alpha.cpu().numpy())

    def _alpha(self, pixels: Tensor, white: Tensor) -> Tensor:
        """Alpha `(B, h, w) float32` of `(B, h, w, 3) uint8`, where `(B,)` is white."""
        assert self._network is not None, "load() comes first"
        x = pixels.permute(0, 3, 1, 2).float() / white[:, None, None, None]
        if self._pipeline.normalised:
            mean, std = _statistics(str(x.device))
            x = (x - mean) / std
        return self._network(x.to(torch_dtype(self._dtype))).float().sigmoid()[:, 0]


@lru_cache(maxsize=8)
def _statistics(device: str) -> tuple[Tensor, Tensor]:
    """ImageNet's mean and standard deviation, (3, 1, 1) float32, kept on a device."""
    import torch

    mean, std = (torch.tensor(value, device=device)[:, None, None] for value in (MEAN, STD))
    return mean, std
