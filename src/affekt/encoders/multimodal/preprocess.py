"""Samples with any subset of text, sound and picture to the arrays of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.encoders.multimodal.settings import MODALITIES, MultimodalSettings
from affekt.encoders.multimodal.vectors import VectorsInput
from affekt.encoders.words import WordsInput
from affekt.media.features import words_of

PRESENT = "present"


class MultimodalPreprocess:
    """Samples with one or several of the config's modalities; what is missing is left out.

    Args:
        state: What `fit` measured: the scripts of the words, statistics of the vectors by modality.
        assets: The tokenizer, if words are read.
    """

    takes_assets: ClassVar[bool] = True

    def __init__(
        self,
        config: MultimodalSettings,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> None:
        self.config = config
        several = len(config.modalities) > 1
        self.words = (
            WordsInput(config.words, config.context, (state or {}).get("words"), assets, optional=several)
            if config.words
            else None
        )
        self.vectors = {
            MODALITIES[letter]: VectorsInput(
                one,
                MODALITIES[letter],
                config.input_width(letter),
                (state or {}).get(MODALITIES[letter]),
                optional=several,
            )
            for letter, one in config.encoders.named.items()
            if one.kind == "features"
        }
        self.tokenizer = self.words.tokenizer if self.words else None
        self.earlier_turns = config.context.earlier_turns if self.words else 0
        specs = [*(self.words.specs if self.words else ()), *(one.spec for one in self.vectors.values())]
        if several:
            specs.append(
                TensorSpec(
                    name=PRESENT,
                    axes="b m",
                    shape=(len(config.modalities),),
                    meaning=f"1 for each of {', '.join(config.modalities)} that is there, else 0",
                )
            )
        self.spec = InputSpec(inputs=tuple(specs), presence=PRESENT if several else "")

    def fit_assets(self, samples: list[Sample]) -> dict[str, bytes]:
        """The tokenizer; nothing if no words are read.

        Raises:
            DataError: It is made from lines, and there are none.
        """
        return self.words.fit_assets(samples) if self.words else {}

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """The scripts of the words; mean and deviation of the vectors of each modality.

        Raises:
            DataError: A modality is missing in all samples, or its vectors have another width.
        """
        words = {"words": self.words.fit(samples)} if self.words else {}
        return words | {name: one.fit(samples) for name, one in self.vectors.items()}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """One view."""
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """The arrays of the modalities that the sample has; the same with and without `rng`.

        Raises:
            MediaError: It has none of them.
        """
        arrays: dict[str, np.ndarray] = {}
        for modality in self.config.modalities:
            if modality in self.vectors:
                if self.vectors[modality].has(sample) or not self.spec.presence:
                    arrays[self.vectors[modality].spec.name] = self.vectors[modality](sample)
            elif self.words and (words_of(sample.media.get("text")).strip() or not self.spec.presence):
                arrays |= self.words(sample)
        if not arrays:
            raise MediaError(f"{sample.id} has none of {', '.join(self.config.modalities)}")
        return arrays

    def cache_key(self, sample: Sample) -> str:
        """Hash of all that the network reads of a sample."""
        return fingerprint(self(sample))

    def length(self, sample: Sample) -> int:
        """About the number of tokens; 1 for vectors alone."""
        return self.words.length(sample) if self.words else 1
