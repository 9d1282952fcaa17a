"""One clip looked at and listened to: whether it can be read, how long it is, what is wrong with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.media.container import open_container
from affekt.media.sound import NoSound, Waveform, sound_blocks
from affekt.media.video import Video, video_of
from affekt.quality.clip_looks import MOMENTS, ClipLook, clip_look
from affekt.quality.sound_alikes import LONGEST_S, RATE_HZ, Fingerprint, fingerprint

QUIET_DBFS = -60.0  # root mean square: speech that somebody recorded far too low, or none
SILENT_DBFS = -80.0  # below which there is nothing to compare
BLACK = 6.0  # grey levels of 255, mean of the brightest frame looked at
FROZEN = 0.5  # grey levels that frames may differ by on average: a codec's noise
MOST_APART_S, MOST_APART = 0.5, 0.05  # picture and sound may differ in length by the larger: seconds, share

_HEIGHT = 64  # rows that frames are looked at in
_AT_ONCE = 64  # clips handed to the threads, so that a broken pipe is noticed soon


@dataclass
class Seen:
    """What is kept of a clip once it was decoded."""

    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    codecs: list[str] = field(default_factory=list)
    duration_s: float | None = None  # of the picture, else of the sound
    sound_s: float | None = None
    size: tuple[int, int] | None = None  # width, height
    rate_hz: float | None = None
    sound_rate_hz: int | None = None
    lacks_sound: bool = False
    is_silent: bool = False
    is_black: bool = False
    is_frozen: bool = False
    is_apart: bool = False
    look: ClipLook | None = None
    sound: Fingerprint | None = None


def is_clip(sample: Sample) -> bool:
    """Whether there is something to watch or to hear."""
    return "video" in sample.media or "audio" in sample.media


def look_at_all(samples: Sequence[Sample], on_item: Callable[[int, int], None]) -> list[tuple[Sample, Seen]]:
    """Decode clips, many at once; `on_item` is told how many are done, and of how many."""
    seen: list[Seen] = []
    # FFmpeg decodes without holding Python's lock: threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(samples), _AT_ONCE):
            for one in pool.map(_look_at, samples[start : start + _AT_ONCE]):
                seen.append(one)
                on_item(len(seen), len(samples))
    return list(zip(samples, seen, strict=True))


def _look_at(sample: Sample) -> Seen:
    seen = Seen()
    # Looked up once: invented media are made anew each time.
    media = {name: sample.media[name] for name in ("video", "audio") if name in sample.media}
    sample = replace(sample, media={name: _as_path(reference) for name, reference in media.items()})
    video: Video | None = None
    if "video" in sample.media:
        try:
            video = video_of(sample)
            _watch(video, seen)
        except MediaError as error:
            seen.reasons.append(str(error))
    reference = sample.media.get("audio", sample.media.get("video"))
    if isinstance(reference, Waveform) or (isinstance(reference, Path) and not reference.is_dir()):
        try:
            with collect_notes() as notes:
                _hear(sample, reference, seen)
            seen.notes += notes
        except NoSound:
            seen.lacks_sound = True
        except MediaError as error:
            seen.reasons.append(str(error))
    if video is not None and seen.duration_s is not None and seen.sound_s is not None:
        difference = abs(seen.duration_s - seen.sound_s)
        is_whole = sample.span_s is None  # of a span, both are cut to the same length
        seen.is_apart = is_whole and difference > max(MOST_APART_S, MOST_APART * seen.duration_s)
    if seen.duration_s is None:
        seen.duration_s = seen.sound_s
    _name_streams(sample, seen)
    return seen


def _as_path(reference: Any) -> Any:
    return Path(reference) if isinstance(reference, str) else reference


def _watch(video: Video, seen: Seen) -> None:
    """Look at eight frames."""
    at = (np.arange(MOMENTS) + 0.5) / MOMENTS * video.end_s
    numbers = np.searchsorted(video.times_s, at, side="right") - 1
    frames = video.read(numbers.clip(0), height=min(_HEIGHT, video.height))
    seen.duration_s, seen.size = float(video.end_s), (video.width, video.height)
    seen.rate_hz = round(len(video) / video.end_s, 3) if video.end_s > 0 else None
    seen.notes = list(video.notes)
    brightness = frames.mean(axis=(1, 2, 3))
    seen.is_black = bool(brightness.max() < BLACK)
    apart = np.abs(frames[1:].astype(np.int16) - frames[:-1]).mean(axis=(1, 2, 3))
    seen.is_frozen = bool(apart.max() < FROZEN) and not seen.is_black
    seen.look = clip_look(frames, seen.duration_s)


def _hear(sample: Sample, reference: Path | Waveform, seen: Seen) -> None:
    """Listen to all of the sound, in pieces; the first minute makes the fingerprint."""
    start_s, stop_s = (float(edge) for edge in sample.span_s) if sample.span_s else (0.0, None)
    blocks = sound_blocks(reference, seconds=10.0, rate_hz=RATE_HZ, start_s=start_s, stop_s=stop_s)
    if isinstance(reference, Waveform):
        seen.sound_rate_hz = reference.rate_hz
    kept: list[np.ndarray] = []
    heard, power = 0, 0.0
    for block in blocks:
        samples = block.samples[0]
        if heard < LONGEST_S * RATE_HZ:
            kept.append(samples)
        heard += len(samples)
        power += float(np.square(samples, dtype=np.float64).sum())
    seen.sound_s = heard / RATE_HZ
    decibels = 10 * np.log10(power / heard) if power > 0 else -np.inf
    seen.is_silent = bool(decibels < QUIET_DBFS)
    if decibels >= SILENT_DBFS:
        seen.sound = fingerprint(np.concatenate(kept))


def _name_streams(sample: Sample, seen: Seen) -> None:
    """Codecs and the rate of the sound, as files state them."""
    files = dict.fromkeys(f for f in sample.media.values() if isinstance(f, Path) and f.is_file())
    for file in files:
        try:
            with open_container(file, kind="video or sound") as container:
                seen.codecs += [
                    s.codec_context.name for s in (*container.streams.video, *container.streams.audio)
                ]
                for stream in container.streams.audio[:1]:
                    seen.sound_rate_hz = stream.codec_context.sample_rate
        except MediaError:
            continue  # was told when the file was decoded
