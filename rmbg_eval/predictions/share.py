"""Cases shared out among several devices, one process each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from ..cases.case import Case
from ..core.cache import Store
from ..core.notes import SOME
from ..core.processes import Call, Send, in_processes
from ..i18n import Message
from ..models.fetching import fetch
from ..models.protocol import Model
from ..models.table import load_model
from ..settings import Settings
from .prediction import Prediction
from .stages import predict

Make = Callable[[str], Model]
"""From a device to the model on it."""


def maker(spec: str, settings: Settings) -> Make:
    """What makes the model of a spec in any process."""
    return partial(
        load_model,
        spec,
        dtype=settings.dtype,
        foreground=settings.foreground,
        compiled=settings.compile,
    )


def predict_shared(
    make: Make,
    devices: Sequence[str],
    warnings: list[Message],
    cases: Sequence[Case],
    out: Path,
    store: Store,
) -> Iterator[tuple[Case, Prediction]]:
    """Yield each case with its prediction, in order; the i-th case is for device i modulo n.

    `make` must be importable by another process. What the models warn of is added to `warnings`,
    with the device's name. Errors are as of `predict`; those of one process end all.
    """
    numbered = list(enumerate(cases))
    shares = [numbered[first :: len(devices)] for first in range(len(devices))]
    calls = [
        Call(device, predict_share, (make, device, share, out, store))
        for device, share in zip(devices, shares, strict=True)
        if share
    ]
    early: dict[int, Prediction] = {}
    due = 0
    for process, sent in in_processes(calls):
        if isinstance(sent, Message):
            if sent not in SOME.values():  # which are of cut-outs, whichever device made them
                warnings.append(Message("{name}: {what}", name=devices[process], what=sent))
            elif sent not in warnings:
                warnings.append(sent)
            continue
        number, prediction = sent
        early[number] = prediction
        while due in early:
            yield cases[due], early.pop(due)
            due += 1


def predict_share(
    make: Make, device: str, share: list[tuple[int, Case]], out: Path, store: Store, send: Send
) -> None:
    """Send each case's number and prediction, and at last what the model warns of."""
    model = make(device)
    fetch(model, lambda text: None)
    made = predict(model, [case for _, case in share], out, store)
    for (number, _), (_, prediction) in zip(share, made, strict=True):
        send((number, prediction))
    for warning in model.warnings:
        send(warning)
