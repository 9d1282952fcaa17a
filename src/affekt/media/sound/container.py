"""The sound track of a file that FFmpeg reads; positions follow the clock of `affekt.media.sound.read`."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.stream import Discard, Disposition

from affekt.core.errors import MediaError
from affekt.media.container import BROKEN, open_container, track_end_s
from affekt.media.sound.coverage import Coverage
from affekt.media.sound.id3 import has_frame_count
from affekt.media.sound.mix import mean_channel
from affekt.media.sound.sizes import held_share
from affekt.media.sound.tracks import BLOCK, PREROLL_S, NoSound, PassSummary, check_format

# Tolerated difference between timestamps and the count of samples, as in FFmpeg's async resampling.
_DRIFT_S = 0.1
_HOLE_S = 3600.0  # a longer hole in the timestamps, or sum of holes, is damage, not silence
_LONGEST_PACKET_S = 1.0  # longer stated durations of a packet are not trusted
_PROBED = 2**20  # samples at the beginning that determine the range of floating-point values
# Formats that state their length.
_COUNTED = {"mov", "mp4", "matroska", "webm", "flac", "wav", "w64", "aiff", "caf", "avi", "flv", "asf"}
# Formats without an index, whose demuxers seek by estimate: their packets are skipped one by one, undecoded.
_WALKED = {"mp3", "aac", "ac3", "eac3"}
_WRAPPED = {"mpegts", "mpeg"}  # formats whose timestamps wrap around after 2^33 ticks, 26 hours
# PyAV searches for a null after the last of FFmpeg's 8 plane pointers and would read beyond the array.
_MOST_PLANES = 7


class ContainerTrack:
    """The first sound track of a file that FFmpeg reads."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._container = open_container(path, kind="sound")
        try:
            self._stream = self._first_track()
            self._packets = 0
            self._last = 0  # position of the last packet seen
            self._tried_end = 0  # position after the last packet that was passed to the decoder
            self._broken = 0  # samples of packets that could not be decoded, by their stated durations
            self._is_broken_off = False  # reading stopped with an error before the end of the file
            self._has_lost = False  # a packet since the last frame could not be decoded
            self._coverage = Coverage()  # of the latest pass
            self._packer: tuple[tuple[str, str], AudioResampler] | None = None
            self._is_timed = False  # positions are known only after the first frame
            self._first_pts: int | None = None  # timestamp of the first packet that has one
            self._head = self._first_frame(self._read())
            is_damaged = self._has_lost
            self._is_fresh = True  # only the first frame has been read
            self.rate_hz = self._head.sample_rate
            self.channels = self._head.layout.nb_channels
            self.exact = str(self._stream.codec_context.name).startswith(("pcm_f32", "pcm_f64"))
            check_format(self.name, self.rate_hz, self.channels)
            self._tick = self._stream.time_base or Fraction(1, self.rate_hz)
            scale = self._tick * self.rate_hz
            self._scale = scale.numerator, scale.denominator
            self._zero = self._wrap = 0
            self._has_picture = False
            self._zero = self._begin_of_clock()
            if self._container.format.name in _WRAPPED:
                self._wrap = round(2**33 * self._tick * self.rate_hz)
            self._is_timed = True
            self._begin = 0 if self._head.pts is None else self._place(self._head.pts)
            self._should_begin = self._begin
            if is_damaged and self._first_pts is not None:
                self._should_begin = min(self._begin, self._place(self._first_pts))
        except BaseException:
            self._container.close()
            raise

    def _first_track(self) -> av.AudioStream:
        tracks = self._container.streams.audio
        if not tracks:
            raise NoSound(f"{self.name} has no sound track")
        if tracks[0].codec_context is None:
            raise MediaError(f"{self.name}: there is no decoder for the codec of its sound track")
        for stream in self._container.streams:
            if stream is not tracks[0]:
                stream.discard = Discard.all  # pictures are not even read from disk
        return tracks[0]

    def _first_frame(self, frames: Iterator[av.AudioFrame]) -> av.AudioFrame:
        for frame in frames:
            if frame.samples and frame.sample_rate:
                return frame
        if self._packets:
            raise MediaError(f"{self.name}: nothing of its sound can be decoded; it is damaged or cut off")
        raise NoSound(f"{self.name} has a sound track that holds no sample")

    def _begin_of_clock(self) -> int:
        for video in self._container.streams.video:
            if not video.disposition & Disposition.attached_pic and video.start_time is not None:
                self._has_picture = True
                return round(video.start_time * (video.time_base or 0) * self.rate_hz)
        return 0 if self._head.pts is None else self._place(self._head.pts)

    def _place(self, pts: int) -> int:
        """Position of a timestamp."""
        over, under = self._scale  # integer arithmetic, since this runs for each packet
        place = (2 * pts * over + under) // (2 * under) - self._zero
        # Priming before second 0 of a recording has timestamps from the end of the counter.
        return (place + self._wrap // 2) % self._wrap - self._wrap // 2 if self._wrap else place

    def _read(self, *, decode_from: int | None = None) -> Iterator[av.AudioFrame]:
        """Frames from the current file position on, after `_reopen` or a seek.

        Args:
            decode_from: Packets before this position are skipped without decoding.
        """
        self._tried_end = self._broken = 0
        self._has_lost = self._is_broken_off = False
        self._frames = self._decoded(decode_from)
        return self._frames

    def _decoded(self, decode_from: int | None) -> Generator[av.AudioFrame]:
        """Frames of the following packets: damaged ones are skipped; where reading fails, the sound ends."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except BROKEN:
                self._is_broken_off = True
                return
            if packet.size:
                self._packets += 1
            if self._first_pts is None:
                self._first_pts = packet.pts
            if packet.pts is not None and self._is_timed:
                place = self._place(packet.pts)
                self._last = max(self._last, place)
                if decode_from is not None and place < decode_from:
                    continue
            lasts = self._length_of(packet)
            if packet.pts is not None and self._is_timed:
                self._tried_end = max(self._tried_end, self._place(packet.pts) + lasts)
            try:
                frames = packet.decode()
            except BROKEN:
                self._broken += lasts
                self._has_lost = True
                continue
            yield from frames

    def _length_of(self, packet: av.Packet) -> int:
        """Stated duration of a packet in samples, limited to `_LONGEST_PACKET_S`."""
        if not packet.duration or not self._is_timed:
            return 0
        over, under = self._scale
        return max(0, min(packet.duration * over // under, round(_LONGEST_PACKET_S * self.rate_hz)))

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        drift, hole = round(_DRIFT_S * self.rate_hz), round(_HOLE_S * self.rate_hz)
        place, frames = self._start(first)
        if place - first > hole:
            raise MediaError(
                f"{self.name}: its sound begins {place / self.rate_hz:.0f} s after its picture; "
                f"its timestamps are damaged"
            )
        # Sound that begins late is not damage; undecodable packets at its beginning are.
        lead_in = max(0, min(place, max(first, self._should_begin)) - first)
        self._coverage = coverage = Coverage(first + lead_in)
        yield from self._silence(lead_in)
        yield from self._missing(place - first - lead_in)
        shift = 0  # between timestamps of another clock and the count of samples
        for frame in frames:
            block = self._samples(frame)
            if block is None:
                self._has_lost = True
                continue  # the following timestamps determine its length
            if frame.pts is not None:
                stated = self._place(frame.pts)
                ahead = stated + shift - place
                # After a damaged packet only the timestamps determine how much is missing.
                if (0 if self._has_lost else drift) < ahead <= hole:
                    yield from self._missing(min(ahead, place + ahead - first))
                    place += ahead
                elif ahead > hole or ahead < -self.rate_hz:
                    shift = place - stated  # another clock, as in joined recordings: continue without a gap
                elif ahead < -drift:
                    block = block[:, -ahead:]  # overlaps the previous block
            self._has_lost = False
            place += block.shape[1]
            coverage.stop = max(first, place)
            yield block[:, max(0, first - place + block.shape[1]) :]
        behind = self._tried_end - place
        if self._has_lost and drift < behind <= hole:  # the last packets are damaged
            coverage.lose(place, behind)
            coverage.stop = place + behind
        coverage.is_at_end = True

    def _missing(self, count: int) -> Iterator[np.ndarray]:
        """Silence for missing or damaged sound.

        Raises:
            MediaError: More than `_HOLE_S` is missing besides packets that could not be decoded: a small file
                could state any length.
        """
        if count <= 0:
            return
        coverage = self._coverage
        coverage.lose(coverage.stop, count)
        if coverage.lost > _HOLE_S * self.rate_hz + self._broken:
            raise MediaError(
                f"{self.name}: {coverage.lost / self.rate_hz:.0f} s are missing between its packets; "
                "its timestamps are damaged"
            )
        for block in self._silence(count):
            coverage.stop += block.shape[1]
            yield block

    def probe(self) -> np.ndarray:
        values: list[np.ndarray] = []
        count = 0
        for block in self.blocks(0):
            values.append(block.ravel())
            count += block.shape[1]
            if count >= _PROBED:
                break
        return np.concatenate(values) if values else np.zeros(0, np.float32)

    def summary(self, stop: int | None) -> PassSummary:
        coverage = self._coverage
        is_at_end = coverage.is_at_end and (stop is None or coverage.stop < stop)
        stop = coverage.stop if stop is None else min(stop, coverage.stop)
        stated_s = self._ends_by_header_s() if is_at_end else None
        return PassSummary(
            covered_s=max(0, stop - coverage.start) / self.rate_hz,
            lost_s=coverage.lost_before(stop) / self.rate_hz,
            before_s=-self._begin / self.rate_hz if self._has_picture and not coverage.start else 0.0,
            ends_s=None if stated_s is None else coverage.stop / self.rate_hz,
            stated_s=stated_s,
        )

    def _ends_by_header_s(self) -> float | None:
        share = held_share(self._path)
        if share is None or self._is_broken_off:
            return self._counted_s()
        # Formats count samples of codecs differently, but bytes alike.
        return self._coverage.stop / self.rate_hz / share if 0 < share < 1 else None

    def _counted_s(self) -> float | None:
        """End of the sound, if the file states it exactly and it is not estimated from the file size."""
        names = self._container.format.name.split(",")
        is_counted = not _COUNTED.isdisjoint(names) or ("mp3" in names and has_frame_count(self._path))
        if not is_counted and not self._is_broken_off:
            return None
        if self._stream.duration is None and (ends_s := track_end_s(self._stream)) is not None:
            return ends_s - self._zero / self.rate_hz
        # The stated duration of a file with several tracks is that of the longest one.
        is_of_track = self._stream.duration is not None or len(self._container.streams) == 1
        return self.stated_s() if is_of_track else None

    def _start(self, first: int) -> tuple[int, Iterator[av.AudioFrame]]:
        """Frames for reading from a position on, and the position of the first of them."""
        target = first - round(PREROLL_S * self.rate_hz)
        if target < self._begin + self.rate_hz:
            if not self._is_fresh:
                self._reopen()
                return self._begin, self._read()
            self._is_fresh = False
            return self._begin, chain([self._head], self._frames)
        self._is_fresh = False
        if self._container.format.name not in _WALKED:
            self._frames.close()
            try:
                self._container.seek(
                    int((target + self._zero) / self.rate_hz / self._tick), stream=self._stream
                )
                found = self._on_grid(self._read())
            except BROKEN:
                found = None
            if found is not None and found[0] <= first:
                return found
        self._reopen()
        return self._on_grid(self._read(decode_from=target)) or (first, iter(()))

    def _reopen(self) -> None:
        self._frames.close()  # before its container, which it uses
        self._container.close()
        self._container = open_container(self._path, kind="sound")
        self._stream = self._first_track()

    def _on_grid(self, frames: Iterator[av.AudioFrame]) -> tuple[int, Iterator[av.AudioFrame]] | None:
        """Position of the first of these frames, exact even where timestamps are coarser than samples.

        Matroska, FLV and ASF round times to milliseconds. The frames of a codec have a fixed length or
        (Vorbis) multiples of a small one, so that only one position near the rounded time is possible.
        """
        head: list[av.AudioFrame] = []
        for frame in frames:
            head.append(frame)
            if len(head) == 16:
                break
        if not head or head[0].pts is None:
            return None
        place = self._place(head[0].pts)
        tick = float(self._tick * self.rate_hz)
        if tick > 1 and len(head) > 1:
            step = math.gcd(*(frame.samples for frame in head[:-1]))  # the last one may be shorter
            anchor = self._begin + self._head.samples
            while step > tick:
                near = anchor + round((place - anchor) / step) * step
                if abs(near - place) <= tick:
                    place = near
                    break
                if step % 2:
                    break
                step //= 2
        return place, chain(head, frames)

    def _silence(self, count: int) -> Iterator[np.ndarray]:
        for start in range(0, count, BLOCK):
            yield np.zeros((self.channels, min(BLOCK, count - start)), np.float32)

    def _samples(self, frame: av.AudioFrame) -> np.ndarray | None:
        """(c, n) float32 of a frame; None if it has another rate or cannot be read."""
        if frame.sample_rate != self.rate_hz:
            return None
        channels = frame.layout.nb_channels
        try:
            if frame.format.is_planar and channels > _MOST_PLANES:
                frame = self._packed(frame)
            values = frame.to_ndarray()
        except BROKEN:
            return None
        if not frame.format.is_planar:
            values = values.reshape(-1, channels).T
        if values.dtype == np.uint8:
            values = (values.astype(np.float32) - 128) / 128
        elif values.dtype.kind == "i":
            values = values.astype(np.float32) / np.float32(2 ** (8 * values.itemsize - 1))
        else:
            values = values.astype(np.float32, copy=False)
        if channels != self.channels:  # broadcasts switch between stereo and surround
            values = np.repeat(mean_channel(values), self.channels, axis=0)
        return values

    def _packed(self, frame: av.AudioFrame) -> av.AudioFrame:
        """The same frame with interleaved channels: one plane instead of one per channel."""
        kind = frame.format.name, frame.layout.name
        if self._packer is None or self._packer[0] != kind:
            resampler = AudioResampler(frame.format.packed, frame.layout, frame.sample_rate)
            self._packer = kind, resampler
        (packed,) = self._packer[1].resample(frame)
        return packed

    def end(self) -> int:
        stated = self.stated_s()
        guess = math.inf if stated is None else stated * self.rate_hz
        if guess == math.inf:
            guess = 2**53  # beyond the end: all packets are passed, which gives the last position
        for attempt in range(3):
            if attempt:  # cut off: use the last position that was read, else count from 0
                guess = self._last if attempt == 1 else 0
            first = max(0, int(guess) - 2 * self.rate_hz)
            count = sum(block.shape[1] for block in self.blocks(first))
            if count:
                return first + count
        return 0

    def stated_s(self) -> float | None:
        if self._stream.duration is not None:
            return self._place((self._stream.start_time or 0) + self._stream.duration) / self.rate_hz
        if self._container.duration is not None:
            end_s = (self._container.duration + (self._container.start_time or 0)) / av.time_base
            return end_s - self._zero / self.rate_hz
        return None

    def close(self) -> None:
        self._frames.close()
        self._container.close()
