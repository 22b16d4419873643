"""Ray itself: its module, a session with a cluster or one of this machine, and its silence.

Ray waits long for what is not there, ends the process where its head is gone, and prints what it
thinks of it. Here a person gets one message, within a minute.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import platform
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import reduce
from typing import Any

from ..core.machine import cores
from ..errors import SettingsError, printable, system_reason
from ..i18n import Message

_TRIES = 3
"""How often a cluster is asked for a place."""
_ANSWERS_WITHIN = 10.0
"""Seconds within which a machine must take a connection."""
_ANSWERS_AGAIN_WITHIN = 1.0
"""The same of one that has before."""
_STORE_BYTES = 100 << 20
"""Of Ray's object store on this machine: no picture goes through it."""


def import_ray() -> Any:
    """Ray, with usage statistics off before it looks; SettingsError where it is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # What is asked of a lost cluster must not look for another, or start one.
    os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError:
        raise SettingsError(
            Message("Ray is not installed"),
            Message(
                'Install it: pip install "rmbg-eval[ray]". Or run shards without it: --shard I/N.'
            ),
        ) from None
    return ray


@contextmanager
def session(ray: Any, address: str) -> Iterator[Callable[[], bool]]:
    """Ray, started on this machine or reached at `address`; one that is there already is used.

    Yields whether its head answers. SettingsError where it cannot be reached, or is lost.
    """
    if ray.is_initialized():
        yield lambda: True
        return
    variables = {"RAY_USAGE_STATS_ENABLED": "0"}
    if "RMBG_EVAL_CACHE" in os.environ:
        variables["RMBG_EVAL_CACHE"] = os.environ["RMBG_EVAL_CACHE"]
    about: dict[str, Any] = {
        "log_to_driver": False,
        "configure_logging": False,
        "logging_level": logging.CRITICAL,
    }
    if address:
        _try_to_reach(_of_auto(ray) if address == "auto" else address)
        about["runtime_env"] = {"env_vars": variables}
    else:
        about |= {
            "include_dashboard": False,
            "num_cpus": cores(),
            "object_store_memory": _STORE_BYTES,
        }
    with _quiet():
        try:
            _begin(ray, address or "local", about)
        except Exception as error:
            with suppress(Exception):
                ray.shutdown()
            raise _not_reached(address or "local", _reason(error)) from None
        try:
            yield _answers(ray)
        except Exception as error:
            if not _is_lost(ray, error):
                raise
            raise SettingsError(
                Message(
                    "The Ray cluster at {address} is lost: {reason}",
                    address=printable(address or "local"),
                    reason=_reason(error),
                ),
                Message(
                    "What is done is kept: once Ray runs again, the same command goes on from it."
                ),
            ) from None
        finally:
            with suppress(Exception):
                ray.shutdown()


def _begin(ray: Any, address: str, about: dict[str, Any]) -> None:
    """`ray.init`; again where the cluster began to make a place for this client and failed, as it
    now and then does on a busy machine."""
    is_client = "://" in address
    if address != "local":
        os.environ.setdefault("RAY_gcs_server_port_wait_time_s", "3")
    with nullcontext() if is_client or address == "local" else _no_stderr():
        for left in reversed(range(_TRIES)):
            try:
                ray.init(address=address, **about)
                return
            except ConnectionAbortedError:
                if not left:
                    raise


def _of_auto(ray: Any) -> str:
    """The address that Ray finds, perhaps of a cluster that is gone; "" where it finds none."""
    address = os.environ.get("RAY_ADDRESS", "")
    with suppress(Exception):  # not of its public names
        address = address or ray._private.services.canonicalize_bootstrap_address("auto")
    return address


def _answers(ray: Any) -> Callable[[], bool]:
    """Whether the head of the cluster takes connections; a client knows by itself."""
    client = ray.util.client.ray
    if client.is_connected():
        return lambda: bool(client.is_connected())
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")

    def answers() -> bool:
        try:
            socket.create_connection((host.strip("[]"), int(port)), _ANSWERS_AGAIN_WITHIN).close()
        except OSError:
            return False
        return True

    return answers


def _try_to_reach(address: str) -> None:
    """SettingsError where nothing listens that could be Ray, which would try for many minutes;
    nothing for the empty address, of which Ray says what is the matter."""
    if not address:
        return
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 1 << 16):
        raise SettingsError(
            Message("{address} is no address of a Ray cluster", address=repr(printable(address))),
            Message("Give auto, HOST:6379 or ray://HOST:10001."),
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWERS_WITHIN).close()
    except OSError as error:
        raise _not_reached(address, system_reason(error)) from None
    try:
        import grpc
    except ImportError:
        return
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return
    channel = grpc.insecure_channel(f"{host}:{port}")
    try:
        grpc.channel_ready_future(channel).result(_ANSWERS_WITHIN)
    except grpc.FutureTimeoutError:
        raise _not_reached(address, Message("what listens there is not Ray")) from None
    finally:
        channel.close()


def _not_reached(address: str, reason: Message | str) -> SettingsError:
    return SettingsError(
        Message(
            "Ray could not be started or reached at {address}: {reason}",
            address=printable(address),
            reason=reason if isinstance(reason, Message) else printable(reason),
        ),
        Message(
            "Check --address: HOST:PORT is the --port of ray start, ray://HOST:PORT its "
            "--ray-client-server-port. Where the cluster asks for a token, as by default, set "
            "RAY_AUTH_MODE=token. Its versions must be those here: Ray {ray}, Python {python}.",
            ray=importlib.metadata.version("ray"),
            python=platform.python_version(),
        ),
    )


def _reason(error: BaseException) -> str:
    """What Ray says, on one line: the last of what led to it, which may be another's traceback."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = str(error).strip()
    if "Traceback" in text:
        text = text.splitlines()[-1]
    return printable(f"{type(error).__name__}: {' '.join(text.split())}")[:300].rstrip(".")


def _is_lost(ray: Any, error: Exception) -> bool:
    """Whether an error says that there is no cluster any more."""
    kinds: tuple[type[Exception], ...] = (ConnectionError, ray.exceptions.RayError)
    if "grpc" in sys.modules:
        kinds += (sys.modules["grpc"].RpcError,)
    return isinstance(error, kinds)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Ray's own words on the terminal: what matters is raised."""
    silent = logging.NullHandler()
    # The second is not below the first: it shows what the other side logs.
    loggers = [logging.getLogger(name) for name in ("ray", "ray.util.client.logsclient")]
    with ExitStack() as stack:
        # What Ray prints of a dead worker or node, whatever it was told about logs.
        for module, *owner, name in (
            ("ray._private.worker", "print_to_stdstream"),
            ("ray.util.client.logsclient", "LogstreamClient", "stdstream"),
        ):
            with suppress(ImportError, AttributeError):
                place = reduce(getattr, owner, importlib.import_module(module))
                stack.callback(setattr, place, name, getattr(place, name))
                setattr(place, name, lambda *_, **__: None)
        for logger in loggers:
            stack.callback(logger.setLevel, logger.level)
            stack.callback(logger.removeHandler, silent)
            logger.addHandler(silent)
            logger.setLevel(logging.CRITICAL)
        stack.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", module=r"ray\b")
        yield


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Without what native code writes to the terminal while it looks for a cluster."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
