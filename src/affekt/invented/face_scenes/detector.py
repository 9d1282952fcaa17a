"""A detector that knows where the faces of a scene are: it stands in for a network in tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affekt.invented.face_scenes.parts import FaceScene
from affekt.invented.face_scenes.truth import planted
from affekt.media.detection import Detections


class PlantedDetector:
    """Finds the planted faces, with errors like those of a detector. It is asked for frames in order.

    Args:
        times_s: Of the frames that it will be asked for.
        jitter: Standard deviation of the edges, in shares of the face's height.
        missed: Share of the faces that are not found.
        least_visible: Faces of which less is seen are not found.
    """

    name, digest = "planted", "planted"

    def __init__(
        self,
        scene: FaceScene,
        times_s: Sequence[float],
        *,
        jitter: float = 0.02,
        missed: float = 0.0,
        least_visible: float = 0.5,
    ) -> None:
        self._scene, self._times = scene, list(times_s)
        self._jitter, self._missed, self._least = jitter, missed, least_visible
        self._rng = np.random.default_rng([scene.seed, 4])

    def detect(self, frame: np.ndarray) -> Detections:
        height, width = frame.shape[:2]
        scale = np.array([width / self._scene.width, height / self._scene.height])
        found = [
            it
            for it in planted(self._scene, self._times.pop(0))
            if it.visible >= self._least and self._rng.random() >= self._missed
        ]
        if not found:
            return Detections(
                np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
            )
        boxes = np.stack([it.box for it in found])
        tall = (boxes[:, 3] - boxes[:, 1])[:, None]
        boxes = boxes + self._jitter * tall * self._rng.standard_normal(boxes.shape)
        points = np.stack([it.landmarks for it in found])
        points = points + self._jitter / 2 * tall[..., None] * self._rng.standard_normal(points.shape)
        boxes = (boxes * np.tile(scale, 2)).clip(0, [width, height, width, height])
        scores = np.array([0.5 + 0.49 * it.visible for it in found], np.float32)
        order = np.argsort(-scores, kind="stable")
        return Detections(
            boxes[order].astype(np.float32), scores[order], (points * scale)[order].astype(np.float32)
        )


def searched_times(scene: FaceScene, step_s: float) -> list[float]:
    """Times of the frames that are shown at multiples of a step."""
    steps = np.arange(max(1, int(np.ceil(scene.frames / scene.rate_hz / step_s - 1e-6)))) * step_s
    numbers = np.unique(np.floor(steps * scene.rate_hz + 1e-5).astype(int).clip(0, scene.frames - 1))
    return [number / scene.rate_hz for number in numbers.tolist()]
