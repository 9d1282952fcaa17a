"""Silero VAD (Silero Team, 2021 to 2025): a small recurrent network that scores 32 ms of sound at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from affekt.assets.places import asset_file
from affekt.media.detection.network import Network
from affekt.media.voices.framed import in_frames

ASSET, FILE = "silero_vad", "silero_vad_16k_op15.onnx"
CONTEXT = 64  # samples before each frame, which the network reads as well
STATE = (2, 1, 128)


class SileroVad:
    """Silero VAD in ONNX Runtime. The same object may score several sounds, one after the other.

    Args:
        threads: Processor cores; more than one does not pay for a network of this size.

    Raises:
        MissingAsset: The network is not on this computer.
        AssetError: It is damaged.
    """

    name = "silero_vad"
    rate_hz = 16_000
    frame = 512
    frame_s = frame / rate_hz
    on, off = 0.5, 0.35  # published

    def __init__(self, *, threads: int = 1) -> None:
        self._network = Network(Path(asset_file(ASSET, FILE)).read_bytes(), self.name, threads)

    def scores(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """See `VoiceActivity.scores`. State and context are carried on from frame to frame."""
        state = np.zeros(STATE, np.float32)
        rate = np.array(self.rate_hz, np.int64)
        context = np.zeros(CONTEXT, np.float32)
        for frames in in_frames(blocks, self.frame):
            scores = np.empty(len(frames), np.float32)
            for place, frame in enumerate(frames):
                heard = np.concatenate([context, frame])[None].astype(np.float32)
                score, state = self._network(
                    {"input": heard, "state": state, "sr": rate}, ("output", "stateN")
                )
                scores[place] = score.reshape(())
                context = frame[-CONTEXT:]
            yield scores
