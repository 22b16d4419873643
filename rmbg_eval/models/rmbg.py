"""RMBG-2.0 and the BiRefNet family on torch: our network, their weights, no code of theirs.

The pipeline `official` is the one RMBG-2.0 was published with: resize to 1024×1024 (bilinear,
aspect not kept), ImageNet normalisation, sigmoid, an 8-bit mask resized to the picture with
Pillow's default filter. The others are for those who compare; each is named in the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import ModelError, WeightsError, printable
from ..files import user_path
from ..images import RGB, Alpha, Cutout, Picture
from . import Device, Dtype, ModelInfo
from .family import Member

if TYPE_CHECKING:
    import torch

    from .birefnet import BiRefNet

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet's, of RGB in [0, 1]: what the family was trained with."""

_STRIDE = 32
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A picture as the network takes it."""

    pixels: RGB
    """`(H, W, 3) uint8` at the network's size."""
    white: int
    """The value that counts as 1: 255, or the picture's own maximum in rembg's variant."""


class Official:
    """As published: the whole picture is squeezed into a square; the mask is stretched back."""

    words = "resize to {w}×{h} bilinear, ImageNet mean and std; sigmoid, 8-bit mask resized bicubic"
    normalised = True

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        """`rgb` at `size` (width, height)."""
        image = Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR)
        return Prepared(np.asarray(image), 255)

    def unfit(self, alpha: NDArray[np.float32], size: tuple[int, int]) -> Alpha:
        """The network's alpha `(h, w) float32` as the picture's, at `size` (width, height)."""
        # torchvision's ToPILImage truncates; Pillow's default filter is bicubic.
        mask = Image.fromarray((alpha * np.float32(255)).astype(np.uint8))
        return _from_8_bit(mask.resize(size, Image.Resampling.BICUBIC))


class Letterbox(Official):
    """The aspect is kept: the picture is fitted into the square, the rest is ImageNet's mean."""

    words = (
        "fit into {w}×{h} bilinear with the aspect kept, bars of ImageNet's mean; ImageNet mean and "
        "std; sigmoid, bars cut off, 8-bit mask resized bicubic"
    )

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        """As `Official.fit`."""
        left, top, right, bottom = _fitted((rgb.shape[1], rgb.shape[0]), size)
        inner = Image.fromarray(rgb).resize((right - left, bottom - top), Image.Resampling.BILINEAR)
        grey = tuple(round(255 * value) for value in MEAN)
        square = Image.new("RGB", size, grey)
        square.paste(inner, (left, top))
        return Prepared(np.asarray(square), 255)

    def unfit(self, alpha: NDArray[np.float32], size: tuple[int, int]) -> Alpha:
        """As `Official.unfit`."""
        left, top, right, bottom = _fitted(size, (alpha.shape[1], alpha.shape[0]))
        return super().unfit(alpha[top:bottom, left:right], size)


class CenterCrop(Official):
    """As the article that started this project describes it: centre crop, no normalisation."""

    words = (
        "short side scaled to fill {w}×{h}, centre crop, RGB in [0, 1] without normalisation; sigmoid, "
        "8-bit mask resized bicubic; transparent outside the crop"
    )
    normalised = False

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        """As `Official.fit`."""
        box = _central((rgb.shape[1], rgb.shape[0]), size)
        return super().fit(np.ascontiguousarray(rgb[box[1] : box[3], box[0] : box[2]]), size)

    def unfit(self, alpha: NDArray[np.float32], size: tuple[int, int]) -> Alpha:
        """As `Official.unfit`."""
        left, top, right, bottom = _central(size, (alpha.shape[1], alpha.shape[0]))
        whole = np.zeros((size[1], size[0]), np.float32)
        whole[top:bottom, left:right] = super().unfit(alpha, (right - left, bottom - top))
        return whole


class Rembg(Official):
    """As rembg 2.0 runs its bria-rmbg: another filter, and a mask stretched to its full range."""

    words = (
        "resize to {w}×{h} Lanczos, divided by the picture's maximum, ImageNet mean and std; sigmoid, "
        "stretched to its minimum and maximum, 8-bit mask resized Lanczos"
    )

    def fit(self, rgb: RGB, size: tuple[int, int]) -> Prepared:
        """As `Official.fit`."""
        pixels = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
        return Prepared(pixels, max(1, int(pixels.max())))

    def unfit(self, alpha: NDArray[np.float32], size: tuple[int, int]) -> Alpha:
        """As `Official.unfit`; ModelError where the mask is flat, so that nothing can be stretched."""
        low, high = alpha.min(), alpha.max()
        if high <= low:
            raise ModelError(
                "The mask is flat, so it cannot be stretched", "Use the official pipeline."
            )
        mask = Image.fromarray(((alpha - low) / (high - low) * 255).astype(np.uint8))
        return _from_8_bit(mask.resize(size, Image.Resampling.LANCZOS))


PIPELINES: dict[str, type[Official]] = {
    "official": Official,
    "letterbox": Letterbox,
    "center-crop": CenterCrop,
    "rembg": Rembg,
}


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
            weights_from=member.checkpoint.words,
            pipeline=self._pipeline.words.format(w=self._size[0], h=self._size[1])
            + f"; patch order {member.config['patch_order']}",
            runtime=f"torch {version('torch')}",
            device=self._device,
            dtype=self._dtype,
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
            sha256 = self._member.checkpoint.verified(self._path)
            self._info = self._info.model_copy(update={"weights_sha256": sha256})

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
    """A member of the family as a spec names it: `[:FOLDER][?pipeline=…&size=…&batch=…&revision=…]`.

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

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
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
    wrong += [f"{key[0]} is {tuple(key[1])}, expected {tuple(key[2])}" for key in found["mismatched_keys"]]
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


def _from_8_bit(mask: Image.Image) -> Alpha:
    return np.asarray(mask).astype(np.float32) / np.float32(255)


def _fitted(picture: tuple[int, int], size: tuple[int, int]) -> Box:
    """Where the picture (width, height) lies in the rectangle `size` when it is fitted into it."""
    scale = min(size[0] / picture[0], size[1] / picture[1])
    width, height = (max(1, round(side * scale)) for side in picture)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def _central(picture: tuple[int, int], size: tuple[int, int]) -> Box:
    """The largest central rectangle of the picture (width, height) with the aspect of `size`."""
    scale = min(picture[0] / size[0], picture[1] / size[1])
    width, height = (max(1, round(side * scale)) for side in size)
    left, top = (picture[0] - width) // 2, (picture[1] - height) // 2
    return left, top, left + width, top + height
