"""Tiny invented samples of each modality, for tests."""

from __future__ import annotations

from typing import Any

from affekt.core.errors import UsageError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset

_CLIPS = {"clips": 24, "pixels": 32, "frames_per_clip": 24, "sound_rate_hz": 8000}
# For each modality, an invented data set and options that make it small.
_INVENTED: dict[str, tuple[str, dict[str, Any]]] = {
    "image": ("drawn_faces", {"people": 8, "faces_per_emotion": 1}),
    "skeleton": ("walkers", {}),
    "video": ("moving_shapes", _CLIPS),
    "audio": ("moving_shapes", _CLIPS),
}


def invent_samples(modality: str, count: int = 8) -> list[Sample]:
    """A few labelled samples.

    Raises:
        UsageError: No invented data set has this modality.
    """
    if modality not in _INVENTED:
        raise UsageError(f"no invented data set has {modality!r}; known modalities: {', '.join(_INVENTED)}")
    name, options = _INVENTED[modality]
    return open_dataset(name, None, options).samples[:count]
