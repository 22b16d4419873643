"""The process of the models, here a thread: what kernels get from it, and what strangers do not."""

from __future__ import annotations

import os
import socket
import stat
import struct
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeModel, disc

from rmbg_eval import Picture
from rmbg_eval.errors import ModelError
from rmbg_eval.explore import remove_background, widget
from rmbg_eval.explore.frames import Line, LineCutError
from rmbg_eval.explore.model_server import PngStore, RemoteEngine, kept_png, serve_models
from rmbg_eval.explore.server import _short_folder
from rmbg_eval.explore.widget import MOST_MEMORY
from rmbg_eval.i18n import Message

resource = pytest.importorskip("resource", reason="Windows, where nothing is served")
RGB = disc(1, (120, 90))[0]


class Moody(FakeModel):
    """Fails for the picture `bad`; takes its time for `slow`."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def preprocess(self, picture: Picture) -> Picture:
        if picture.name == "bad":
            raise ModelError(Message("It did not like it"), Message("Take another."))
        if picture.name == "slow":
            self.go.wait(10)
        return picture


@pytest.fixture
def model() -> Moody:
    return Moody()


@pytest.fixture
def address(model: Moody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("rmbg_eval.explore.engine.model_from", lambda *_: model)
    path = str(tmp_path / "models")
    serving = threading.Thread(
        target=serve_models, args=(path, ["fake"], "auto", "auto"), daemon=True
    )
    serving.start()
    while not Path(path).exists():
        time.sleep(0.01)
    *_, states = RemoteEngine(path).watch()
    assert states[0].stage == "ready"
    return path


def test_remote_is_as_local(address: str) -> None:
    told: list[dict] = []
    local = remove_background(FakeModel(), Picture("a.jpg", RGB))
    engine = RemoteEngine(address)
    made = engine.remove("fake", "raw", lambda: Picture("a.jpg", RGB), told.append)
    assert made.png is None
    assert kept_png(address, made.key) == local.png
    assert made.name == local.name
    assert made.pipeline == local.pipeline
    assert {"stage": "infer"} in told


def test_pixels_that_are_not_contiguous_arrive_as_they_are(address: str) -> None:
    turned = RGB.transpose(1, 0, 2)
    engine = RemoteEngine(address)
    made = engine.remove("fake", "raw", lambda: Picture("a", turned), lambda step: None)
    expected = remove_background(FakeModel(), Picture("a", np.ascontiguousarray(turned)))
    assert kept_png(address, made.key) == expected.png


def test_a_visitor_who_leaves_takes_their_results_along(address: str) -> None:
    engine = RemoteEngine(address)
    made = engine.remove("fake", "raw", lambda: Picture("a", RGB), lambda step: None)
    assert kept_png(address, made.key)
    engine._line.close()
    for _ in range(200):
        if kept_png(address, made.key) is None:
            return
        time.sleep(0.01)
    pytest.fail("the result is still kept")


def test_keys_of_others_are_not_guessed(address: str) -> None:
    assert kept_png(address, "0" * 22) is None


def test_an_error_comes_over_as_it_was_and_the_line_stays_good(address: str) -> None:
    engine = RemoteEngine(address)
    with pytest.raises(ModelError, match="It did not like it. Take another"):
        engine.remove("fake", "raw", lambda: Picture("bad", RGB), lambda step: None)
    assert engine.remove("fake", "raw", lambda: Picture("a", RGB), lambda step: None).key


def test_a_kernel_that_fails_halfway_starts_anew(address: str) -> None:
    engine = RemoteEngine(address)

    def breaks() -> Picture:
        raise MemoryError

    with pytest.raises(MemoryError):
        engine.remove("fake", "raw", breaks, lambda step: None)
    assert engine.remove("fake", "raw", lambda: Picture("a", RGB), lambda step: None).key


def test_two_visitors_wait_for_each_other(address: str, model: Moody) -> None:
    told: list[dict] = []
    made = {}

    def visit(name: str, say: list[dict]) -> None:
        engine = RemoteEngine(address)
        made[name] = engine.remove("fake", "raw", lambda: Picture(name, RGB), say.append)

    first = threading.Thread(target=visit, args=("slow", []))
    first.start()
    time.sleep(0.2)
    second = threading.Thread(target=visit, args=("quick", told))
    second.start()
    while {"stage": "queued", "before": 1} not in told:
        time.sleep(0.01)
    model.go.set()
    first.join(10)
    second.join(10)
    assert made["slow"].name == "slow-cutout.png"
    assert made["quick"].name == "quick-cutout.png"


def test_nobody_else_may_connect(address: str) -> None:
    assert stat.S_IMODE(os.stat(address).st_mode) == 0o600


def test_nobody_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rmbg_eval.explore.model_server.ABSENCE", 0.1)
    with pytest.raises(LineCutError, match="has gone"):
        list(RemoteEngine(str(tmp_path / "none")).watch())


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("!IQ", 1 << 30, 0),
        struct.pack("!IQ", 2, 1 << 40) + b"{}",
        struct.pack("!IQ", 2, 0) + b"[]",
        struct.pack("!IQ", 4, 0) + b"\xff\xfe{}",
        struct.pack("!IQ", 20, 0) + b"{",
    ],
    ids=["http", "long head", "much data", "a list", "no UTF-8", "cut short"],
)
def test_garbage_ends_its_own_line_only(address: str, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.connect(address)
        stranger.sendall(sent)
        stranger.shutdown(socket.SHUT_WR)
        stranger.settimeout(5)
        with suppress(ConnectionResetError):
            assert stranger.recv(1) == b""
    engine = RemoteEngine(address)
    assert engine.remove("fake", "raw", lambda: Picture("a", RGB), lambda step: None).key


def test_silence_is_not_waited_for_for_ever() -> None:
    here, there = socket.socketpair()
    with Line(here) as line, pytest.raises(LineCutError):
        line.receive(0.05)
    there.close()


def test_the_oldest_results_go_first() -> None:
    kept = PngStore(100)
    first, second, third = (kept.put(bytes(45)) for _ in range(3))
    assert kept.get(first) is None
    assert kept.get(second)
    assert kept.get(third)
    large = kept.put(bytes(1000))
    assert kept.get(large), "a result is kept at least until the next"
    kept.drop([large])
    assert kept.get(large) is None


@pytest.mark.parametrize(
    ("system", "hard", "given"),
    [("linux", -1, MOST_MEMORY), ("linux", 1 << 30, 1 << 30), ("darwin", -1, None)],
)
def test_a_visitor_has_so_much_memory_where_the_system_can_bound_it(
    monkeypatch: pytest.MonkeyPatch, system: str, hard: int, given: int | None
) -> None:
    bounds: list[tuple[int, int]] = []

    def bound(what: int, both: tuple[int, int]) -> None:
        if system == "darwin":
            raise ValueError("current limit exceeds maximum limit")
        bounds.append(both)

    monkeypatch.setattr(widget, "_SYSTEM", system)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (hard, hard))
    monkeypatch.setattr(resource, "setrlimit", bound)
    widget.bound_memory()
    assert bounds == ([] if given is None else [(given, given)])


def test_sockets_have_short_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS has 103 characters for one; below the folder, a kernel's takes 84."""
    monkeypatch.setattr(tempfile, "tempdir", "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T")
    assert _short_folder() == "/tmp"
    monkeypatch.setattr(tempfile, "tempdir", "/scratch/me")
    assert _short_folder() is None
