"""What is asked of torch about devices."""

from __future__ import annotations

import weakref

import pytest
from systems import needs

needs("torch")

import torch

from rmbg_eval.core.accelerator import UnlessOutOfMemory, is_out_of_memory, on_device


def test_the_second_device_is_the_current_one_while_it_computes() -> None:
    with on_device("cpu") as current:
        assert current is None
    second = on_device("cuda:1")  # entering it would take two
    assert isinstance(second, torch.cuda.device)
    assert second.idx == 1


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_knows_what_says_that_memory_did_not_suffice(error: Exception, short: bool) -> None:
    assert is_out_of_memory(error) == short


def test_nothing_is_held_of_what_there_was_no_memory_for() -> None:
    def compute() -> None:
        tensor = torch.zeros(3)
        held.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError

    held: list[weakref.ref[torch.Tensor]] = []
    with UnlessOutOfMemory():
        compute()
    assert held[0]() is None
    with pytest.raises(RuntimeError, match="mismatch"), UnlessOutOfMemory():
        raise RuntimeError("shape mismatch")
