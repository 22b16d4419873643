"""Work in processes of its own: what they send back, and what happens when one dies."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from queue import Empty
from typing import Any

from ..errors import Failure, ModelError, RmbgEvalError
from ..i18n import Message

Send = Callable[[Any], None]
_LOOK_EVERY = 0.5
"""Seconds after which silent processes are looked at."""

_END_WITHIN = 5.0
"""Seconds for a process that was told to end; then it is killed."""


@dataclass(frozen=True)
class Call:
    """`function(*arguments, send)` in a process of its own; all of it must be importable there."""

    name: str
    function: Callable[..., None]
    arguments: tuple[Any, ...]


class ProcessError(ModelError):
    """A process ended without a word, or hung and was ended."""

    def __init__(self, name: str, code: int | None, hung: bool = False) -> None:
        """`code`: its exit status; negative: the signal that ended it."""
        self.code, self.hung = code, hung
        super().__init__(
            Message("The process for {name} hung and was ended", name=name)
            if hung
            else Message(
                "The process for {name} ended without a word (exit status {code})",
                name=name,
                code=code,
            ),
            Message(
                "Most often the memory did not suffice: close other programs, or take "
                "fewer at once."
            ),
        )


@dataclass(frozen=True)
class _Ended:
    error: RmbgEvalError | None = None


def in_processes(calls: Sequence[Call], time_limit: float = math.inf) -> Iterator[tuple[int, Any]]:
    """Run every call in a process of its own; yield its number and what it sent, as it comes.

    Raises what a call raised; ProcessError if its process ended without a word, or if for
    `time_limit` seconds none of them sent anything. However this ends,
    no process is left: each is told to end, and ends by itself where its parent is gone.
    """
    context = get_context("spawn")  # a fork would share a device that is in use
    results = context.Queue()
    processes = [
        context.Process(
            target=_work, args=(number, call, results, os.getpid()), name=call.name, daemon=True
        )
        for number, call in enumerate(calls)
    ]
    running = set(range(len(calls)))
    try:
        for process in processes:
            process.start()
        silent = time.monotonic()
        while running:
            dead = [number for number in running if not processes[number].is_alive()]
            try:
                number, sent = results.get(timeout=_LOOK_EVERY)
            except Empty:
                if dead:  # it was before we looked, and nothing of its is left to be read
                    name, code = calls[dead[0]].name, processes[dead[0]].exitcode
                    raise ProcessError(name, code) from None
                if time.monotonic() - silent > time_limit:
                    number = min(running)
                    raise ProcessError(calls[number].name, None, hung=True) from None
                continue
            if not isinstance(sent, _Ended):
                yield number, sent
                silent = time.monotonic()
                continue
            running.discard(number)
            if sent.error:
                raise sent.error
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            if process.pid:
                process.join(_END_WITHIN)
                if process.is_alive():
                    process.kill()
                    process.join()


def _work(number: int, call: Call, results: Any, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who ends this process
    threading.Thread(target=end_with_parent, args=(parent,), daemon=True).start()
    error: RmbgEvalError | None = None
    try:
        call.function(*call.arguments, lambda sent: results.put((number, sent)))
    except RmbgEvalError as raised:
        error = raised
    except Exception as raised:  # what is foreign may not survive the way to the parent
        failure = Failure.of(raised)
        error = ModelError(
            Message("{name}: {problem}", name=call.name, problem=failure.problem), failure.remedy
        )
    results.put((number, _Ended(error)))


def end_with_parent(parent: int) -> None:
    """Return never: end this process as soon as `parent` is no longer its parent."""
    started = parent_process()  # on Windows, the number stays that of one that is gone
    while os.getppid() == parent and (started is None or started.is_alive()):
        time.sleep(_LOOK_EVERY)
    os._exit(1)
