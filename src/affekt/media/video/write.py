"""Clips written as MP4, the form that every player shows: H.264 and AAC."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import numpy as np
import soxr
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from affekt.core.errors import MediaError, UsageError
from affekt.core.files.whole import write_whole
from affekt.media.sound import Waveform
from affekt.media.video.read import VideoFrames

SUFFIXES = (".mp4", ".m4v", ".m4a")
CLOCK_HZ = 90_000  # the clock of MPEG, in whose ticks the usual frame rates are whole numbers
CRF = 18  # x264's "visually lossless"
SOUND_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # that AAC and players share
LAYOUTS = {1: "mono", 2: "stereo"}
BITS_PER_SAMPLE = 4  # of AAC, per channel: more than enough
MOST_BITS = 160_000  # per second and channel


@dataclass(frozen=True, slots=True)
class Coding:
    """How frames are compressed.

    Attributes:
        codec, options: Encoder of FFmpeg, and its options.
        full_range: Whether brightness is stored as 0 to 255, as in JPEG, instead of 16 to 235.
    """

    codec: str
    options: Mapping[str, str]
    full_range: bool = False


def h264(**options: str) -> Coding:
    """H.264, with more options of x264.

    Without frames that refer to later ones, decoding order is presentation order and the clip begins at 0.
    `cpu-independent` makes the bytes repeatable: x264's code for AVX-512 weighs blocks (macroblock tree) with
    memory that it did not set, so that the same frames gave other bytes in about 1 of 100 clips.
    """
    return Coding("libx264", {"crf": str(CRF), "bf": "0", "x264-params": "cpu-independent=1", **options})


H264 = h264()


@dataclass(frozen=True, slots=True)
class Pictures:
    """Frames to encode.

    Attributes:
        frames: RGB (h, w, 3) uint8, all of one size.
        ticks: When each is shown and when the last one ends: increasing whole numbers.
        clock_hz: Ticks per second.
    """

    frames: Iterable[np.ndarray]
    ticks: Sequence[int]
    clock_hz: int = CLOCK_HZ
    coding: Coding = H264


def write_clip(
    path: Path, video: VideoFrames | None, sound: Waveform | None, *, rate_hz: float | None = None
) -> Path:
    """Write frames and sound, or one of them, as an MP4 file.

    Its folder is made, a file of that name is replaced. Presentation times are those of the frames, to
    1/90000 s. H.264 halves the resolution of colour, so an odd height or width becomes even: the last row or
    column is repeated. Frames and sound are compressed with loss.

    Args:
        path: Ends in one of `SUFFIXES`.
        video: Frames; the last one lasts until its `end_s`.
        sound: One or two channels; a rate that AAC does not have is converted to the next higher one.
        rate_hz: Frames per second, instead of the frames' own times.

    Returns:
        The path.

    Raises:
        UsageError: There is nothing to write, the suffix is another, or `rate_hz` is not above 0.
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
    pictures = None if video is None else Pictures(_even(video.pixels), _ticks(video, rate_hz))
    voice = None if sound is None else _playable(sound)
    with write_whole(path, error=MediaError) as partial:
        write_mp4(partial, pictures, voice)
    return path


def write_mp4(path: Path, pictures: Pictures | None, sound: Waveform | None = None) -> None:
    """Encode frames and sound, or one of them. The same frames give the same bytes.

    Args:
        sound: One or two channels at one of `SOUND_RATES_HZ`.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        with av.open(str(path.absolute()), "w", format="mp4", options={"movflags": "faststart"}) as container:
            # All streams are added before the first packet, because the header lists them.
            tracks = [] if pictures is None else [_VideoTrack(container, pictures)]
            tracks += [] if sound is None else [_SoundTrack(container, sound)]
            for track in tracks:
                track.write()
    except av.error.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from None


def _even(pixels: np.ndarray) -> np.ndarray:
    """Frames of even height and width, at least 2."""
    if pixels.ndim != 4 or pixels.shape[3] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise MediaError(f"frames must be (t, h, w, 3) of uint8, not {pixels.shape} of {pixels.dtype}")
    _, height, width, _ = pixels.shape
    return np.pad(pixels, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _ticks(video: VideoFrames, rate_hz: float | None) -> list[int]:
    """When each frame is shown, and when the last one ends, in ticks of 1/90000 s."""
    if rate_hz is None:
        times_s = np.append(video.times_s, video.end_s)
    else:
        times_s = np.arange(len(video.pixels) + 1) / rate_hz
    if len(times_s) != len(video.pixels) + 1:
        raise MediaError(f"{len(video.pixels)} frames have {len(times_s) - 1} presentation times")
    ticks = np.rint(times_s * CLOCK_HZ).astype(np.int64)
    if (np.diff(ticks) < 1).any():
        raise MediaError("presentation times must increase, by at least 1/90000 s")
    return ticks.tolist()


def _playable(sound: Waveform) -> Waveform:
    """Sound in [-1, 1] at a rate that AAC has."""
    samples, rate_hz = sound.samples, sound.rate_hz
    if samples.ndim != 2 or not samples.size:
        raise MediaError(f"sound must be (c, n), not {samples.shape}")
    if len(samples) not in LAYOUTS:
        raise MediaError(f"sound of {len(samples)} channels cannot be written: mix it down to one or two")
    target = next((known for known in SOUND_RATES_HZ if known >= rate_hz), SOUND_RATES_HZ[-1])
    if target != rate_hz:
        samples = soxr.resample(samples.T, rate_hz, target).T
    return Waveform(np.ascontiguousarray(np.clip(samples, -1, 1), dtype=np.float32), target)


class _VideoTrack:
    def __init__(self, container: av.container.OutputContainer, pictures: Pictures) -> None:
        self.container, self.pictures = container, pictures
        frames = iter(pictures.frames)
        first = next(frames)
        self.frames = itertools.chain([first], frames)
        coding, ticks = pictures.coding, pictures.ticks
        self.base = Fraction(1, pictures.clock_hz)
        # Presentation times are given with each frame; the encoder uses the mean rate for its budget only.
        mean_hz = (len(ticks) - 1) * pictures.clock_hz / (ticks[-1] - ticks[0])
        rate = Fraction(min(max(mean_hz, 0.01), 1000.0)).limit_denominator(1001)
        stream: Any = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        coder = stream.codec_context
        stream.height, stream.width = first.shape[:2]
        stream.time_base = coder.time_base = self.base
        coder.thread_count = 1  # the bytes depend on the number of threads
        coder.pix_fmt = "yuv420p"
        self.span = ColorRange.JPEG if coding.full_range else ColorRange.MPEG
        coder.color_range, coder.colorspace = self.span, Colorspace.ITU601
        self.stream = stream

    def write(self) -> None:
        """Encode all frames."""
        ticks, scaler = self.pictures.ticks, VideoReformatter()
        lengths = dict(zip(ticks[:-1], np.diff(ticks).tolist(), strict=True))
        for image, tick in zip(self.frames, ticks[:-1], strict=True):
            frame = scaler.reformat(
                av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24"),
                format="yuv420p",
                dst_colorspace=Colorspace.ITU601,
                dst_color_range=self.span,
                threads=1,
            )
            frame.pts, frame.time_base = tick, self.base
            self._mux(self.stream.encode(frame), lengths)
        self._mux(self.stream.encode(None), lengths)

    def _mux(self, packets: Iterable[av.Packet], lengths: Mapping[int, int]) -> None:
        for packet in packets:
            assert packet.pts is not None
            packet.duration = lengths[packet.pts]  # the encoder would guess that of the last frame
            self.container.mux(packet)


class _SoundTrack:
    def __init__(self, container: av.container.OutputContainer, sound: Waveform) -> None:
        self.container, self.sound = container, sound
        channels = len(sound.samples)
        stream = container.add_stream("aac", rate=sound.rate_hz)
        assert isinstance(stream, av.AudioStream)
        stream.layout = LAYOUTS[channels]
        stream.bit_rate = channels * min(BITS_PER_SAMPLE * sound.rate_hz, MOST_BITS)
        self.stream = stream

    def write(self) -> None:
        """Encode all samples."""
        samples, rate_hz = self.sound.samples, self.sound.rate_hz
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=LAYOUTS[len(samples)])
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        self.container.mux(self.stream.encode(frame))
        self.container.mux(self.stream.encode(None))
