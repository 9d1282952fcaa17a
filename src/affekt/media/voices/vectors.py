"""Voice vectors: what a voice sounds like, as 256 numbers, whoever speaks whatever words."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class VoiceVectors(Protocol):
    """A network that makes vectors of voices; cosines of vectors compare voices.

    Attributes:
        name: For reports.
        rate_hz: Sampling rate of the sound that it takes.
    """

    name: str
    rate_hz: int

    def vector(self, samples: np.ndarray) -> np.ndarray:
        """The vector (d,) float32 of length 1 of a turn (n,) in [-1, 1], which is all speech.

        Raises:
            MediaError: There is no sample.
        """
        ...
