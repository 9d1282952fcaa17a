"""The analyzed video or picture with boxes, persons, labels and words drawn into it, or faces blurred."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageColor

from affekt.core.errors import MediaError, UsageError
from affekt.core.files.output import check_file, check_no_input
from affekt.core.files.whole import write_whole
from affekt.core.labels import emotion_of
from affekt.core.timeline.parts import Box, Medium, SpokenLine
from affekt.core.timeline.timeline import Timeline
from affekt.media.image import read_image
from affekt.media.sound import NoSound, Waveform, sound_blocks
from affekt.media.video import Video, open_video
from affekt.media.video.write import CLOCK_HZ, LAYOUTS, SOUND_RATES_HZ, SUFFIXES, write_mp4
from affekt.report.colors.labels import LabelColors
from affekt.report.story.blur import (
    LIMITS,
    LIMITS_OF_PICTURE,
    WHOLE,
    WHOLE_OF_PICTURE,
    blur_all,
    blur_boxes,
)
from affekt.report.story.cues import label_of_line, verdict
from affekt.report.story.drawing import GREY, Pen
from affekt.report.story.faces import FacePath
from affekt.report.story.lanes import Lane, Shown, lanes_of, main_lane

PICTURES = (".png", ".jpg", ".jpeg")
MOST_ROWS = 1080  # an 8K film would take gigabytes to encode, and boxes need no more
# A face is blurred for so long before it is found and after it is lost, and through gaps of this length.
HELD_S, GAP_S = 1.0, 3.0
_NOTICE_S = 4.0  # for which a redacted video states its limits
_BLOCK_S = 2.0  # of sound
_PART_S = 10.0
# Where a cut is not known to the frame, it is known to half of the step at which faces are searched.
_CUT_S = 0.1
# As clips are written (`affekt.media.video.write.H264`), several times as fast, for a few percent of size.
_CODING = ("libx264", {"crf": "20", "preset": "veryfast", "bf": "0", "x264-params": "cpu-independent=1"})

OnProgress = Callable[[float], None]


def check_annotated(out: Path, medium: Medium) -> None:
    """Refuse an annotated video or picture that cannot be written, before the work.

    Raises:
        UsageError: The medium has no picture, `out` is the medium or has another suffix, or it cannot be
            written.
    """
    if medium.width is None:
        raise UsageError(
            f"{medium.path} has no picture, so no annotated video can be made of it: a page (.html) shows "
            f"its {'sound' if medium.has_sound else 'words'}"
        )
    known, what = (SUFFIXES[:2], "video") if medium.duration_s else (PICTURES, "picture")
    if out.suffix.lower() not in known:
        raise UsageError(f"{out}: an annotated {what} is written as {' or '.join(known)}")
    check_no_input([out], [Path(medium.path)])
    check_file(out)


def write_annotated(
    timeline: Timeline,
    path: Path,
    out: Path,
    *,
    redact: bool = False,
    rows: int = MOST_ROWS,
    on_progress: OnProgress | None = None,
) -> tuple[str, ...]:
    """Write the medium with boxes, persons, labels and confidences, and with words at the bottom.

    Frames keep their times, and sound is encoded again. Memory does not grow with the length. A picture is
    written as a picture.

    Args:
        timeline: All of it: a face of a track that was filtered out is neither marked nor blurred.
        path: The analyzed file, or folder of frames.
        out: `.mp4` or `.m4v`; for a picture `.png` or `.jpg`.
        redact: Blur each face that was found, also between detections, before and after it is seen, and those
            that are no track (`other_faces`). The whole picture is blurred in shots in which none was found.
        rows: Greatest height of the frames; higher ones are scaled down.
        on_progress: Called with the seconds that are written.

    Returns:
        Limitations of what was written, in words.

    Raises:
        UsageError: The medium has no picture, or `out` is the medium, has another suffix or cannot be
            written.
        MediaError: The medium cannot be read.
    """
    check_annotated(out, timeline.medium)
    check_no_input([out], [path])
    if not timeline.medium.duration_s:
        return _write_picture(timeline, path, out, redact)
    video = open_video(path, rate_hz=timeline.medium.frame_rate_hz if path.is_dir() else None)
    height = min(video.height, rows)
    frames = _Frames(timeline, height, redact)
    ticks = np.rint(np.append(video.times_s, video.end_s) * CLOCK_HZ).astype(np.int64)
    numbers = np.arange(len(ticks))
    ticks = np.maximum.accumulate(ticks - numbers) + numbers  # each later than the one before
    sound, notes = _sound(path)
    with write_whole(out, error=MediaError) as partial:
        write_mp4(
            partial,
            _drawn(video, frames, height, on_progress),
            ticks.tolist(),
            coding=_CODING,
            sound=sound,
            comment=frames.limits if redact else "",
        )
    if height < video.height:
        notes.append(f"scaled down from {video.height} to {height} rows")
    return (*notes, *video.notes, *frames.notes())


def _write_picture(timeline: Timeline, path: Path, out: Path, redact: bool) -> tuple[str, ...]:
    pixels = read_image(path).copy()
    frames = _Frames(timeline, len(pixels), redact)
    picture = Image.fromarray(frames.draw(pixels, 0.0))
    with write_whole(out, error=MediaError) as partial:
        picture.save(partial, "PNG" if out.suffix.lower() == ".png" else "JPEG", quality=92)
    return frames.notes()


def _drawn(
    video: Video, frames: _Frames, height: int, on_progress: OnProgress | None
) -> Iterator[np.ndarray]:
    for number, pixels in video.frames(height=height):
        time_s = float(video.times_s[number])
        drawn = frames.draw(pixels.copy(), time_s)
        # H.264 halves the resolution of colour: sides are even.
        yield np.pad(drawn, ((0, drawn.shape[0] % 2), (0, drawn.shape[1] % 2), (0, 0)), mode="edge")
        if on_progress is not None:
            on_progress(time_s)


def _sound(path: Path) -> tuple[Iterator[Waveform] | None, list[str]]:
    """Sound in blocks, as the encoder takes it, and limitations."""
    if path.is_dir():
        return None, []
    try:
        native = next(iter(sound_blocks(path, seconds=_BLOCK_S, mono=False)))
        rate_hz = next((it for it in SOUND_RATES_HZ if it >= native.rate_hz), SOUND_RATES_HZ[-1])
        is_mixed = len(native.samples) not in LAYOUTS
        blocks = sound_blocks(path, seconds=_BLOCK_S, rate_hz=rate_hz, mono=is_mixed)
        first = next(blocks)
    except NoSound:
        return None, []
    except MediaError as error:
        return None, [f"without sound: {error}"]
    notes = [f"its {len(native.samples)} channels of sound are mixed to one"] if is_mixed else []
    return itertools.chain([first], blocks), notes


class _Frames:
    """What is drawn at each time."""

    def __init__(self, timeline: Timeline, height: int, redact: bool) -> None:
        self.redact = redact
        self.pen = Pen(height)
        self.paths = [FacePath(track, timeline.shots) for track in timeline.tracks if track.boxes]
        self.near: dict[int, list[FacePath]] = defaultdict(list)
        for path in self.paths:
            for part in range(_part(path.times[0] - HELD_S), _part(path.times[-1] + HELD_S) + 1):
                self.near[part].append(path)
        self.lanes = lanes_of(timeline)
        self.names = {person.id: person.shown for person in timeline.persons}
        self.courses = {path.track.id: _Course(self._lane_of(path)) for path in self.paths}
        self.words = _Words(timeline.words)
        labels = [it.label for lane in self.lanes for it in lane.answers]
        self.colors = LabelColors(_canonical(label) for label in labels)
        self.is_clip = timeline.medium.duration_s > 0
        self.others = sorted(timeline.other_faces, key=lambda box: box.time_s)
        self.other_times = [box.time_s for box in self.others]
        self.is_without = not self.paths and not self.others
        self.shots_without = _shots_without(timeline)
        if self.is_without:
            self.limits = WHOLE if self.is_clip else WHOLE_OF_PICTURE
        else:
            self.limits = LIMITS if self.is_clip else LIMITS_OF_PICTURE

    def draw(self, pixels: np.ndarray, time_s: float) -> np.ndarray:
        """A picture (h, w, 3) uint8, which is changed, with what is known at a time."""
        if self.redact:
            self._blur(pixels, time_s)
        picture = Image.fromarray(pixels)
        for path in self.near.get(_part(time_s), ()):
            box = path.at(time_s)
            if box is not None:
                text, color = self._said(path, time_s)
                self.pen.box(picture, box, text, color)
        pixels = np.array(picture)
        if self.redact and self.is_clip and time_s < _NOTICE_S:
            self.pen.notice(pixels, self.limits)
        else:
            self.pen.words(pixels, [self._spoken(line) for line in self.words.at(time_s)])
        return pixels

    def notes(self) -> tuple[str, ...]:
        found: list[str] = [self.limits] if self.redact else []
        if self.pen.lost:
            some = "".join(sorted(self.pen.lost))[:20]
            found.append(
                f"the font of the video lacks characters, which are left out ({some}): subtitles (.srt, "
                ".vtt) hold all words"
            )
        return tuple(found)

    def _blur(self, pixels: np.ndarray, time_s: float) -> None:
        if self.is_without or any(start <= time_s < end for start, end in self.shots_without):
            blur_all(pixels)
            return
        first = bisect_left(self.other_times, time_s - HELD_S)
        boxes: list[Box] = self.others[first : bisect_right(self.other_times, time_s + HELD_S)]
        for path in self.near.get(_part(time_s), ()):
            boxes += path.around(time_s, held_s=HELD_S, gap_s=GAP_S)
        blur_boxes(pixels, boxes)

    def _lane_of(self, path: FacePath) -> Lane | None:
        """The lane whose labels a box shows: that of its person, else the track's own."""
        track = path.track
        if track.person:
            return main_lane(self.lanes, track.person)
        return Lane("", "", track.modality, (track,))

    def _said(self, path: FacePath, time_s: float) -> tuple[str, tuple[int, int, int]]:
        shown = self.courses[path.track.id].at(time_s)
        name = self.names.get(path.track.person, "")
        if shown is None:
            return name or "face", GREY
        color = GREY
        if shown.kind == "label":
            red, green, blue = ImageColor.getrgb(self.colors[_canonical(shown.label)].light)[:3]
            color = (red, green, blue)
        return f"{name} {verdict(shown)}".strip(), color

    def _spoken(self, line: SpokenLine) -> str:
        shown = label_of_line(self.lanes, line)
        label = f"[{verdict(shown)}] " if shown is not None else ""
        name = self.names.get(line.person, "")
        return f"{label}{name}: {line.text}" if name else f"{label}{line.text}"


def _shots_without(timeline: Timeline) -> list[tuple[float, float]]:
    """Shots in which no face was found, and a little more, since cuts may not be known to the frame."""
    if len(timeline.shots) < 2:
        return []
    boxes = (*timeline.other_faces, *(box for track in timeline.tracks for box in track.boxes))
    # Boxes without a score are not of the detector: they reach to the end of a shot, and so to the next one.
    times_s = sorted(box.time_s for box in boxes if box.score is not None)
    return [
        (start - _CUT_S, end + _CUT_S if end < timeline.medium.duration_s else float("inf"))
        for start, end in timeline.shots
        if bisect_left(times_s, start) == bisect_left(times_s, end)
    ]


def _part(time_s: float) -> int:
    """Tracks are looked up by parts of the time: a film has thousands, a few of them at once."""
    return int(time_s // _PART_S)


class _Course:
    """The answers of a lane, by time."""

    def __init__(self, lane: Lane | None) -> None:
        self.answers = lane.answers if lane is not None else []
        self.starts = [one.start_s for one in self.answers]

    def at(self, time_s: float) -> Shown | None:
        place = bisect_right(self.starts, time_s) - 1
        if place < 0:
            return None
        one = self.answers[place]
        if time_s >= one.end_s and not one.start_s == one.end_s == time_s:
            return None
        return Shown(one.text or one.label, one.confidence, one.kind)


class _Words:
    """Lines of words, by time."""

    def __init__(self, words: Sequence[SpokenLine]) -> None:
        self.words = sorted(words, key=lambda line: line.start_s)
        self.starts = [line.start_s for line in self.words]
        self.longest_s = max((line.end_s - line.start_s for line in words), default=0.0)

    def at(self, time_s: float) -> list[SpokenLine]:
        last = bisect_right(self.starts, time_s)
        first = bisect_right(self.starts, time_s - self.longest_s - 1e-6)
        return [line for line in self.words[first:last] if line.end_s > time_s][:3]


def _canonical(label: str) -> str:
    return emotion_of(label) or label
