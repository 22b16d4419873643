"""Who may reach a served page: a token wherever others can, and a port that is free."""

from __future__ import annotations

import asyncio
import socket

import pytest
from browser import free_port
from tornado.web import Application

from rmbg_eval.errors import SettingsError
from rmbg_eval.explore import access
from rmbg_eval.explore.access import (
    MOST_BODY,
    address_of,
    check_free,
    is_local_name,
    is_loopback,
    listen,
    token_of,
)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_who_sits_at_the_machine_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    assert token_of(host, None) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4"])
def test_whoever_else_needs_one_that_cannot_be_guessed(host: str) -> None:
    assert not is_loopback(host)
    one, other = token_of(host, None), token_of(host, None)
    assert one is not None
    assert other is not None
    assert one != other
    assert min(len(one), len(other)) >= 32


@pytest.mark.parametrize(
    ("name", "local"),
    [("localhost", True), ("127.0.0.2", True), ("[::1]", True), ("192.168.1.4", False),
     ("localhost.example.org", False), ("", False)],
)  # fmt: skip
def test_a_local_name_is_one_that_leads_to_no_other_machine(name: str, local: bool) -> None:
    assert is_local_name(name) is local


def test_a_given_token_is_kept_and_a_short_one_refused() -> None:
    for host in ("127.0.0.1", "0.0.0.0"):
        assert token_of(host, "x" * 12) == "x" * 12
        with pytest.raises(SettingsError, match="has 11 characters; 12 are needed"):
            token_of(host, "x" * 11)


def test_the_address_is_one_that_a_browser_opens() -> None:
    assert address_of("127.0.0.1", 8866, None) == "http://127.0.0.1:8866/"
    assert address_of("::1", 80, "a&b") == "http://[::1]:80/?token=a%26b"


def test_where_every_address_is_served_the_one_that_is_told_is_one_that_others_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Probe:
        routed = True

        def __init__(self, family: int, _: int) -> None:
            self.own = "fd00::4" if family == socket.AF_INET6 else "192.168.1.4"

        def __enter__(self) -> Probe:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def connect(self, _: object) -> None:
            if not self.routed:
                raise OSError("Network is unreachable")

        def getsockname(self) -> tuple[str, int]:
            return self.own, 9

    monkeypatch.setattr(socket, "socket", Probe)
    assert address_of("0.0.0.0", 8866, "x") == "http://192.168.1.4:8866/?token=x"
    assert address_of("::", 8866, "x") == "http://[fd00::4]:8866/?token=x"
    Probe.routed = False
    monkeypatch.setattr(socket, "gethostname", lambda: "desk")
    assert address_of("0.0.0.0", 8866, "x") == "http://desk:8866/?token=x"


def test_a_host_that_is_none_and_a_port_that_is_taken_are_told() -> None:
    with pytest.raises(SettingsError, match="'example.org' is no address of this machine"):
        is_loopback("example.org")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened to"):
            check_free("127.0.0.1", port)
    check_free("127.0.0.1", port)
    with pytest.raises(SettingsError, match="127.0.0.1:99999 cannot be listened to"):
        check_free("127.0.0.1", 99999)


async def answered(asked: bytes) -> bytes:
    """What a server of ours says to that before it hangs up; nothing where it hangs up at once."""
    port = free_port()
    listen(Application(), port, "127.0.0.1")
    with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened to"):
        listen(Application(), port, "127.0.0.1")  # another took it in between
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(asked)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


def test_a_visitor_who_would_take_the_last_files_is_not_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert b" 404 " in asyncio.run(answered(HEAD + b"\r\n"))
    monkeypatch.setattr(access, "_most_files", lambda: 4.0)
    assert asyncio.run(answered(HEAD + b"\r\n")) == b""


def test_who_announces_more_than_a_page_sends_is_refused_before_it_comes() -> None:
    long = b"Content-Length: %d\r\n\r\n" % (MOST_BODY + 1)
    assert b" 400 " in asyncio.run(answered(HEAD + long))
