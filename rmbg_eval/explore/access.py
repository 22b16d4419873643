"""Who may reach a served page: addresses, tokens, and ports that are free."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import sys
from urllib.parse import urlencode, urlunsplit

from ..errors import SettingsError, printable
from ..i18n import Message

SHORTEST_TOKEN = 12
LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"]


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
    """What a visitor opens."""
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return urlunsplit(("http", netloc, "/", urlencode({"token": token}) if token else "", ""))


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
            reason = getattr(error, "strerror", None) or str(error)
            raise SettingsError(
                Message(
                    "{host}:{port} cannot be listened to: {reason}",
                    host=printable(host),
                    port=port,
                    reason=reason,
                ),
                Message("Choose another with --port."),
            ) from None
