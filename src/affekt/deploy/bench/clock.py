"""A network that measures its own time, so that what is left of an answer is decoding."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.answers.networks import StagedNetwork, WholeNetwork


class TimedNetwork:
    """A network, the seconds of its calls, and the moment of the last one's end."""

    def __init__(self, network: WholeNetwork) -> None:
        self._network = network
        self.seconds, self.last = 0.0, time.perf_counter()

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The logits only."""
        return self._timed(self._network, batch)

    def outputs(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """All outputs by name."""
        return self._timed(self._network.outputs, batch)

    def _timed(self, call: Any, given: Any) -> Any:
        begin = time.perf_counter()
        found = call(given)
        self.last = time.perf_counter()
        self.seconds += self.last - begin
        return found


class TimedStagedNetwork(TimedNetwork):
    """The same for a network in two stages."""

    def __init__(self, network: WholeNetwork, encoded: str, encode: Any) -> None:
        super().__init__(network)
        self.encoded, self._encode = encoded, encode

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """Features of cells."""
        return self._timed(self._encode, cells)


def timed_network(network: WholeNetwork) -> TimedNetwork:
    """A network of the same stages that measures its time."""
    if isinstance(network, StagedNetwork):
        return TimedStagedNetwork(network, network.encoded, network.encode)
    return TimedNetwork(network)
