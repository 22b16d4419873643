"""Messages between processes of one user: JSON and raw bytes over a Unix socket, no pickles."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

from ..core.decoding import MAX_PIXELS
from ..errors import ModelError
from ..i18n import Message

_HEAD = struct.Struct("!IQ")
_MOST_JSON = 1 << 20
MOST_BYTES = 4 * MAX_PIXELS
"""The largest picture in RGB, or its cut-out, which is never larger than its RGBA by much."""


class LineCutError(ModelError):
    """The process at the other end has gone."""

    def __init__(self) -> None:
        super().__init__(
            Message("The process that holds the models has gone"), Message("Try again in a moment.")
        )


def unix_socket() -> socket.socket:
    """Windows has none, and there nothing is served."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)  # type: ignore[attr-defined,unused-ignore]


class Line:
    """A connected socket; one side speaks at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    @classmethod
    def to(cls, address: str) -> Line:
        """A line to who listens at the path `address`; LineCutError if nobody does."""
        connected = unix_socket()
        try:
            connected.connect(address)
        except OSError:
            connected.close()
            raise LineCutError from None
        return cls(connected)

    def send(self, message: dict[str, Any], data: bytes | memoryview = b"") -> None:
        """Send a message and the bytes that belong to it."""
        head = json.dumps(message).encode()
        try:
            self._socket.sendall(_HEAD.pack(len(head), len(data)) + head)
            if data:
                self._socket.sendall(data)
        except OSError:
            raise LineCutError from None

    def receive(self, patience: float | None = None) -> tuple[dict[str, Any], bytearray]:
        """The next message.

        Raises LineCutError where the line is cut, silent for `patience` seconds, or garbled.
        """
        try:
            self._socket.settimeout(patience)
            head, size = _HEAD.unpack(self._exactly(_HEAD.size))
            if head > _MOST_JSON or size > MOST_BYTES:
                raise LineCutError
            message = json.loads(self._exactly(head))
            data = self._exactly(size)
            self._socket.settimeout(None)
        except (OSError, ValueError):
            raise LineCutError from None
        if not isinstance(message, dict):
            raise LineCutError
        return message, data

    def _exactly(self, count: int) -> bytearray:
        data = bytearray(count)
        view, got = memoryview(data), 0
        while got < count:
            more = self._socket.recv_into(view[got:])
            if not more:
                raise LineCutError
            got += more
        return data

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
