"""Video files: indexed once, then read by frame number, with replacements for damaged frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.container import track_end_s
from affekt.media.limits import MAX_PIXELS, check_times
from affekt.media.video.decoder import (
    CAREFUL,
    FAST,
    WHOLE,
    Decoder,
    Scaler,
    count_frames,
    turn_of,
)
from affekt.media.video.index import (
    NONE,
    REORDER,
    FrameIndex,
    Packets,
    index_packets,
    read_packets,
)
from affekt.media.video.track import open_track

MAX_PIXEL_ASPECT = 4.0  # larger stated pixel aspect ratios are damage; anamorphic video has at most 2.1
NEARLY_SQUARE = 0.01  # deviation of the pixel aspect ratio from 1 that is ignored
_USUAL_RATE_HZ = Fraction(25)  # assumed if a file states no frame rate
_CUT_OFF_S = 0.5  # tolerance of the stated end, which may differ by a frame or two
_MANY_GROUPS = 8  # number of damaged groups above which one pass through the whole file is faster


class FileSource:
    """The frames of a video file."""

    def __init__(
        self,
        decoder: Decoder,
        care: int,
        times_s: np.ndarray,
        end_s: float,
        sound_tracks: int,
        notes: list[str],
        pixel_aspect: float,
    ) -> None:
        self._decoder, self._care = decoder, care
        self.name, self.sound_tracks, self.notes = str(decoder.path), sound_tracks, notes
        self.times_s, self.end_s = times_s, end_s
        self.replacements: dict[int, int] = {}
        first = next((frame for _, frame in decoder.frames(np.arange(len(times_s)), care)), None)
        if first is None:
            raise MediaError(
                f"{self.name} is cut off or damaged: none of its {len(times_s)} frames can be decoded"
            )
        self._turn = turn_of(first)
        shape = _square_pixels(first.height, first.width, pixel_aspect)
        self.height, self.width = shape[::-1] if self._turn.transposed else shape

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, in that order; undecodable ones are replaced by their neighbours.

        Raises:
            MediaError: Nothing can be decoded, or the file is gone.
        """
        scale, done = Scaler(self._turn, height, width), 0
        while done < len(numbers):  # once, and again after each damaged part
            # Replacements of increasing numbers also increase.
            shown = np.array([self.replacements.get(number, number) for number in numbers[done:]])
            place = 0
            held: dict[int, np.ndarray] = {}
            for number, frame in self._decoder.frames(np.unique(shown), self._care):
                held[number] = scale(frame)
                while place < len(shown) and shown[place] in held:
                    yield numbers[done + place], held[shown[place]]
                    place += 1
                    if place == len(shown) or shown[place] != shown[place - 1]:
                        del held[shown[place - 1]]
                if len(held) > REORDER:  # earlier frames cannot follow any more
                    break
            done += place
            if place < len(shown):
                before = min(held) if len(held) > REORDER else len(self.times_s)
                rest = np.unique(shown[place:])
                self._replace(np.array([number for number in rest[rest < before] if number not in held]))

    def _replace(self, missing: np.ndarray) -> None:
        """Determine the replacements of frames that could not be decoded.

        Raises:
            MediaError: Nothing can be decoded.
        """
        decoder = self._decoder
        index = decoder.index
        anchors = np.maximum(index.anchor[missing], 0)
        groups = np.unique(anchors)
        if index.by_time and self._care == FAST and len(groups) <= _MANY_GROUPS:
            near: dict[int, int] = {}
            for anchor in groups:
                group = missing[anchors == anchor]
                first = np.searchsorted(index.times, decoder.packets.pts[anchor])
                found = decoder.decodable(np.arange(min(first, group[0]), group[-1] + 1), CAREFUL)
                near |= _nearest(group[group >= found[0]] if found.size else group[:0], found)
            if len(near) == len(missing):
                self._accept(near, CAREFUL)
                return
        found = decoder.decodable(np.arange(len(self.times_s)), WHOLE)
        if not found.size or (self._care == WHOLE and np.isin(missing, found).any()):
            raise MediaError(f"{self.name} can no longer be decoded: has the file changed?")
        self._accept(_nearest(missing, found), WHOLE)

    def _accept(self, near: dict[int, int], care: int) -> None:
        self.replacements |= {number: other for number, other in near.items() if number != other}
        if any(number == other for number, other in near.items()):  # this mode was needed to decode it
            self._care = care


def open_file(path: Path) -> FileSource:
    """Index a video file.

    Raises:
        MediaError: There is no such file, or it is empty, damaged, too large, a playlist, or not a video.
    """
    with open_track(path) as (container, stream):
        packets = read_packets(container, stream, path)
        stated_count, sound_tracks = stream.frames, len(container.streams.audio)
        rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE_HZ
        stated_end_s = track_end_s(stream) or 0.0
        counts_from_zero = container.format.name == "avi"
        stated_aspect = float(stream.sample_aspect_ratio or 1)
    index, care, notes = index_packets(packets), FAST, list[str]()
    if index is None:
        index, care = count_frames(path, packets)
        if len(index.times) and index.times[0] == NONE:
            notes.append(f"it has no usable timestamps: {float(rate):g} frames per second are assumed")
    else:
        index = _decodable_ends(Decoder(path, packets, index), cut_off=len(packets.pts) < stated_count)
    if not len(index.times):
        count = max(stated_count, len(packets.pts))
        raise MediaError(f"{path} is cut off or damaged: none of its {count} frames can be decoded")
    times_s, end_s = _seconds(index, packets, rate)
    check_times(str(path), len(times_s), end_s)
    # Tags count from second 0 of the file, which may be before the first picture.
    begin_s = max(0.0, float(int(index.times[0]) * packets.base)) if index.times[0] != NONE else 0.0
    # AVI counts repeated frames and the time before the first frame: fewer frames are not a loss if the last
    # one is shown at the stated time.
    is_short = end_s + begin_s * counts_from_zero < (stated_count - 0.5) / float(rate)
    if len(packets.pts) < stated_count and is_short:
        notes.append(f"cut off: {len(index.times)} of {stated_count} stated frames can be decoded")
    elif len(index.times) < stated_count and len(packets.pts) >= stated_count:
        notes.append(
            f"{len(index.times)} of {stated_count} stated frames are shown: the file hides the others"
        )
    elif begin_s + end_s < stated_end_s - _CUT_OFF_S:
        notes.append(f"cut off: it ends at {end_s:.1f} s of {stated_end_s - begin_s:.1f} s")
    aspect = stated_aspect if 1 / MAX_PIXEL_ASPECT <= stated_aspect <= MAX_PIXEL_ASPECT else 1.0
    if aspect != stated_aspect:
        notes.append(f"it states pixels {stated_aspect:.3g} times as wide as high: they were taken as square")
    return FileSource(Decoder(path, packets, index), care, times_s, end_s, sound_tracks, notes, aspect)


def _square_pixels(height: int, width: int, aspect: float) -> tuple[int, int]:
    """Rows and columns of a picture with square pixels, from pixels `aspect` times as wide as high.

    The width is changed, so that no row is lost; if the picture would become too large, the height is.
    """
    if abs(aspect - 1) < NEARLY_SQUARE:
        return height, width
    columns = max(1, round(width * aspect))
    if height * columns <= MAX_PIXELS:
        return height, columns
    return max(1, round(height / aspect)), width


def _decodable_ends(decoder: Decoder, *, cut_off: bool) -> FrameIndex:
    """The index without undecodable frames at the ends; all other frames are assumed to be intact.

    Suspect are frames without a preceding keyframe, and the last frames of a cut-off file.
    """
    index = decoder.index
    suspect = index.anchor < 0
    if cut_off:
        suspect |= index.anchor == index.anchor[np.argmax(index.position)]
    if not suspect.any():
        return index
    intact = np.concatenate([np.flatnonzero(~suspect), decoder.decodable(np.flatnonzero(suspect), CAREFUL)])
    return index.keep(np.sort(intact))


def _seconds(index: FrameIndex, packets: Packets, rate: Fraction) -> tuple[np.ndarray, float]:
    """Display times of the frames in seconds, from 0, and the end of the last one."""
    if index.times[0] == NONE:
        return np.arange(len(index.times)) / float(rate), len(index.times) / float(rate)
    base = packets.base
    times_s = (index.times - index.times[0]) * base.numerator / base.denominator
    lasts = int(packets.duration[index.position[-1]]) if index.by_time else 0
    steps = np.diff(times_s)
    last_s = float(lasts * base) if lasts > 0 else float(np.median(steps)) if steps.size else float(1 / rate)
    return times_s, float(times_s[-1]) + last_s


def _nearest(missing: np.ndarray, found: np.ndarray) -> dict[int, int]:
    """For each missing number the nearest earlier found one, or else the first found one."""
    places = np.maximum(np.searchsorted(found, missing, side="right") - 1, 0)
    return dict(zip(missing.tolist(), found[places].tolist(), strict=True))
