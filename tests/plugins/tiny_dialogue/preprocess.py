"""A turn to arrays: ids of its words and of those of two earlier turns, three numbers of its sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.dialogues import earlier
from affekt.core.errors import DataError, MediaError
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.media.sound import Waveform

from .config import TinyDialogueConfig

PADDING, UNKNOWN, FIRST = 0, 1, 2
FILE = "vocabulary.txt"


class TinyDialoguePreprocess:
    """Samples with `text`, `audio` or both.

    A word of an earlier turn is another token than the same word now, and depends on who said it: the speaker
    of the sample (`word<`) or another one (`word>`).

    Args:
        state: What `fit` measured: mean and deviation of the sound features.
        assets: The vocabulary, a word a line.
    """

    takes_assets: ClassVar[bool] = True

    def __init__(
        self,
        config: TinyDialogueConfig,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> None:
        self.config, self.state = config, state
        self.earlier_turns = config.earlier
        words = assets[FILE].decode().splitlines() if assets else []
        if len(words) > config.vocabulary - FIRST:
            raise ValueError(f"{FILE} has {len(words)} words, {config.vocabulary - FIRST} are the most")
        self.ids = {word: number for number, word in enumerate(words, start=FIRST)}
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="text",
                    axes="b l",
                    shape=(None,),
                    dtype="int64",
                    meaning="ids of words",
                    modality="text",
                    padding=PADDING,
                    high=config.vocabulary,
                    optional=True,
                ),
                TensorSpec(
                    name="is_token",
                    axes="b l",
                    shape=(None,),
                    meaning="1 for a word, 0 for padding",
                    modality="text",
                    padding=0,
                    optional=True,
                    mask=True,
                ),
                TensorSpec(
                    name="audio",
                    axes="b d",
                    shape=(3,),
                    meaning="level, zero crossings and duration, each normalised over training",
                    modality="audio",
                    optional=True,
                ),
                TensorSpec(name="presence", axes="b m", shape=(2,), meaning="1 where text, audio are there"),
            ),
            presence="presence",
        )

    def fit_assets(self, samples: list[Sample]) -> dict[str, bytes]:
        """The most frequent tokens of the training turns."""
        if not samples:
            raise DataError("the vocabulary of tiny_dialogue is made from training turns, and there are none")
        counts = Counter(token for sample in samples for token in self.tokens(sample))
        words = sorted(counts, key=lambda word: (-counts[word], word))[: self.config.vocabulary - FIRST]
        return {FILE: "\n".join(words).encode()}

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """Mean and deviation of the sound features; how many words the vocabulary has."""
        sounds = np.array([sound_features(it.media["audio"]) for it in samples if "audio" in it.media])
        return {
            "mean": sounds.mean(axis=0).tolist(),
            "deviation": (sounds.std(axis=0) + 1e-3).tolist(),
            "words": len(self.ids),
        }

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        arrays: dict[str, np.ndarray] = {}
        if "text" in sample.media:
            ids = [self.ids.get(token, UNKNOWN) for token in self.tokens(sample)]
            arrays["text"] = np.array(ids or [UNKNOWN], np.int64)
            arrays["is_token"] = np.ones(len(arrays["text"]), np.float32)
        if "audio" in sample.media:
            state = self.state or {"mean": 0.0, "deviation": 1.0}
            found = sound_features(sample.media["audio"])
            arrays["audio"] = ((found - state["mean"]) / state["deviation"]).astype(np.float32)
        return arrays

    def tokens(self, sample: Sample) -> Iterator[str]:
        for turn in earlier(sample, self.config.earlier):
            mark = "<" if turn.speaker == sample.speaker else ">"
            yield from (word + mark for word in turn.media.get("text", "").split())
        yield from sample.media.get("text", "").split()


def sound_features(sound: Any) -> np.ndarray:
    """Level, crossings of zero a sample, and duration in seconds of a `Waveform`."""
    if not isinstance(sound, Waveform):
        raise MediaError(f"the sound is a {type(sound).__name__}, not a Waveform")
    signal = sound.samples.mean(axis=0)
    crossings = np.mean(np.signbit(signal[1:]) != np.signbit(signal[:-1]))
    return np.array([np.sqrt(np.mean(signal**2)), crossings, sound.duration_s])
