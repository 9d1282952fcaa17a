"""Faces in pictures: found by a detector, cut as a network takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.media.detection.detector import Detector
from affekt.media.faces.crop import CutFace, FaceCrop, cut_face, square_of
from affekt.media.faces.turned import TurnedFace, detect_turned

FILLS = 0.8  # share of the picture in the square of its only face from which the picture is itself a crop
LIES = "the face lies on its side: it was found again in the picture turned by 90 degrees"
STANDS_ON_HEAD = "the face is upside down: it was found again in the picture turned by 180 degrees"


class FoundFace(NamedTuple):
    """A face in a picture.

    Attributes:
        box: Left, top, right, bottom in pixels.
        score: Of the detector, in [0, 1].
        covers: Share of the picture that the square of the face holds.
        cut: The face as the network takes it, or the reason why it is left out.
        is_upright: Whether it is turned by at most 45 degrees in the picture.
    """

    box: tuple[float, float, float, float]
    score: float
    covers: float
    cut: CutFace | str
    is_upright: bool = True


def find_faces(picture: np.ndarray, detector: Detector, crop: FaceCrop, *, side: int) -> list[FoundFace]:
    """The faces in a picture (h, w, 3) uint8 RGB, from left to right by the middle of their boxes.

    Faces that lie, or are upside down, are found again in the turned picture, cut there, and noted.

    Args:
        side: Of the cut faces, in pixels.
    """
    # Equal middles keep the order of the scores, so that the order does not depend on the sorting.
    found = sorted(detect_turned(picture, detector, crop), key=lambda it: float(it.box[0] + it.box[2]))
    faces: list[FoundFace] = []
    for face in found:
        left, top, right, bottom = (float(value) for value in face.box)
        square = square_of(face.box_there, face.landmarks_there, crop)
        faces.append(
            FoundFace(
                (left, top, right, bottom),
                face.score,
                _covered(face.picture.shape[:2], square),
                _cut(face, crop, side),
                face.quarters == 0,
            )
        )
    return faces


def _cut(face: TurnedFace, crop: FaceCrop, side: int) -> CutFace | str:
    cut = cut_face(face.picture, face.box_there, face.landmarks_there, crop, side=side)
    if isinstance(cut, str) or not face.is_found_again:
        return cut
    note = STANDS_ON_HEAD if face.quarters == 2 else LIES
    return cut._replace(notes=(note, *cut.notes))


def _covered(size: tuple[int, int], square: tuple[float, float, float]) -> float:
    """The share of the picture that an upright square holds."""
    height, width = size
    left, top, side = square
    across = min(width, left + side) - max(0.0, left)
    down = min(height, top + side) - max(0.0, top)
    return max(0.0, across) * max(0.0, down) / (height * width)
