"""Models that are loaded once and take one picture at a time, first come, first served."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from ..core.choices import Device, Dtype, Foreground
from ..core.images import Picture
from ..errors import Failure, ModelError, printable
from ..i18n import Message
from ..models.decontamination import Decontaminated
from ..models.folder import finished
from ..models.protocol import Model
from ..models.table import OneModel, model_from
from .remove import remove_background

Stage = Literal["waiting", "weights", "loading", "warming", "ready", "failed"]
"""Of a model's way into memory: weights are found or fetched; then verified and made a session;
then a trial picture is computed: the first one is the slowest."""

Say = Callable[[dict[str, Any]], None]
"""Is told how a picture fares: `{"stage": "queued", "before": 2}`, `{"stage": "infer"}`, …"""


@dataclass(frozen=True)
class State:
    """Where a model is on its way into memory."""

    model: str
    title: str
    licence: str
    stage: Stage = "waiting"
    text: str = ""
    """What is being fetched, while it is."""
    failure: Failure | None = None
    seconds: float | None = None
    """How long it took to be ready."""


@dataclass(frozen=True)
class CutoutPng:
    """A finished cut-out, or where it is kept."""

    name: str
    seconds: dict[str, float]
    pipeline: str
    png: bytes | None = None
    key: str | None = None
    """Under which the server has the PNG, where it is not here."""


class Engine(Protocol):
    """What the widget works with: in its own process, or in one that many visitors share."""

    def watch(self) -> Iterator[list[State]]:
        """The states of all models, now and at every change, until none will change any more."""
        ...

    def remove(
        self, model: str, foreground: Foreground, picture: Callable[[], Picture], say: Say
    ) -> CutoutPng:
        """The cut-out. `picture` is asked for when its turn has come, so that who waits holds
        no pixels; raises what it raises, and what remove_background does."""
        ...

    def png(self, made: CutoutPng) -> bytes:
        """What was made; ModelError where it is no longer kept."""
        ...


class LocalEngine:
    """Models in this process. They are loaded one after another, in a thread that starts now."""

    def __init__(
        self, specs: Sequence[OneModel], device: Device = "auto", dtype: Dtype = "auto"
    ) -> None:
        if not specs:
            raise ModelError(Message("No model was named"), Message("Name one with --model."))
        self._models: dict[str, Model] = {}
        for spec in specs:
            model = computing(spec, device, dtype)
            self._models[model.info.name] = model
        self._changed = threading.Condition()
        self._states = [
            State(model.info.name, model.info.title, model.info.licence)
            for model in self._models.values()
        ]
        self._turn = Turn()
        threading.Thread(target=self._load, daemon=True, name="load").start()

    def watch(self) -> Iterator[list[State]]:
        """As the protocol says."""
        states: list[State] = []
        while not states or any(state.stage not in ("ready", "failed") for state in states):
            with self._changed:
                while self._states == states:
                    self._changed.wait()
                states = self._states  # never altered, only replaced
            yield states

    def remove(
        self, model: str, foreground: Foreground, picture: Callable[[], Picture], say: Say
    ) -> CutoutPng:
        """As the protocol says."""
        loaded = self.ready(model)
        if foreground != "raw":
            loaded = Decontaminated(loaded, foreground)
        with self._turn.taken(lambda before: say({"stage": "queued", "before": before})):
            removal = remove_background(loaded, picture(), lambda stage: say({"stage": stage}))
        return CutoutPng(removal.name, removal.seconds, removal.pipeline, png=removal.png)

    def png(self, made: CutoutPng) -> bytes:
        """As the protocol says."""
        assert made.png is not None
        return made.png

    def ready(self, name: str) -> Model:
        """The model, waited for while it is being loaded; ModelError if it cannot be had."""
        with self._changed:
            if name not in self._models:
                raise ModelError(
                    Message("The model {name} is not served here", name=repr(printable(name)[:80])),
                    Message("Choose one of {models}.", models=[*self._models]),
                )
            self._changed.wait_for(lambda: self._state(name).stage in ("ready", "failed"))
            state = self._state(name)
        if state.failure:
            raise ModelError(state.failure.problem, state.failure.remedy)
        return self._models[name]

    def _state(self, name: str) -> State:
        return next(state for state in self._states if state.model == name)

    def _load(self) -> None:
        for name, model in self._models.items():
            started = time.perf_counter()
            try:
                self._set(name, stage="weights")
                model.fetch(lambda text, name=name: self._set(name, text=text))  # type: ignore[misc]
                self._set(name, stage="loading", text="")
                model.load()
                self._set(name, stage="warming")
                model.infer([model.preprocess(_trial())])
                self._set(name, stage="ready", seconds=time.perf_counter() - started)
            except Exception as error:  # the other models are still worth having
                self._set(name, stage="failed", failure=Failure.of(error))

    def _set(self, name: str, **changes: Any) -> None:
        with self._changed:
            self._states = [
                replace(state, **changes) if state.model == name else state
                for state in self._states
            ]
            self._changed.notify_all()


def computing(spec: OneModel, device: Device = "auto", dtype: Dtype = "auto") -> Model:
    """The model, which any picture can be given; ModelError where it cannot be one."""
    model = model_from(spec, device, dtype)
    if finished(model):
        raise ModelError(
            Message(
                "{spec} has cut-outs of known pictures only, and none of new ones",
                spec=printable(str(spec)),
            ),
            Message("Name a model that computes."),
        )
    return model


class Turn:
    """Who comes first is served first; everyone is told how many are before them."""

    def __init__(self) -> None:
        self._waiting: deque[object] = deque()
        self._moved = threading.Condition()

    @contextmanager
    def taken(self, tell: Callable[[int], None]) -> Iterator[None]:
        """Wait for the turn and keep it; `tell` may raise, and then the place is given up."""
        ticket = object()
        with self._moved:
            self._waiting.append(ticket)
        try:
            told = 0
            while before := self._before(ticket, told):
                tell(before)
                told = before
            yield
        finally:
            with self._moved:
                self._waiting.remove(ticket)
                self._moved.notify_all()

    def _before(self, ticket: object, told: int) -> int:
        """How many are before, once that is another number than was told."""
        with self._moved:
            self._moved.wait_for(lambda: self._waiting.index(ticket) != told or not told)
            return self._waiting.index(ticket)


def _trial() -> Picture:
    """A bright square on dark noise, which has what any model looks for."""
    rgb = np.random.default_rng(0).integers(0, 60, (128, 128, 3)).astype(np.uint8)
    rgb[32:96, 32:96] += 150
    return Picture("trial", rgb)
