"""Tensors that follow from weights, computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

T = TypeVar("T")


class DerivedWeights(nn.Module):
    """A module that keeps what it computes from its weights, such as a folded batch norm.

    What is kept is dropped when the module is moved or converted, or loads a state. Whoever changes
    weights in any other way after the first use must call `forget_derived`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._derived: dict[str, object] = {}

    def derived(self, name: str, compute: Callable[[], T]) -> T:
        """`compute()`, or what it gave before under this name."""
        if torch.compiler.is_compiling():  # a graph must depend on the weights alone
            return compute()
        if name not in self._derived:
            self._derived[name] = compute()
        return self._derived[name]  # type: ignore[return-value]

    def forget_derived(self) -> None:
        """Drop what was kept."""
        self._derived.clear()

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> DerivedWeights:
        self.forget_derived()
        return super()._apply(fn, recurse)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        self.forget_derived()
        super()._load_from_state_dict(*args, **kwargs)
