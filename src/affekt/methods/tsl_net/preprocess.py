"""From an untrimmed video to cells of 16 frames: features or pixels, and log-mel rows of the sound."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.notes import note
from affekt.core.sample import Localized, Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.cells import (
    CELL_FRAMES,
    CELL_ROWS,
    FLOOR_DB,
    MELS,
    as_encoded,
    cell_count,
    frame_cells,
    log_mel_rate,
    log_mel_rows,
)
from affekt.media.sound import NoSound, Waveform, sound_span_s
from affekt.media.sound.notes import combined_readings, note_sound_coverage
from affekt.media.video import Video, video_of
from affekt.metrics.calibration import sigmoid
from affekt.metrics.proposals import find_proposals

from .config import FrameConfig, TSLNetConfig
from .sound import sound_cells
from .stored import check_finite, stored_rows

PART_CELLS = 512  # of features that are read at once
PART_BYTES = 64 * 2**20  # of pixels in memory at once
SILENCE_DB = -100.0  # of digital silence: librosa's smallest power
_ROUNDING = 1e-6  # of a cell, so that a time at the start of a cell lies in it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """The sources of a sample, and its cells.

    Attributes:
        picture: Features (n, d), or a video; None for a network of sound alone.
        sound: Stored log-mel rows (n, 60) in dB; None if they are to be computed, or without sound.
        count: Number of cells.
        rate_hz: Frames per second.
        start_s: Start of the first cell.
    """

    picture: np.ndarray | Video | None
    sound: np.ndarray | None
    count: int
    rate_hz: float
    start_s: float

    @property
    def cell_s(self) -> float:
        """Duration of a cell."""
        return CELL_FRAMES / self.rate_hz


class TSLNetPreprocess:
    """Samples with features `rgb` and `logmel` in the format of the authors, or with a `video` and its sound.

    Stored features of sound are used where there are any; raw frames need a config with `frames`.
    """

    context = 2  # cells on each side that an output depends on: two convolutions over three cells
    threshold_tiou = 0.3  # the strictest overlap that the authors score

    def __init__(self, config: TSLNetConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.has_video, self.has_audio = config.streams != "audio", config.streams != "video"
        self.picture = (
            TensorSpec(
                name="rgb",
                axes="b t d",
                shape=(None, config.feature_width),
                meaning=f"features of each cell of {CELL_FRAMES} frames: I3D, RGB, mean over the cell",
                modality="video",
            )
            if config.frames is None
            else _clips_spec(config.frames)
        )
        sound = TensorSpec(
            name="logmel",
            axes="b t r c",
            shape=(None, 3 * CELL_ROWS, MELS),
            meaning=f"log-mel rows of each cell and its two neighbours, which wrap around in chunks of "
            f"{config.chunk_cells} cells; (dB + 50) / 80, with the position encoding of each cell added",
            modality="audio",
        )
        self.spec = InputSpec(inputs=(self.picture,) * self.has_video + (sound,) * self.has_audio)

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: the scale of pixels and decibels is published."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """All cells of a sample.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """All cells of a sample; training views do not vary.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        parts = list(self.parts(sample))
        return {name: np.concatenate([part[name] for part in parts]) for name in self.spec.names}

    def count(self, sample: Sample) -> int:
        """Number of cells of a sample.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        return self._open(sample).count

    def parts(self, sample: Sample) -> Iterator[dict[str, np.ndarray]]:
        """The inputs of a sample in parts: pixels and features are not in memory as a whole.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        opened = self._open(sample)
        sound = self._rows(sample, opened) if self.has_audio else None
        for cells, picture in self._picture_parts(sample, opened):
            arrays = {} if picture is None else {self.picture.name: picture}
            if sound is not None:
                stacked = sound_cells(
                    sound, cells[0], cells[-1] + 1, count=opened.count, chunk=self.config.chunk_cells
                )
                arrays["logmel"] = check_finite(stacked, sample, "logmel", cells)
            yield arrays

    def cells_at(self, sample: Sample, times_s: np.ndarray) -> np.ndarray:
        """The cell (m,) int64 in which each time (m,) lies; -1 before the first and after the last cell.

        Raises:
            MediaError: The sample cannot be read, or is too short.
        """
        opened = self._open(sample)
        cells = np.floor((np.asarray(times_s, float) - opened.start_s) / opened.cell_s + _ROUNDING)
        return np.where((cells >= 0) & (cells < opened.count), cells, -1).astype(np.int64)

    def localize(self, sample: Sample, logits: np.ndarray) -> Localized:
        """Segments, curves and scores of the video, from logits (t, k + 1) of all cells.

        Raises:
            MediaError: The sample cannot be read, or is too short.
        """
        opened = self._open(sample)
        scores = sigmoid(logits.astype(np.float64))
        classes, background = scores[:, :-1], scores[:, -1]
        curves = classes * (1 - background)[:, None]
        video = video_confidence(logits, self.config.top_share)
        found = find_proposals(
            curves, 1 - background, video, cell_s=opened.cell_s, settings=self.config.proposals
        )
        edges = opened.start_s + opened.cell_s * np.arange(len(logits) + 1)
        return Localized(
            spans_s=found.spans_s + opened.start_s,
            labels=found.labels,
            scores=found.scores,
            video=video,
            cells_s=np.stack([edges[:-1], edges[1:]], axis=1),
            curves=curves,
            foreground=1 - background,
        )

    def _open(self, sample: Sample) -> Opened:
        """Open the sources of a sample and count its cells.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        config = self.config
        picture: np.ndarray | Video | None = None
        if self.has_video and config.frames is not None:
            picture = video_of(sample)
        elif self.has_video:
            picture = stored_rows(sample, "rgb", config.feature_width)
        sound = stored_rows(sample, "logmel", MELS) if self.has_audio and "logmel" in sample.media else None
        stored = [rows for rows in (picture, sound) if isinstance(rows, np.ndarray)]
        if stored and sample.span_s is not None:
            raise MediaError(f"sample {sample.id} has a span; features are of whole videos")
        rate_hz = self._rate_hz(sample, picture, has_features=bool(stored))
        counts: dict[str, int] = {}
        if picture is not None:
            counts["picture"] = cell_count(len(picture)) if isinstance(picture, Video) else len(picture)
        if sound is not None:
            counts["sound"] = len(sound) // CELL_ROWS
        if not counts:  # only sound, which is not decoded yet
            start_s, stop_s = sound_span_s(sample)
            counts["sound"] = math.ceil((stop_s - start_s) * rate_hz / CELL_FRAMES - _ROUNDING)
        count = min(counts.values())
        _check_lengths(sample, counts, config.top_share)
        return Opened(picture, sound, count, rate_hz, sample.span_s[0] if sample.span_s else 0.0)

    def _rate_hz(self, sample: Sample, picture: np.ndarray | Video | None, *, has_features: bool) -> float:
        """Frames per second: of the decoded video, as stated, or of a video whose frames are not used."""
        stated = sample.facts.get("rate_hz")
        if isinstance(picture, Video):
            rate_hz = len(picture) / picture.end_s
        elif stated is not None:
            rate_hz = float(stated)
        elif "video" in sample.media:
            video = video_of(sample)
            rate_hz = len(video) / video.end_s
        elif has_features:
            raise MediaError(f"the frame rate of {sample.id} is not stated: facts need rate_hz")
        else:
            rate_hz = self.config.rate_hz
        try:
            log_mel_rate(rate_hz)
        except UsageError as error:
            raise MediaError(f"sample {sample.id}: {error}") from None
        return rate_hz

    def _picture_parts(self, sample: Sample, opened: Opened) -> Iterator[tuple[range, np.ndarray | None]]:
        """Consecutive cells in parts, with features or pixels of each part; None for sound alone."""
        picture, frames = opened.picture, self.config.frames
        if isinstance(picture, Video) and frames is not None:
            _warn_of_drift(sample, picture, opened)
            at_once = max(1, PART_BYTES // (4 * 3 * CELL_FRAMES * frames.size**2))
            start = 0
            for pixels in frame_cells(
                picture, frames=CELL_FRAMES, height=frames.height, size=frames.size, cells=at_once
            ):
                cells = range(start, min(start + len(pixels), opened.count))
                if cells:  # stored sound may end before the video
                    yield cells, as_encoded(pixels[: len(cells)], frames.encoder)
                start += len(pixels)
            return
        for start in range(0, opened.count, PART_CELLS):
            cells = range(start, min(start + PART_CELLS, opened.count))
            if isinstance(picture, np.ndarray):
                yield cells, check_finite(picture[cells.start : cells.stop], sample, "rgb", cells)
            else:
                yield cells, None

    def _rows(self, sample: Sample, opened: Opened) -> np.ndarray:
        """Log-mel rows of all cells; for a video without sound, silence."""
        if opened.sound is not None:
            return opened.sound
        wanted = opened.count * CELL_ROWS
        try:
            with combined_readings() as readings:
                rows = log_mel_rows(_sound_of(sample), opened.rate_hz, span_s=sample.span_s)
        except MediaError as error:  # no sound, or none that can be used
            if not self.has_video:
                raise
            if not isinstance(error, NoSound):  # noted where the input is taken
                note(f"its sound cannot be used ({error}): the answer is based on the picture alone")
            log.warning("%s: %s; silence is used instead", sample.id, error)
            return np.full((wanted, MELS), SILENCE_DB, np.float32)
        if readings.is_silent and not self.has_video:
            raise MediaError(f"{sample.id}: the recording is silent")
        whole_s = opened.count * opened.cell_s
        lacking_s = max(0, wanted - len(rows)) / CELL_ROWS * opened.cell_s
        # Up to one cell may be padded without a note.
        sound_s = whole_s - lacking_s if lacking_s > opened.cell_s else whole_s
        note_sound_coverage(sound_s, whole_s, silent=readings.is_silent)
        if len(rows) >= wanted:
            return rows
        if lacking_s > 2 * opened.cell_s:
            log.warning(
                "%s: its sound ends %.1f s before its picture and is padded with silence",
                sample.id,
                lacking_s,
            )
        floor = max(SILENCE_DB, float(rows.max()) - FLOOR_DB)
        return np.pad(rows, ((0, wanted - len(rows)), (0, 0)), constant_values=floor)


def video_confidence(logits: np.ndarray, top_share: int) -> np.ndarray:
    """Score of each class for a whole video, (k,) in [0, 1], from logits (t, k + 1) of its cells.

    parity: from class scores that are not fused with the background.

    Args:
        top_share: The mean is over the highest cells, one in `top_share`.
    """
    classes = sigmoid(logits[:, :-1].astype(np.float64))
    return np.sort(classes, axis=0)[-max(1, len(classes) // top_share) :].mean(axis=0)


def _clips_spec(frames: FrameConfig) -> TensorSpec:
    return TensorSpec(
        name="clips",
        axes="b t c f h w",
        shape=(None, 3, CELL_FRAMES, frames.size, frames.size),
        meaning=f"RGB of each cell of {CELL_FRAMES} frames, in the scale of {frames.encoder}",
        modality="video",
    )


def _sound_of(sample: Sample) -> Path | str | Waveform:
    """The source of sound: the sample's `audio`, else the file that is its `video`."""
    source = sample.media.get("audio", sample.media.get("video"))
    if not isinstance(source, Path | str | Waveform):
        raise NoSound(f"sample {sample.id} has no sound; it has {', '.join(sample.media) or 'nothing'}")
    return source


def _check_lengths(sample: Sample, counts: Mapping[str, int], least: int) -> None:
    """Refuse a sample that is too short, and features of picture and sound that cannot be of one video."""
    fewest, most = min(counts.values()), max(counts.values())
    # Feature extractors differ by a cell or two at the end, and by 1 % in a long video.
    if most - fewest > 4 + most // 100:
        held = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise MediaError(f"features of sample {sample.id} are not of one video; numbers of cells: {held}")
    if fewest < least:
        raise MediaError(
            f"sample {sample.id} has {fewest} cells of {CELL_FRAMES} frames; at least {least} are needed"
        )


def _warn_of_drift(sample: Sample, video: Video, opened: Opened) -> None:
    """Warn if the times of frames differ from a constant frame rate."""
    drift_s = float(np.abs(video.times_s - np.arange(len(video)) / opened.rate_hz).max())
    if drift_s > opened.cell_s:
        log.warning("%s: its frame rate varies; detected times may be wrong by %.1f s", sample.id, drift_s)
