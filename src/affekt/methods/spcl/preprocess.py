"""A line and its context to token ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec
from affekt.encoders.words import WordsInput

from .config import SPCLConfig


class SPCLPreprocess:
    """Samples with `text`, of a dialogue or alone.

    Args:
        assets: The tokenizer.
    """

    takes_assets: ClassVar[bool] = True

    def __init__(
        self,
        config: SPCLConfig,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> None:
        self.config = config
        self.words = WordsInput(config.encoders.T, config.context, state, assets)
        self.tokenizer, self.earlier_turns = self.words.tokenizer, config.context.earlier_turns
        self.spec = InputSpec(inputs=self.words.specs)

    def fit_assets(self, samples: list[Sample]) -> dict[str, bytes]:
        """The tokenizer.

        Raises:
            DataError: It is made from lines, and there are none.
        """
        return self.words.fit_assets(samples)

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """The scripts of the training lines."""
        return self.words.fit(samples)

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """One view."""
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Token ids, and which of them are the line itself; the same with and without `rng`.

        A line in a script that the training lines are not in gets a note.

        Raises:
            MediaError: The line has no words.
        """
        return self.words(sample)

    def cache_key(self, sample: Sample) -> str:
        """Hash of all that the encoder reads of a sample."""
        return fingerprint(self(sample))

    def length(self, sample: Sample) -> int:
        """About the number of tokens."""
        return self.words.length(sample)
