"""Sound of common file formats, or of a video, as float32 in [-1, 1]; a span costs only its own decoding.

Clock: second 0 of a file with a picture is its first picture, so that sound and frames of a video are
aligned: silence is put before sound that begins later, and sound before the first picture is left out. Second
0 of any other file is its first sample. Encoder priming (MP3, AAC, Opus) is left out, as FFmpeg does, where
the file states its length.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.sound.notes import note_losses
from affekt.media.sound.stream import stream
from affekt.media.sound.tracks import DecodedSound, PassSummary, Track
from affekt.media.sound.tracks import NoSound as NoSound
from affekt.media.sound.waveform import MAX_CHANNELS as MAX_CHANNELS
from affekt.media.sound.waveform import MAX_RATE_HZ as MAX_RATE_HZ
from affekt.media.sound.waveform import MIN_RATE_HZ as MIN_RATE_HZ
from affekt.media.sound.waveform import Waveform as Waveform

# Suffixes that are searched for in folders; a file that is named explicitly may have any suffix.
SUFFIXES = (
    ".aac", ".ac3", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp3", ".oga", ".ogg",
    ".opus", ".wav", ".wma", ".3ga", ".adts", ".aifc", ".ape", ".awb", ".bwf", ".eac3", ".ec3", ".m4b",
    ".m4r", ".mp2", ".mpa", ".mpga", ".ra", ".rf64", ".snd", ".sph", ".spx", ".tta", ".w64", ".wave", ".weba",
    ".wv",
)  # fmt: skip
MAX_VALUES = 2**29  # per result, all channels: 2 GiB, or three hours of one channel at 48 kHz

SoundSource = Path | str | Waveform


def read_sound(
    reference: SoundSource,
    *,
    rate_hz: int | None = None,
    mono: bool = True,
    start_s: float = 0.0,
    stop_s: float | None = None,
) -> Waveform:
    """Sound of a file or of its first sound track, or a span of it.

    The decodable part of a damaged or cut-off file is read; damaged packets become silence, and a note states
    the share. Channels are averaged before resampling; where they cancel each other, only one is used. A span
    equals that part of the whole sound: sample by sample if the codec allows it, to about 1e-6 after
    resampling. There are two exceptions: AAC decoders draw noise (PNS) at random, and Vorbis in a cut-off
    Matroska file may be shifted by up to 2 ms.

    Args:
        rate_hz: Sampling rate of the result (resampled by soxr at high quality); None keeps that of the file.
        mono: Average the channels: (1, n).
        start_s: Start of the span, on the clock of the file (see the module).
        stop_s: End of the span; None, or a value beyond the sound: the end of the sound.

    Raises:
        NoSound: The file has no sound track, or an empty one.
        MediaError: The file cannot be used, ends before the span, or holds more than `MAX_VALUES`.
        UsageError: The span or the rate is out of range.
    """
    _check_rate(rate_hz)
    _check_span(start_s, stop_s)
    with closing(_open(reference)) as track:
        rate = rate_hz or track.rate_hz
        channels = 1 if mono else track.channels
        stated_s = track.stated_s()
        if stated_s is not None:
            length_s = min(stated_s, stop_s or math.inf) - start_s
            _check_size(track.name, length_s, rate * channels)
        pieces: list[np.ndarray] = []
        count = 0
        for piece in _pieces(track, rate, mono, start_s, stop_s):
            pieces.append(piece)
            count += piece.shape[1]
            _check_size(track.name, count / rate, rate * channels)
        samples = _joined(pieces)
        note_losses(_summary(track, stop_s), samples)
    return Waveform(samples, rate)


def sound_duration_s(reference: SoundSource) -> float:
    """End of the decodable sound, on the clock of the file, whatever the header states.

    The end is searched for where the file states it; one or two seconds are decoded.

    Raises:
        NoSound: The file has no sound track, or an empty one.
        MediaError: The file cannot be used.
    """
    with closing(_open(reference)) as track:
        return track.end() / track.rate_hz


def sound_blocks(
    reference: SoundSource,
    *,
    seconds: float = 10.0,
    rate_hz: int | None = None,
    mono: bool = True,
    start_s: float = 0.0,
    stop_s: float | None = None,
) -> Iterator[Waveform]:
    """The result of `read_sound` in blocks, in constant memory.

    Args:
        seconds: Length of a block, `MAX_VALUES` at most; the last one may be shorter.
        start_s: As in `read_sound`, like `stop_s`.

    Raises:
        NoSound: The file has no sound track, or an empty one.
        MediaError: The file cannot be used, or ends before the span.
        UsageError: `seconds`, the span or the rate is out of range.
    """
    _check_rate(rate_hz)
    _check_span(start_s, stop_s)
    if not 0 < seconds < math.inf:
        raise UsageError(f"blocks of {seconds} s: more than 0 are needed")
    if seconds * (rate_hz or MIN_RATE_HZ) > MAX_VALUES:
        raise UsageError(f"blocks of {seconds} s: at most {MAX_VALUES / (rate_hz or MIN_RATE_HZ):.0f} s fit")
    return _blocks(reference, seconds, rate_hz, mono, start_s, stop_s)


def sound_of(
    sample: Sample, *, rate_hz: int | None = None, mono: bool = True, longest_s: float | None = None
) -> Waveform:
    """Sound of a sample: from its `audio`, else from its `video` file; only its span, if it has one.

    Args:
        longest_s: Read at most this many seconds from the start.

    Raises:
        NoSound: The sample has neither, or its video has no sound track.
        MediaError: The file cannot be used, or ends before the span.
    """
    reference = _reference_of(sample)
    start_s, stop_s = (float(edge) for edge in sample.span_s) if sample.span_s else (0.0, None)
    if longest_s is not None:
        stop_s = min(start_s + longest_s, stop_s or math.inf)
    return read_sound(reference, rate_hz=rate_hz, mono=mono, start_s=start_s, stop_s=stop_s)


def sound_span_s(sample: Sample) -> tuple[float, float]:
    """Start and end in the file of the sound that `sound_of` reads, without reading it.

    Raises:
        NoSound: The sample has neither, or its video has no sound track.
        MediaError: The file cannot be used, or ends before the span.
    """
    end_s = sound_duration_s(_reference_of(sample))
    if sample.span_s is None:
        return 0.0, end_s
    begin_s, stop_s = (float(edge) for edge in sample.span_s)
    if begin_s >= end_s:
        raise MediaError(
            f"the sound of {sample.id} ends at {end_s:.1f} s; {begin_s:.1f} to {stop_s:.1f} s was asked for"
        )
    return begin_s, min(stop_s, end_s)


def _reference_of(sample: Sample) -> SoundSource:
    reference = sample.media.get("audio")
    if reference is not None:
        return reference
    reference = sample.media.get("video")
    if not isinstance(reference, Path | str) or Path(reference).is_dir():
        raise NoSound(f"sample {sample.id} has no sound; it has {', '.join(sample.media) or 'nothing'}")
    return reference


def _open(reference: SoundSource) -> Track:
    if isinstance(reference, Waveform):
        return DecodedSound(reference)
    # Imported here: loading FFmpeg takes a tenth of a second, which pictures and walks do not need.
    from affekt.media.container import check_file
    from affekt.media.sound.container import ContainerTrack
    from affekt.media.sound.sndfile import open_other
    from affekt.media.sound.wav import open_wav

    path = Path(reference)
    check_file(path, kind="sound")
    track = open_wav(path)
    if track is not None:
        return track
    try:
        return ContainerTrack(path)
    except MediaError:
        other = open_other(path)  # libsndfile reads some formats of speech research that FFmpeg does not
        if other is None:
            raise
        return other


def _blocks(
    reference: SoundSource,
    seconds: float,
    rate_hz: int | None,
    mono: bool,
    start_s: float,
    stop_s: float | None,
) -> Iterator[Waveform]:
    with closing(_open(reference)) as track:
        rate = rate_hz or track.rate_hz
        size = max(1, round(seconds * rate))
        if size * (1 if mono else track.channels) > MAX_VALUES:
            raise UsageError(
                f"blocks of {seconds} s of {track.name} would hold more than {MAX_VALUES} values"
            )
        waiting: list[np.ndarray] = []
        count = 0
        edges = np.zeros(2, np.float32)  # lowest and highest value
        try:
            for piece in _pieces(track, rate, mono, start_s, stop_s):
                edges[:] = min(edges[0], piece.min()), max(edges[1], piece.max())
                while count + piece.shape[1] >= size:
                    taken = size - count
                    yield Waveform(_joined([*waiting, piece[:, :taken]]), rate)
                    piece = piece[:, taken:]
                    waiting, count = [], 0
                if piece.shape[1]:
                    waiting.append(piece)
                    count += piece.shape[1]
            if count:
                yield Waveform(_joined(waiting), rate)
        finally:
            note_losses(_summary(track, stop_s), edges)


def _pieces(
    track: Track, rate_hz: int, mono: bool, start_s: float, stop_s: float | None
) -> Iterator[np.ndarray]:
    """The samples of a span in pieces.

    Raises:
        MediaError: The track ends before the span.
    """
    first = round(start_s * rate_hz)
    wanted = None if stop_s is None else max(1, round(stop_s * rate_hz) - first)
    count = 0
    for piece in stream(track, rate_hz, mono, first, wanted):
        piece = piece if wanted is None else piece[:, : wanted - count]
        count += piece.shape[1]
        yield piece
        if wanted is not None and count >= wanted:
            return
    if not count:
        asked = f"{start_s:.1f} to {stop_s:.1f} s" if stop_s is not None else f"sound from {start_s:.1f} s on"
        raise MediaError(f"{track.name} ends at {track.end() / track.rate_hz:.1f} s; {asked} was asked for")


def _summary(track: Track, stop_s: float | None) -> PassSummary:
    return track.summary(None if stop_s is None else round(stop_s * track.rate_hz))


def _joined(pieces: list[np.ndarray]) -> np.ndarray:
    return np.ascontiguousarray(np.concatenate(pieces, axis=1))


def _check_span(start_s: float, stop_s: float | None) -> None:
    if not (0 <= start_s < math.inf) or not (stop_s is None or start_s < stop_s < math.inf):
        raise UsageError(f"a span from {start_s} to {stop_s} s: 0 <= start_s < stop_s is needed")


def _check_rate(rate_hz: int | None) -> None:
    if rate_hz is not None and not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise UsageError(f"rate_hz = {rate_hz}: {MIN_RATE_HZ} to {MAX_RATE_HZ} is possible")


def _check_size(name: str, length_s: float, values_per_s: int) -> None:
    values = length_s * values_per_s
    if values > MAX_VALUES:
        raise MediaError(
            f"{name} holds {length_s:.0f} s of sound or more, {values * 4 / 2**30:.1f} GiB of it; at most "
            f"{MAX_VALUES * 4 / 2**30:.0f} GiB are read at once: read a span, or use sound_blocks"
        )
