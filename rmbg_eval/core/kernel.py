"""The process that executes a notebook's cells; it can be started before it is needed."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, Self

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager


class _Here(KernelSpecManager):
    """The kernel of this environment, whatever else is called python3 on this machine; started not
    by `ipykernel_launcher`, which takes the folder that one is in from PYTHONPATH."""

    def get_kernel_spec(self, kernel_name: str) -> Any:
        argv = [sys.executable, "-m", "ipykernel", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


class Kernel:
    """This environment's IPython kernel, which ends with the `with` block.

    `package`: what it imports before the first cell, while what it will show is still made.
    """

    def __init__(self, package: str) -> None:
        self._ahead = f"import {package}; del {package.partition('.')[0]}"
        self.manager = KernelManager(kernel_name="python3", kernel_spec_manager=_Here())
        self.manager.client_class = "jupyter_client.asynchronous.AsyncKernelClient"

    def start(self) -> None:
        """Start the process, unless it was started; it answers when it is ready."""
        if self.manager.has_kernel:
            return
        self.manager.start_kernel(
            # No module is taken from the folder that one is in: it may be of a stranger's pictures.
            env=os.environ | {"PYTHONSAFEPATH": "1"},
            extra_arguments=[
                # It would warn of its loopback sockets, which nothing but this process reads. What
                # fails in a cell is raised by papermill all the same.
                "--IPKernelApp.log_level=50",
                "--HistoryManager.hist_file=:memory:",
                f"--IPKernelApp.exec_lines={self._ahead}",
            ],
        )

    def start_ahead(self) -> None:
        """Start it if that can be; what hinders it is raised by `start`, where it is needed."""
        with suppress(OSError):
            self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
