"""From a picture, a box and landmarks to a face cut as a network was trained on.

The five landmarks are moved onto the places that the network's `FaceCrop` states, by the similarity (move,
scale, rotation) of least squares. What lies beyond the picture repeats its edge.

Source of the similarity: Umeyama, Least-squares estimation of transformation parameters between two point
patterns, PAMI 1991.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from PIL import Image
from pydantic import Field, model_validator

from affekt.core.settings import Settings
from affekt.core.spec import InputSpec
from affekt.media.detection.detector import LANDMARKS
from affekt.media.faces.limits import MOUTH, Pose, judged, roll_deg_of, turn_of
from affekt.media.image import resize

# Median places of the landmarks of CenterFace in its boxes, in shares of width and height, made symmetric
# (benchmarks/results/face_crops.md): they stand in for the landmarks of a detector that gives boxes only.
LANDMARKS_IN_BOX = ((0.269, 0.363), (0.731, 0.363), (0.5, 0.572), (0.314, 0.743), (0.686, 0.743))
NO_LANDMARKS = "the detector gives no landmarks: the face is cut by its box, and not checked for its pose"
_BORDER_PX = 3  # of the edge around what is cut, for the interpolation

Point = tuple[float, float]


class FaceCrop(Settings):
    """How a network wants faces cut: stated by its preprocessing, as `face_crop`.

    Attributes:
        points: Where the landmarks belong, (x, y) in shares of the square crop: right and left eye (left and
            right in the picture), nose, corners of the mouth.
        turned: Whether faces are rotated upright; otherwise they are moved and scaled only.
        least_px: Side of the cut square in pixels of the picture; smaller faces are left out.
        trusted_px: The same; smaller faces are answered with a note and less trust.
    """

    points: tuple[Point, Point, Point, Point, Point]
    turned: bool
    least_px: int = Field(ge=1)
    trusted_px: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> FaceCrop:
        if self.trusted_px < self.least_px:
            raise ValueError(f"trusted_px {self.trusted_px} is less than least_px {self.least_px}")
        return self


class CutFace(NamedTuple):
    """A face as a network takes it.

    Attributes:
        pixels: (s, s, 3) uint8 RGB.
        notes: What lowers the trust, a sentence each.
        trust: In (0, 1]: the share of the accuracy above chance that remains, compared with a face that is
            large, upright and whole. Scores p of k classes become trust * p + (1 - trust) / k
            (`affekt.core.answers.trust`).
    """

    pixels: np.ndarray
    notes: tuple[str, ...]
    trust: float


@runtime_checkable
class TakesFaces(Protocol):
    """Preprocessing of a network of faces; what is cut as `face_crop` states is its `image`."""

    face_crop: FaceCrop
    spec: InputSpec


def face_side(preprocess: TakesFaces) -> int:
    """Side in pixels of the faces that a network takes: the width of its largest input."""
    return max(tensor.shape[-1] or 0 for tensor in preprocess.spec.inputs)


def cut_face(
    picture: np.ndarray, box: np.ndarray, landmarks: np.ndarray | None, crop: FaceCrop, *, side: int
) -> CutFace | str:
    """A face as a network takes it, or the reason why it is left out.

    Args:
        picture: (h, w, 3) uint8 RGB. Not modified.
        box: (4,) left, top, right, bottom in pixels.
        landmarks: (5, 2) x and y in pixels; None if the detector gives none.
        side: Of the result, in pixels.
    """
    points = _points(box, landmarks)
    if not _is_usable(points):
        return "its landmarks are unusable: they are not apart, or not finite"
    scale, angle, origin = _similarity(np.array(crop.points), points, turned=crop.turned)
    beyond = _beyond(picture.shape[:2], scale, angle, origin)
    pose = Pose(
        side_px=scale,
        beyond=float(beyond.mean()),
        mouth_beyond=float(beyond[-round(MOUTH * len(beyond)) :].mean()),
        roll_deg=0.0 if crop.turned else roll_deg_of(points),
        lying_deg=abs(float(np.degrees(angle))),
        turn=turn_of(points),
    )
    found = judged(pose, least_px=crop.least_px, trusted_px=crop.trusted_px)
    if isinstance(found, str):
        return found
    notes = (NO_LANDMARKS, *found.notes) if landmarks is None else found.notes
    return CutFace(_cut(picture, scale, angle, origin, side), notes, found.trust)


def inclination_deg(landmarks: np.ndarray, crop: FaceCrop) -> float:
    """How far a face is turned clockwise in the picture, in (-180, 180]; 0 if its landmarks are unusable."""
    points = np.asarray(landmarks, np.float64).reshape(LANDMARKS, 2)
    if not _is_usable(points):
        return 0.0
    return float(np.degrees(_similarity(np.array(crop.points), points, turned=True)[1]))


def square_of(box: np.ndarray, landmarks: np.ndarray | None, crop: FaceCrop) -> tuple[float, float, float]:
    """Left, top and side of the square that `cut_face` would cut, in pixels, before it is turned.

    The side is 0 if the landmarks are unusable.
    """
    points = _points(box, landmarks)
    if not _is_usable(points):
        return 0.0, 0.0, 0.0
    scale, _, origin = _similarity(np.array(crop.points), points, turned=False)
    return float(origin[0]), float(origin[1]), scale


def _points(box: np.ndarray, landmarks: np.ndarray | None) -> np.ndarray:
    """(5, 2): the landmarks, or where those of most faces lie in a box."""
    if landmarks is not None:
        return np.asarray(landmarks, np.float64).reshape(LANDMARKS, 2)
    low, high = np.asarray(box, np.float64).reshape(2, 2)
    return low + np.array(LANDMARKS_IN_BOX) * (high - low)


def _is_usable(points: np.ndarray) -> bool:
    return bool(np.isfinite(points).all() and np.ptp(points, axis=0).max() >= 1)


def _similarity(crop: np.ndarray, picture: np.ndarray, *, turned: bool) -> tuple[float, float, np.ndarray]:
    """Scale, angle in radians, and place of the crop's left upper corner, from the crop to the picture.

    The scale is that of the rotated fit also where the crop is not rotated, so that the size of a face does
    not depend on how its head is inclined.

    Args:
        crop: (5, 2), in shares of the crop's side; so the scale is its side in pixels of the picture.
        picture: (5, 2), in pixels.
    """
    from_middle, to_middle = crop.mean(axis=0), picture.mean(axis=0)
    one, other = crop - from_middle, picture - to_middle
    # In the plane, the rotation of least squares is the angle of the sum of products of complex numbers.
    along = (one * other).sum()
    across = (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum()
    scale = float(np.hypot(along, across) / (one**2).sum())
    angle = float(np.arctan2(across, along)) if turned else 0.0
    return scale, angle, to_middle - scale * _rotation(angle) @ from_middle


def _rotation(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _beyond(size: tuple[int, int], scale: float, angle: float, origin: np.ndarray) -> np.ndarray:
    """Which cells (32, 32) of the crop lie beyond the picture."""
    middles = (np.arange(32) + 0.5) / 32
    grid = np.stack(np.meshgrid(middles, middles), axis=-1)
    places = origin + scale * grid @ _rotation(angle).T
    return np.any((places < 0) | (places > size[::-1]), axis=-1)


def _cut(picture: np.ndarray, scale: float, angle: float, origin: np.ndarray, side: int) -> np.ndarray:
    """(side, side, 3): rotated in the resolution of the picture, then reduced with Pillow's filter.

    An affine transform alone would take single pixels of a large face, and give a coarse picture.
    """
    corners = origin + scale * np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) @ _rotation(angle).T
    low = np.floor(corners.min(axis=0)).astype(int) - _BORDER_PX
    high = np.ceil(corners.max(axis=0)).astype(int) + _BORDER_PX
    image = Image.fromarray(_with_edge(picture, low, high))
    coarse = max(1, int(scale / side / 2))  # very large faces: at least twice as fine as the result
    if coarse > 1:
        image = image.reduce(coarse)
    fine = max(side, round(scale / coarse))
    step = _rotation(angle) * (scale / coarse / fine)
    x, y = (origin - low) / coarse
    matrix = (step[0, 0], step[0, 1], x, step[1, 0], step[1, 1], y)
    cut = image.transform((fine, fine), Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    pixels = np.asarray(cut)
    return pixels if fine == side else resize(pixels, side, side)


def _with_edge(picture: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A part of the picture, whose edge is repeated where the part lies beyond it."""
    height, width = picture.shape[:2]
    left, top = (int(value) for value in low)
    right, bottom = (int(value) for value in high)
    inside = picture[max(0, top) : min(height, bottom), max(0, left) : min(width, right)]
    around = (
        (max(0, -top), max(0, bottom - height)),
        (max(0, -left), max(0, right - width)),
        (0, 0),
    )
    if not any(map(any, around)):
        return np.ascontiguousarray(inside)
    return np.pad(inside, around, mode="edge")
