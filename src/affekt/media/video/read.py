"""Video: files, folders of frames and decoded frames, read by frame number.

A video is indexed once, without decoding it; reading then decodes only the parts around the asked frames.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.image import resize
from affekt.media.kinds import head_of, kind_of
from affekt.media.limits import (
    MAX_FRAME_RATE_HZ,
    MAX_PIXELS,
    MIN_FRAME_RATE_HZ,
    MOST_ELONGATED,
    check_times,
)
from affekt.media.video.animation import AnimationSource
from affekt.media.video.folder import open_folder

# Suffixes that are searched for in folders; a file that is named explicitly may have any suffix.
SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".ogv", ".3gp",
    ".mts", ".m2ts", ".m2t", ".tp", ".trp", ".qt", ".mk3d", ".divx", ".mpe", ".m1v", ".m2v", ".vob", ".tod",
    ".asf", ".f4v", ".ogm", ".3gpp", ".3g2", ".mxf", ".gxf", ".dv", ".rm", ".rmvb", ".ivf", ".nut", ".mj2",
    ".h264", ".264", ".h265", ".265", ".hevc", ".insv",
)  # fmt: skip
DEFAULT_RATE_HZ = 25.0  # of folders of frames without a stated rate
UNSTATED_RATE = f"no frame rate is stated: {DEFAULT_RATE_HZ:g} frames per second are assumed; state `rate_hz`"

# Pictures that can be animated, by their names in `affekt.media.kinds`.
_ANIMATED = ("a GIF picture", "a WebP picture", "a PNG picture", "an AVIF picture")
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")
_SMALL = 512  # longer side in pixels up to which any aspect is read
_SAME_S = 1e-6  # tolerance, because spans are written with fewer digits than frame times


@dataclass(frozen=True, slots=True)
class VideoFrames:
    """Decoded video in memory.

    Attributes:
        pixels: (t, h, w, 3) uint8 RGB.
        times_s: (t,) float64, display times in seconds: increasing, from 0.
        end_s: End of the last frame in seconds.

    Raises:
        MediaError: Shapes, types or times are wrong.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.media.video.VideoFrames"

    pixels: np.ndarray
    times_s: np.ndarray
    end_s: float

    def __post_init__(self) -> None:
        pixels, times = self.pixels, self.times_s
        _check_layout(pixels)
        if times.shape != (len(pixels),):
            raise MediaError(f"{len(pixels)} decoded frames have times of shape {times.shape}")
        if times[0] != 0 or not np.all(np.diff([*times, self.end_s]) > 0):
            raise MediaError("times of decoded frames must increase from 0 to end_s")
        check_times("decoded frames", len(times), float(self.end_s))


def _check_layout(pixels: np.ndarray) -> None:
    """Refuse arrays other than (t, h, w, 3) uint8, with advice for the layout that they seem to have.

    Raises:
        MediaError: The shape or type is wrong.
    """
    if pixels.dtype == np.uint8 and pixels.ndim == 4 and pixels.shape[3] == 3 and pixels.size:
        return
    shape, advice = pixels.shape, ""
    if pixels.ndim == 4 and shape[3] != 3 and 3 in shape[:2]:
        axis = 1 if shape[1] == 3 else 0
        advice = f"; its colours are in axis {axis}: np.moveaxis(pixels, {axis}, -1) puts them last"
    elif pixels.ndim == 4 and shape[3] == 4:
        advice = "; pixels[..., :3] drops the fourth channel"
    elif pixels.ndim == 3 and shape[2] != 3:
        advice = "; np.repeat(pixels[..., None], 3, axis=-1) converts grey frames to RGB"
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
    """Source of a video's frames. It holds no open file and can be pickled."""

    name: str
    times_s: np.ndarray
    end_s: float
    height: int
    width: int
    sound_tracks: int
    notes: list[str]
    replacements: dict[int, int]  # undecodable frames found so far, and their replacements

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, (h, w, 3) uint8 each, in that order.

        Raises:
            MediaError: Nothing can be decoded.
        """
        ...


class Video:
    """An indexed video, whose frames are read by number.

    It holds no open file and can be pickled.

    Attributes:
        name: The path, or "decoded frames".
        times_s: (n,) float64, display times in seconds after the first frame.
        end_s: End of the last frame in seconds.
        height: Rows of the upright picture.
        width: Columns of the upright picture with square pixels; non-square ones, as on DVDs, are scaled.
        sound_tracks: Number of sound tracks; 0 for sources other than files.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.media.video.Video"

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
        """Limitations of the input, in words; usually empty. Reading can add to it."""
        numbers = range(self._first, self._first + len(self))
        if missing := sum(number in numbers for number in self._source.replacements):
            lost = "1 frame" if missing == 1 else f"{missing} frames"
            return [
                *self._source.notes,
                f"{lost} could not be decoded and were replaced by the nearest decodable ones",
            ]
        return list(self._source.notes)

    def is_replaced(self, number: int) -> bool:
        """Whether a frame that was read could not be decoded, so that another was shown instead."""
        return number + self._first in self._source.replacements

    def read(self, numbers: Sequence[int] | np.ndarray, *, height: int | None = None) -> np.ndarray:
        """Pixels (len(numbers), h, w, 3) uint8 RGB of the asked frames, upright; memory holds only these.

        An undecodable frame is replaced by the nearest earlier decodable one, or else by the next later one;
        `notes` then states it.

        Args:
            numbers: Frame numbers from 0, in any order; repeats are allowed.
            height: Rows of the result, averaged when shrinking; the aspect is kept. None: as stored.

        Raises:
            MediaError: Nothing can be decoded, or the file no longer exists.
            UsageError: A frame number or the height is out of range.
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
        """All frames with their numbers, one at a time, in constant memory.

        Args:
            height: As in `read`.

        Raises:
            MediaError: Nothing can be decoded, or the file no longer exists.
        """
        return self.chosen(range(len(self)), height=height)

    def chosen(
        self, numbers: Sequence[int], *, height: int | None = None
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Some frames with their numbers, in one pass, one at a time, in constant memory.

        Args:
            numbers: Increasing frame numbers.
            height: As in `read`.

        Raises:
            MediaError: Nothing can be decoded, or the file no longer exists.
            UsageError: The numbers do not increase, or one is out of range.
        """
        asked = [int(number) for number in numbers]
        if any(a >= b for a, b in pairwise(asked)) or (asked and not 0 <= asked[0] <= asked[-1] < len(self)):
            raise UsageError(f"{self.name}: increasing frame numbers from 0 to {len(self) - 1} are expected")
        return self._stream(asked, *self._size(height))

    def _stream(self, numbers: list[int], rows: int, columns: int) -> Iterator[tuple[int, np.ndarray]]:
        for number, picture in self._source.pictures([it + self._first for it in numbers], rows, columns):
            yield number - self._first, picture

    def part(self, start_s: float, stop_s: float) -> Video:
        """The frames that are shown between two times, as a video that starts at 0.

        Raises:
            MediaError: The span is not within the video.
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
    """Frames in memory."""

    def __init__(self, frames: VideoFrames) -> None:
        self._pixels = frames.pixels
        self.name, self.times_s, self.end_s = "decoded frames", frames.times_s.astype(float), frames.end_s
        self.height, self.width = frames.pixels.shape[1:3]
        self.sound_tracks = 0
        self.notes: list[str] = []
        self.replacements: dict[int, int] = {}

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        for number in numbers:
            picture = self._pixels[number]
            yield number, picture if picture.shape[:2] == (height, width) else resize(picture, height, width)


def open_video(reference: Path | str | VideoFrames | Video, *, rate_hz: float | None = None) -> Video:
    """Index a video.

    Args:
        reference: A file, also an animated GIF, WebP or PNG; a folder of frames 000001.jpg, 000002.jpg ...,
            where a text file `n_frames` may state the number of the last one; or decoded frames. A `Video` is
            returned unchanged.
        rate_hz: Frames per second of a folder, 25 by default; files state their own rate.

    Raises:
        MediaError: There is no such file, or it is empty, damaged, too large, a playlist, or not a video.
        UsageError: `rate_hz` is out of range.
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
        raise MediaError(f"{reference} is not a file; video is read from files only, nothing is downloaded")
    if path.is_dir():
        source = open_folder(path, rate_hz or DEFAULT_RATE_HZ)
        check_times(source.name, len(source.times_s), source.end_s)
        return Video(source)
    kind = kind_of(head_of(path))
    if kind is not None and kind.name in _ANIMATED:
        animation = AnimationSource(path)
        check_times(animation.name, len(animation.times_s), animation.end_s)
        return Video(animation)
    # Imported here: loading FFmpeg takes a tenth of a second, which pictures and walks do not need.
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
    except (OSError, ValueError):  # not a valid file name
        return False
