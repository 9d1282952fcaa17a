"""A real network of faces, media in memory, and stand-ins for detectors."""

from pathlib import Path

import numpy as np
import pytest

from affekt.analysis.found import OpenMedium
from affekt.core.timeline.parts import Medium
from affekt.deploy.runtime.predictor import Predictor
from affekt.invented.face_scenes import draw_scene
from affekt.media.detection import Detections
from affekt.media.video import Video, VideoFrames, open_video
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"


@pytest.fixture(scope="session")
def predictor():
    """The bundle of the repository."""
    return Predictor.open(BUNDLE, backend="onnxruntime", threads=1)


@pytest.fixture(scope="session")
def opened():
    """A function that opens frames, a scene or a video as a medium."""

    def open_it(given):
        if not isinstance(given, Video | VideoFrames):
            pixels = np.stack([picture for _, picture in draw_scene(given)])
            given = VideoFrames(pixels, np.arange(len(pixels)) / given.rate_hz, len(pixels) / given.rate_hz)
        video = open_video(given)
        medium = Medium(
            path=video.name,
            duration_s=video.end_s,
            width=video.width,
            height=video.height,
            frame_rate_hz=10.0,
        )
        return OpenMedium(medium, Path(video.name), video, None)

    return open_it


class FixedDetector:
    """Finds the same boxes, in shares of the picture, in every frame that is not black; with landmarks."""

    name, digest = "fixed", "fixed"
    points = np.array([[0.31, 0.38], [0.70, 0.38], [0.50, 0.57], [0.34, 0.76], [0.67, 0.76]])

    def __init__(self, *boxes):
        self.boxes, self.sizes = np.array(boxes, np.float32).reshape(-1, 4), []

    def detect(self, frame):
        height, width = frame.shape[:2]
        self.sizes.append((height, width))
        boxes = self.boxes[: len(self.boxes) if frame.max() > 20 else 0] * np.float32([width, height] * 2)
        low, size = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
        return Detections(
            boxes, np.full(len(boxes), 0.9, np.float32), (low + size * self.points).astype(np.float32)
        )


@pytest.fixture(scope="session")
def fixed():
    """Makes a detector of fixed boxes."""
    return FixedDetector
