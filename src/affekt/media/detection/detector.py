"""What finds boxes in a picture. Another detector needs the members of `Detector` only."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

LANDMARKS = 5  # of a face: its right and left eye (left and right in the picture), nose, corners of the mouth


class Detections(NamedTuple):
    """The boxes in a picture.

    Attributes:
        boxes: (n, 4) float32: left, top, right, bottom in pixels, within the picture.
        scores: (n,) float32 in [0, 1]; the highest first.
        landmarks: (n, 5, 2) float32: x and y in pixels. None if the detector finds none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray | None = None


@runtime_checkable
class Detector(Protocol):
    """A detector of one kind of thing: faces, or persons.

    Attributes:
        name: For reports.
        digest: SHA-256 of all that its boxes depend on: network, thresholds, sizes.
    """

    name: str
    digest: str

    def detect(self, frame: np.ndarray) -> Detections:
        """The boxes in a picture (h, w, 3) uint8 RGB; the picture is not changed."""
        ...


def kept(
    boxes: np.ndarray,
    scores: np.ndarray,
    landmarks: np.ndarray | None,
    *,
    size: tuple[int, int],
    confidence: float,
    overlap: float | None,
) -> Detections:
    """Detections from raw boxes: sure ones, within the picture, each thing once.

    Boxes without area within the picture, and numbers that are not finite, are left out. Ties are ordered by
    place, so that the order does not depend on the network's.

    Args:
        size: Height and width of the picture in pixels.
        confidence: The lowest score.
        overlap: Of boxes that overlap more (intersection over union), the surest is kept. None: all are.
    """
    height, width = size
    boxes = boxes.reshape(-1, 4).astype(np.float32)
    scores = scores.reshape(-1).astype(np.float32)
    inside = boxes.clip(0, np.array([width, height, width, height], np.float32))
    is_kept = np.isfinite(boxes).all(axis=1) & (scores >= confidence)
    is_kept &= (inside[:, 2] > inside[:, 0]) & (inside[:, 3] > inside[:, 1])
    places = np.flatnonzero(is_kept)
    places = places[np.lexsort((inside[places, 1], inside[places, 0], -scores[places]))]
    if overlap is not None:
        places = places[_distinct(inside[places], overlap)]
    points = None if landmarks is None else landmarks[places].astype(np.float32)
    return Detections(inside[places], scores[places].clip(0, 1), points)


def intersection_over_union(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of boxes (n, 4) and (m, 4): (n, m) float64 in [0, 1]."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other)]
    union = areas[0][:, None] + areas[1][None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _distinct(boxes: np.ndarray, overlap: float) -> list[int]:
    """Places of boxes, the surest first, of which no two overlap more."""
    chosen: list[int] = []
    left = np.arange(len(boxes))
    while len(left):
        chosen.append(int(left[0]))
        shared = intersection_over_union(boxes[left[:1]], boxes[left[1:]])[0]
        left = left[1:][shared <= overlap]
    return chosen
