"""Clips written as MP4, the form that every player shows: H.264 and AAC."""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
SOUND_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # that AAC and players share
LAYOUTS = {1: "mono", 2: "stereo"}
BITS_PER_SAMPLE = 4  # of AAC, per channel: more than enough
MOST_BITS = 160_000  # per second and channel


# Without frames that refer to later ones, decoding order is presentation order and the clip begins at 0.
# `cpu-independent`: x264's code for AVX-512 weighs blocks (macroblock tree) with memory that it did not set;
# about 1 of 100 encodings of the same frames differed.
H264 = ("libx264", {"crf": "18", "bf": "0", "x264-params": "cpu-independent=1"})  # 18: "visually lossless"


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
    frames, ticks = (None, []) if video is None else (_even(video.pixels), _ticks(video, rate_hz))
    voice = None if sound is None else _playable(sound)
    with write_whole(path, error=MediaError) as partial:
        write_mp4(partial, frames, ticks, sound=voice)
    return path


def write_mp4(
    path: Path,
    frames: Iterable[np.ndarray] | None,
    ticks: Sequence[int],
    *,
    clock_hz: int = CLOCK_HZ,
    coding: tuple[str, Mapping[str, str]] = H264,
    sound: Waveform | Iterator[Waveform] | None = None,
    comment: str = "",
) -> None:
    """Encode frames and sound, or one of them. The same frames give the same bytes.

    Memory does not grow with frames, nor with sound that comes in blocks.

    Args:
        frames: RGB (h, w, 3) uint8, all of one size.
        ticks: When each is shown and when the last one ends: increasing whole numbers.
        clock_hz: Ticks per second.
        coding: Encoder of FFmpeg for the frames, and its options.
        sound: One or two channels at one of `SOUND_RATES_HZ`; or blocks of it, which follow each other.
        comment: A remark that players show among the properties of the file.

    Raises:
        OSError: The file cannot be written.
    """
    try:
        with av.open(str(path.absolute()), "w", format="mp4", options={"movflags": "faststart"}) as container:
            # All tracks are added before the first packet, because the header lists them.
            tracks = [] if frames is None else [_video_track(container, frames, ticks, clock_hz, *coding)]
            blocks = iter([sound]) if isinstance(sound, Waveform) else sound
            tracks += [] if blocks is None else [_sound_track(container, blocks)]
            if comment:
                container.metadata["comment"] = comment
            if isinstance(sound, Waveform):
                for encode in tracks:
                    collections.deque(encode(), maxlen=0)
            else:
                _encode_together([encode() for encode in tracks])
    except av.error.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from None


def _encode_together(tracks: Sequence[Iterator[float]]) -> None:
    """Encode tracks side by side, so that no packets have to wait for those of the other track."""
    done_s: dict[Iterator[float], float] = dict.fromkeys(tracks, 0.0)
    while done_s:
        behind = min(done_s, key=lambda track: done_s[track])
        reached = next(behind, None)
        if reached is None:
            del done_s[behind]
        else:
            done_s[behind] = reached


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


def _video_track(
    container: av.container.OutputContainer,
    frames: Iterable[np.ndarray],
    ticks: Sequence[int],
    clock_hz: int,
    codec: str,
    options: Mapping[str, str],
) -> Callable[[], Iterator[float]]:
    """Add a track for frames; the function encodes them, and yields the seconds that are done."""
    frames = iter(frames)
    first = next(frames)
    # Presentation times are given with each frame; the encoder uses the mean rate for its budget only.
    mean_hz = (len(ticks) - 1) * clock_hz / (ticks[-1] - ticks[0])
    rate = Fraction(min(max(mean_hz, 0.01), 1000.0)).limit_denominator(1001)
    stream: Any = container.add_stream(codec, rate=rate, options=dict(options))
    coder = stream.codec_context
    stream.height, stream.width = first.shape[:2]
    base = stream.time_base = coder.time_base = Fraction(1, clock_hz)
    coder.thread_count = 1  # the bytes depend on the number of threads
    coder.pix_fmt = "yuv420p"
    span = coder.color_range = ColorRange.JPEG if codec == "mjpeg" else ColorRange.MPEG
    coder.colorspace = Colorspace.ITU601
    lengths = dict(zip(ticks[:-1], np.diff(ticks).tolist(), strict=True))
    scaler = VideoReformatter()

    def converted() -> Iterator[av.VideoFrame | None]:
        for pixels, tick in zip(itertools.chain([first], frames), ticks[:-1], strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = scaler.reformat(
                frame, format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=span, threads=1
            )
            frame.pts, frame.time_base = tick, base
            yield frame
        yield None  # the end

    def encode() -> Iterator[float]:
        for number, frame in enumerate(converted(), 1):
            for packet in stream.encode(frame):
                packet.duration = lengths[packet.pts]  # the encoder would guess that of the last frame
                container.mux(packet)
            yield ticks[min(number, len(ticks) - 1)] / clock_hz

    return encode


def _sound_track(
    container: av.container.OutputContainer, blocks: Iterator[Waveform]
) -> Callable[[], Iterator[float]]:
    """Add a track for sound; the function encodes it, and yields the seconds that are done."""
    first = next(blocks)
    rate_hz, layout = first.rate_hz, LAYOUTS[len(first.samples)]
    stream: Any = container.add_stream("aac", rate=rate_hz)
    stream.layout = layout
    stream.bit_rate = len(first.samples) * min(BITS_PER_SAMPLE * rate_hz, MOST_BITS)

    def encode() -> Iterator[float]:
        done = 0
        for block in itertools.chain([first], blocks):
            frame = av.AudioFrame.from_ndarray(block.samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, done, Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
            done += block.samples.shape[1]
            yield done / rate_hz
        container.mux(stream.encode(None))

    return encode
