"""What a bench found, as bench.json keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from ..core.frozen import Frozen
from ..core.machine import Machine
from ..i18n import Message
from ..models.info import ModelInfo

STAGES = ("decode", "preprocess", "infer", "postprocess", "encode")


class Wanted(Frozen):
    """One combination."""

    model: str
    device: str
    dtype: str
    batch: int
    compiled: bool

    @property
    def words(self) -> str:
        """In one line; without the folder of the weights."""
        return self.on(self.device, self.dtype)

    def on(self, device: str, dtype: str) -> str:
        """`words` with the device and dtype that were picked."""
        name = self.model.partition("=")[0].partition(":")[0].partition("?")[0]
        parts = [name, device, dtype, f"batch {self.batch}"]
        return " · ".join([*parts, "compiled"] if self.compiled else parts)


class Large(Frozen):
    """One picture of more than 4000 px, from decoding to the written PNG."""

    width: int
    height: int
    seconds: float
    cutout_width: int
    cutout_height: int


class Row(Frozen):
    """What was measured of one combination; None, with the reason in `missing`, where nothing."""

    wanted: Wanted
    info: ModelInfo | None = None
    """The model as it ran: its device and dtype are those that were picked."""
    device_name: str | None = None
    weights_bytes: int | None = None
    load_seconds: float | None = None
    """From a fresh process to a model that is ready: imports, weights and compilation."""
    rounds: int = 0
    """Inferences that were timed, after one that was not."""
    latency_median: float | None = None
    """Seconds of one inference, which is of `wanted.batch` pictures."""
    latency_p95: float | None = None
    forward_per_second: float | None = None
    """Pictures a second by inference alone."""
    pictures: int = 0
    """That were taken from decoding to the written PNG, as many at once as a run does."""
    end_to_end_per_second: float | None = None
    stages: dict[str, float] = Field(default={})
    """Median seconds a picture of decode, preprocess, infer, postprocess and encode."""
    peak_device_bytes: int | None = None
    """Most that torch held of the device's memory."""
    peak_process_bytes: int | None = None
    """Most resident memory of the process, from its start."""
    highest_median: float | None = None
    """`latency_median` with set_float32_matmul_precision('highest') instead of 'high', in turns."""
    large: Large | None = None
    warnings: tuple[Message, ...] = ()
    missing: dict[str, str] = Field(default={})
    failure: str | None = None

    @property
    def words(self) -> str:
        """The combination as it ran, in one line."""
        if self.info is None:
            return self.wanted.words
        return self.wanted.on(self.info.device, self.info.dtype)


class Claim(Frozen):
    """A claim of the article this project started from, and what this machine says to it."""

    key: str
    claim: Message
    verdict: Literal["measured", "not measurable here"]
    answer: Message


class Bench(Frozen):
    """All of it; bench.json is its JSON."""

    schema_version: Literal[1, 2] = 2
    """1 had texts in the terminal's language where there are messages now."""
    started: datetime
    machine: Machine
    rounds: int
    seconds: float
    random_weights: bool
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]
