"""Sound of any common file, or of a video, as float32 in [-1, 1]; a span costs what the span costs.

The clock: second 0 of a file with a picture is its first picture, so that sound and frames of a video can be
laid side by side: sound that begins later is led in by silence, what lies before the first picture is left
out. Second 0 of any other file is its first sample. What an encoder put in front to get going ("priming" of
MP3, AAC, Opus) is left out as FFmpeg does, wherever the file states how long it is.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Protocol, runtime_checkable

import av
import numpy as np
import soundfile
import soxr
from av.audio.resampler import AudioResampler
from av.stream import Discard, Disposition

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.container import BROKEN, check_file, open_container

SUFFIXES = (
    ".aac", ".ac3", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp3", ".oga", ".ogg",
    ".opus", ".wav", ".wma",
)  # fmt: skip
MAX_VALUES = 2**29  # of one answer, all channels: 2 GiB, or three hours of one channel at 48 kHz
MAX_CHANNELS = 64
MAX_RATE_HZ = 768_000  # the fastest converters on the market

_BLOCK = 2**16  # samples that are handled at once
_PREROLL_S = 0.5  # decoded before a span and dropped: decoders build on what came before (Opus 80 ms)
_DRIFT_S = (
    0.1  # how far timestamps may stray from the count of samples; FFmpeg's async resampling allows as much
)
_HOLE_S = 3600.0  # a longer hole in the timestamps is no silence but damage
_OVERSHOOT = 4.0  # what lossy codecs and hot masters may reach; beyond it, the numbers mean something else
# Formats without index whose demuxers guess where to jump: their packets are walked instead, undecoded.
_WALKED = {"mp3", "aac", "ac3", "eac3"}
_WRAPPED = {"mpegts", "mpeg"}  # formats whose timestamps start over after 2^33 ticks, 26 hours
# PyAV looks for a null after the last plane of a frame; FFmpeg has room for 8, so that it would read beyond.
_MOST_PLANES = 7
_QUALITY = "HQ"


@dataclass(frozen=True, slots=True)
class Waveform:
    """Sound in memory.

    Attributes:
        samples: (c, n) float32 in [-1, 1].
    """

    samples: np.ndarray
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.samples.shape[1] / self.rate_hz


SoundSource = Path | str | Waveform


class NoSound(MediaError):
    """There is no sound track."""


def read_sound(
    reference: SoundSource,
    *,
    rate_hz: int | None = None,
    mono: bool = True,
    start_s: float = 0.0,
    stop_s: float | None = None,
) -> Waveform:
    """Sound of a file or of its first sound track, or a span of it.

    Of a damaged or cut-off file the decodable part is read; damaged packets inside become silence. Channels
    are averaged before resampling. A span equals that part of the whole: sample by sample if the codec allows
    it, to about 1e-6 after resampling. Two codecs do not: noise that AAC leaves to the decoder (PNS) is drawn
    anew, and Vorbis in a cut-off Matroska file may lie up to 2 ms beside.

    Args:
        rate_hz: Of the result; None leaves the sound as it is, else soxr resamples at high quality.
        mono: Average the channels: (1, n).
        start_s: Where the span begins on the clock of the file (see the module).
        stop_s: Where it ends; None, or later than the sound: at the end.

    Raises:
        NoSound: The file has no sound track, or one that holds nothing.
        MediaError: The file cannot be used, ends before the span, or holds more than `MAX_VALUES`.
        UsageError: The span or the rate makes no sense.
    """
    _check_rate(rate_hz)
    if not (0 <= start_s < math.inf) or not (stop_s is None or start_s < stop_s < math.inf):
        raise UsageError(f"a span from {start_s} to {stop_s} s: 0 <= start_s < stop_s is needed")
    with closing(_open(reference)) as track:
        rate = rate_hz or track.rate_hz
        channels = 1 if mono else track.channels
        first = round(start_s * rate)
        wanted = None if stop_s is None else max(1, round(stop_s * rate) - first)
        stated_s = track.stated_s()
        if stated_s is not None:
            length_s = min(stated_s, stop_s or math.inf) - start_s
            _check_size(track.name, length_s, rate * channels)
        pieces: list[np.ndarray] = []
        count = 0
        for piece in _stream(track, rate, mono, first):
            piece = piece if wanted is None else piece[:, : wanted - count]
            pieces.append(piece)
            count += piece.shape[1]
            _check_size(track.name, count / rate, rate * channels)
            if wanted is not None and count >= wanted:
                break
        if not count:
            asked = (
                f"{start_s:.1f} to {stop_s:.1f} s" if stop_s is not None else f"sound from {start_s:.1f} s on"
            )
            raise MediaError(
                f"{track.name} ends at {track.end() / track.rate_hz:.1f} s; {asked} was asked for"
            )
    return Waveform(np.ascontiguousarray(np.concatenate(pieces, axis=1)), rate)


def sound_duration_s(reference: SoundSource) -> float:
    """When the sound ends, on the clock of the file: what can be decoded, not what a header promises.

    The end is looked for where the file states it; one second or two are decoded.

    Raises:
        NoSound: The file has no sound track, or one that holds nothing.
        MediaError: The file cannot be used.
    """
    with closing(_open(reference)) as track:
        return track.end() / track.rate_hz


def sound_blocks(
    reference: SoundSource, *, seconds: float = 10.0, rate_hz: int | None = None, mono: bool = True
) -> Iterator[Waveform]:
    """The whole sound, a block at a time: what `read_sound` reads, in constant memory.

    Args:
        seconds: Length of a block; the last one may be shorter.

    Raises:
        NoSound: The file has no sound track, or one that holds nothing.
        MediaError: The file cannot be used.
        UsageError: `seconds` or the rate makes no sense.
    """
    _check_rate(rate_hz)
    if not 0 < seconds < math.inf:
        raise UsageError(f"blocks of {seconds} s: more than 0 are needed")
    return _blocks(reference, seconds, rate_hz, mono)


def sound_of(
    sample: Sample, *, rate_hz: int | None = None, mono: bool = True, longest_s: float | None = None
) -> Waveform:
    """Sound of a sample: of its `audio`, else of the file that is its `video`; its span only, if it has one.

    Args:
        longest_s: Read no more than the first so many seconds.

    Raises:
        NoSound: The sample has neither, or its video has no sound track.
        MediaError: The file cannot be used, or ends before the span.
    """
    reference = sample.media.get("audio")
    if reference is None:
        reference = sample.media.get("video")
        if not isinstance(reference, Path | str) or Path(reference).is_dir():
            raise NoSound(f"sample {sample.id} has no sound; it has {', '.join(sample.media) or 'nothing'}")
    start_s, stop_s = (float(edge) for edge in sample.span_s) if sample.span_s else (0.0, None)
    if longest_s is not None:
        stop_s = min(start_s + longest_s, stop_s or math.inf)
    return read_sound(reference, rate_hz=rate_hz, mono=mono, start_s=start_s, stop_s=stop_s)


@runtime_checkable
class _Track(Protocol):
    """One sound track, open. Positions count samples at its own rate from second 0 of the clock."""

    name: str
    rate_hz: int
    channels: int
    exact: bool  # floating-point numbers as somebody wrote them, no codec between

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        """Everything from a position on, as (c, n) float32; one such walk at a time."""
        ...

    def end(self) -> int:
        """Position after the last sample that can be decoded."""
        ...

    def stated_s(self) -> float | None:
        """When the sound ends as the file states it, if it does."""
        ...

    def close(self) -> None: ...


def _open(reference: SoundSource) -> _Track:
    if isinstance(reference, Waveform):
        return _Decoded(reference)
    path = Path(reference)
    check_file(path, kind="sound")
    try:
        if _is_wav(path):
            return _WavFile(path)
    except (soundfile.SoundFileError, OSError):
        pass  # FFmpeg knows more variants, and says what is wrong
    return _ContainerTrack(path)


class _Decoded:
    """Sound that is in memory already."""

    def __init__(self, waveform: Waveform) -> None:
        samples = waveform.samples
        if samples.dtype != np.float32 or samples.ndim != 2:
            raise MediaError(
                f"samples must be float32 of shape (c, n), found {samples.dtype} of shape {samples.shape}"
            )
        if not samples.size:
            raise NoSound("the sound in memory holds no sample")
        self.name, self.exact = "sound in memory", True
        self.rate_hz, self.channels = waveform.rate_hz, samples.shape[0]
        self._samples = samples

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        for start in range(first, self._samples.shape[1], _BLOCK):
            yield self._samples[:, start : start + _BLOCK]

    def end(self) -> int:
        return self._samples.shape[1]

    def stated_s(self) -> float:
        return self.end() / self.rate_hz

    def close(self) -> None:
        pass


def _is_wav(path: Path) -> bool:
    """By its first bytes. WAV is what libsndfile reads faster; FFmpeg saves more of cut-off FLAC and MP3."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"


class _WavFile:
    """WAV and its wider relatives, read by libsndfile; it jumps to any sample exactly."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        # By its descriptor, so that no suffix is believed.
        self._bytes = path.open("rb", buffering=0)
        try:
            self._file = soundfile.SoundFile(self._bytes.fileno(), closefd=False)
            if self._file.format not in ("WAV", "WAVEX", "RF64"):
                raise soundfile.SoundFileRuntimeError(f"{self._file.format} is left to FFmpeg")
            self.rate_hz, self.channels = self._file.samplerate, self._file.channels
            self.exact = self._file.subtype in ("FLOAT", "DOUBLE")
            _check_format(self.name, self.rate_hz, self.channels)
            if not self._file.frames:
                raise NoSound(f"{path} holds no sample")
            self._file.read(1)
        except BaseException:
            self._bytes.close()
            raise

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        if first >= self._file.frames:
            return
        try:
            self._file.seek(first)
            while len(block := self._file.read(_BLOCK, dtype="float32", always_2d=True)):
                yield block.T
        except soundfile.LibsndfileError:
            return  # what follows is cut off or damaged

    def end(self) -> int:
        last = self._file.frames - 1
        if next(self.blocks(last), None) is not None:
            return last + 1
        return sum(block.shape[1] for block in self.blocks(0))

    def stated_s(self) -> float:
        return self._file.frames / self.rate_hz

    def close(self) -> None:
        self._file.close()
        self._bytes.close()


class _ContainerTrack:
    """The first sound track of a file that FFmpeg reads."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = path
        self._container = open_container(path, kind="sound")
        try:
            self._stream = self._first_track()
            self._packets = 0
            self._last = 0  # position of the last packet seen
            self._packer: tuple[tuple[str, str], AudioResampler] | None = None
            self._is_timed = False  # positions are not known before the first frame is
            self._head = self._first_frame(self._read())
            self._is_fresh = True  # nothing but the first frame has been read
            self.rate_hz = self._head.sample_rate
            self.channels = self._head.layout.nb_channels
            self.exact = str(self._stream.codec_context.name).startswith(("pcm_f32", "pcm_f64"))
            _check_format(self.name, self.rate_hz, self.channels)
            self._tick = self._stream.time_base or Fraction(1, self.rate_hz)
            scale = self._tick * self.rate_hz
            self._scale = scale.numerator, scale.denominator
            self._zero = self._wrap = 0
            self._zero = self._begin_of_clock()
            if self._container.format.name in _WRAPPED:
                self._wrap = round(2**33 * self._tick * self.rate_hz)
            self._is_timed = True
            self._begin = 0 if self._head.pts is None else self._place(self._head.pts)
        except BaseException:
            self._container.close()
            raise

    def _first_track(self) -> av.AudioStream:
        tracks = self._container.streams.audio
        if not tracks:
            raise NoSound(f"{self.name} has no sound track")
        if tracks[0].codec_context is None:
            raise MediaError(f"{self.name}: no decoder here knows the codec of its sound track")
        for stream in self._container.streams:
            if stream is not tracks[0]:
                stream.discard = Discard.all  # pictures need not even be read from disk
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
                return round(video.start_time * (video.time_base or 0) * self.rate_hz)
        return 0 if self._head.pts is None else self._place(self._head.pts)

    def _place(self, pts: int) -> int:
        """Position of a timestamp."""
        over, under = self._scale  # of whole numbers: it is asked for each packet
        place = (2 * pts * over + under) // (2 * under) - self._zero
        # Priming that lies before a recording's second 0 has timestamps from the end of the counter.
        return (place + self._wrap // 2) % self._wrap - self._wrap // 2 if self._wrap else place

    def _read(self, *, decode_from: int | None = None) -> Iterator[av.AudioFrame]:
        """Frames from the present place in the file on, once `_reopen`ed or sought.

        Args:
            decode_from: Position before which packets are walked through, not decoded.
        """
        self._frames = self._decoded(decode_from)
        return self._frames

    def _decoded(self, decode_from: int | None) -> Generator[av.AudioFrame]:
        """Frames of the packets to come: damaged ones are left out; where reading fails, the sound ends."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, *BROKEN):
                return
            if packet.size:
                self._packets += 1
            if packet.pts is not None and self._is_timed:
                place = self._place(packet.pts)
                self._last = max(self._last, place)
                if decode_from is not None and place < decode_from:
                    continue
            try:
                frames = packet.decode()
            except BROKEN:
                continue
            yield from frames

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        drift, hole = round(_DRIFT_S * self.rate_hz), round(_HOLE_S * self.rate_hz)
        place, frames = self._start(first)
        if place - first > hole:
            raise MediaError(
                f"{self.name}: its sound begins {place / self.rate_hz:.0f} s after its picture; "
                f"its timestamps are damaged"
            )
        yield from self._silence(place - first)
        shift = 0  # between timestamps that went astray and the count of samples
        for frame in frames:
            block = self._samples(frame)
            if block is None:
                continue  # the timestamps that follow tell how long it would have been
            if frame.pts is not None:
                stated = self._place(frame.pts)
                ahead = stated + shift - place
                if drift < ahead <= hole:
                    yield from self._silence(min(ahead, place + ahead - first))
                    place += ahead
                elif ahead > hole or ahead < -self.rate_hz:
                    shift = place - stated  # another clock, as where recordings were joined: carry on
                elif ahead < -drift:
                    block = block[:, -ahead:]  # heard before
            yield block[:, max(0, first - place) :]
            place += block.shape[1]

    def _start(self, first: int) -> tuple[int, Iterator[av.AudioFrame]]:
        """The position of the first frame that is needed for a place, and the frames from it on."""
        target = first - round(_PREROLL_S * self.rate_hz)
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
        self._frames.close()  # before its container, which it would look for
        self._container.close()
        self._container = open_container(self._path, kind="sound")
        self._stream = self._first_track()

    def _on_grid(self, frames: Iterator[av.AudioFrame]) -> tuple[int, Iterator[av.AudioFrame]] | None:
        """Position of the first of these frames, exact even where timestamps are coarser than samples.

        Matroska, FLV and ASF round times to milliseconds. Codecs, though, make frames of a fixed length, or
        (Vorbis) of multiples of a small one, so that only one position near the rounded time is possible.
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
            step = math.gcd(*(frame.samples for frame in head[:-1]))  # the last one may be cut short
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
        for start in range(0, count, _BLOCK):
            yield np.zeros((self.channels, min(_BLOCK, count - start)), np.float32)

    def _samples(self, frame: av.AudioFrame) -> np.ndarray | None:
        """(c, n) float32 of a frame; None if it does not belong to this sound."""
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
        if channels != self.channels:  # broadcasts change from stereo to surround and back
            values = np.repeat(_mean_channel(values), self.channels, axis=0)
        return values

    def _packed(self, frame: av.AudioFrame) -> av.AudioFrame:
        """The same frame with its channels interleaved: one plane of memory in place of many."""
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
            guess = 2**53  # nothing lies there: all packets are walked, which tells the last one
        for attempt in range(3):
            if attempt:  # cut off: what could be read tells where; if not even that, count
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


def _stream(track: _Track, rate_hz: int, mono: bool, first: int) -> Iterator[np.ndarray]:
    """Pieces (c, n) at `rate_hz`, from output sample `first` on."""
    if rate_hz == track.rate_hz:
        for block in _gathered(track.blocks(first), mono):
            yield _tamed(block, track)
        return
    # A filter that starts in the middle must see what lies before, and stand where it stands in the whole:
    # input and output meet at every `period`.
    shared = math.gcd(rate_hz, track.rate_hz)
    period, native_period = rate_hz // shared, track.rate_hz // shared
    margin = math.ceil(_PREROLL_S * rate_hz)
    periods = max(0, (first - margin) // period)
    surplus = first - periods * period
    channels = 1 if mono else track.channels
    resampler = soxr.ResampleStream(track.rate_hz, rate_hz, channels, dtype="float32", quality=_QUALITY)
    source = chain(_gathered(track.blocks(periods * native_period), mono), [None])
    for block in source:
        if block is None:
            values = np.zeros((0, channels), np.float32)
        else:
            values = np.ascontiguousarray(_tamed(block, track).T)
        piece = resampler.resample_chunk(values if channels > 1 else values[:, 0], last=block is None)
        piece = piece.reshape(-1, channels).T
        dropped = min(surplus, piece.shape[1])
        surplus -= dropped
        if dropped < piece.shape[1]:
            yield np.clip(piece[:, dropped:], -1, 1)


def _gathered(blocks: Iterator[np.ndarray], mono: bool) -> Iterator[np.ndarray]:
    """The same samples, mixed, in fewer blocks: codecs make frames of a few hundred."""
    waiting: list[np.ndarray] = []
    count = 0
    for block in blocks:
        if block.shape[1]:
            waiting.append(_mean_channel(block) if mono else block)
            count += block.shape[1]
        if count >= _BLOCK:
            yield np.concatenate(waiting, axis=1) if len(waiting) > 1 else waiting[0]
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _mean_channel(block: np.ndarray) -> np.ndarray:
    """(1, n). Row by row: numpy's own mean takes thirty times as long where channels are interleaved."""
    if len(block) == 1:
        return block
    total = block[0] + block[1]
    for row in block[2:]:
        total += row
    total *= np.float32(1 / len(block))
    return total[None]


def _tamed(block: np.ndarray, track: _Track) -> np.ndarray:
    """Values in [-1, 1].

    Raises:
        MediaError: A file of plain numbers holds others than sound.
    """
    peak = max(-float(block.min()), float(block.max()))
    if peak <= 1:
        return block
    if track.exact and not peak <= _OVERSHOOT:  # nor NaN
        raise MediaError(f"{track.name} holds values up to {peak:g}; sound in floating point lies in [-1, 1]")
    return np.clip(np.nan_to_num(block), -1, 1)


def _blocks(reference: SoundSource, seconds: float, rate_hz: int | None, mono: bool) -> Iterator[Waveform]:
    with closing(_open(reference)) as track:
        rate = rate_hz or track.rate_hz
        size = max(1, round(seconds * rate))
        waiting: list[np.ndarray] = []
        count = 0
        for piece in _stream(track, rate, mono, 0):
            waiting.append(piece)
            count += piece.shape[1]
            while count >= size:
                joined = np.concatenate(waiting, axis=1)
                yield Waveform(np.ascontiguousarray(joined[:, :size]), rate)
                waiting, count = [joined[:, size:]], count - size
        if count:
            yield Waveform(np.ascontiguousarray(np.concatenate(waiting, axis=1)), rate)


def _check_rate(rate_hz: int | None) -> None:
    if rate_hz is not None and not 0 < rate_hz <= MAX_RATE_HZ:
        raise UsageError(f"rate_hz = {rate_hz}: 1 to {MAX_RATE_HZ} is possible")


def _check_format(name: str, rate_hz: int, channels: int) -> None:
    if not 0 < rate_hz <= MAX_RATE_HZ or not 0 < channels <= MAX_CHANNELS:
        raise MediaError(
            f"{name} states {channels} channels at {rate_hz} Hz; "
            f"at most {MAX_CHANNELS} at {MAX_RATE_HZ} Hz are read"
        )


def _check_size(name: str, length_s: float, values_per_s: int) -> None:
    values = length_s * values_per_s
    if values > MAX_VALUES:
        raise MediaError(
            f"{name} holds {length_s:.0f} s of sound or more, {values * 4 / 2**30:.1f} GiB of it; at most "
            f"{MAX_VALUES * 4 / 2**30:.0f} GiB are read at once: name a span, or take blocks"
        )
