"""Pre-encoded modalities of a short video to the arrays of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.features import Features

from .config import LONGEST, CHFENConfig
from .inputs import input_spec

# Entries of `Sample.media` that belong to a frame beside its scene.
FACES, COUNT = "faces", "face_count"


class ShortVideoPreprocess:
    """Samples with features of `title`, `video`, `text` and `audio`, in any subset.

    Features of `title` and `audio` are one vector, those of `video` (scenes) and `text` one for each second.
    With a `video` come `faces`, (t, d), and `face_count`, (t, 1); without them no frame has a face.
    """

    is_deterministic: ClassVar[bool] = True

    def __init__(self, config: CHFENConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.spec = input_spec(config)

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: embeddings are used as they are."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """One view."""
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Arrays of one video; the same with and without `rng`.

        Raises:
            MediaError: It has none of the config's modalities, or features of other shapes.
        """
        arrays: dict[str, np.ndarray] = {}
        for name in self.config.named:
            found = self._features(sample, name)
            if found is None:
                continue
            arrays[name] = found
            if name in ("title", "audio"):
                continue
            arrays[f"{name}_steps"] = np.ones(len(found), np.float32)
            if name == "video" and self.config.has_faces:
                arrays |= self._faces(sample, found)
        if not arrays:
            raise MediaError(f"{sample.id} has none of {', '.join(self.config.named)}")
        return arrays

    def _features(self, sample: Sample, name: str) -> np.ndarray | None:
        """Features of a modality with the axes of its input; None if the sample has none."""
        given = sample.media.get(name)
        if given is None and len(self.config.named) > 1:
            return None
        if not isinstance(given, Features):
            kind = "nothing" if given is None else f"a {type(given).__name__}"
            raise MediaError(
                f"{sample.id}: the network reads features of {name}, and there is {kind}: encode it first"
            )
        values, width = given.values, getattr(self.config.widths, name)
        axes = 1 if name in ("title", "audio") else 2
        if values.ndim != axes or given.width != width:
            expected = f"({width},)" if axes == 1 else f"(seconds, {width})"
            raise MediaError(
                f"{sample.id}: features of {name} have the shape {values.shape}, the config says {expected}: "
                "set config.widths"
            )
        if axes == 2 and len(values) > LONGEST:
            raise MediaError(
                f"{sample.id}: features of {name} have {len(values)} steps, the network has positions for "
                f"{LONGEST}: it is made for short videos, cut this one"
            )
        return np.asarray(values, np.float32)

    def _faces(self, sample: Sample, scenes: np.ndarray) -> dict[str, np.ndarray]:
        """Faces and their numbers, for each scene; faces of frames that have none are zero."""
        faces, count = sample.media.get(FACES), sample.media.get(COUNT)
        if faces is None and count is None:
            return {FACES: np.zeros_like(scenes), COUNT: np.zeros(len(scenes), np.int64)}
        if not isinstance(faces, Features) or not isinstance(count, Features):
            raise MediaError(f"{sample.id}: {FACES} and {COUNT} belong together, as features")
        if faces.values.shape != scenes.shape or count.values.shape != (len(scenes), 1):
            raise MediaError(
                f"{sample.id}: {len(scenes)} scenes of {scenes.shape[1]} values, but faces of the shape "
                f"{faces.values.shape} and numbers of them of the shape {count.values.shape}"
            )
        number = np.maximum(count.values[:, 0], 0).astype(np.int64)
        return {FACES: np.where(number[:, None] > 0, faces.values, 0).astype(np.float32), COUNT: number}
