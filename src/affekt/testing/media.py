"""Tiny invented samples of each modality, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from affekt.core.dialogues import link_dialogues
from affekt.core.errors import UsageError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.features import Features
from affekt.media.sound import Waveform

_CLIPS = {"clips": 24, "pixels": 32, "frames_per_clip": 24, "sound_rate_hz": 8000}
# For each modality, an invented data set and options that make it small.
_INVENTED: dict[str, tuple[str, dict[str, Any]]] = {
    "image": ("drawn_faces", {"people": 8, "faces_per_emotion": 1}),
    "skeleton": ("walkers", {}),
    "video": ("moving_shapes", _CLIPS),
    "audio": ("moving_shapes", _CLIPS),
    "title": ("short_news", {"videos": 8}),
}


def invent_samples(modality: str, count: int = 8) -> list[Sample]:
    """A few labelled samples.

    Raises:
        UsageError: No invented data set has this modality.
    """
    if modality == "text":
        return _turns(count)
    if modality not in _INVENTED:
        known = ", ".join([*_INVENTED, "text"])
        raise UsageError(f"no invented data set has {modality!r}; known modalities: {known}")
    name, options = _INVENTED[modality]
    return open_dataset(name, None, options).samples[:count]


def _turns(count: int) -> list[Sample]:
    """Turns of a dialogue: all have words, two of three a tone, one of three features of its picture."""
    words = ("well hello", "good to see you", "oh no", "what is it", "it rains", "so it does", "ah", "well")
    times_s = np.arange(800) / 8000
    samples: list[Sample] = []
    for turn in range(count):
        media: dict[str, Any] = {"text": words[turn % len(words)]}
        if turn % 3 < 2:
            tone = 0.2 * np.sin(2 * np.pi * (200 + 50 * turn) * times_s)
            media["audio"] = Waveform(tone[None], 8000)
        if turn % 3 == 0:
            media["video"] = Features(np.cos(np.arange(12, dtype=np.float32) * (turn + 1)).reshape(2, 6))
        label, speaker = ("happy", "sad")[turn % 2], ("ann", "ben")[turn % 2]
        name = f"turn-{turn}"
        samples.append(Sample(name, media, label, dialogue="talk", turn=turn, speaker=speaker))
    return link_dialogues(samples)
