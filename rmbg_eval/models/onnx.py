"""ONNX matting graphs on the CPU: any graph whose normalisation is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.images import Cutout, Picture, describe, resize_alpha, without_rounding
from ..errors import ModelError
from ..i18n import Message
from .info import ModelInfo
from .runtimes import Network, Tensor
from .weights import Pinned, fetch

BACK = "output resized bilinear to the picture"
"""How an alpha becomes as large as its picture, in a pipeline's words."""
WHICH = Message(
    "Say which is the matte: onnx:PATH?…&output=NAME, or &channel=N, counted from 0, of several "
    "planes."
)
"""The remedy where what a graph gives is not one plane."""


@dataclass(frozen=True)
class Normalisation:
    """`(x − mean) / std` on RGB in [0, 255], after a resize to `size` (width, height)."""

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool = False
    """Whether the graph takes blue first; `mean` and `std` are of red, green and blue even so."""
    brightest: bool = False
    """Whether the brightest value is first made 255."""

    def __call__(self, picture: Picture) -> Tensor:
        """`(1, 3, H, W) float32`: bilinear, antialiased when shrinking; the aspect is not kept."""
        image = Image.fromarray(picture.rgb).resize(self.size, Image.Resampling.BILINEAR)
        mean, std = np.array(self.mean, np.float32), np.array(self.std, np.float32)
        planes = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))[None]
        pixels: Tensor = planes.astype(np.float32)
        if self.brightest:
            pixels *= np.float32(255) / max(pixels.max(), np.float32(1))
        pixels -= mean[:, None, None]
        pixels /= std[:, None, None]
        return np.ascontiguousarray(pixels[:, ::-1]) if self.bgr else pixels

    def __str__(self) -> str:
        mean, std = (", ".join(f"{v:.6g}" for v in vs) for vs in (self.mean, self.std))
        order = " as BGR" if self.bgr else ""
        white = ", the brightest value made 255" if self.brightest else ""
        width, height = self.size
        return f"resize to {width}×{height} bilinear{white}, (RGB − [{mean}]) / [{std}]{order}"


class OnnxModel:
    """A graph, its normalisation, and the runtime that computes it."""

    def __init__(
        self,
        info: ModelInfo,
        normalise: Normalisation,
        open_network: Callable[[], Network],
        *,
        activation: str = "none",
        channel: int | None = None,
        white: float = 1,
        weights: Pinned | None = None,
        batch: int = 1,
    ) -> None:
        self.batch_size = batch
        self.info = info
        self.warnings: list[Message] = []
        self._normalise = normalise
        self._open = open_network
        self._activation = activation
        self._channel = channel
        self._white = np.float32(white)
        self._weights = weights
        self._network: Network | None = None
        self._doubted = False

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
        """The graph gets as many as it takes, the last one again where there are fewer."""
        assert self._network is not None, "load() comes first"
        if self.batch_size == 1:
            return [self._network(tensor) for tensor in inputs]
        spare = self.batch_size - len(inputs)
        outputs = self._network(np.concatenate([*inputs, *inputs[-1:] * spare]))
        if not outputs.ndim or len(outputs) != self.batch_size:
            raise ModelError(
                Message(
                    "{model} returned {received} for {n} pictures; one plane each is expected",
                    model=self.info.name,
                    received=describe(outputs),
                    n=self.batch_size,
                ),
                WHICH,
            )
        return np.split(outputs, self.batch_size)[: len(inputs)]

    def postprocess(self, output: NDArray[Any], picture: Picture) -> Cutout:
        """The output as alpha at the picture's size; ModelError unless it is one in [0, 1]."""
        if output.ndim > 2 and self._channel is not None:
            output = self._chosen(output)
        plane = output.shape[-2:]
        # One row of numbers is no plane: it says something of the whole picture.
        if output.ndim < 2 or min(plane) < 2 or output.size != plane[0] * plane[1]:
            raise ModelError(
                Message(
                    "{model} returned {received}; one H×W plane is expected",
                    model=self.info.name,
                    received=describe(output),
                ),
                WHICH,
            )
        alpha = output.reshape(plane).astype(np.float32) / self._white
        if self._activation == "sigmoid":
            self._doubt(alpha)
            # The logistic function by its other name, which never overflows.
            alpha = np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * alpha))
        alpha = without_rounding(alpha, output.dtype)
        if not np.isfinite(alpha).all() or alpha.min() < 0 or alpha.max() > 1:
            raise ModelError(
                Message(
                    "{model} returned {received}; alpha lies in [0, 1]",
                    model=self.info.name,
                    received=describe(alpha),
                ),
                Message(
                    "If the graph ends in logits, add activation=sigmoid to its onnx: spec; if in "
                    "0 to 255, white=255."
                ),
            )
        return Cutout(picture.rgb, resize_alpha(alpha, picture.size))

    def _chosen(self, output: NDArray[Any]) -> NDArray[Any]:
        """The plane that `channel` says, of `(…, C, H, W)`; after softmax over all, if asked."""
        planes = output.reshape(-1, *output.shape[-2:])
        assert self._channel is not None
        if self._channel >= len(planes):
            raise ModelError(
                Message(
                    "{model} returned {received}, which has no channel {n}",
                    model=self.info.name,
                    received=describe(output),
                    n=self._channel,
                ),
                Message("Channels are counted from 0."),
            )
        if self._activation == "softmax":
            powers = np.exp(planes.astype(np.float32) - planes.max(0))
            planes = powers / powers.sum(0)
        return planes[self._channel]

    def _doubt(self, logits: NDArray[np.float32]) -> None:
        """Warn, once, of what looks like probabilities: their sigmoid is nowhere below a half."""
        if not self._doubted and logits.min() >= 0 and logits.max() <= 1:
            self._doubted = True
            self.warnings.append(
                Message(
                    "All that the graph returned for a picture lay in [0, 1], as after a sigmoid: "
                    "activation=sigmoid, applied once more, leaves nothing below 0.5"
                )
            )
