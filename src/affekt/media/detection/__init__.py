"""Detection: from a picture to the boxes of faces or persons in it."""

from affekt.media.detection.detector import Detections, Detector
from affekt.media.detection.named import DETECTORS, open_detector

__all__ = ["DETECTORS", "Detections", "Detector", "open_detector"]
