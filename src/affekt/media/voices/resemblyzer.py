"""Vectors of voices by the network of Resemblyzer (Jemine, 2019), which implements GE2E (Wan et al., 2018).

Three layers of LSTM read 40 mel bands of 1.6 s; a linear layer, rectified and normalised, is the vector. A
turn is read in windows of that length, and its vector is the mean of theirs. The network is computed in
NumPy, so that it needs no engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from affekt.assets.places import asset_file
from affekt.core.errors import MediaError
from affekt.media.sound.spectrum import log_mel
from affekt.media.voices.resemblyzer_file import read_weights

ASSET, FILE = "resemblyzer", "pretrained.pt"
RATE_HZ = 16_000
WINDOW, HOP, BANDS = 400, 160, 40  # samples of 25 ms and 10 ms, mel bands
FRAMES = 160  # of a window: 1.6 s
LAYERS, WIDTH = 3, 256
_STEP = round(RATE_HZ / 1.3 / HOP)  # frames between windows: published, 1.3 windows a second
_LEAST_COVERED = 0.75  # of the last window, published: else it is left out, unless it is the only one
_LOUDNESS_DB = -30.0  # published: quieter speech is raised to this level
# Windows of a turn; of longer ones that many are spread evenly. More change its vector little, and each
# costs as much as the first.
MOST_WINDOWS = 6


class ResemblyzerVectors:
    """The network of Resemblyzer.

    Raises:
        MissingAsset: It is not on this computer.
        AssetError: It is damaged.
        FolderError: The file is not the one whose layout is known here.
    """

    name = "resemblyzer"
    rate_hz = RATE_HZ

    def __init__(self) -> None:
        self._weights = read_weights(asset_file(ASSET, FILE))

    def vector(self, samples: np.ndarray) -> np.ndarray:
        """See `VoiceVectors.vector`."""
        found = embedded(self._weights, windows_of(samples)).mean(axis=0)
        return found / max(float(np.linalg.norm(found)), 1e-12)


def windows_of(samples: np.ndarray) -> np.ndarray:
    """Mel power of the windows of a turn, (m, FRAMES, BANDS) float32; short turns end with silence.

    Raises:
        MediaError: There is no sample.
    """
    if not samples.size:
        raise MediaError("the turn is empty; a voice vector needs one sample at least")
    samples = _raised(samples.astype(np.float32, copy=False))
    frames = math.ceil((len(samples) + 1) / HOP)
    starts = list(range(0, max(1, frames - FRAMES + _STEP + 1), _STEP))
    if len(starts) > 1 and (len(samples) - starts[-1] * HOP) / (FRAMES * HOP) < _LEAST_COVERED:
        starts.pop()
    padded = np.pad(samples, (0, max(0, (starts[-1] + FRAMES) * HOP - len(samples))))
    decibels = log_mel(padded, RATE_HZ, fft=WINDOW, hop=HOP, mels=BANDS, padding="constant", floor_db=None)
    mel = np.power(10, decibels / 10, dtype=np.float32)
    if len(starts) > MOST_WINDOWS:
        starts = [
            starts[place] for place in np.linspace(0, len(starts) - 1, MOST_WINDOWS).round().astype(int)
        ]
    return np.stack([mel[start : start + FRAMES] for start in starts])


def embedded(weights: Mapping[str, np.ndarray], windows: np.ndarray) -> np.ndarray:
    """Vectors (m, WIDTH) of length 1 of windows (m, FRAMES, BANDS), all computed together."""
    rows = windows
    for layer in range(LAYERS):
        rows = _lstm(rows, *(weights[f"lstm.{name}_l{layer}"] for name in _OF_A_LAYER))
    last = np.maximum(rows[:, -1] @ weights["linear.weight"].T + weights["linear.bias"], 0)
    return last / np.maximum(np.linalg.norm(last, axis=1, keepdims=True), 1e-12)


_OF_A_LAYER = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def _lstm(
    rows: np.ndarray,
    weight_ih: np.ndarray,
    weight_hh: np.ndarray,
    bias_ih: np.ndarray,
    bias_hh: np.ndarray,
) -> np.ndarray:
    """States (m, t, d) of one layer on rows (m, t, c).

    Gates are in PyTorch's order: input, forget, cell, output.
    """
    given = rows @ weight_ih.T + (bias_ih + bias_hh)
    width = weight_hh.shape[1]
    hidden = np.zeros((len(rows), width), np.float32)
    cell = np.zeros_like(hidden)
    states = np.empty((*rows.shape[:2], width), np.float32)
    recurrent = np.ascontiguousarray(weight_hh.T)
    for step in range(rows.shape[1]):
        gates = given[:, step] + hidden @ recurrent
        enter, forget, new, leave = np.split(gates, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(enter) * np.tanh(new)
        hidden = _sigmoid(leave) * np.tanh(cell)
        states[:, step] = hidden
    return states


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * values))


def _raised(samples: np.ndarray) -> np.ndarray:
    """Speech at `_LOUDNESS_DB` or above."""
    power = float(np.square(samples, dtype=np.float64).mean())
    lacking_db = _LOUDNESS_DB - 10 * math.log10(max(power, 1e-12))
    return samples * np.float32(10 ** (lacking_db / 20)) if lacking_db > 0 else samples
