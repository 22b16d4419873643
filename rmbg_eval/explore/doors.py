"""The doors of the served page that strangers may try: what goes through, and what is said if not.

Nothing that a visitor sends writes to the operator's log, and no traceback reaches a visitor.
"""

from __future__ import annotations

import json
from typing import Any

from tornado.web import HTTPError

from ..core.modules import quick_jsonschema

with quick_jsonschema():
    from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
    from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
    from jupyter_server.services.kernels.handlers import KernelHandler
    from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
    from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_OFFSETS = range(6, 64)
"""A message has a channel, a header, a parent, metadata, content and some buffers; and an end."""
_TO_KERNEL = ("comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request")
_OPENED = "jupyter.widget.control"
"""What the page opens itself: by it, it asks for the state of all widgets."""
_TO_PAGE = ("comm_open", "comm_msg", "comm_close", "comm_info_reply", "kernel_info_reply", "status")
"""What a kernel says to the page. What it prints, and its errors with their tracebacks, is not."""


class Plain(JupyterHandler):
    """Errors are a line of text; what a visitor asked wrongly is not logged, a fault in a line."""

    def write_error(self, status_code: int, **_: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {self._reason}\n")

    def log_exception(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if not isinstance(error, HTTPError) or error.status_code >= 500:
            method, path = self.request.method, self.request.path
            self.log.error("%s %s: %r", method, path[:200], error)


class FileHandler(Plain, FileFindHandler):
    """A script of the page."""


class OneKernelHandler(Plain, KernelHandler):
    """What a visitor's kernel is doing."""


class ShutdownHandler(Plain, VoilaShutdownKernelHandler):
    """The page was closed."""


class ChannelsHandler(Plain, VoilaKernelWebsocketHandler):
    """The line between a page and its kernel: what the page's widgets say, and nothing else."""

    async def get(self, kernel_id: str) -> None:
        if _PROTOCOL not in self.request.headers.get("Sec-WebSocket-Protocol", ""):
            raise HTTPError(400)
        await super().get(kernel_id)

    def on_message(self, ws_message: str | bytes) -> None:
        """A message that is none of the page's ends the line."""
        try:
            through = goes_through(ws_message)
        except Exception:  # strangers' bytes; whatever is wrong with them
            self.close(1003)
            return
        if through:
            super().on_message(ws_message)

    def write_message(self, message: Any, binary: bool = False) -> Any:
        try:
            _, (header, *_rest) = deserialize_msg_from_ws_v1(message)
            kind = json.loads(bytes(header)).get("msg_type")
        except Exception:  # not of a kernel
            return None
        return super().write_message(message, binary) if kind in _TO_PAGE else None


def goes_through(message: str | bytes) -> bool:
    """Whether a message goes on to the kernel; whatever exception for what is no message."""
    if not isinstance(message, bytes) or int.from_bytes(message[:8], "little") not in _OFFSETS:
        raise ValueError  # of countless offsets, reading them would never end
    channel, parts = deserialize_msg_from_ws_v1(message)
    tables = [json.loads(part) for part in parts[:4]]
    header, _, _, content = tables
    if channel not in ("shell", "control") or not all(isinstance(each, dict) for each in tables):
        raise ValueError
    kind = header["msg_type"]
    if not isinstance(header["msg_id"], str) or not isinstance(header["session"], str):
        raise ValueError
    if kind in ("comm_open", "comm_msg", "comm_close"):
        if not isinstance(content["comm_id"], str) or not isinstance(content["data"], dict):
            raise ValueError
        if kind == "comm_open" and content["target_name"] != _OPENED:
            return False
    return kind in _TO_KERNEL
