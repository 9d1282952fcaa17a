"""Samples with any subset of text, sound and picture to the arrays of the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import DataError, MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.encoders.media import media_reader
from affekt.encoders.multimodal.encodings import MODALITIES
from affekt.encoders.multimodal.settings import MultimodalSettings
from affekt.encoders.multimodal.vectors import VectorsInput
from affekt.encoders.sound.read import SoundReader
from affekt.encoders.words import WordsInput
from affekt.media.features import Features, words_of
from affekt.media.sound import NoSound

PRESENT = "present"


class MultimodalPreprocess:
    """Samples with one or several of the config's modalities; what is missing is left out.

    Args:
        state: What `fit` measured: the scripts of the words, statistics of the vectors by modality.
        assets: The tokenizer, if words are read.
    """

    takes_assets: ClassVar[bool] = True
    is_deterministic: ClassVar[bool] = True

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
        self.readers = {
            MODALITIES[letter]: media_reader(one, "audio" if letter == "A" else "video", optional=several)
            for letter, one in config.encoders.media.items()
            if one.is_resolved
        }
        self.tokenizer = self.words.tokenizer if self.words else None
        self.earlier_turns = config.context.earlier_turns if self.words else 0
        by_modality = {
            **({"text": self.words.specs} if self.words else {}),
            **{name: (one.spec,) for name, one in self.vectors.items()},
            **{name: one.specs for name, one in self.readers.items()},
        }
        tokens = {spec.name: config.context.tokens for spec in self.words.specs} if self.words else {}
        sounds = [one.open_sizes for one in self.readers.values() if isinstance(one, SoundReader)]
        self.open_sizes = {name: size for sizes in (tokens, *sounds) for name, size in sizes.items()}
        specs = [spec for name in config.modalities for spec in by_modality.get(name, ())]
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
        for name in self.readers:
            if not any(name in sample.media for sample in samples):
                raise DataError(
                    f"none of {len(samples)} training samples has {name}: leave it out of "
                    "config.encoders, or take data that have it"
                )
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
            if not self.spec.presence or self._has(sample, modality):
                arrays |= self._read(sample, modality)
        if not arrays:
            raise MediaError(f"{sample.id} has none of {', '.join(self.config.modalities)}")
        return arrays

    def cache_key(self, sample: Sample) -> str:
        """Hash of all that the network reads of a sample."""
        if not self.readers:
            return fingerprint(self(sample))
        found = {
            name: self.readers[name].cache_key(sample) if name in self.readers else self._read(sample, name)
            for name in self.config.modalities
            if not self.spec.presence or self._has(sample, name)
        }
        return fingerprint(found)

    def length(self, sample: Sample) -> int:
        """About the number of tokens; 1 for vectors alone."""
        return self.words.length(sample) if self.words else 1

    def _has(self, sample: Sample, modality: str) -> bool:
        """Whether a sample has a modality. Sound counts where it is named, beside or within the video."""
        if modality in self.vectors:
            return self.vectors[modality].has(sample)
        if modality in self.readers:
            return modality in sample.media
        return bool(words_of(sample.media.get("text")).strip())

    def _read(self, sample: Sample, modality: str) -> dict[str, np.ndarray]:
        """The arrays of a modality; none of a sound that turns out not to be there, if it may be missing."""
        if modality in self.vectors:
            return {self.vectors[modality].spec.name: self.vectors[modality](sample)}
        if modality not in self.readers:
            return self.words(sample) if self.words else {}
        if isinstance(sample.media.get(modality), Features):
            raise MediaError(
                f"{sample.id}: the network reads {modality} itself, and there are feature vectors of it: set "
                f'config.encoders.{modality[0].upper()}.kind = "features"'
            )
        try:
            return self.readers[modality](sample)
        except NoSound:
            if not self.spec.presence:
                raise
            return {}
