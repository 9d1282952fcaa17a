"""Photos of drawn faces, and a detector that finds them without a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from affekt.media.detection import Detections
from affekt.media.faces.crop import LANDMARKS_IN_BOX
from affekt.media.image import resize

FRAME = (255, 0, 255)  # colour of the line around a drawn face
LINE_PX = 2


def draw_photo(
    faces: Sequence[tuple[np.ndarray, tuple[int, int, int, int]]], *, width: int, height: int
) -> np.ndarray:
    """A grey picture (height, width, 3) uint8 with faces in frames, which `FramedFaces` finds.

    Args:
        faces: Pixels (h, w, 3) of each, and its box: left, top, right, bottom in pixels. What lies beyond
            the picture is cut off.
    """
    photo = Image.new("RGB", (width, height), (128, 128, 128))
    for pixels, (left, top, right, bottom) in faces:
        framed = resize(pixels, bottom - top, right - left).copy()
        framed[:LINE_PX] = framed[-LINE_PX:] = framed[:, :LINE_PX] = framed[:, -LINE_PX:] = FRAME
        photo.paste(Image.fromarray(framed), (left, top))
    return np.asarray(photo)


class FramedFaces:
    """A detector of faces in frames of the colour `FRAME`, as `draw_photo` draws them.

    Args:
        has_landmarks: Whether it gives landmarks.
    """

    name = "framed faces"
    digest = "0" * 64

    def __init__(self, *, has_landmarks: bool = True) -> None:
        self.has_landmarks = has_landmarks
        self.searched = 0

    def detect(self, frame: np.ndarray) -> Detections:
        self.searched += 1
        is_line = (frame[..., 0] > 195) & (frame[..., 1] < 60) & (frame[..., 2] > 195)  # JPEG changes colours
        labels = np.asarray(ndimage.label(is_line)[0])  # type: ignore[index]
        places: list[tuple[slice, slice]] = ndimage.find_objects(labels)
        boxes = np.array(
            [
                (columns.start, rows.start, columns.stop, rows.stop)
                for rows, columns in places
                if min(rows.stop - rows.start, columns.stop - columns.start) > 2 * LINE_PX
            ],
            np.float32,
        ).reshape(-1, 4)
        sizes = boxes[:, None, 2:] - boxes[:, None, :2]
        points = boxes[:, None, :2] + np.array(LANDMARKS_IN_BOX, np.float32) * sizes
        scores = np.linspace(0.9, 0.8, len(boxes), dtype=np.float32)
        return Detections(boxes, scores, points if self.has_landmarks else None)
