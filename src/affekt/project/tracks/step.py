"""The steps `tracks-face` and `tracks-person`: one pass through each video."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.media.detection import Detections, Detector, open_detector
from affekt.media.tracking.tracker import Tracker
from affekt.media.video import Video, open_video
from affekt.project.folder import Project
from affekt.project.media import media_of, of_kind
from affekt.project.settings.tracks import DetectorSettings, TrackSettings

What = Literal["face", "person"]
VERSION = 1  # of sampling and tracking; a change makes stored tracks stale


class TrackedBox(NamedTuple):
    """A box of a frame: left, top, width, height in pixels of the upright picture."""

    frame: int
    track: int
    x: float
    y: float
    w: float
    h: float
    score: float
    landmarks: bytes | None


class VideoTracks(NamedTuple):
    """The tracks of a video, as in the tables `tracked` and `box`."""

    detector: str
    frames: int
    step_s: float
    duration_s: float
    width: int
    height: int
    boxes: list[TrackedBox]


class TrackStep:
    """Faces, or persons, in the video of each item that has one.

    Args:
        detector: The one that the settings name by default; it is opened here, so that no item is tried
            without one.

    Raises:
        UsageError: There is no such detector, or it is not on this computer.
        AffektError: Its network is damaged, or does not follow the convention.
    """

    def __init__(
        self, project: Project, what: What, settings: DetectorSettings, detector: Detector | None = None
    ) -> None:
        self.name, self._what = f"tracks-{what}", what
        self._settings, self._tracking = settings, project.settings.tracks
        self._detector: Detector = detector or open_detector(
            settings.detector,
            confidence=settings.confidence,
            longest_px=settings.longest_px,
            label=settings.label,
            folder=project.path,
        )

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        tracking = self._tracking
        stated = fingerprint(
            VERSION,
            self._detector.digest,
            self._settings.longest_px,
            [tracking.step_s, tracking.overlap, tracking.gap_s],
        )
        return {
            item: fingerprint(stated, videos[0].sha256)
            for item, media in media_of(connection).items()
            if (videos := of_kind(media, "video"))
        }

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> VideoTracks:
        videos = of_kind(media_of(connection, item=item).get(item, ()), "video")
        if not videos:  # another process has removed it
            raise MediaError(f"{item} has no video any more")
        return track_video(
            open_video(videos[0].file(project)), self._detector, self._tracking, self._settings.longest_px
        )

    def write(self, connection: sqlite3.Connection, item: str, result: VideoTracks | None) -> None:
        key = (item, self._what)
        connection.execute("DELETE FROM tracked WHERE item_id = ? AND what = ?", key)  # with its boxes
        if result is None:
            return
        connection.execute(
            "INSERT INTO tracked (item_id, what, detector, frames, step_s, duration_s, width, height) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, *result[:-1]),
        )
        connection.executemany(
            "INSERT INTO box (item_id, what, frame, track, x, y, w, h, score, landmarks) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(*key, *box) for box in result.boxes],
        )


def track_steps(project: Project) -> list[TrackStep]:
    """The steps that `project.toml` asks for: faces, and persons if a detector of them is stated.

    Raises:
        AffektError: As in `TrackStep`.
    """
    settings = project.settings.tracks
    steps = [TrackStep(project, "face", settings.face)]
    return steps + ([TrackStep(project, "person", settings.person)] if settings.person else [])


def track_video(video: Video, detector: Detector, tracking: TrackSettings, longest_px: int) -> VideoTracks:
    """Search the frames of a video that are shown at multiples of `step_s`; one frame is in memory.

    Raises:
        MediaError: It cannot be decoded.
    """
    count = max(1, math.ceil(video.end_s / tracking.step_s - 1e-6))
    times_s = np.arange(count) * tracking.step_s
    # A frame is shown until the next one; rounding must not choose the one before.
    numbers = (np.searchsorted(video.times_s, times_s + 1e-6, side="right") - 1).clip(0)
    scale = min(1.0, longest_px / max(video.height, video.width))
    pictures = video.chosen(np.unique(numbers).tolist(), height=max(1, round(video.height * scale)))
    tracker = Tracker(overlap=tracking.overlap, gap_s=tracking.gap_s)
    boxes: list[TrackedBox] = []
    shown, found = -1, Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    for place, (time_s, number) in enumerate(zip(times_s.tolist(), numbers.tolist(), strict=True)):
        if number != shown:  # where frames are further apart than the step, one is shown several times
            shown, picture = next(pictures)
            found = _in_pixels_of(video, detector.detect(picture), picture)
        tracks = tracker.update(time_s, found.boxes)
        boxes += [_tracked(place, tracks[one], found, one) for one in range(len(tracks))]
    return VideoTracks(detector.name, count, tracking.step_s, video.end_s, video.width, video.height, boxes)


def _in_pixels_of(video: Video, found: Detections, picture: np.ndarray) -> Detections:
    """Boxes of a reduced picture in pixels of the video."""
    back = np.array([video.width / picture.shape[1], video.height / picture.shape[0]], np.float32)
    points = None if found.landmarks is None else found.landmarks * back
    return Detections(found.boxes * np.tile(back, 2), found.scores, points)


def _tracked(frame: int, track: int, found: Detections, place: int) -> TrackedBox:
    left, top, right, bottom = (float(edge) for edge in found.boxes[place])
    points = None if found.landmarks is None else found.landmarks[place].astype("<f4").tobytes()
    score = float(found.scores[place])
    return TrackedBox(frame, track, left, top, right - left, bottom - top, score, points)
