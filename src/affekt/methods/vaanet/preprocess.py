"""From a clip to the arrays of the network: snippets of the video, MFCC of the sound."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.core.sample import Moments, Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.sound import NoSound, Waveform, sound_of, sound_span_s
from affekt.media.sound.notes import is_silent, note_short, note_sound_coverage
from affekt.media.sound.spectrum import mfcc
from affekt.media.video import video_of
from affekt.media.video.snippets import clips_spec, moments_of, read_snippets

from .config import AudioConfig, VAANetConfig

LEAST_SOUND_S = 2.0  # a shorter clip gets a note: most of the input is repetition

log = logging.getLogger(__name__)


class VAANetPreprocess:
    """Samples with a `video`, an `audio` track or both, as `streams` of the config requires."""

    def __init__(self, config: VAANetConfig, state: Mapping[str, Any] | None = None) -> None:
        self.config = config
        visual, audio = config.visual, config.audio
        clips = clips_spec(visual)
        sound = TensorSpec(
            name="mfcc",
            axes="b n c",
            shape=(audio.frames, audio.coefficients),
            meaning=f"MFCC in dB, a row every {audio.hop}/{audio.rate_hz} s; the clip repeated or cut to fit",
            modality="audio",
        )
        streams = {"video+audio": (clips, sound), "video": (clips,), "audio": (sound,)}
        self.spec = InputSpec(inputs=streams[config.streams])

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Nothing is measured: the scale of pixels and MFCC is fixed."""
        return {}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The middle of each segment, and the sound from its beginning.

        Raises:
            MediaError: The clip cannot be read.
        """
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The arrays of one clip; with `rng` a varied training view.

        Raises:
            MediaError: The video cannot be read; without video, the sound.
        """
        arrays: dict[str, np.ndarray] = {}
        if self.config.streams != "audio":
            arrays["clips"] = read_snippets(sample, self.config.visual, rng).clips
        if self.config.streams != "video":
            arrays["mfcc"] = self._mfcc(sample, is_training=rng is not None)
        return arrays

    def moments(self, sample: Sample) -> Moments:
        """When each segment is; without video, each chunk of the sound."""
        if self.config.streams != "audio":
            return moments_of(video_of(sample), self.config.visual)
        begin_s, end_s = sound_span_s(sample)
        return chunk_moments(self.config.audio, end_s - begin_s)

    def _mfcc(self, sample: Sample, *, is_training: bool) -> np.ndarray:
        audio = self.config.audio
        # To the end of the last window: rows that are used do not depend on where the sound is cut.
        longest_s = audio.longest_s + audio.fft / audio.rate_hz
        try:
            sound = sound_of(sample, rate_hz=audio.rate_hz, longest_s=longest_s)
        except MediaError as error:  # no sound, or none that can be used
            if self.config.streams == "audio":
                raise
            if not isinstance(error, NoSound):  # noted where the input is taken
                note(f"its sound cannot be used ({error}): the answer is based on the picture alone")
            log.warning("%s: %s; zeros are used instead", sample.id, error)
            return np.zeros((audio.frames, audio.coefficients), np.float32)
        if not is_training:
            self._note(sample, sound)
        return repeated(
            mfcc(
                sound.samples[0],
                audio.rate_hz,
                coefficients=audio.coefficients,
                fft=audio.fft,
                hop=audio.hop,
                mels=audio.mels,
            ),
            audio.frames,
        )

    def _note(self, sample: Sample, sound: Waveform) -> None:
        """Note how much of the sound is missing."""
        longest_s = self.config.audio.longest_s
        silent = is_silent(sound.samples)
        if self.config.streams != "audio":
            picture_s = min(video_of(sample).end_s, longest_s)
            note_sound_coverage(sound.duration_s, picture_s, silent=silent)
        elif silent:
            raise MediaError(f"{sample.id}: the recording is silent")
        else:
            note_short(sound.duration_s, min(longest_s, LEAST_SOUND_S))


def repeated(rows: np.ndarray, count: int) -> np.ndarray:
    """The first `count` rows of an array that is repeated from its beginning as often as needed."""
    return np.take(rows, np.arange(count) % len(rows), axis=0)


def chunk_moments(audio: AudioConfig, duration_s: float) -> Moments:
    """Parts of a sound and the weight of each chunk for them; a short sound is repeated within the chunks."""
    each_s = audio.frames // audio.chunks * audio.hop / audio.rate_hz
    starts = np.arange(audio.chunks) * each_s
    if duration_s >= audio.chunks * each_s:
        spans = np.stack([starts, starts + each_s], axis=1)
        return Moments(spans, np.eye(audio.chunks))
    parts = max(1, int(duration_s / each_s))
    edges = np.linspace(0.0, duration_s, parts + 1)
    # Share of each chunk of the repeated sound that lies in each part.
    fine = (starts[:, None] + (np.arange(64) + 0.5) / 64 * each_s) % max(duration_s, 1e-9)
    place = np.minimum(np.searchsorted(edges, fine, side="right") - 1, parts - 1)
    weights = np.stack([(place == part).mean(axis=1) for part in range(parts)])
    return Moments(np.stack([edges[:-1], edges[1:]], axis=1), weights / weights.sum(axis=1, keepdims=True))
