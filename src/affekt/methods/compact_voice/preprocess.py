"""From an utterance to the array of the network: log-mel bands without silence and channel colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from affekt.core.claims.measured import measured_vector
from affekt.core.errors import AffektError, DataError, MediaError
from affekt.core.sample import Moments, Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.sound import sound_of, sound_span_s
from affekt.media.sound.notes import note_short, note_truncated
from affekt.media.sound.spectrum import log_mel
from affekt.media.sound.views import coloured, masked, noisy, sounding_span, stretched

from .config import CompactVoiceConfig

LEAST_DEVIATION_DB = 1.0  # lower limit, so that noise in empty bands is not amplified


class Utterance(NamedTuple):
    """Sound without the silence at both ends.

    Attributes:
        samples: (n,) at the rate of the config.
        start_s: Its start within the sample.
    """

    samples: np.ndarray
    start_s: float


class CompactVoicePreprocess:
    """Samples with an `audio` track, or a `video` file that has one.

    Nothing is cached between views: reading and trimming a few seconds takes a millisecond or two, less than
    the augmentation.

    Args:
        state: Measured by `fit` on the training utterances: the deviation of each band, in dB.
    """

    def __init__(self, config: CompactVoiceConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        self.state = state
        self._deviation = None if state is None else measured_vector(state, "deviation_db", config.mels)
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="mel",
                    axes="b n c",
                    shape=(config.frames, config.mels),
                    meaning=f"log-mel power, a row every {config.hop}/{config.rate_hz} s, silence cut off; "
                    "each band minus its mean over the utterance, divided by its deviation in training; "
                    "repeated or cropped to fit",
                    modality="audio",
                ),
            )
        )

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """The deviation of each band within utterances; samples that cannot be read are left out.

        Raises:
            DataError: No sample can be read.
        """
        squares, count, reason = np.zeros(self.config.mels), 0, "there are none"
        for sample in samples:
            try:
                rows = self._without_channel(self._decibels(self._utterance(sample).samples))
            except MediaError as error:
                reason = str(error)
                continue
            squares += np.square(rows, dtype=np.float64).sum(axis=0)
            count += len(rows)
        if not count:
            raise DataError(f"none of {len(samples)} training samples can be used; the last reason: {reason}")
        return {"deviation_db": np.sqrt(squares / count).tolist()}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """Crops of a long utterance, the middle one first; a short one is repeated from several starts.

        Raises:
            MediaError: The sound cannot be read, or is silent.
        """
        utterance = self._utterance(sample)
        note_short(
            len(utterance.samples) / self.config.rate_hz,
            self.config.frames * self.config.hop / self.config.rate_hz,
        )
        rows = self._plain(utterance)
        return [{"mel": self._cut(rows, self._start(len(rows), view))} for view in range(self.config.views)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The first view; with `rng` a varied training view.

        Raises:
            MediaError: The sound cannot be read, or is silent.
        """
        utterance = self._utterance(sample)
        if rng is None:
            rows = self._plain(utterance)
            return {"mel": self._cut(rows, self._start(len(rows), 0))}
        augment = self.config.augment
        samples = stretched(utterance.samples, 1 + augment.speed * rng.uniform(-1, 1))
        hop = round(self.config.hop * (1 + augment.tempo * rng.uniform(-1, 1)))
        decibels = coloured(
            self._decibels(samples, hop=max(hop, 1)),
            rng,
            gain_db=augment.gain_db,
            tilt_db=augment.tilt_db,
        )
        if rng.random() < augment.noise:
            decibels = noisy(decibels, rng, snr_db=augment.snr_db)
        rows = self._normalised(decibels)
        spare = len(rows) - self.config.frames + 1
        start = int(rng.random() * (spare if spare > 0 else len(rows)))
        mel = masked(
            self._cut(rows, start),
            rng,
            count=augment.masks,
            frames=augment.mask_frames,
            bands=augment.mask_bands,
        )
        return {"mel": mel}

    def moments(self, sample: Sample) -> Moments:
        """When each chunk of the first view is; parts of a short utterance are repeated."""
        config, (samples, start_s) = self.config, self._utterance(sample)
        count = 1 + len(samples) // config.hop
        first = self._start(count, 0)
        frames = np.arange(config.frames)
        each = config.frames // config.chunks
        # A repeated view covers the whole utterance, a cropped view its own frames.
        begin, end = (first, first + config.frames) if count >= config.frames else (0, count)
        parts = max(1, round((end - begin) / each))
        edges = np.linspace(begin, end, parts + 1)
        place = np.searchsorted(edges, (first + frames) % count + 0.5, side="right") - 1
        weights = np.zeros((parts, config.chunks))
        np.add.at(weights, (place, frames // each), 1.0)
        edges_s = start_s + np.minimum(edges * config.hop, len(samples)) / config.rate_hz
        return Moments(
            np.stack([edges_s[:-1], edges_s[1:]], axis=1), weights / weights.sum(axis=1, keepdims=True)
        )

    def _utterance(self, sample: Sample) -> Utterance:
        config = self.config
        samples = sound_of(sample, rate_hz=config.rate_hz, longest_s=config.longest_s).samples[0]
        if len(samples) >= round(config.longest_s * config.rate_hz):
            begin_s, end_s = sound_span_s(sample)
            note_truncated(config.longest_s, end_s - begin_s)
        try:
            start, stop = sounding_span(
                samples, config.rate_hz, below_db=config.trim_db, margin_s=config.margin_s
            )
        except MediaError as error:
            raise MediaError(f"{sample.id}: {error}") from None
        return Utterance(samples[start:stop], start / config.rate_hz)

    def _decibels(self, samples: np.ndarray, *, hop: int | None = None) -> np.ndarray:
        """Power in mel bands, (frames, mels) float32."""
        config = self.config
        return log_mel(
            samples,
            config.rate_hz,
            fft=config.fft,
            hop=hop or config.hop,
            mels=config.mels,
            low_hz=config.low_hz,
            high_hz=config.high_hz,
            floor_db=None,
        )

    def _without_channel(self, decibels: np.ndarray) -> np.ndarray:
        """With the floor added and the mean of each band subtracted: less loudness, microphone and room."""
        floor = np.float32(10 ** (self.config.floor_db / 10))
        lifted = 10 * np.log10(np.power(10, decibels / 10, dtype=np.float32) + floor)
        return lifted - lifted.mean(axis=0)

    def _normalised(self, decibels: np.ndarray) -> np.ndarray:
        if self._deviation is None:
            raise AffektError(
                "this preprocessing is not fitted: it needs what `fit` measures on training utterances"
            )
        deviation = np.maximum(self._deviation.astype(np.float32), LEAST_DEVIATION_DB)
        return self._without_channel(decibels) / deviation

    def _plain(self, utterance: Utterance) -> np.ndarray:
        return self._normalised(self._decibels(utterance.samples))

    def _start(self, count: int, view: int) -> int:
        """First frame of a view. The first view is the middle, or the start of an utterance that fits."""
        share = view / self.config.views
        if count < self.config.frames:
            return int(share * count)
        return int((share + 0.5) % 1 * (count - self.config.frames + 1))

    def _cut(self, rows: np.ndarray, start: int) -> np.ndarray:
        """The rows of a view from `start` on; after the last row it continues with the first."""
        return np.take(rows, np.arange(start, start + self.config.frames), axis=0, mode="wrap")
