"""The size of a network that a manifest claims, against that of its weights, while the network is made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

_MAKING = frozenset(
    getattr(torch.ops.aten, name).default
    for name in ("zeros", "ones", "full", "rand", "randn", "empty_strided")
) | {torch.ops.aten.empty.memory_format}
_BESIDE = 4  # networks compute their first weights from other values, and hold masks that are not saved
_SMALL = 2**26  # values, 256 MB: not worth a question
_FEW = 10_000  # tensors: likewise, a second or two


class SizeOf(TorchDispatchMode):
    """Within it, no tensors are made that are far larger or far more than these weights, all together.

    A config is a claim: without this, one that states a width of a million, or a billion layers, takes the
    memory of the computer before its weights are found not to fit it.

    Raises:
        ValueError: Before the memory is taken.
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.held = sum(value.numel() for value in weights.values())
        self.left = _BESIDE * self.held + _SMALL
        self.tensors_left = _BESIDE * len(weights) + _FEW

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func in _MAKING:
            self.left -= math.prod(args[0])
            self.tensors_left -= 1
            if min(self.left, self.tensors_left) < 0:
                raise ValueError(f"a network of it is far larger than its weights of {self.held} values")
        return func(*args, **(kwargs or {}))
