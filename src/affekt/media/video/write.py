"""Clips in memory, written as the MP4 that any player shows: H.264 and AAC."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
import soxr

from affekt.core.errors import MediaError, UsageError
from affekt.media.sound import Waveform
from affekt.media.video.read import VideoFrames

SUFFIXES = (".mp4", ".m4v", ".m4a")
TICK = Fraction(1, 90_000)  # s; the clock of MPEG, in which the usual frame rates are whole numbers
CRF = "18"  # of libx264: differences are hardly seen
SOUND_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # that AAC and players share
LAYOUTS = {1: "mono", 2: "stereo"}
BITS_PER_SAMPLE = 4  # of AAC, per channel: more than enough
MOST_BITS = 160_000  # per second and channel


def write_clip(
    path: Path, video: VideoFrames | None, sound: Waveform | None, *, rate_hz: float | None = None
) -> Path:
    """Write frames and sound, or one of them, as an MP4 file.

    Its folder is made, a file of that name is replaced. Presentation times are those of the frames, to
    1/90000 s. H.264 halves the resolution of colour, so an odd height or width grows by one: the last row or
    column is repeated. Both are compressed with loss.

    Args:
        path: Ends in one of `SUFFIXES`.
        video: Frames; the last one lasts until its `end_s`.
        sound: One or two channels; a rate that AAC does not know is converted to the next higher one.
        rate_hz: Frames per second, in place of the frames' own times.

    Returns:
        The path.

    Raises:
        UsageError: There is nothing to write, the suffix is another, or `rate_hz` is no rate.
        MediaError: There are no frames or samples, frames are closer than 1/90000 s, there are more than two
            channels, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> frames = VideoFrames(np.zeros((2, 16, 16, 3), np.uint8), np.array([0.0, 0.5]), 1.0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_clip(Path(folder) / "black.mp4", frames, None).name
        'black.mp4'
    """
    if video is None and sound is None:
        raise UsageError("a clip needs frames, sound or both")
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path}: clips are written as MP4; end the name in one of {', '.join(SUFFIXES)}")
    if rate_hz is not None and not (math.isfinite(rate_hz) and rate_hz > 0):
        raise UsageError(f"rate_hz = {rate_hz}: give frames per second, above 0")
    pixels, ticks = (None, []) if video is None else (_even(video.pixels), _ticks(video, rate_hz))
    samples, sound_rate_hz = (None, 0) if sound is None else _playable(sound)

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")  # nobody finds half a clip under its name
    try:
        with av.open(
            str(partial.absolute()), "w", format="mp4", options={"movflags": "faststart"}
        ) as container:
            # Both streams are announced before the first packet, for the header names them.
            picture = None if pixels is None else _picture_stream(container, pixels)
            voice = None if samples is None else _sound_stream(container, len(samples), sound_rate_hz)
            if picture is not None and pixels is not None:
                _write_frames(container, picture, pixels, ticks)
            if voice is not None and samples is not None:
                _write_samples(container, voice, samples)
        os.replace(partial, path)
    except (av.error.FFmpegError, OSError) as error:
        raise MediaError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    return path


def _even(pixels: np.ndarray) -> np.ndarray:
    """Frames of even height and width, at least 2."""
    if pixels.ndim != 4 or pixels.shape[3] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise MediaError(f"frames must be (t, h, w, 3) of uint8, not {pixels.shape} of {pixels.dtype}")
    _, height, width, _ = pixels.shape
    return np.pad(pixels, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _ticks(video: VideoFrames, rate_hz: float | None) -> list[int]:
    """When each frame is shown, and when the last one ends, in ticks."""
    if rate_hz is None:
        times_s = np.append(video.times_s, video.end_s)
    else:
        times_s = np.arange(len(video.pixels) + 1) / rate_hz
    if len(times_s) != len(video.pixels) + 1:
        raise MediaError(f"{len(video.pixels)} frames have {len(times_s) - 1} presentation times")
    ticks = np.rint(times_s / float(TICK)).astype(np.int64)
    if (np.diff(ticks) < 1).any():
        raise MediaError("presentation times must increase, by at least 1/90000 s")
    return ticks.tolist()


def _playable(sound: Waveform) -> tuple[np.ndarray, int]:
    """Samples (c, n) in [-1, 1] and a rate that AAC knows."""
    samples, rate_hz = sound.samples, sound.rate_hz
    if samples.ndim != 2 or not samples.size:
        raise MediaError(f"sound must be (c, n), not {samples.shape}")
    if len(samples) not in LAYOUTS:
        raise MediaError(f"sound of {len(samples)} channels cannot be written: mix it down to one or two")
    target = next((known for known in SOUND_RATES_HZ if known >= rate_hz), SOUND_RATES_HZ[-1])
    if target != rate_hz:
        samples = soxr.resample(samples.T, rate_hz, target).T
    return np.ascontiguousarray(np.clip(samples, -1, 1), dtype=np.float32), target


def _picture_stream(container: av.container.OutputContainer, pixels: np.ndarray) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=25)  # the rate is for the encoder's budget only
    assert isinstance(stream, av.VideoStream)
    stream.height, stream.width = pixels.shape[1:3]
    stream.pix_fmt = "yuv420p"
    stream.time_base = stream.codec_context.time_base = TICK
    # Without frames that refer to later ones, decoding order is presentation order and the clip begins at 0.
    stream.options = {"crf": CRF, "bf": "0"}
    return stream


def _write_frames(
    container: av.container.OutputContainer, stream: av.VideoStream, pixels: np.ndarray, ticks: list[int]
) -> None:
    """Encode frames; `ticks` also holds the end of the last."""
    lasts = dict(zip(ticks[:-1], np.diff(ticks).tolist(), strict=True))
    for image, tick in zip(pixels, ticks[:-1], strict=True):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = tick, TICK
        for packet in stream.encode(frame):
            _mux(container, packet, lasts)
    for packet in stream.encode(None):
        _mux(container, packet, lasts)


def _mux(container: av.container.OutputContainer, packet: av.Packet, lasts: dict[int, int]) -> None:
    """Write a packet that knows how long its frame is shown: the encoder would guess for the last."""
    assert packet.pts is not None
    packet.duration = lasts[packet.pts]
    container.mux(packet)


def _sound_stream(container: av.container.OutputContainer, channels: int, rate_hz: int) -> av.AudioStream:
    stream = container.add_stream("aac", rate=rate_hz)
    assert isinstance(stream, av.AudioStream)
    stream.layout = LAYOUTS[channels]
    stream.bit_rate = channels * min(BITS_PER_SAMPLE * rate_hz, MOST_BITS)
    return stream


def _write_samples(
    container: av.container.OutputContainer, stream: av.AudioStream, samples: np.ndarray
) -> None:
    """Encode samples (c, n)."""
    frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=LAYOUTS[len(samples)])
    frame.sample_rate, frame.pts = stream.rate, 0
    frame.time_base = Fraction(1, stream.rate)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
