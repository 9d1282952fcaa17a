"""Faces of any orientation: those that lie on their side or stand on their head are found again.

CenterFace finds fewer of such faces, and their landmarks follow the turn but lie too close together. So where
the landmarks of any face are turned by more than 45 degrees, the picture is turned by quarters until that
face is upright, and searched again; faces that were missed are found as well. Pictures whose faces are
upright are searched once. Measured: `benchmarks/results/turned_faces.md`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.media.detection.detector import Detector, intersection_over_union
from affekt.media.faces.crop import FaceCrop, inclination_deg

OVERLAP = 0.3  # of boxes that overlap more, one is kept


class TurnedFace(NamedTuple):
    """A face, in the picture and in a turned one.

    Attributes:
        box: (4,) left, top, right, bottom in pixels of the picture as it is.
        score: Of the detector.
        quarters: Quarters, anticlockwise, by which the picture has to be turned for the face to be upright.
        is_found_again: Whether it was found in the turned picture; else the last three are as in the picture.
        picture: (h, w, 3) in which it is cut: turned by `quarters`.
        box_there: (4,) in the pixels of that one.
        landmarks_there: (5, 2) likewise; None if the detector gives none.
    """

    box: np.ndarray
    score: float
    quarters: int
    is_found_again: bool
    picture: np.ndarray
    box_there: np.ndarray
    landmarks_there: np.ndarray | None


def detect_turned(picture: np.ndarray, detector: Detector, crop: FaceCrop) -> list[TurnedFace]:
    """The faces in a picture (h, w, 3) uint8 RGB, upright or not; the surest first, each once."""
    first = _detected(picture, detector, crop)
    upright = [face for face in first if face.quarters == 0]
    lying = [face for face in first if face.quarters]
    for quarters in sorted({face.quarters for face in lying}):
        turned = np.ascontiguousarray(np.rot90(picture, quarters))
        upright += [
            face._replace(
                box=_turned_back(face.box, picture.shape[:2], quarters),
                quarters=quarters,
                is_found_again=True,
            )
            for face in _detected(turned, detector, crop)
            if face.quarters == 0
        ]
    by_score = [*sorted(upright, key=lambda face: -face.score), *lying]
    kept: list[TurnedFace] = []
    for face in by_score:
        others = np.array([it.box for it in kept], np.float32).reshape(-1, 4)
        if not (intersection_over_union(face.box[None], others) > OVERLAP).any():
            kept.append(face)
    return kept


def _detected(picture: np.ndarray, detector: Detector, crop: FaceCrop) -> list[TurnedFace]:
    found = detector.detect(picture)
    faces: list[TurnedFace] = []
    for place, box in enumerate(found.boxes):
        points = None if found.landmarks is None else found.landmarks[place]
        inclined = 0.0 if points is None else inclination_deg(points, crop)
        quarters = round(inclined / 90) % 4
        faces.append(TurnedFace(box, float(found.scores[place]), quarters, False, picture, box, points))
    return faces


def _turned_back(box: np.ndarray, size: tuple[int, int], quarters: int) -> np.ndarray:
    """A box of a picture that was turned by quarters, in the one of `size` (h, w) as it was before."""
    height, width = size
    left, top, right, bottom = box
    places = {
        1: (width - bottom, left, width - top, right),
        2: (width - right, height - bottom, width - left, height - top),
        3: (top, height - right, bottom, height - left),
    }
    return np.array(places[quarters], np.float32)
