"""Decoding of chosen frames of a video file: from the preceding keyframe, in one pass through the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import SideData, Type
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from affekt.media.container import BROKEN
from affekt.media.video.index import NONE, REORDER, FrameIndex, Packets
from affekt.media.video.track import open_track

SEEK_PACKETS = 8  # decoding up to this many packets is faster than seeking and refilling the decoder

# Decoding modes, in the order of their cost.
FAST = 0  # from the preceding keyframe; frames that are not asked for and not referenced are skipped
CAREFUL = 1  # from one keyframe earlier, all frames, in one thread: damage loses the fewest frames
WHOLE = 2  # as CAREFUL, but from the start of the file

# Decoders that can skip any single frame which is not referenced by others.
SKIPPING = ("h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vp8", "vp9")


@dataclass(frozen=True, slots=True)
class Turn:
    """Transformation from stored to upright pixels: first transpose, then flip."""

    transposed: bool = False
    flip_rows: bool = False
    flip_columns: bool = False

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Upright pixels (h, w, 3)."""
        upright = pixels.transpose(1, 0, 2) if self.transposed else pixels
        return upright[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]


@dataclass(frozen=True, slots=True)
class DecodeSpan:
    """Packets `start` to `stop` that are decoded in one go to get some of the asked frames."""

    start: int
    stop: int


class Scaler:
    """Converts decoded frames to upright RGB of one size. Shrinking averages over the covered area."""

    def __init__(self, turn: Turn, height: int, width: int) -> None:
        self._turn, self._reformatter = turn, VideoReformatter()
        self._height, self._width = (width, height) if turn.transposed else (height, width)

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """Pixels (h, w, 3) uint8."""
        shrinks = frame.height > self._height
        scaled = self._reformatter.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="rgb24",
            interpolation=Interpolation.AREA if shrinks else Interpolation.BILINEAR,
            threads=1,  # the decoder uses the cores already
        )
        return self._turn(scaled.to_ndarray())


class Decoder:
    """Decodes a video track of a file, which is opened for each call and does not stay open."""

    def __init__(self, path: Path, packets: Packets, index: FrameIndex) -> None:
        self.path, self.packets, self.index = path, packets, index

    def frames(self, numbers: np.ndarray, care: int) -> Iterator[tuple[int, VideoFrame]]:
        """The asked frames that can be decoded, roughly in order.

        Args:
            numbers: Increasing.
            care: `FAST`, `CAREFUL` or `WHOLE`.

        Raises:
            MediaError: The file no longer exists or has changed.
        """
        asked = np.zeros(len(self.index.times), bool)
        asked[numbers] = True
        left = len(numbers)
        with open_track(self.path, one_thread=care != FAST) as (container, stream):
            decoded = (
                self._by_time(container, stream, asked, care)
                if self.index.by_time
                else (enumerate(decode_all(container, stream)))
            )
            for number, frame in decoded:
                if number < len(asked) and asked[number]:
                    asked[number] = False  # a seek may go back to frames that are decoded already
                    yield number, frame
                    left -= 1
                    if not left:
                        return

    def decodable(self, numbers: np.ndarray, care: int) -> np.ndarray:
        """The asked frames that can be decoded, in order."""
        return np.array(sorted(number for number, _ in self.frames(numbers, care)), int)

    def spans(self, numbers: np.ndarray, care: int) -> Iterator[DecodeSpan]:
        """Where to start and stop the decoder to get the asked frames."""
        if care == WHOLE:
            yield DecodeSpan(0, int(self.index.position[numbers].max()))
            return
        anchors = self.index.anchor[numbers]
        if care == CAREFUL:
            keys = np.flatnonzero(self.packets.is_key)
            anchors = keys[np.maximum(np.searchsorted(keys, anchors) - 1, 0)] if keys.size else anchors
        anchors = np.where(anchors <= SEEK_PACKETS, 0, anchors)
        reached = np.maximum.accumulate(self.index.position[numbers])
        breaks = np.flatnonzero(anchors[1:] > reached[:-1] + SEEK_PACKETS) + 1
        for first, stop in zip([0, *breaks], [*breaks, len(numbers)], strict=True):
            yield DecodeSpan(int(anchors[first:stop].min()), int(reached[stop - 1]))

    def _by_time(
        self, container: InputContainer, stream: VideoStream, asked: np.ndarray, care: int
    ) -> Iterator[tuple[int, VideoFrame]]:
        context, times = stream.codec_context, self.index.times

        def number_of(pts: int | None) -> int | None:
            place = -1 if pts is None else int(np.searchsorted(times, pts))
            return place if 0 <= place < len(times) and times[place] == pts else None

        can_skip, skips = care == FAST and context.name in SKIPPING, False
        for span in self.spans(np.flatnonzero(asked), care):
            for packet in self._packets_from(container, stream, span.start):
                number = number_of(packet.pts)
                if can_skip and skips != (number is None or not asked[number]):
                    skips = not skips
                    context.skip_frame = "NONREF" if skips else "DEFAULT"
                for frame in _decode(context, packet):
                    if (found := number_of(frame.pts)) is not None:
                        yield found, frame
                if self._reaches(packet, span.stop):
                    break
            for frame in _decode(context, None):
                if (found := number_of(frame.pts)) is not None:
                    yield found, frame

    def _packets_from(self, container: InputContainer, stream: VideoStream, start: int) -> Iterator[Packet]:
        """Packets of the track from packet `start` on, or from an earlier one if the seek is not exact."""
        if not start:
            yield from _packets(container, stream)
            return
        # Formats seek by pts or by dts, and times of MP4 are shifted by an edit list: the middle of the group
        # of pictures leads to its keyframe most often.
        pts, dts = self.packets.pts, self.packets.dts
        later = np.flatnonzero(self.packets.is_key[start + 1 : start + 2 * REORDER])
        middle = start + (int(later[0]) + 1 if later.size else min(2 * REORDER, len(pts) - start)) // 2
        for time in map(int, (dts[middle], pts[start], dts[start])):
            if time == NONE:
                continue
            try:
                container.seek(time, stream=stream)
            except BROKEN:
                continue
            packets = _packets(container, stream)
            first = next(packets, None)
            if first is not None and not self._is_after(first, start):
                yield first
                yield from packets
                return

    def _is_after(self, packet: Packet, place: int) -> bool:
        """Whether a packet comes later in the file than packet `place`, by its timestamps."""
        dts = int(self.packets.dts[place])
        if packet.dts is not None and dts != NONE:
            return packet.dts > dts
        return packet.pts is None or packet.pts > int(self.packets.pts[place])

    def _reaches(self, packet: Packet, place: int) -> bool:
        """Whether a packet is packet `place`, or a later one."""
        dts = int(self.packets.dts[place])
        late = packet.dts is not None and dts != NONE and packet.dts > dts
        return late or packet.pts == int(self.packets.pts[place])


def decode_all(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """All frames of a track, in display order."""
    for packet in _packets(container, stream):
        yield from _decode(stream.codec_context, packet)
    yield from _decode(stream.codec_context, None)


def count_frames(path: Path, packets: Packets) -> tuple[FrameIndex, int]:
    """An index from decoding all frames, for files without unique timestamps, and the decoding mode used.

    Its times are `NONE` if the file has no increasing ones.
    """
    care = FAST
    times = _decoded_times(path, one_thread=False)
    if len(times) < int(packets.shown.sum()):
        # The file is damaged: decode it in one thread, so that the count is repeatable.
        care, times = CAREFUL, _decoded_times(path, one_thread=True)
    known = times[: np.argmax(times == NONE)] if np.any(times == NONE) else times
    if 1 < len(known) >= len(times) - REORDER:  # frames flushed at the end have no times of their own
        step = int(np.median(np.diff(known)))
        times = np.append(known, known[-1] + step * np.arange(1, len(times) - len(known) + 1))
    if np.any(times == NONE) or np.any(np.diff(times) <= 0):
        times = np.full(len(times), NONE)
    unknown = np.zeros(len(times), int)
    return FrameIndex(times, False, unknown, unknown), care


def _decoded_times(path: Path, *, one_thread: bool) -> np.ndarray:
    with open_track(path, one_thread=one_thread) as (container, stream):
        frames = decode_all(container, stream)
        # The dts of a frame is that of the packet after which it came out: late, but by a constant amount.
        times = (frame.dts if frame.pts is None else frame.pts for frame in frames)
        return np.array([NONE if time is None else time for time in times], np.int64)


def turn_of(frame: VideoFrame) -> Turn:
    """Transformation to upright pixels as the file states it, rounded to a multiple of 90 degrees."""
    data = cast("Mapping[Type, SideData]", frame.side_data)  # the stub declares str keys
    try:
        stated = bytes(data[Type.DISPLAYMATRIX])
    except KeyError:
        return Turn()
    # x' = a x + c y, y' = b x + d y, with y pointing down: ISO/IEC 14496-12, section 6.2.2.
    a, b, _, c, d = np.frombuffer(stated, np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(False, flip_rows=d < 0, flip_columns=a < 0)
    return Turn(True, flip_rows=b < 0, flip_columns=c < 0)


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet]:
    """Packets of a track up to the end of the file or the first structural damage."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except BROKEN:
            return
        if packet.size:  # an empty packet would signal the end of the file to the decoder
            yield packet


def _decode(context: VideoCodecContext, packet: Packet | None) -> list[VideoFrame]:
    """Frames that the decoder returns for a packet; none if it is damaged."""
    try:
        return context.decode(packet)
    except BROKEN:
        return []
