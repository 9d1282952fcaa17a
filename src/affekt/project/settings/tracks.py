"""How faces and persons are found in videos."""

from __future__ import annotations

from pydantic import Field, field_validator

from affekt.core.settings import Settings
from affekt.media.detection import DETECTORS


class DetectorSettings(Settings):
    """A detector.

    Attributes:
        detector: The path of an ONNX file below the project's folder.
        confidence: The lowest score of a box.
        longest_px: Frames are searched at this longer side at most.
        label: The class that is kept, of an ONNX file with several.
    """

    detector: str
    confidence: float = Field(default=0.5, gt=0, le=1)
    longest_px: int = Field(default=640, ge=32, le=8192)
    label: int | None = None


class FaceDetectorSettings(DetectorSettings):
    """A detector of faces.

    Attributes:
        detector: By name, or the path of an ONNX file below the project's folder.
    """

    detector: str = "centerface"


class TrackSettings(Settings):
    """How faces and persons are found, and joined to tracks.

    Attributes:
        face: Its detector.
        person: Its detector; persons are left out without one.
        step_s: Seconds between the frames that are searched.
        overlap: The least overlap, intersection over union, of two boxes of one track.
        gap_s: Seconds after which a track that is not seen has ended.
    """

    face: FaceDetectorSettings = FaceDetectorSettings()
    person: DetectorSettings | None = None
    step_s: float = Field(default=0.2, ge=0.01, le=60)
    overlap: float = Field(default=0.3, gt=0, lt=1)
    gap_s: float = Field(default=1.0, ge=0)

    @field_validator("person")
    @classmethod
    def _finds_persons(cls, person: DetectorSettings | None) -> DetectorSettings | None:
        if person is not None and person.detector in DETECTORS:
            raise ValueError(f"{person.detector} finds faces: state the path of an ONNX file")
        return person
