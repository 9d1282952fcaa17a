"""How faces are found and answered."""

from __future__ import annotations

from pydantic import Field

from affekt.core.settings import Settings


class FaceSettings(Settings):
    """How faces are found in a video, followed, and answered. Defaults: `benchmarks/face_tracks.py`.

    Attributes:
        detector: By name, or the path of an ONNX file (`affekt.media.detection.open_detector`).
        confidence: The lowest score of a face.
        longest_px: Frames are searched at this longer side at most.
        picture_px: Faces are cut from frames of this longer side at most; it bounds time and memory of large
            videos. A face of a 4K video has a third of its pixels at the default.
        step_s: Seconds between the frames that are searched. Between them, and where a face is missed for
            less than `gap_s`, boxes are interpolated.
        overlap: The least overlap, intersection over union, of two successive boxes of one track.
        gap_s: Seconds after which a face that is not seen has left; one that comes back later is joined to
            its person by appearance, where that is clear.
        least_faces: Tracks with fewer faces than this are left out: they are errors of the detector, or
            seen too briefly. Their boxes are kept, so that they can be blurred. A video with fewer frames
            needs no more than it has.
        every_s: Seconds of one answer: spans lie on a grid of this step, and end at cuts.
        smoothing_s: Answers are averaged over this time, centred; 0 averages within spans only.
        missing_s: Stretches without a face that last longer are reported.
        batch_size: Faces that are answered at once.
        exact_cuts: Whether frames around each cut are decoded again to find it to the frame. Otherwise it is
            known to half of `step_s`.
    """

    detector: str = "centerface"
    confidence: float = Field(default=0.5, gt=0, le=1)
    longest_px: int = Field(default=640, ge=32, le=8192)
    picture_px: int = Field(default=1280, ge=32, le=8192)
    step_s: float = Field(default=0.2, ge=0.01, le=60)
    overlap: float = Field(default=0.3, gt=0, lt=1)
    gap_s: float = Field(default=1.0, ge=0, le=60)
    least_faces: int = Field(default=3, ge=1)
    every_s: float = Field(default=0.5, ge=0.02, le=3600)
    smoothing_s: float = Field(default=1.0, ge=0, le=60)
    missing_s: float = Field(default=3.0, ge=0)
    batch_size: int = Field(default=32, ge=1, le=4096)
    exact_cuts: bool = True
