"""Who may reach a served page: a token wherever others can, and a port that is free."""

from __future__ import annotations

import socket

import pytest

from rmbg_eval.errors import SettingsError
from rmbg_eval.explore.access import address_of, check_free, is_local_name, is_loopback, token_of


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
