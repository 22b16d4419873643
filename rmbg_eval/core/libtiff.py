"""What libtiff says of a file that Pillow decodes with it.

By itself it prints that on stderr and names no file; and where a fax picture (group 3 or 4) is
damaged, that is the only sign: Pillow takes what libtiff made of it.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache

_thread = threading.local()


@contextmanager
def errors() -> Iterator[list[str]]:
    """The errors that it tells in this thread meanwhile; none where it cannot be asked."""
    _ask()
    _thread.errors = []
    try:
        yield _thread.errors
    finally:
        del _thread.errors


@ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
def _tell(module: bytes, text: bytes, values: int) -> None:
    """libtiff's handler of errors; `text` without the `values` that C fills in."""
    words = _VALUE.sub("…", text.decode("ascii", "replace"))
    getattr(_thread, "errors", []).append(f"libtiff: {words}")


_VALUE = re.compile(r"%[-+ #0-9.*]*(?:hh|h|ll|l|j|z|t|I64)?[a-zA-Z]")


@lru_cache(maxsize=1)
def _ask() -> None:
    """Have errors told to `_tell`, and nothing printed; warnings change no pixel."""
    from PIL import _imaging

    with suppress(OSError, AttributeError):  # a Pillow that is built otherwise
        library = ctypes.CDLL(_imaging.__file__)  # it finds what that is linked with
        library.TIFFSetErrorHandler(_tell)
        library.TIFFSetWarningHandler(None)
