"""Work in processes of its own: what becomes of one that dies."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from pictures import time_limit

from rmbg_eval.core.processes import Call, ProcessError, Send, in_processes

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL, no fork")


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_while_it_sends(send: Send) -> None:
    send("first")
    threading.Timer(1, kill).start()
    send(bytes(10_000_000))  # more than a pipe takes before it is read


def test_a_process_that_dies_within_a_message_is_not_waited_for() -> None:
    with time_limit(60):
        sent = in_processes([Call("one", dies_while_it_sends, ())])
        assert next(sent) == (0, "first")
        time.sleep(3)
        with pytest.raises(ProcessError) as caught:
            next(sent)
    assert caught.value.code == -signal.SIGKILL


def dies_and_leaves_another(send: Send) -> None:
    if os.fork():
        kill()
    time.sleep(20)
    os._exit(0)


def test_nor_is_what_a_dead_process_has_started() -> None:
    started = time.monotonic()
    with pytest.raises(ProcessError):
        next(in_processes([Call("one", dies_and_leaves_another, ())]))
    assert time.monotonic() - started < 20


def hears_ctrl_c(send: Send) -> None:
    send(signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, []))


def test_ctrl_c_is_withheld_from_a_process_from_its_start_on() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert list(in_processes([Call("one", hears_ctrl_c, ())])) == [(0, False)]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
