"""Networks as functions of numpy arrays: one interface for ONNX graphs and PyTorch networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import numpy as np

# Maps a batch of the spec's inputs to logits, one row per sample: an ONNX graph or a PyTorch network.
Network = Callable[[Mapping[str, np.ndarray]], np.ndarray]


@runtime_checkable
class WholeNetwork(Protocol):
    """A network that also gives its other outputs."""

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits, one row per sample."""
        ...

    def outputs(self, batch: Mapping[str, np.ndarray], /) -> Mapping[str, np.ndarray]:
        """All outputs by name, `logits` among them."""
        ...


@runtime_checkable
class StagedNetwork(Protocol):
    """A network in two stages: a frozen encoder reads each time cell once, the rest reads its features."""

    encoded: str  # the input that the encoder reads

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits (b, t, k + 1); `batch` holds features in place of the encoded input."""
        ...

    def encode(self, cells: np.ndarray, /) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        ...
