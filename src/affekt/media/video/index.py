"""Display times of the frames of a video file, and where decoding has to start for each of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream

from affekt.core.errors import MediaError
from affekt.media.container import BROKEN
from affekt.media.limits import MAX_DURATION_S

MAX_FRAMES = 2_000_000  # nine hours at 60 frames/s

NONE = np.iinfo(np.int64).min  # no timestamp, as in libavformat
REORDER = 32  # maximum distance between file and display order of a frame; H.264 and HEVC: 16
_VP8_SHOWN = 0x10  # bit of the first byte, RFC 6386, section 9.1


@dataclass(frozen=True, slots=True)
class Packets:
    """Fields of the packets of a video track, in file order. Times are in units of `base`.

    Attributes:
        shown: The packet holds a displayed frame: not one that an edit list cuts off, or that is only a
            reference for other frames.
    """

    pts: np.ndarray
    dts: np.ndarray
    duration: np.ndarray
    is_key: np.ndarray
    shown: np.ndarray
    base: Fraction


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """Frames in display order. `times` are in the file's unit.

    Attributes:
        by_time: Frames are identified by their timestamps; else by counting from the start, because the file
            has no timestamps or contradictory ones.
        position: Packet that holds the frame.
        anchor: Packet with the keyframe at which decoding has to start. -1: there is none.
    """

    times: np.ndarray
    by_time: bool
    position: np.ndarray
    anchor: np.ndarray

    def keep(self, chosen: np.ndarray) -> FrameIndex:
        """The index of a selection of frames."""
        return FrameIndex(self.times[chosen], self.by_time, self.position[chosen], self.anchor[chosen])


def read_packets(container: InputContainer, stream: VideoStream, path: Path) -> Packets:
    """Read all packets of a video track without decoding them.

    Raises:
        MediaError: It is longer than `MAX_FRAMES` or `MAX_DURATION_S`.
    """
    rows = array("q")  # compact: an hour has 100,000 packets and more
    is_vp8 = stream.codec_context.name == "vp8"
    corrupt = False
    try:
        for packet in container.demux(stream):
            if not packet.size:  # the end, or a frame that AVI omits
                continue
            if len(rows) == 5 * MAX_FRAMES:
                raise MediaError(f"{path} has more than {MAX_FRAMES} frames; cut out a shorter part")
            shown = not packet.is_discard and not (is_vp8 and not memoryview(packet)[0] & _VP8_SHOWN)
            times = _or_none(packet.pts), _or_none(packet.dts), packet.duration or 0
            rows.extend((*times, packet.is_keyframe, shown))
            corrupt = packet.is_corrupt
    except BROKEN:
        corrupt = False  # damaged from here on; the packets before are used
    if corrupt:
        del rows[-5:]  # the file ends within it
    pts, dts, duration, is_key, shown = np.array(rows, np.int64).reshape(-1, 5).T.copy()
    base = stream.time_base or Fraction(1, av.time_base)
    packets = Packets(pts, dts, duration, is_key.astype(bool), shown.astype(bool), base)
    timed = packets.pts[packets.shown & (packets.pts != NONE)]
    if timed.size and (lasts := float((int(timed.max()) - int(timed.min())) * base)) > MAX_DURATION_S:
        raise MediaError(
            f"{path} states that it lasts {lasts / 3600:.0f} h; at most {MAX_DURATION_S / 3600:.0f} are read"
        )
    return packets


def index_packets(packets: Packets) -> FrameIndex | None:
    """An index by timestamps; None if they are not unique, so that frames have to be decoded and counted."""
    held = np.flatnonzero(packets.shown)
    times = packets.pts[held]
    order = np.argsort(times, kind="stable")
    times = times[order]
    if not len(held) or times[0] == NONE or np.any(np.diff(times) == 0):
        return None
    if np.abs(order - np.arange(len(order))).max() > REORDER:
        return None  # timestamps start again in the middle
    position = held[order]
    return FrameIndex(times, True, position, _anchors(packets, position, times))


def _anchors(packets: Packets, position: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The last keyframe before each frame, both in file order and in display order.

    Frames that follow a keyframe in the file but are displayed before it may need the previous keyframe.
    """
    keys = np.flatnonzero(packets.is_key & (packets.pts != NONE))
    if not keys.size:
        return np.full(len(position), -1)
    nearest = np.searchsorted(keys, position, side="right") - 1
    for _ in range(REORDER):
        late = (nearest >= 0) & (packets.pts[keys[nearest]] > times)
        if not late.any():
            break
        nearest = nearest - late
    return np.where(nearest >= 0, keys[nearest], -1)


def _or_none(time: int | None) -> int:
    return NONE if time is None else time
