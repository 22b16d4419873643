"""The process that holds the models for all visitors, and the engine that talks to it.

Voilà gives every visitor a kernel of their own; the models are loaded once, here. Kernels hand over
decoded pixels, never files, so that what a hostile file does to a decoder, it does to one visitor.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from .. import errors
from ..core.choices import Device, Dtype, Foreground
from ..core.images import Picture
from ..errors import Failure, ModelError, RmbgEvalError
from ..i18n import Message
from .engine import CutoutPng, LocalEngine, Say, State
from .frames import Line, LineCutError, unix_socket

_STATES = TypeAdapter(list[State])
_FAILURE = TypeAdapter(Failure)
_PATIENCE = 30.0
"""Seconds a kernel has to hand over its pixels when its turn has come."""
ABSENCE = 60.0
"""Seconds that the process with the models may take to be there."""
KEPT_BYTES = 1 << 29
"""Of finished cut-outs, all visitors together; the oldest go first."""


class PngStore:
    """Finished PNGs under keys that cannot be guessed, until their visitor leaves."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._pngs: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, png: bytes) -> str:
        """Keep `png`; its key."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._pngs[key] = png
            while len(self._pngs) > 1 and sum(map(len, self._pngs.values())) > self._most:
                self._pngs.popitem(last=False)
        return key

    def get(self, key: str) -> bytes | None:
        """What is kept under `key`, or None."""
        with self._lock:
            return self._pngs.get(key)

    def drop(self, keys: Sequence[str]) -> None:
        """Forget."""
        with self._lock:
            for key in keys:
                self._pngs.pop(key, None)


def serve_models(address: str, specs: Sequence[str], device: Device, dtype: Dtype) -> None:
    """Load the models and answer at the Unix socket `address` for ever."""
    engine, kept = LocalEngine(specs, device, dtype), PngStore()
    listener = unix_socket()
    with suppress(FileNotFoundError):
        os.unlink(address)
    mask = os.umask(0o177)  # nobody else may even connect
    try:
        listener.bind(address)
    finally:
        os.umask(mask)
    listener.listen(64)
    while True:
        connected, _ = listener.accept()
        threading.Thread(target=_visit, args=(engine, kept, Line(connected)), daemon=True).start()


def _visit(engine: LocalEngine, kept: PngStore, line: Line) -> None:
    """Answer one connection until it ends; what was made for it is forgotten then."""
    mine: list[str] = []
    with line, suppress(LineCutError):
        while True:
            asked, _ = line.receive()
            if asked.get("ask") == "watch":
                for states in engine.watch():
                    line.send({"states": _STATES.dump_python(states, mode="json")})
                line.send({"watched": True})
            if asked.get("ask") == "kept":
                line.send({}, kept.get(str(asked.get("key"))) or b"")
            elif asked.get("ask") == "remove":
                _remove(engine, kept, line, asked, mine)
    kept.drop(mine)


def _remove(
    engine: LocalEngine, kept: PngStore, line: Line, asked: dict[str, Any], mine: list[str]
) -> None:
    def picture() -> Picture:
        line.send({"stage": "turn"})
        about, data = line.receive(_PATIENCE)
        pixels = np.frombuffer(data, np.uint8).reshape(about["height"], about["width"], 3)
        return Picture(str(about["name"]), pixels)

    try:
        made = engine.remove(asked["model"], asked["foreground"], picture, line.send)
    except LineCutError:
        raise
    except Exception as error:  # the server goes on, whatever a picture did to a model
        line.send({"failed": _FAILURE.dump_python(Failure.of(error), mode="json")})
        return
    assert made.png is not None
    key = kept.put(made.png)
    mine.append(key)
    line.send({"made": {**vars(made), "png": None, "key": key}})


class RemoteEngine:
    """The engine of a visitor's kernel: everything is asked of the process at `address`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._line: Line | None = None
        self._one_at_a_time = threading.Lock()

    def watch(self) -> Iterator[list[State]]:
        """As the protocol says; LineCutError if nobody answers for ABSENCE seconds."""
        until = time.monotonic() + ABSENCE
        while True:
            try:
                with Line.to(self._address) as line:
                    line.send({"ask": "watch"})
                    while True:
                        message, _ = line.receive()
                        if "watched" in message:
                            return
                        yield _STATES.validate_python(message["states"])
            except LineCutError:  # it is only just starting, or being started again
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def remove(
        self, model: str, foreground: Foreground, picture: Callable[[], Picture], say: Say
    ) -> CutoutPng:
        """As the protocol says; LineCutError if the other process ended meanwhile."""
        with self._one_at_a_time:
            self._line = self._line or Line.to(self._address)
            try:
                answer = self._answer(self._line, model, foreground, picture, say)
            except BaseException:  # halfway through a conversation the line is of no more use
                self._line.close()
                self._line = None
                raise
        if "failed" in answer:
            raise _raised(answer["failed"])
        return CutoutPng(**answer["made"])

    def png(self, made: CutoutPng) -> bytes:
        """As the protocol says."""
        png = kept_png(self._address, made.key or "")
        if png is None:
            raise ModelError(
                Message("The cut-out is no longer kept: others came after it"),
                Message("Remove the background again."),
            )
        return png

    @staticmethod
    def _answer(
        line: Line,
        model: str,
        foreground: Foreground,
        picture: Callable[[], Picture],
        say: Say,
    ) -> dict[str, Any]:
        line.send({"ask": "remove", "model": model, "foreground": foreground})
        while True:
            message, _ = line.receive()
            if "made" in message or "failed" in message:
                return message
            if message.get("stage") == "turn":
                given = picture()
                height, width, _ = given.rgb.shape
                about = {"name": given.name, "width": width, "height": height}
                line.send(about, np.ascontiguousarray(given.rgb).data.cast("B"))
            else:
                say(message)


def kept_png(address: str, key: str) -> bytes | None:
    """The PNG that the process at `address` keeps under `key`; None where there is none."""
    with Line.to(address) as line:
        line.send({"ask": "kept", "key": key})
        return bytes(line.receive(_PATIENCE)[1]) or None


def _raised(answer: dict[str, Any]) -> RmbgEvalError:
    """The error that a failure in the other process was."""
    failure = _FAILURE.validate_python(answer)
    kind = getattr(errors, failure.kind, ModelError)
    if not (isinstance(kind, type) and issubclass(kind, RmbgEvalError)):
        kind = ModelError
    return kind(failure.problem, failure.remedy)
