"""Video: files, folders of frames and decoded frames, read by frame number without keeping the rest.

A video is indexed once, without decoding it; reading then decodes what lies around the asked frames only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.image import resize
from affekt.media.limits import (
    MAX_FRAME_RATE_HZ,
    MAX_PIXELS,
    MIN_FRAME_RATE_HZ,
    MOST_ELONGATED,
    check_times,
)
from affekt.media.video.folder import open_folder

# What a folder is searched for; a file that is named is tried whatever it is called.
SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".ogv", ".3gp",
    ".mts", ".m2ts", ".m2t", ".tp", ".trp", ".qt", ".mk3d", ".divx", ".mpe", ".m1v", ".m2v", ".vob", ".tod",
    ".asf", ".f4v", ".ogm", ".3gpp", ".3g2", ".mxf", ".gxf", ".dv", ".rm", ".rmvb", ".ivf", ".nut", ".mj2",
    ".h264", ".264", ".h265", ".265", ".hevc", ".insv",
)  # fmt: skip
DEFAULT_RATE_HZ = 25.0  # of folders of frames whose rate nobody states

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")
_SMALL = 512  # pixels of a side up to which any shape is read
_SAME_S = 1e-6  # spans are written with fewer digits than frame times have


@dataclass(frozen=True, slots=True)
class VideoFrames:
    """Decoded video in memory.

    Attributes:
        pixels: (t, h, w, 3) uint8 RGB.
        times_s: (t,) float64, when each frame is shown: increasing, from 0.
        end_s: When the last frame ends.

    Raises:
        MediaError: Shapes, types or times are not like that.
    """

    pixels: np.ndarray
    times_s: np.ndarray
    end_s: float

    def __post_init__(self) -> None:
        pixels, times = self.pixels, self.times_s
        _check_layout(pixels)
        if times.shape != (len(pixels),):
            raise MediaError(f"{len(pixels)} decoded frames come with times of shape {times.shape}")
        if times[0] != 0 or not np.all(np.diff([*times, self.end_s]) > 0):
            raise MediaError("times of decoded frames must increase from 0 to end_s")
        check_times("decoded frames", len(times), float(self.end_s))


def _check_layout(pixels: np.ndarray) -> None:
    """Refuse what is not (t, h, w, 3) uint8, by the layout that it seems to have.

    Raises:
        MediaError: It is of another shape or type.
    """
    if pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[3] == 3 and pixels.size:
        return
    shape, advice = pixels.shape, ""
    if pixels.ndim == 4 and shape[3] != 3 and 3 in shape[:2]:
        axis = 1 if shape[1] == 3 else 0
        advice = f"; its colours lie in axis {axis}: np.moveaxis(pixels, {axis}, -1) puts them last"
    elif pixels.ndim == 4 and shape[3] == 4:
        advice = "; pixels[..., :3] leaves out the fourth channel"
    elif pixels.ndim == 3 and shape[2] != 3:
        advice = "; np.repeat(pixels[..., None], 3, axis=-1) makes RGB of grey frames"
    elif pixels.ndim == 3:
        advice = "; pixels[None] makes a video of one picture"
    elif pixels.dtype.kind == "f":
        advice = "; values in [0, 1] become uint8 by (255 * pixels).round().astype(np.uint8)"
    raise MediaError(
        f"decoded frames must be uint8 of shape (t, h, w, 3) in RGB, "
        f"found {pixels.dtype} of shape {shape}{advice}"
    )


@runtime_checkable
class FrameSource(Protocol):
    """Where a video's frames come from. Holds no open file and can be pickled."""

    name: str
    times_s: np.ndarray
    end_s: float
    height: int
    width: int
    sound_tracks: int
    notes: list[str]
    stand_ins: dict[int, int]  # frames that turned out undecodable, and those shown in their place

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, (h, w, 3) uint8 each, in that order.

        Raises:
            MediaError: Nothing can be decoded.
        """
        ...


class Video:
    """An index of a video: when its frames are shown, and a way to read them.

    Holds no open file and can be pickled.

    Attributes:
        name: The path, or "decoded frames".
        times_s: (n,) float64, when each frame is shown, in seconds after the first one.
        end_s: When the last frame ends.
        height: Rows, upright.
        width: Columns, upright, of square pixels: files that store oblong ones, as DVDs do, are widened.
        sound_tracks: 0 where there is no file that could hold them.
    """

    def __init__(self, source: FrameSource, first: int = 0, stop: int | None = None) -> None:
        longer, shorter = max(source.height, source.width), min(source.height, source.width)
        if longer > MOST_ELONGATED * shorter and longer > _SMALL:
            raise MediaError(
                f"{source.name} has frames of {source.width} x {source.height} pixels; "
                f"at most {MOST_ELONGATED:g} times as wide as high, or as high as wide, are read"
            )
        stop = len(source.times_s) if stop is None else stop
        ends = np.append(source.times_s[1:], source.end_s)
        self._source, self._first = source, first
        self.name, self.height, self.width = source.name, source.height, source.width
        self.sound_tracks = source.sound_tracks
        self.times_s: np.ndarray = source.times_s[first:stop] - source.times_s[first]
        self.end_s = float(ends[stop - 1] - source.times_s[first])

    def __len__(self) -> int:
        return len(self.times_s)

    def __repr__(self) -> str:
        return f"Video({self.name}, {len(self)} frames of {self.width} x {self.height}, {self.end_s:.2f} s)"

    @property
    def notes(self) -> list[str]:
        """What had to be put up with, readable; usually empty. Reading can add to it."""
        numbers = range(self._first, self._first + len(self))
        if missing := sum(number in numbers for number in self._source.stand_ins):
            lost = "1 frame" if missing == 1 else f"{missing} frames"
            return [*self._source.notes, f"{lost} could not be decoded: the nearest decodable ones stand in"]
        return list(self._source.notes)

    def read(self, numbers: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Pixels (len(numbers), h, w, 3) uint8 RGB of the asked frames, upright; memory holds no others.

        A frame that turns out undecodable is replaced by the nearest decodable one, earlier if there is one;
        `notes` then says so.

        Args:
            numbers: Of frames, from 0, in any order; repeats are allowed.
            height: Rows of the result, averaged when shrinking; the width keeps the aspect. None: as stored.

        Raises:
            MediaError: Nothing can be decoded, or the file is gone.
            UsageError: There is no frame of such a number, or no picture of such a height.
        """
        asked = np.asarray(numbers)
        if asked.ndim != 1 or not (asked.size == 0 or np.issubdtype(asked.dtype, np.integer)):
            raise UsageError(
                f"frame numbers must be a list of integers, found {asked.dtype} of {asked.shape}"
            )
        if asked.size and not 0 <= asked.min() <= asked.max() < len(self):
            raise UsageError(
                f"{self.name} has frames 0 to {len(self) - 1}; {asked.min()} to {asked.max()} were asked for"
            )
        rows, columns = self._size(height)
        pixels = np.empty((len(asked), rows, columns, 3), np.uint8)
        wanted, places = np.unique(asked.astype(int), return_inverse=True)
        if not wanted.size:
            return pixels
        for number, picture in self._source.pictures((wanted + self._first).tolist(), rows, columns):
            pixels[places == np.searchsorted(wanted, number - self._first)] = picture
        return pixels

    def frames(self, *, height: int | None = None) -> Iterator[tuple[int, np.ndarray]]:
        """All frames with their numbers, one at a time: memory does not grow with the length.

        Args:
            height: As in `read`.

        Raises:
            MediaError: Nothing can be decoded, or the file is gone.
        """
        rows, columns = self._size(height)
        numbers = range(self._first, self._first + len(self))
        for number, picture in self._source.pictures(numbers, rows, columns):
            yield number - self._first, picture

    def part(self, start_s: float, stop_s: float) -> Video:
        """The frames that are shown between two times, counted from 0 again.

        Raises:
            MediaError: The video has no such part.
        """
        ends = np.append(self.times_s[1:], self.end_s)
        first = int(np.searchsorted(ends, start_s + _SAME_S, side="right"))
        stop = int(np.searchsorted(self.times_s, stop_s - _SAME_S))
        if not (math.isfinite(start_s) and start_s >= 0 and first < stop):
            raise MediaError(
                f"{self.name} ends at {self.end_s:.1f} s; {start_s} to {stop_s} s were asked for"
            )
        return Video(self._source, self._first + first, self._first + stop)

    def _size(self, height: int | None) -> tuple[int, int]:
        if height is None:
            return self.height, self.width
        width = max(1, round(self.width * height / self.height))
        if height < 1 or height * width > MAX_PIXELS:
            raise UsageError(f"{self.name} cannot be read at a height of {height} pixels")
        return height, width


class _DecodedSource:
    """Frames that are in memory already."""

    def __init__(self, frames: VideoFrames) -> None:
        self._pixels = frames.pixels
        self.name, self.times_s, self.end_s = "decoded frames", frames.times_s.astype(float), frames.end_s
        self.height, self.width = frames.pixels.shape[1:3]
        self.sound_tracks = 0
        self.notes: list[str] = []
        self.stand_ins: dict[int, int] = {}

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        for number in numbers:
            picture = self._pixels[number]
            yield number, picture if picture.shape[:2] == (height, width) else resize(picture, height, width)


def open_video(reference: Path | str | VideoFrames | Video, *, rate_hz: float | None = None) -> Video:
    """Index a video.

    Args:
        reference: A file; a folder of frames 000001.jpg, 000002.jpg ..., where a text file `n_frames` may
            state how many count; or decoded frames. What is a `Video` already comes back as it is.
        rate_hz: Frames per second of a folder, 25 if nobody says; files state their own.

    Raises:
        MediaError: There is no such file, or it is empty, damaged, too large, a playlist, or no video.
        UsageError: `rate_hz` is no frame rate.
    """
    if rate_hz is not None and not MIN_FRAME_RATE_HZ <= rate_hz <= MAX_FRAME_RATE_HZ:
        raise UsageError(
            f"a video cannot have {rate_hz} frames per second; "
            f"{MIN_FRAME_RATE_HZ:g} to {MAX_FRAME_RATE_HZ:g} are possible"
        )
    if isinstance(reference, Video):
        return reference
    if isinstance(reference, VideoFrames):
        return Video(_DecodedSource(reference))
    path = Path(reference)
    if _ADDRESS.match(str(reference)) and not _exists(path):
        raise MediaError(f"{reference} is no file; video is read from files only, nothing is fetched")
    if path.is_dir():
        source = open_folder(path, rate_hz or DEFAULT_RATE_HZ)
        check_times(source.name, len(source.times_s), source.end_s)
        return Video(source)
    # Here, not above: loading FFmpeg takes a tenth of a second, which pictures and walks need not wait for.
    from affekt.media.video.file import open_file

    return Video(open_file(path))


def video_of(sample: Sample) -> Video:
    """A sample's video, cut to its span.

    Raises:
        MediaError: The sample has no video, it cannot be used, or it ends before the span.
    """
    if "video" not in sample.media:
        raise MediaError(f"sample {sample.id} has no video; it has {', '.join(sample.media) or 'nothing'}")
    video = open_video(sample.media["video"], rate_hz=sample.facts.get("rate_hz"))
    if sample.span_s is None:
        return video
    try:
        return video.part(*sample.span_s)
    except MediaError as error:
        raise MediaError(f"sample {sample.id}: {error}") from None


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False
