"""Pictures, cases and a model that a test controls wholly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from rmbg_eval.cases.folder import Case
from rmbg_eval.core.cache import Store
from rmbg_eval.core.images import Alpha, Cutout, Picture
from rmbg_eval.i18n import Message
from rmbg_eval.models.info import ModelInfo
from rmbg_eval.predictions.prediction import Prediction
from rmbg_eval.predictions.stages import predict


class FakeModel:
    """Its alpha is the picture's red channel. A test overrides the stage it is about."""

    def __init__(
        self,
        name: str = "fake",
        *,
        weights: str = "0" * 64,
        pipeline: str = "alpha is red",
        dtype: str = "fp32",
        batch_size: int = 1,
    ) -> None:
        self.info = ModelInfo(
            name=name,
            title="A fake",
            licence="none",
            weights_sha256=weights,
            pipeline=pipeline,
            runtime="NumPy",
            device="cpu",
            dtype=dtype,
        )
        self.batch_size = batch_size
        self.warnings: list[Message] = []
        self.inferred: list[str] = []
        """Names of the pictures that `infer` was given, in order."""
        self.batches: list[int] = []
        self._loaded = False

    def identity(self, name: str) -> str:
        return self.info.identity

    def fetch(self, say: Callable[[str], None]) -> None:
        """There are no weights."""

    def load(self) -> bool:
        first, self._loaded = not self._loaded, True
        return first

    def preprocess(self, picture: Picture) -> Picture:
        return picture

    def infer(self, inputs: list[Picture]) -> list[Alpha]:
        self.inferred += [picture.name for picture in inputs]
        self.batches.append(len(inputs))
        return [self.alpha(picture) for picture in inputs]

    def postprocess(self, output: Alpha, picture: Picture) -> Cutout:
        return Cutout(picture.rgb, output)

    def alpha(self, picture: Picture) -> Alpha:
        return picture.rgb[..., 0].astype(np.float32) / np.float32(255)


class Thinner(FakeModel):
    """The fake, thinner on the pictures that are named."""

    def __init__(self, *names: str, by: float = 0.5) -> None:
        super().__init__(weights="1" * 64)
        self.names, self.by = names, by

    def alpha(self, picture: Picture) -> Alpha:
        alpha = super().alpha(picture)
        return alpha * np.float32(self.by) if picture.name in self.names else alpha


def disc(seed: int = 0, size: tuple[int, int] = (96, 64)) -> tuple[np.ndarray, np.ndarray]:
    """RGB and true 8-bit alpha of a bright disc with a soft rim on dark noise."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(x - width / 2, y - height / 2)
    alpha = np.clip(min(size) * 0.3 - radius + 0.5, 0, 1)
    noise = np.random.default_rng(seed).integers(0, 60, (height, width, 3))
    rgb = noise + alpha[..., None] * np.array([180, 120, 40])
    return rgb.astype(np.uint8), np.rint(alpha * 255).astype(np.uint8)


def save_picture(path: Path, seed: int = 0, size: tuple[int, int] = (96, 64)) -> Path:
    """Write `disc(seed)` to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(disc(seed, size)[0]).save(path)
    return path


def save_truth(path: Path, size: tuple[int, int] = (96, 64)) -> Path:
    """Write the true alpha of every `disc` to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(disc(0, size)[1]).save(path)
    return path


def some_cases(folder: Path, count: int) -> list[Case]:
    """`count` cases of the category `c`, called 00, 01, …, all different."""
    names = [f"{number:02}" for number in range(count)]
    return [Case("c", name, save_picture(folder / f"{name}.png", int(name))) for name in names]


def predictions(model: FakeModel, cases: Sequence[Case], out: Path) -> list[Prediction]:
    """What the model makes of the cases, in `out`."""
    return [prediction for _, prediction in predict(model, cases, out, Store.default())]
