"""Checks of one clip: whether picture and sound can be read, how long they are, which faults they have."""

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
from affekt.quality.duplicate_clips import MOMENTS, ClipPrint, clip_print
from affekt.quality.duplicate_sounds import LONGEST_S, RATE_HZ, SoundPrint, sound_print

QUIET_DBFS = -60.0  # root mean square; speech below it was recorded far too low, or there is none
SILENT_DBFS = -80.0  # root mean square; quieter sounds are not compared
BLACK = 6.0  # grey levels of 255, mean of the brightest of the compared frames
FROZEN = 0.5  # grey levels by which frames may differ on average: the noise of a codec
MOST_APART_S, MOST_APART = 0.5, 0.05  # picture and sound may differ in length by the larger: seconds, share

_HEIGHT = 64  # rows to which frames are reduced
_AT_ONCE = 64  # clips handed to the threads, so that an interruption is noticed soon


@dataclass
class ClipFacts:
    """What is kept of a decoded clip."""

    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    codecs: list[str] = field(default_factory=list)
    duration_s: float | None = None  # of the picture; of the sound where there is no picture
    sound_s: float | None = None
    size: tuple[int, int] | None = None  # width, height
    rate_hz: float | None = None
    sound_rate_hz: int | None = None
    lacks_sound: bool = False
    is_silent: bool = False
    is_black: bool = False
    is_frozen: bool = False
    is_apart: bool = False
    video_print: ClipPrint | None = None
    sound_print: SoundPrint | None = None
    frames: np.ndarray | None = None  # (8, h, w, 3) uint8 RGB; only where they were asked for


def is_clip(sample: Sample) -> bool:
    """Whether the sample has video or sound."""
    return "video" in sample.media or "audio" in sample.media


def read_clips(
    samples: Sequence[Sample], on_item: Callable[[int, int], None]
) -> list[tuple[Sample, ClipFacts]]:
    """Decode clips, many at once; `on_item` is called with the number of clips that are done and of all."""
    results: list[ClipFacts] = []
    # FFmpeg decodes without holding Python's lock: threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(samples), _AT_ONCE):
            for one in pool.map(read_clip, samples[start : start + _AT_ONCE]):
                results.append(one)
                on_item(len(results), len(samples))
    return list(zip(samples, results, strict=True))


def read_clip(sample: Sample, *, keep_frames: bool = False) -> ClipFacts:
    """Decode one clip: eight frames, evenly spaced, and all of its sound.

    Args:
        keep_frames: Keep the frames, reduced to at most 64 rows.
    """
    facts = ClipFacts()
    # Looked up once: invented media are generated at each access.
    media = {name: sample.media[name] for name in ("video", "audio") if name in sample.media}
    sample = replace(sample, media={name: _as_path(reference) for name, reference in media.items()})
    video: Video | None = None
    if "video" in sample.media:
        try:
            video = video_of(sample)
            _check_video(video, facts, keep_frames)
        except MediaError as error:
            facts.reasons.append(str(error))
    reference = sample.media.get("audio", sample.media.get("video"))
    if isinstance(reference, Waveform) or (isinstance(reference, Path) and not reference.is_dir()):
        try:
            with collect_notes() as notes:
                _check_sound(sample, reference, facts)
            facts.notes += notes
        except NoSound:
            facts.lacks_sound = True
        except MediaError as error:
            facts.reasons.append(str(error))
    if video is not None and facts.duration_s is not None and facts.sound_s is not None:
        is_whole = sample.span_s is None  # of a span, both are cut to the same length
        facts.is_apart = is_whole and are_apart(facts.duration_s, facts.sound_s)
    if facts.duration_s is None:
        facts.duration_s = facts.sound_s
    _add_streams(sample, facts)
    return facts


def are_apart(video_s: float, sound_s: float) -> bool:
    """Whether picture and sound differ in length by more than `MOST_APART` and `MOST_APART_S`."""
    return abs(video_s - sound_s) > max(MOST_APART_S, MOST_APART * video_s)


def _as_path(reference: Any) -> Any:
    return Path(reference) if isinstance(reference, str) else reference


def _check_video(video: Video, facts: ClipFacts, keep_frames: bool) -> None:
    """Decode eight frames, evenly spaced."""
    at = (np.arange(MOMENTS) + 0.5) / MOMENTS * video.end_s
    numbers = np.searchsorted(video.times_s, at, side="right") - 1
    frames = video.read(numbers.clip(0), height=min(_HEIGHT, video.height))
    facts.duration_s, facts.size = float(video.end_s), (video.width, video.height)
    facts.rate_hz = round(len(video) / video.end_s, 3) if video.end_s > 0 else None
    facts.notes = list(video.notes)
    brightness = frames.mean(axis=(1, 2, 3))
    facts.is_black = bool(brightness.max() < BLACK)
    apart = np.abs(frames[1:].astype(np.int16) - frames[:-1]).mean(axis=(1, 2, 3))
    facts.is_frozen = bool(apart.max() < FROZEN) and not facts.is_black
    facts.video_print = clip_print(frames, facts.duration_s)
    facts.frames = frames if keep_frames else None


def _check_sound(sample: Sample, reference: Path | Waveform, facts: ClipFacts) -> None:
    """Decode all of the sound, in pieces; the first minute gives the print."""
    start_s, stop_s = (float(edge) for edge in sample.span_s) if sample.span_s else (0.0, None)
    blocks = sound_blocks(reference, seconds=10.0, rate_hz=RATE_HZ, start_s=start_s, stop_s=stop_s)
    if isinstance(reference, Waveform):
        facts.sound_rate_hz = reference.rate_hz
    kept: list[np.ndarray] = []
    decoded, power = 0, 0.0
    for block in blocks:
        samples = block.samples[0]
        if decoded < LONGEST_S * RATE_HZ:
            kept.append(samples)
        decoded += len(samples)
        power += float(np.square(samples, dtype=np.float64).sum())
    facts.sound_s = decoded / RATE_HZ
    decibels = 10 * np.log10(power / decoded) if power > 0 else -np.inf
    facts.is_silent = bool(decibels < QUIET_DBFS)
    if decibels >= SILENT_DBFS:
        facts.sound_print = sound_print(np.concatenate(kept))


def _add_streams(sample: Sample, facts: ClipFacts) -> None:
    """Codecs and the rate of the sound, as stated in the files."""
    files = dict.fromkeys(f for f in sample.media.values() if isinstance(f, Path) and f.is_file())
    for file in files:
        try:
            with open_container(file, kind="video or sound") as container:
                facts.codecs += [
                    s.codec_context.name for s in (*container.streams.video, *container.streams.audio)
                ]
                for stream in container.streams.audio[:1]:
                    facts.sound_rate_hz = stream.codec_context.sample_rate
        except MediaError:
            continue  # was reported when the file was decoded
