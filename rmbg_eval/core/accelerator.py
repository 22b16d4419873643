"""What is asked of torch about the device it computes on. torch is imported only when asked."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def on_device(device: str) -> AbstractContextManager[object]:
    """A CUDA device as the one that is meant where none is named, as kernels in Triton do."""
    if not device.startswith("cuda"):
        return nullcontext()
    import torch

    return torch.cuda.device(device)


def side_stream(device: str) -> AbstractContextManager[object]:
    """A second queue of a CUDA device, so that what is put there does not wait for inference.

    One for all threads: torch keeps memory for each queue, and gives it to no other.
    """
    if not device.startswith("cuda"):
        return nullcontext()
    import torch

    return torch.cuda.stream(_second_queue(device))


@lru_cache(maxsize=8)
def _second_queue(device: str) -> torch.cuda.Stream:
    import torch

    return torch.cuda.Stream(device)


def wait_for(device: str) -> None:
    """Until all that was asked of the device is done."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.current_stream(device).synchronize()
    elif device.startswith("mps"):
        torch.mps.synchronize()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory, a device's or the machine's, did not suffice."""
    import torch

    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    said = str(error)  # mps and the CPU's allocator raise a plain RuntimeError
    return isinstance(error, RuntimeError) and (
        "out of memory" in said or "can't allocate memory" in said
    )


class UnlessOutOfMemory:
    """`with` it, what memory does not suffice for ends quietly, and what comes after the block is
    done instead: nothing is held then of what was computed. Other errors are raised."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return error is not None and is_out_of_memory(error)


def free_memory(device: str) -> None:
    """Give back what torch keeps of the device's memory for later."""
    import torch

    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device.startswith("mps"):
        torch.mps.empty_cache()


def peak_device_memory(device: str) -> int | None:
    """Most bytes of a CUDA device that this process held at once; None for other devices."""
    if not device.startswith("cuda") or "torch" not in sys.modules:
        return None
    import torch

    return torch.cuda.max_memory_reserved(device)


def device_name(device: str) -> str | None:
    """The maker's name of a CUDA device; None for others."""
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda.get_device_name(device)
