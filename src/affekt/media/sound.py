"""Sound of any common file, or of a video, as float32 in [-1, 1]; a span costs what the span costs.

The clock: second 0 of a file with a picture is its first picture, so that sound and frames of a video can be
laid side by side: sound that begins later is led in by silence, what lies before the first picture is left
out. Second 0 of any other file is its first sample. What an encoder put in front to get going ("priming" of
MP3, AAC, Opus) is left out as FFmpeg does, wherever the file states how long it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample
from affekt.media.sound_stream import stream
from affekt.media.sound_tracks import MAX_CHANNELS as MAX_CHANNELS
from affekt.media.sound_tracks import MAX_RATE_HZ as MAX_RATE_HZ
from affekt.media.sound_tracks import DecodedSound, Track
from affekt.media.sound_tracks import NoSound as NoSound
from affekt.media.sound_tracks import Waveform as Waveform

# What a folder is searched for; a file that is named is tried whatever it is called.
SUFFIXES = (
    ".aac", ".ac3", ".aif", ".aiff", ".amr", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp3", ".oga", ".ogg",
    ".opus", ".wav", ".wma", ".3ga", ".adts", ".aifc", ".ape", ".awb", ".bwf", ".eac3", ".ec3", ".m4b",
    ".m4r", ".mp2", ".mpa", ".mpga", ".ra", ".rf64", ".snd", ".sph", ".spx", ".tta", ".w64", ".wave", ".weba",
    ".wv",
)  # fmt: skip
MAX_VALUES = 2**29  # of one answer, all channels: 2 GiB, or three hours of one channel at 48 kHz

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
        for piece in stream(track, rate, mono, first):
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
    reference = _reference_of(sample)
    start_s, stop_s = (float(edge) for edge in sample.span_s) if sample.span_s else (0.0, None)
    if longest_s is not None:
        stop_s = min(start_s + longest_s, stop_s or math.inf)
    return read_sound(reference, rate_hz=rate_hz, mono=mono, start_s=start_s, stop_s=stop_s)


def sound_span_s(sample: Sample) -> tuple[float, float]:
    """When a sample's sound begins and ends in its file: what `sound_of` reads, without reading it.

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
    # Here, not above: loading FFmpeg takes a tenth of a second, which pictures and walks need not wait for.
    from affekt.media.container import check_file
    from affekt.media.sound_container import ContainerTrack
    from affekt.media.sound_wav import open_wav

    path = Path(reference)
    check_file(path, kind="sound")
    return open_wav(path) or ContainerTrack(path)


def _blocks(reference: SoundSource, seconds: float, rate_hz: int | None, mono: bool) -> Iterator[Waveform]:
    with closing(_open(reference)) as track:
        rate = rate_hz or track.rate_hz
        size = max(1, round(seconds * rate))
        waiting: list[np.ndarray] = []
        count = 0
        for piece in stream(track, rate, mono, 0):
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


def _check_size(name: str, length_s: float, values_per_s: int) -> None:
    values = length_s * values_per_s
    if values > MAX_VALUES:
        raise MediaError(
            f"{name} holds {length_s:.0f} s of sound or more, {values * 4 / 2**30:.1f} GiB of it; at most "
            f"{MAX_VALUES * 4 / 2**30:.0f} GiB are read at once: name a span, or take blocks"
        )
