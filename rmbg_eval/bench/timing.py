"""One combination, measured in a process that has done nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, cast
from uuid import uuid4

import numpy as np
from PIL import Image

from ..cases.case import Case
from ..core.accelerator import device_name, peak_device_memory
from ..core.cache import Entry, Store
from ..core.choices import Dtype
from ..core.machine import peak_memory, reset_peak_memory
from ..core.processes import Send
from ..errors import ModelError
from ..i18n import Message
from ..models.protocol import Model
from ..models.table import TABLE, load_model
from ..predictions.prediction import Prediction
from ..predictions.stages import predict
from .records import STAGES, Large, Row, Wanted

_LEAST_FOR_P95 = 20
_LEAST = 3
_PICTURES = 256
"""From decoding to PNG, where there is time for them: what a pipeline loses until it is full, and
when it runs empty, should not count."""
LARGE = (4500, 3000)
"""Beyond the 4000 px that the article gives as the limit."""


class NoStore(Store):
    """Keeps nothing, and knows no picture again: the same one is as new each time."""

    @staticmethod
    def key(picture_sha256: str, model_identity: str) -> str:
        """Another one each time: a picture that was inferred before waits until it is written."""
        return uuid4().hex

    def get(self, key: str) -> None:
        """Nothing."""

    def put(self, key: str, entry: Entry, png: bytes) -> None:
        """Forget it."""


def time_model(
    combination: Wanted, cases: Sequence[Case], rounds: int, seconds: float, send: Send
) -> None:
    """Measure `wanted` and send its Row; before that, (what, done, total) as it goes."""
    memory_known = reset_peak_memory()
    send(("load", 0, 0))
    started = time.perf_counter()
    model = load_model(
        with_batch(combination.model, combination.batch),
        combination.device,
        cast(Dtype, combination.dtype),
        compiled=combination.compiled,
    )
    model.load()
    load_seconds = time.perf_counter() - started
    missing: dict[str, str] = {}
    latencies, highest = _latencies(model, cases, combination, rounds, seconds, send)
    each = median(latencies) / combination.batch
    most = max(rounds * combination.batch, _PICTURES)
    count = max(_LEAST, min(most, int(seconds / each)))
    with TemporaryDirectory() as scratch:
        predictions, wall = _end_to_end(model, cases, count, Path(scratch), send)
        device_peak = peak_device_memory(model.info.device)
        process_peak = peak_memory() if memory_known else None
        large = _large(model, cases[0], Path(scratch), missing, send)
    p95 = float(np.percentile(latencies, 95)) if len(latencies) >= _LEAST_FOR_P95 else None
    if p95 is None:
        missing["latency_p95"] = f"{len(latencies)} rounds; it takes {_LEAST_FOR_P95}"
    if device_peak is None:
        missing["peak_device_bytes"] = f"torch does not tell it of {model.info.device}"
    if process_peak is None:
        missing["peak_process_bytes"] = "this system does not tell it"
    if not highest:
        missing["highest_median"] = "only fp32 on torch, not compiled, depends on it"
    weights = getattr(model, "weights_path", None)
    send(
        Row(
            wanted=combination,
            info=model.info,
            device_name=device_name(model.info.device),
            weights_bytes=weights.stat().st_size if weights else None,
            load_seconds=load_seconds,
            rounds=len(latencies),
            latency_median=median(latencies),
            latency_p95=p95,
            forward_per_second=combination.batch / median(latencies),
            pictures=len(predictions),
            end_to_end_per_second=len(predictions) / wall,
            stages={stage: median(p.seconds[stage] for p in predictions) for stage in STAGES},
            peak_device_bytes=device_peak,
            peak_process_bytes=process_peak,
            highest_median=median(highest) if highest else None,
            large=large,
            warnings=tuple(model.warnings),
            missing=missing,
        )
    )


def without_label(spec: str) -> str:
    """What of a spec names the model, and its options."""
    return spec.partition("=")[2] if "=" in spec.partition("?")[0] else spec


def with_batch(spec: str, batch: int) -> str:
    """The spec with its batch size; ModelError if its model takes one picture at a time."""
    if batch == 1:
        return spec
    name = without_label(spec).partition("?")[0].partition(":")[0]
    if not any(entry.name == name and entry.options for entry in TABLE):
        raise ModelError(
            Message("{name} takes one picture at a time", name=name),
            Message("Leave out --batch for it."),
        )
    return f"{spec}{'&' if '?' in spec else '?'}batch={batch}"


def _latencies(
    model: Model,
    cases: Sequence[Case],
    combination: Wanted,
    rounds: int,
    seconds: float,
    send: Send,
) -> tuple[list[float], list[float]]:
    """Seconds of each inference, and where it matters the same with matmul precision 'highest'."""
    send(("warm-up", 0, rounds))
    inputs = [model.preprocess(case.picture()) for case in islice(cycle(cases), combination.batch)]
    ways: list[tuple[list[float], Callable[[], Any]]] = [([], lambda: None)]
    if (
        model.info.runtime.startswith("torch")
        and model.info.dtype == "fp32"
        and not (combination.compiled)
    ):
        import torch

        ways = [
            ([], lambda: torch.set_float32_matmul_precision("high")),
            ([], lambda: torch.set_float32_matmul_precision("highest")),
        ]
    for _, prepare in reversed(ways):
        prepare()
        model.infer(inputs)
    end = time.perf_counter() + seconds
    for done in range(rounds):
        if done >= _LEAST and time.perf_counter() > end:
            break
        for found, prepare in ways:
            prepare()
            started = time.perf_counter()
            model.infer(inputs)
            found.append(time.perf_counter() - started)
        send(("inference", done + 1, rounds))
    ways[0][1]()
    return ways[0][0], ways[1][0] if len(ways) > 1 else []


def _end_to_end(
    model: Model, cases: Sequence[Case], count: int, scratch: Path, send: Send
) -> tuple[list[Prediction], float]:
    """The predictions of `count` pictures and the wall time; ModelError if one fails."""
    named = [
        replace(case, id=f"{case.id}-{number}")
        for number, case in enumerate(islice(cycle(cases), count))
    ]
    predictions: list[Prediction] = []
    started = time.perf_counter()
    for _, prediction in predict(model, named, scratch, NoStore(scratch)):
        if prediction.failure:
            raise ModelError(prediction.failure.problem, prediction.failure.remedy)
        predictions.append(prediction)
        send(("decoding to PNG", len(predictions), count))
    return predictions, time.perf_counter() - started


def _large(
    model: Model, case: Case, scratch: Path, missing: dict[str, str], send: Send
) -> Large | None:
    send((f"{LARGE[0]}×{LARGE[1]}", 0, 1))
    path = scratch / "large.jpg"
    Image.fromarray(case.picture().rgb).resize(LARGE).save(path, quality=90)
    started = time.perf_counter()
    ((_, prediction),) = predict(model, [Case("", "large", path)], scratch, NoStore(scratch))
    if prediction.failure or not prediction.cutout:
        missing["large"] = str(prediction.failure)
        return None
    seconds = time.perf_counter() - started
    with Image.open(scratch / prediction.cutout) as cutout:
        width, height = cutout.size
    return Large(
        width=LARGE[0],
        height=LARGE[1],
        seconds=seconds,
        cutout_width=width,
        cutout_height=height,
    )
