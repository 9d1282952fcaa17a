"""The stage that finds faces: one pass through the video, one frame in memory.

Each searched frame is decoded, its faces are found and cut, and wait until it is known whether the frame
begins a shot. Then they are followed. The network answers faces of several frames at once. At the end, the
tracks of shots are joined to persons where their appearance is clear, and answers become curves.
"""

from __future__ import annotations

from array import array
from itertools import pairwise

import numpy as np

from affekt.analysis.faces.answers import FaceAnswers
from affekt.analysis.faces.boxes import detections_of
from affekt.analysis.faces.followed import LEFT_OUT, Follower, Seen
from affekt.analysis.faces.persons import Persons, persons_of
from affekt.analysis.faces.sampled import BreaksOff, Frame, sampled
from affekt.analysis.faces.settings import FaceSettings
from affekt.analysis.faces.unseen import missing_faces
from affekt.analysis.found import Found, OnProgress, OpenMedium, silent
from affekt.core.errors import UsageError
from affekt.core.timeline.parts import Missing
from affekt.core.wording import counted, have
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.detection import Detections, Detector, open_detector
from affekt.media.faces.crop import CutFace, FaceCrop, TakesFaces, cut_face, face_side
from affekt.media.faces.mouth import mouth_patch
from affekt.media.tracking import appearance_of
from affekt.media.tracking.appearance import nothing_seen
from affekt.media.video import Video
from affekt.media.video.shots import Judged, ShotFinder, exact_cuts, looks_of

MUCH_LARGER = 4  # times `longest_px`, from which a note says that small faces are missed


def find_faces(
    open_medium: OpenMedium,
    predictor: Predictor,
    settings: FaceSettings | None = None,
    *,
    on_progress: OnProgress = silent,
    detector: Detector | None = None,
) -> Found:
    """The faces of a video over time.

    Args:
        predictor: Its preprocessing states how it wants faces cut (`affekt.media.faces.TakesFaces`).
        settings: The defaults if not given.
        on_progress: Called after each searched frame.
        detector: In place of the one that the settings name.

    Returns:
        A track for each person, `F1`, `F2`, ... in the order in which they appear; where faces were found
        that are no track; the shots; and what was not seen, and why: stretches without a face, without a
        picture, or without an answer.

    Raises:
        UsageError: The network takes no faces, or there is no such detector.
        MissingAsset: The detector is not on this computer.
        MediaError: Not a single frame can be decoded.
    """
    settings = settings or FaceSettings()
    crop, side = _crop_of(predictor)
    video = open_medium.video
    if video is None:
        return Found(missing=(Missing(modality="face", reason="there is no picture"),))
    detector = detector or open_detector(
        settings.detector, confidence=settings.confidence, longest_px=settings.longest_px
    )
    search = _Search(video, predictor, settings, detector, crop, side)
    for frame in sampled(video, step_s=settings.step_s, longest_px=settings.picture_px):
        search.add(frame)
        on_progress(frame.time_s)
    found = search.finish()
    on_progress(video.end_s)
    return found


class _Search:
    """What is known of a video up to a frame."""

    def __init__(
        self,
        video: Video,
        predictor: Predictor,
        settings: FaceSettings,
        detector: Detector,
        crop: FaceCrop,
        side: int,
    ) -> None:
        self._video, self._settings, self._detector = video, settings, detector
        self._crop, self._side = crop, side
        self._answers = FaceAnswers(predictor, settings.batch_size)
        self._follower = Follower(
            overlap=settings.overlap, gap_s=settings.gap_s, aspect=video.width / video.height
        )
        self._shots = ShotFinder()
        self._times_s, self._brightness = array("d"), array("f")
        self._numbers: dict[float, int] = {}  # of frames whose shot is not known yet
        self._before = 0  # number of the last frame whose shot is known
        self._cuts: list[tuple[int, int]] = []
        self._in_shot = [0]  # searched frames of each shot
        self._seen: Seen | None = None
        self._lost: list[tuple[int, float, float]] = []
        self._breaks_off: BreaksOff | None = None

    def add(self, frame: Frame | BreaksOff) -> None:
        if isinstance(frame, BreaksOff):
            self._breaks_off = frame
        elif frame.picture is None:
            self._lose(frame)
        else:
            self._search(frame, frame.picture)

    def finish(self) -> Found:
        self._judge(self._shots.finish())
        shots = self._shot_spans()
        # A shot with fewer frames needs no more faces than it has frames.
        needed = [min(self._settings.least_faces, count) for count in self._in_shot]
        every = self._follower.faces()
        faces = [it for it in every if len(it.times_s) >= needed[it.shot]]
        brief = [it for it in every if len(it.times_s) < needed[it.shot]]
        persons = persons_of(faces, shots, self._answers.finish(), self._settings)
        missing = missing_faces(
            persons.extents,
            self._lost_parts(),
            self._times_s,
            self._brightness,
            end_s=self._video.end_s,
            least_s=self._settings.missing_s,
        )
        return Found(
            tracks=persons.tracks,
            other_faces=detections_of(brief),
            shots=tuple((round(start, 3), round(end, 3)) for start, end in shots),
            mouths=persons.mouths,
            missing=(*missing, *persons.unanswered),
            notes=self._notes(len(brief), persons),
        )

    def _search(self, frame: Frame, picture: np.ndarray) -> None:
        if frame.is_new or self._seen is None:
            self._seen = self._faces_of(picture)
        looks = looks_of(picture)
        self._times_s.append(frame.time_s)
        self._brightness.append(looks.brightness)
        self._numbers[frame.time_s] = frame.number
        self._follower.add(frame.time_s, self._seen)
        self._judge(self._shots.update(frame.time_s, looks))

    def _faces_of(self, picture: np.ndarray) -> Seen:
        found = self._detector.detect(picture)
        height, width = picture.shape[:2]
        cut = [self._cut(picture, found, place) for place in range(len(found.boxes))]
        looks = [appearance_of(picture, box) for box in found.boxes]
        return Seen(
            boxes=found.boxes / np.array([width, height, width, height], np.float32),
            scores=found.scores,
            looks=np.stack(looks) if looks else nothing_seen()[None][:0],
            faces=[LEFT_OUT if isinstance(it, str) else self._answers.add(it) for it in cut],
            reasons=[it if isinstance(it, str) else "" for it in cut],
            mouths=[None if isinstance(it, str) else mouth_patch(it.pixels, self._crop) for it in cut],
        )

    def _cut(self, picture: np.ndarray, found: Detections, place: int) -> CutFace | str:
        points = None if found.landmarks is None else found.landmarks[place]
        return cut_face(picture, found.boxes[place], points, self._crop, side=self._side)

    def _judge(self, frames: list[Judged]) -> None:
        for frame in frames:
            number = self._numbers[frame.time_s]
            if frame.begins:
                self._cuts.append((self._before, number))
                self._in_shot.append(0)
            self._in_shot[-1] += 1
            self._before = number
            del self._numbers[frame.time_s]
        self._follower.judge(frames)

    def _lose(self, frame: Frame) -> None:
        """A frame that cannot be decoded: a stretch of them is one entry."""
        end_s = frame.time_s + self._settings.step_s
        if self._lost and frame.time_s - self._lost[-1][2] < 1e-6 + self._settings.step_s / 2:
            count, start_s, _ = self._lost[-1]
            self._lost[-1] = (count + 1, start_s, end_s)
        else:
            self._lost.append((1, frame.time_s, end_s))

    def _lost_parts(self) -> list[Missing]:
        end_s = self._video.end_s
        parts = [
            Missing(
                modality="face",
                reason=f"the video is damaged: {counted(count, 'searched frame')} cannot be decoded",
                start_s=round(start, 3),
                end_s=round(min(stop, end_s), 3),
            )
            for count, start, stop in self._lost
        ]
        if self._breaks_off is not None:
            start_s, reason = self._breaks_off
            parts.append(
                Missing(modality="face", reason=reason, start_s=round(start_s, 3), end_s=round(end_s, 3))
            )
        return parts

    def _shot_spans(self) -> list[tuple[float, float]]:
        video = self._video
        if self._settings.exact_cuts and self._breaks_off is None:
            cuts_s = exact_cuts(video, self._cuts)
        else:
            cuts_s = [float(video.times_s[before] + video.times_s[after]) / 2 for before, after in self._cuts]
        edges = [0.0, *cuts_s, video.end_s]
        return list(pairwise(edges))

    def _notes(self, brief: int, persons: Persons) -> tuple[str, ...]:
        notes = [
            f"the network gave no answer to {counted(count, 'face')}: {reason}"
            for reason, count in self._answers.skipped.items()
        ]
        if brief:
            notes.append(
                f"{counted(brief, 'track')} of fewer than {counted(self._settings.least_faces, 'face')} "
                f"{have(brief)} been left out"
            )
        longest = max(self._video.width, self._video.height)
        if longest > MUCH_LARGER * self._settings.longest_px:
            notes.append(
                f"frames of {self._video.width} x {self._video.height} pixels were searched at a longer side "
                f"of {self._settings.longest_px}: small faces are not found; state longest_px to find them"
            )
        return (*notes, *persons.notes)


def _crop_of(predictor: Predictor) -> tuple[FaceCrop, int]:
    """How the network wants faces cut, and the side of its input in pixels."""
    preprocess = predictor.preprocess
    if not isinstance(preprocess, TakesFaces):
        raise UsageError(
            f"{predictor.provenance.method} does not state how it wants faces cut (face_crop): give a "
            "network of faces, such as compact_face"
        )
    return preprocess.face_crop, face_side(preprocess)
