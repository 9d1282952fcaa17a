"""From a clip to the arrays of the network: snippets of the video, filterbanks of the sound."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.core.sample import Moments, Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.sound import NoSound, sound_of, sound_span_s
from affekt.media.sound.mix import one_channel
from affekt.media.sound.notes import combined_readings, note_sound_coverage
from affekt.media.sound.spectrum import kaldi_filterbank
from affekt.media.video import video_of
from affekt.media.video.snippets import (
    as_clips,
    clips_spec,
    drawn_by,
    moments_of,
    read_snippets,
    sample_snippets,
    snippets_of,
)
from affekt.media.video.views import draw_view

from .config import AudioConfig, CTENConfig

HOP_S = 0.010  # between windows of the filterbank
WINDOW_S = 0.025
# Sound up to this length is read whole; of longer sound only the blocks that are used. The rows are the same.
WHOLE_S = 120.0

log = logging.getLogger(__name__)


class CTENPreprocess:
    """Samples with a `video`, and an `audio` track if `streams` of the config requires it."""

    def __init__(self, config: CTENConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        visual, audio = config.visual, config.audio
        snippet = (3, visual.snippet_frames, visual.size, visual.size)
        clips = clips_spec(visual)
        sound = TensorSpec(
            name="fbank",
            axes="b n c",
            shape=(visual.segments * audio.block_frames, audio.bins),
            meaning="log-mel filterbank, a row every 10 ms, scaled; as many blocks as segments",
            modality="audio",
        )
        inputs = (clips, sound) if config.streams == "video+audio" else (clips,)
        count = visual.segments * visual.windows
        windows = (
            TensorSpec(
                name="windows",
                axes="b w c t h w",
                shape=(count, *snippet),
                dtype="uint8",
                meaning="snippets of every segment, RGB, for the passes after erasing",
            ),
            TensorSpec(
                name="window_frames",
                axes="b w t",
                shape=(count, visual.snippet_frames),
                dtype="int64",
                meaning="frames of each window, counted from 0",
            ),
            TensorSpec(
                name="frames", axes="b", shape=(), dtype="int64", meaning="number of frames of the clip"
            ),
        )
        self.spec = InputSpec(inputs=inputs, targets=windows if config.erase else ())

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: the scale of the filterbanks is published."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The middle of each segment, and the sound of each.

        Raises:
            MediaError: The clip cannot be read.
        """
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The arrays of one clip; with `rng` a varied training view, and windows for erasing.

        Raises:
            MediaError: The clip cannot be read.
        """
        arrays = self._windows(sample, rng) if rng is not None and self.config.erase else {}
        if not arrays:
            arrays = {"clips": read_snippets(sample, self.config.visual, rng).clips}
        if self.config.streams == "video+audio":
            arrays["fbank"] = self._fbank(sample, rng)
        return arrays

    def moments(self, sample: Sample) -> Moments:
        """When each segment is."""
        return moments_of(video_of(sample), self.config.visual)

    def _windows(self, sample: Sample, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Several snippets of each segment in the same view; the first of each is for the first pass."""
        visual = self.config.visual
        video = video_of(sample)
        frames = np.arange(0, len(video), visual.frame_step)
        numbers = np.stack(
            [
                sample_snippets(
                    frames, segments=visual.segments, length=visual.snippet_frames, draw=drawn_by(rng)
                )
                for _ in range(visual.windows)
            ]
        )
        pixels = snippets_of(video, visual, numbers, draw_view(visual.augment, rng))
        return {
            "clips": as_clips(pixels[0]),
            "windows": np.ascontiguousarray(np.moveaxis(pixels.reshape(-1, *pixels.shape[2:]), -1, 1)),
            # Erasing counts the frames that are sampled.
            "window_frames": numbers.reshape(-1, visual.snippet_frames) // visual.frame_step,
            "frames": np.array(len(frames), np.int64),
        }

    def _fbank(self, sample: Sample, rng: np.random.Generator | None) -> np.ndarray:
        audio, segments = self.config.audio, self.config.visual.segments
        try:
            with combined_readings() as readings:
                rows = filterbank_of(sample, audio, segments, None if rng is None else rng.random)
            if rng is None:
                begin_s, end_s = sound_span_s(sample)
                note_sound_coverage(end_s - begin_s, video_of(sample).end_s, silent=readings.is_silent)
        except MediaError as error:  # no sound, or none that can be used
            if not isinstance(error, NoSound):  # noted where the input is taken
                note(f"its sound cannot be used ({error}): the answer is based on the picture alone")
            log.warning("%s: %s; zeros are used instead", sample.id, error)
            return np.zeros((segments * audio.block_frames, audio.bins), np.float32)
        return ((rows - audio.mean) / (2 * audio.deviation)).astype(np.float32)


def filterbank_of(
    sample: Sample, audio: AudioConfig, segments: int, draw: Callable[[], float] | None = None
) -> np.ndarray:
    """The filterbank rows of a sample that the network takes, (segments * block_frames, bins), not scaled.

    Args:
        draw: Draws a number in [0, 1) for each block, its position in its part of the sound; None takes the
            middle.

    Raises:
        MediaError: There is no sound, it cannot be read, or is shorter than one window.
    """
    begin_s, end_s = sound_span_s(sample)
    if end_s - begin_s <= max(WHOLE_S, segments * audio.block_frames * HOP_S + WINDOW_S):
        whole = sound_of(sample, mono=False)
        rows = kaldi_filterbank(one_channel(whole.samples), whole.rate_hz, bins=audio.bins)
        return select_blocks(rows, segments, audio.block_frames, draw)
    rate_hz = sound_of(sample, mono=False, longest_s=WINDOW_S).rate_hz
    # Whole samples, as in the filterbank: at 22,050 Hz its 10 ms are 220 samples.
    hop, window = int(rate_hz * HOP_S), int(rate_hz * WINDOW_S)
    first, end = round(begin_s * rate_hz), round(end_s * rate_hz)
    count = 1 + (end - first - window) // hop
    size = (audio.block_frames - 1) * hop + window
    blocks: list[np.ndarray] = []
    for row in block_starts(count, segments, audio.block_frames, draw):
        start = first + row * hop
        span_s = (start / rate_hz, (start + size) / rate_hz)
        part = sound_of(replace(sample, span_s=span_s), mono=False)
        rows = kaldi_filterbank(one_channel(part.samples), part.rate_hz, bins=audio.bins)
        blocks.append(np.take(rows, np.arange(audio.block_frames), axis=0, mode="clip"))
    return np.concatenate(blocks)


def select_blocks(
    rows: np.ndarray, segments: int, block_frames: int, draw: Callable[[], float] | None = None
) -> np.ndarray:
    """One block of filterbank rows for each segment; a short filterbank is repeated instead."""
    wanted = segments * block_frames
    if len(rows) <= wanted:
        return rows[np.arange(wanted) % len(rows)]
    starts = block_starts(len(rows), segments, block_frames, draw)
    return np.concatenate([rows[start : start + block_frames] for start in starts])


def block_starts(
    count: int, segments: int, block_frames: int, draw: Callable[[], float] | None = None
) -> list[int]:
    """First row of each block, one in each equal part of `count` rows."""
    each = count // segments
    spare = each - block_frames
    return [part * each + (spare // 2 if draw is None else int(draw() * spare)) for part in range(segments)]
