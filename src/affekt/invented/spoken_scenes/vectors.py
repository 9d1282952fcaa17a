"""Lines as feature vectors: a direction for each cue, an offset of the speaker, and noise.

The directions are far apart compared with offsets and noise, so that the cue of a vector can be read without
error: what limits the accuracy is planted in the cues alone.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from affekt.invented.spoken_scenes.plan import MODALITIES, SILENT, SPEAKERS, VECTORS, LinePlan
from affekt.invented.spoken_scenes.words import words_of_line
from affekt.media.features import Features

WIDTHS = {"text": 32, "audio": 24, "video": 28}
LENGTH = 3.0  # of the vector of a cue; silence is the origin
OFFSET, NOISE = 0.5, 0.2  # length of a speaker's offset; standard deviation of each number
SOURCE = "spoken_scenes"


@cache
def directions(modality: str) -> np.ndarray:
    """The vector of each cue (k + 1, d), the last one of silence; the same for all seeds."""
    rng = np.random.default_rng([MODALITIES.index(modality)])
    # Orthogonal ones: all cues are equally far from each other.
    square, _ = np.linalg.qr(rng.standard_normal((WIDTHS[modality], SILENT)))
    return np.concatenate([LENGTH * square.T, np.zeros((1, WIDTHS[modality]))]).astype(np.float32)


def features_of_line(plan: LinePlan, noise: float) -> dict[str, Features]:
    """The vector of each modality; that of the text with its words."""
    rng = plan.rng(VECTORS)
    speaker = np.random.default_rng([plan.seed, SPEAKERS, plan.speaker])
    found: dict[str, Features] = {}
    for name, cue in plan.cues.items():
        offset = speaker.standard_normal(WIDTHS[name])
        vector = directions(name)[cue] + noise * OFFSET * offset / np.linalg.norm(offset)
        vector = vector + noise * NOISE * rng.standard_normal(WIDTHS[name])
        words = words_of_line(plan) if name == "text" else ""
        found[name] = Features(vector.astype(np.float32), SOURCE, words)
    return found


def cue_of(modality: str, vector: np.ndarray) -> int:
    """The cue that a vector (d,) shows: the nearest one."""
    return int(np.linalg.norm(directions(modality) - vector, axis=1).argmin())
