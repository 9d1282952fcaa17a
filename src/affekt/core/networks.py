"""Networks as functions of numpy arrays: ONNX graphs and PyTorch networks look the same from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np

# A batch of the spec's inputs to logits, a row each sample: an ONNX graph, or a network in PyTorch.
Network = Callable[[Mapping[str, np.ndarray]], np.ndarray]


@runtime_checkable
class WholeNetwork(Protocol):
    """A network that also gives its other outputs."""

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits, a row each sample."""
        ...

    def outputs(self, batch: Mapping[str, np.ndarray], /) -> Mapping[str, np.ndarray]:
        """All outputs by name, `logits` among them."""
        ...


@runtime_checkable
class StagedNetwork(Protocol):
    """A network in two stages: a frozen encoder reads each cell of time once, the rest reads its features."""

    encoded: str  # the input that the encoder reads

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits (b, t, k + 1) from features in the place of that input."""
        ...

    def encode(self, cells: np.ndarray, /) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        ...
