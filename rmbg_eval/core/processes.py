"""Work in processes of its own: what they send back, and what happens when one dies."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from ..errors import SHORT_OF_MEMORY, Failure, ModelError, RmbgEvalError
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
            SHORT_OF_MEMORY,
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
    processes: list[SpawnProcess] = []
    running: dict[Any, int] = {}  # by our end, of another type on Windows
    try:
        for number, call in enumerate(calls):
            results, theirs = context.Pipe(duplex=False)
            running[results] = number
            with theirs:  # with our end of it open, that of a dead process would seem so too
                process = context.Process(
                    target=_work, args=(call, theirs, os.getpid()), name=call.name, daemon=True
                )
                start(process)
            processes.append(process)
        silent = time.monotonic()
        while running:
            dead = [number for number in running.values() if not processes[number].is_alive()]
            ready = wait([*running], _LOOK_EVERY)
            for results in [each for each in running if each in ready]:
                number = running[results]
                try:
                    sent = results.recv()
                except (EOFError, OSError):  # also in the middle of a message
                    processes[number].join(_END_WITHIN)
                    raise ProcessError(calls[number].name, processes[number].exitcode) from None
                if not isinstance(sent, _Ended):
                    yield number, sent
                    continue
                del running[results]
                if sent.error:
                    raise sent.error
            if ready:
                silent = time.monotonic()
            elif dead:  # what it started may have its end open still
                raise ProcessError(calls[dead[0]].name, processes[dead[0]].exitcode)
            elif time.monotonic() - silent > time_limit:
                raise ProcessError(calls[min(running.values())].name, None, hung=True)
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            process.join(_END_WITHIN)
            if process.is_alive():
                process.kill()
                process.join()


def start(process: SpawnProcess) -> None:
    """Start a process that Ctrl-C means nothing to, not even while it imports: the signal is its
    parent's, who ends it."""
    if sys.platform == "win32":
        process.start()
    else:
        # The tracker, where it has to be started, lets the signal in again.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(call: Call, results: Connection, parent: int) -> None:
    belong_to(parent)
    error: RmbgEvalError | None = None
    try:
        call.function(*call.arguments, results.send)
    except RmbgEvalError as raised:
        error = raised
    except Exception as raised:  # what is foreign may not survive the way to the parent
        failure = Failure.of(raised)
        error = ModelError(
            Message("{name}: {problem}", name=call.name, problem=failure.problem), failure.remedy
        )
    with suppress(BrokenPipeError):  # the parent is gone
        results.send(_Ended(error))


def belong_to(parent: int) -> None:
    """In a process that `start` has started: let it end with its parent, and by no Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for Windows: elsewhere it is blocked already
    threading.Thread(target=end_with_parent, args=(parent,), daemon=True).start()


def end_with_parent(parent: int) -> None:
    """Return never: end this process as soon as `parent` is no longer its parent."""
    started = parent_process()  # on Windows, the number stays that of one that is gone
    while os.getppid() == parent and (started is None or started.is_alive()):
        time.sleep(_LOOK_EVERY)
    os._exit(1)
