"""Loops over pixels that numba compiles to machine code, once on each machine.

The machine code is kept in `<cache>/compiled`, for the processor it was made for and until its
source changes. Where that folder cannot be written numba takes another, and where none can, every
process compiles anew. Who uses `compiled` imports numba, so such a module is itself imported only
where something is measured.

No settings of numba are taken from the folder that one is in, which may be a stranger's: they could
name a folder of his, and what numba keeps in one is read by pickle.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import numba as numba
import numpy as np

from .paths import cache_folder

numba.config._config_fname = os.devnull  # in place of .numba_config.yaml
numba.config.reload_config()

Function = TypeVar("Function", bound=Callable[..., Any])

WHOLE_NUMBER, REAL_NUMBER = numba.types.int64, numba.types.float64
_ONE_AT_A_TIME = Lock()
"""numba's folder is a setting of the whole process."""


def pixels(dtype: str, dimensions: int) -> Any:
    """An array of that type, however it lies in memory, which is only read."""
    return numba.types.Array(numba.from_dtype(np.dtype(dtype)), dimensions, "A", readonly=True)


def compiled(*arguments: Any) -> Callable[[Function], Function]:
    """The function as machine code for these arguments, beside which other threads run.

    Without `arguments` it is made for those of the compiled functions that call it. Division is
    NumPy's: nothing is raised. No rule of arithmetic is loosened: every sum and product is rounded
    as it is written.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    if arguments:
        options["signature_or_function"] = arguments
    else:
        options["forceinline"] = True

    def compile_it(function: Function) -> Function:
        with _ONE_AT_A_TIME:
            before = numba.config.CACHE_DIR
            numba.config.CACHE_DIR = str(cache_folder() / "compiled")
            try:
                return numba.njit(cache=True, **options)(function)
            except (RuntimeError, OSError):  # no folder can be written, or the disk is full
                return numba.njit(**options)(function)
            finally:
                numba.config.CACHE_DIR = before

    return compile_it
