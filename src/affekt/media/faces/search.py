"""Faces in a picture: found by a detector, cut as a network takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.media.detection.detector import Detector
from affekt.media.faces.crop import CutFace, FaceCrop, cut_face, square_of

FILLS = 0.8  # share of the picture in the square of its only face from which the picture is itself a crop


class FoundFace(NamedTuple):
    """A face in a picture.

    Attributes:
        box: Left, top, right, bottom in pixels.
        score: Of the detector, in [0, 1].
        covers: Share of the picture that the square of the face holds.
        cut: The face as the network takes it, or the reason why it is left out.
    """

    box: tuple[float, float, float, float]
    score: float
    covers: float
    cut: CutFace | str


def find_faces(picture: np.ndarray, detector: Detector, crop: FaceCrop, *, side: int) -> list[FoundFace]:
    """The faces in a picture (h, w, 3) uint8 RGB, from left to right by the middle of their boxes.

    Args:
        side: Of the cut faces, in pixels.
    """
    found = detector.detect(picture)
    # Equal middles keep the order of the scores, so that the order does not depend on the sorting.
    order = np.argsort(found.boxes[:, 0] + found.boxes[:, 2], kind="stable")
    faces: list[FoundFace] = []
    for place in order.tolist():
        box = found.boxes[place]
        points = None if found.landmarks is None else found.landmarks[place]
        left, top, right, bottom = (float(value) for value in box)
        faces.append(
            FoundFace(
                (left, top, right, bottom),
                float(found.scores[place]),
                _covered(picture.shape[:2], square_of(box, points, crop)),
                cut_face(picture, box, points, crop, side=side),
            )
        )
    return faces


def _covered(size: tuple[int, int], square: tuple[float, float, float]) -> float:
    """The share of the picture that an upright square holds."""
    height, width = size
    left, top, side = square
    across = min(width, left + side) - max(0.0, left)
    down = min(height, top + side) - max(0.0, top)
    return max(0.0, across) * max(0.0, down) / (height * width)
