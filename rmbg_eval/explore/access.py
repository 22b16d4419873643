"""Who may reach a served page: addresses, tokens, and ports that are free."""

from __future__ import annotations

import ipaddress
import math
import secrets
import socket
import sys
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode, urlunsplit

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from ..errors import SettingsError, printable, system_reason
from ..i18n import Message

SHORTEST_TOKEN = 12
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"]
MOST_BODY = 1 << 20
"""Bytes of what a page may send at once."""


def token_of(host: str, token: str | None) -> str | None:
    """What a visitor must know: any host but a loopback address gets a token, made up where none
    is given. Raises SettingsError for one that is too short."""
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    if token is not None and len(token) < SHORTEST_TOKEN:
        raise SettingsError(
            Message(
                "The token has {n} characters; {least} are needed",
                n=len(token),
                least=SHORTEST_TOKEN,
            ),
            Message("Leave --token out to have one made."),
        )
    return token


def address_of(host: str, port: int, token: str | None) -> str:
    """What a visitor opens; of all addresses, one by which others reach this machine."""
    host = _outward(host)
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return urlunsplit(("http", netloc, "/", urlencode({"token": token}) if token else "", ""))


def _outward(host: str) -> str:
    """For 0.0.0.0 and ::, that of this machine from which it reaches others; its name if none."""
    if host == "localhost" or not ipaddress.ip_address(host).is_unspecified:
        return host
    family, other = (
        (socket.AF_INET6, "2001:db8::1") if ":" in host else (socket.AF_INET, "192.0.2.1")
    )
    with socket.socket(family, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect((other, 9))  # by UDP, which sends nothing
        return str(probe.getsockname()[0])
    return socket.gethostname()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`; SettingsError if it is no address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise SettingsError(
            Message("{host} is no address of this machine", host=repr(printable(host))),
            Message("Give 127.0.0.1, 0.0.0.0 for all, or one of its IP addresses with --host."),
        ) from None


def is_local_name(name: str) -> bool:
    """Whether `name`, as a visitor's address has it, is one by which only this machine is meant."""
    try:
        return is_loopback(name.strip("[]"))
    except SettingsError:
        return False


def check_free(host: str, port: int) -> None:
    """Raise SettingsError unless the port can be listened to."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # where it would share a port that is taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise _not_free(host, port, error) from None


def _not_free(host: str, port: int, error: OSError | OverflowError) -> SettingsError:
    return SettingsError(
        Message(
            "{host}:{port} cannot be listened to: {reason}",
            host=printable(host),
            port=port,
            reason=system_reason(error),
        ),
        Message("Choose another with --port."),
    )


def listen(app: Application, port: int, host: str) -> None:
    """Listen for visitors, within bounds that hold before anybody is asked for a token: of what
    they send, how long they take, and how many there are. SettingsError where the port is taken."""
    server = _Bounded(app, max_body_size=MOST_BODY, body_timeout=30, idle_connection_timeout=300)
    try:
        server.listen(port, "127.0.0.1" if host == "localhost" else host)
    except OSError as error:
        raise _not_free(host, port, error) from None


class _Bounded(HTTPServer):
    """A server that always has files left to open: without, it would take no visitor, and say so in
    the log without end."""

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if stream.socket.fileno() < _most_files() * 3 / 4:  # the lowest number that is free
            super().handle_stream(stream, address)
        else:
            stream.close()


def _most_files() -> float:
    """How many this process may have open at once."""
    most = math.inf
    if sys.platform != "win32":  # where a socket is no file
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = math.inf if limit == resource.RLIM_INFINITY else limit
    return most
