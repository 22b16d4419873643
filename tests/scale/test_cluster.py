"""What a person is told where there is no cluster, or another one, instead of what Ray says."""

from __future__ import annotations

import logging
import socket
import warnings
from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from pictures import check_message

from rmbg_eval.errors import SettingsError
from rmbg_eval.scale import cluster
from rmbg_eval.scale.cluster import session


class Fake:
    """Stands for Ray: says what it is told to on `init`."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []
        self.exceptions = SimpleNamespace(RayError=LookupError)
        client = SimpleNamespace(is_connected=lambda: True)
        self.util = SimpleNamespace(client=SimpleNamespace(ray=client))
        self.shut = 0

    def is_initialized(self) -> bool:
        return False

    def init(self, **about: Any) -> None:
        self.asked.append(about)
        logging.getLogger("ray").error("noise")
        logging.getLogger("ray.util.client.logsclient").error("noise")
        warnings.warn_explicit("noise", UserWarning, "worker.py", 1, module="ray.util.client")
        answer = self.answers.pop(0)
        if answer:
            raise answer

    def shutdown(self) -> None:
        self.shut += 1


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.metadata, "version", lambda name: "2.60.0")
    monkeypatch.setattr(cluster, "_ANSWERS_WITHIN", 0.2)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


def told(fake: Fake, address: str) -> str:
    with pytest.raises(SettingsError) as caught, session(fake, address):
        pass
    check_message(caught.value)
    return str(caught.value)


@pytest.fixture
def listening() -> Any:
    """Something that takes connections, and is not Ray."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("address", ["head", "ray://head", ":1", "head:ray", "head:70000"])
def test_what_is_no_address_is_told(address: str) -> None:
    assert "no address of a Ray cluster" in told(Fake(), address)


@pytest.mark.parametrize("protocol", ["", "ray://"])
def test_where_nothing_listens_ray_is_not_asked(protocol: str) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    fake = Fake()
    text = told(fake, f"{protocol}127.0.0.1:{port}")
    assert f"{protocol}127.0.0.1:{port}" in text
    assert "--ray-client-server-port" in text
    assert not fake.asked


def test_where_the_cluster_that_auto_means_is_gone_ray_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = Fake(ConnectionError("Could not find any running Ray instance"))
    assert "could not find any" in told(fake, "auto").lower()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    assert "127.0.0.1:1: " in told(Fake(), "auto")


def test_what_is_not_ray_is_told_at_once(listening: str) -> None:
    pytest.importorskip("grpc", reason='Ray is not installed: pip install "rmbg-eval[ray]"')
    assert "not Ray" in told(Fake(), listening)


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_try_to_reach", lambda address: None)


def another() -> Exception:
    """As Ray says it, with a traceback in the text of another error."""
    error = ConnectionError("Failed to connect to Ray cluster")
    error.__cause__ = RuntimeError(
        "Last error: Traceback (most recent call last):\n  File x\nAuthenticationError: no token\n"
    )
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.59.0\n"),
         "Version mismatch: The cluster was started with: Ray: 2.59.0"),
        (another(), "AuthenticationError: no token"),
        (ConnectionError("Could not find any running Ray instance"), "any running Ray instance"),
    ],
)  # fmt: skip
def test_what_ray_says_is_one_line_with_a_remedy(
    error: Exception, said: str, reached: None, capfd: pytest.CaptureFixture[str]
) -> None:
    fake = Fake(error)
    text = told(fake, "head:6379")
    assert said in text
    assert "Traceback" not in text
    assert "Ray 2.60.0" in text
    assert "RAY_AUTH_MODE=token" in text
    assert fake.shut
    assert capfd.readouterr() == ("", "")


def test_a_client_for_whom_no_place_was_made_asks_again(
    reached: None, capfd: pytest.CaptureFixture[str]
) -> None:
    none = ConnectionAbortedError("Starting Ray client server failed")
    fake = Fake(none, none, None)
    with session(fake, "ray://head:10001"):
        logging.getLogger("ray").error("noise")
    assert len(fake.asked) == 3
    assert "Starting Ray" in told(Fake(none, none, none), "ray://head:10001")
    assert capfd.readouterr() == ("", "")
    logger = logging.getLogger("ray")
    assert not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers)


def lost() -> Exception:
    return ConnectionError("Client is shutting down.")


def dead() -> Exception:
    return LookupError("stands for RayError")


@pytest.mark.parametrize("error", [lost, dead])
def test_a_cluster_that_is_lost_midway_is_told(
    error: Callable[[], Exception], reached: None
) -> None:
    fake = Fake(None)
    with pytest.raises(SettingsError, match="head:6379 is lost") as caught:  # noqa: SIM117
        with session(fake, "head:6379"):
            raise error()
    check_message(caught.value)
    assert "the same command goes on" in str(caught.value)
    assert fake.shut == 1
    with pytest.raises(ZeroDivisionError), session(Fake(None), "head:6379"):
        raise ZeroDivisionError
