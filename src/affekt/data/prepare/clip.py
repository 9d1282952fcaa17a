"""Prepare one clip: its video as MP4, its sound as FLAC, other files unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from affekt.core.errors import MediaError
from affekt.core.files.journal import StoredFile
from affekt.core.files.whole import write_whole
from affekt.core.sample import Sample
from affekt.data.store.index import CLIPS, ClipEntry, PrepareSettings, file_stem
from affekt.media.sound import NoSound, Waveform, read_sound, sound_blocks
from affekt.media.video import Video, video_of
from affekt.media.video.write import H264, write_mp4

KEY_FRAMES = 12  # frames from one key frame to the next: 16 neighbours cost at most 27 decoded frames
JPEG_SCALE = 3  # of FFmpeg's 2 (best) to 31; the size of libjpeg's quality 90
# No frame refers to a later one, none to one before its key frame. Without arithmetic coding and deblocking
# ("fastdecode") reading takes a fifth less time at the same size.
CODINGS = {
    "video": (
        H264[0],
        H264[1] | {"preset": "veryfast", "tune": "fastdecode", "g": str(KEY_FRAMES), "sc_threshold": "0"},
    ),
    "jpeg": ("mjpeg", {"qmin": str(JPEG_SCALE), "qmax": str(JPEG_SCALE)}),
}
# Clocks in whose ticks the usual rates are whole numbers, so that times are exact to the last bit; else
# microseconds. MP4, because Matroska rounds to milliseconds.
_CLOCKS_HZ = (24_000, 30_000, 60_000, 12_800, 15_360, 90_000, 44_100, 48_000)
_FINEST_HZ = 1_000_000
_SOUND_BLOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class ClipTask:
    """A sample to prepare; `source` is the digest of its input, `root` the store."""

    sample: Sample
    source: str
    root: Path
    settings: PrepareSettings


def prepare_clip(task: ClipTask) -> ClipEntry:
    """Write the files of a sample; the entry states them, or why it cannot be used."""
    sample, settings = task.sample, task.settings
    entry = annotated(ClipEntry(id=sample.id, source=task.source), sample)
    place = task.root / CLIPS / file_stem(sample.id)
    files: dict[str, Path] = {}
    notes: list[str] = []
    try:
        if "video" in sample.media:
            video = video_of(sample)
            files["video"] = _finish(place, ".mp4", lambda file: write_video(file, video, settings))
            notes += video.notes
        try:
            if has_clip(sample):
                blocks = _sound_of(sample, settings.sound_rate_hz)
                files["audio"] = _finish(
                    place, ".flac", lambda file: write_sound(file, blocks, settings.sound_rate_hz)
                )
        except MediaError as error:
            if "video" not in sample.media:
                raise
            if "audio" in sample.media:  # no sound, or none that can be used
                notes.append(str(error))
        texts: dict[str, str] = {}
        for name, value in sample.media.items():
            if isinstance(value, Path) and name not in ("video", "audio"):
                content = _read_bytes(value)
                files[name] = _finish(
                    place, f".{name}{value.suffix}", lambda file, content=content: file.write_bytes(content)
                )
            elif isinstance(value, str) and name not in ("video", "audio"):
                texts[name] = value
    except MediaError as error:
        return entry.model_copy(update={"reason": str(error)})
    stored = {
        name: StoredFile(path=file.relative_to(task.root).as_posix(), bytes=file.stat().st_size)
        for name, file in files.items()
    }
    return entry.model_copy(update={"files": stored, "texts": texts, "notes": tuple(notes)})


def has_clip(sample: Sample) -> bool:
    """Whether there is anything to prepare; a turn of a dialogue may have words alone."""
    return "video" in sample.media or "audio" in sample.media


def annotated(entry: ClipEntry, sample: Sample) -> ClipEntry:
    """An entry with the present annotation of the sample."""
    first_s = sample.span_s[0] if sample.span_s else 0.0  # stored media begin with the span
    segments = sample.segments
    return entry.model_copy(
        update={
            "label": sample.label,
            "label_weights": dict(sample.label_weights) if sample.label_weights is not None else None,
            "subject": sample.subject,
            "split": sample.split,
            "dialogue": sample.dialogue,
            "turn": sample.turn,
            "speaker": sample.speaker,
            "facts": _plain(sample.facts),
            "segments": None
            if segments is None
            else tuple((it.start_s - first_s, it.end_s - first_s, it.label) for it in segments),
            "points": tuple((it.time_s - first_s, it.label) for it in sample.points),
            "values": dict(sample.values) if sample.values is not None else None,
            "annotations": dict(sample.annotations),
        }
    )


def _plain(value: Any) -> Any:
    """Facts as JSON values."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _finish(place: Path, suffix: str, write: Callable[[Path], object]) -> Path:
    """Write a file whole.

    Raises:
        AffektError: It cannot be written, which is not a fault of the clip: the disk is full, for example.
    """
    path = place.with_name(place.name + suffix)
    with write_whole(path) as partial:
        write(partial)
    return path


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}") from None


# Pictures


def write_video(path: Path, video: Video, settings: PrepareSettings) -> None:
    """Write frames as MP4, each at its own time.

    Raises:
        MediaError: The video cannot be decoded.
        OSError: The file cannot be written.
    """
    height = min(settings.height, video.height)
    times_s, numbers = _shown(video, settings.frame_rate_hz)
    edges_s = np.append(times_s, video.end_s)
    clock_hz = _clock_of(edges_s)
    order = np.arange(len(edges_s))
    # Each tick is later than the one before.
    ticks = np.maximum.accumulate(np.round(edges_s * clock_hz).astype(np.int64) - order) + order
    frames = (
        pixels[: _stored(pixels.shape[0], settings.form), : _stored(pixels.shape[1], settings.form)]
        for pixels in _repeated(video.frames(height=height), numbers.tolist())
    )
    write_mp4(path, frames, ticks.tolist(), clock_hz=clock_hz, coding=CODINGS[settings.form])


def _stored(size: int, form: str) -> int:
    """Rows or columns that are kept: H.264 with half the colour resolution needs an even number."""
    return size - size % 2 if form == "video" and size > 1 else size


def _repeated(frames: Iterator[tuple[int, np.ndarray]], numbers: Sequence[int]) -> Iterator[np.ndarray]:
    """The frames of increasing numbers; one can be asked for more than once."""
    number, pixels = next(frames)
    for wanted in numbers:
        while number < wanted:
            number, pixels = next(frames)
        yield pixels


def _shown(video: Video, rate_hz: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Times of the stored frames, and their numbers in the video: all, or those shown at a fixed rate."""
    if rate_hz is None:
        return video.times_s, np.arange(len(video))
    times_s = np.arange(max(1, round(video.end_s * rate_hz))) / rate_hz
    numbers = np.searchsorted(video.times_s, times_s + 1e-6, side="right") - 1
    return times_s, numbers


def _clock_of(times_s: np.ndarray) -> int:
    """Ticks per second of a usual clock in which all times are whole numbers, if there is one."""
    for clock in _CLOCKS_HZ:
        ticks = times_s * clock
        if np.abs(ticks - np.round(ticks)).max() < 1e-4:
            return clock
    return _FINEST_HZ


# Sound


def _sound_of(sample: Sample, rate_hz: int) -> Iterator[Waveform]:
    """A sample's sound in pieces, cut to its span.

    Raises:
        NoSound: There is none.
    """
    reference = sample.media.get("audio")
    if reference is None:
        reference = sample.media["video"]
        if not isinstance(reference, str | Path) or Path(reference).is_dir():
            raise NoSound(f"sample {sample.id} has no sound")
    if sample.span_s is None:
        return sound_blocks(reference, seconds=_SOUND_BLOCK_S, rate_hz=rate_hz)
    start, stop = (float(edge) for edge in sample.span_s)
    return iter([read_sound(reference, rate_hz=rate_hz, start_s=start, stop_s=stop)])


def write_sound(path: Path, blocks: Iterator[Waveform], rate_hz: int) -> None:
    """Write one channel as 16-bit FLAC.

    Raises:
        MediaError: The sound cannot be decoded.
        OSError: The file cannot be written.
    """
    try:
        with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16", format="FLAC") as file:
            for block in blocks:
                file.write(np.round(block.samples[0] * 32768.0).clip(-32768, 32767).astype(np.int16))
    except soundfile.SoundFileError as error:
        raise OSError(str(error)) from None
