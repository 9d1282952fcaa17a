"""A line and its context to token ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.dialogues import earlier
from affekt.core.errors import DataError, UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.encoders.source import find_source
from affekt.media.text.context import window
from affekt.media.text.script import note_unseen_script, seen_scripts
from affekt.media.text.tokens import TOKENIZER_FILE, tokenizer_of, trained_tokenizer, with_tokens

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
        self.config, self.encoder = config, config.encoders.T
        self.scripts: list[str] = (state or {}).get("scripts", [])
        rows = self.encoder.architecture.get("vocab_size")
        self.tokenizer = tokenizer_of(assets, self.encoder.tokens, rows=rows)
        self.earlier_turns = config.context.earlier_turns
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="text",
                    axes="b l",
                    shape=(None,),
                    dtype="int64",
                    meaning="token ids of the line and its context",
                    modality="text",
                    padding=self.encoder.padding_id,
                    high=rows,
                ),
                TensorSpec(
                    name="own",
                    axes="b l",
                    shape=(None,),
                    meaning="1 for tokens of the line itself, 0 for its context",
                    modality="text",
                    padding=0,
                    mask=True,
                ),
            )
        )

    def fit_assets(self, samples: list[Sample]) -> dict[str, bytes]:
        """The tokenizer of the encoder, or one that is made from the training lines, with speaker tokens.

        Raises:
            DataError: It is made from lines, and there are none.
        """
        added = self.config.context.added_tokens
        if self.encoder.source:
            content, _ = find_source(self.encoder.source).tokenizer()
        else:
            lines = [one.media["text"] for one in samples if "text" in one.media]
            if not lines:
                raise DataError("the tokenizer is made from training lines, and there are none")
            size = self.encoder.architecture["vocab_size"] - len(added)
            content = trained_tokenizer(lines, self.encoder.tokens, size=size)
        return {TOKENIZER_FILE: with_tokens(content, added)}

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """The scripts of the training lines."""
        return {"scripts": seen_scripts(one.media["text"] for one in samples if "text" in one.media)}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """One view."""
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Token ids, and which of them are the line itself; the same with and without `rng`.

        A line in a script that the training lines are not in gets a note.

        Raises:
            MediaError: The line has no words.
        """
        if self.tokenizer is None:
            raise UsageError("this preprocessing has no tokenizer yet: fit_assets makes it")
        found = window(sample, self.tokenizer, self.config.context)
        note_unseen_script(sample.media["text"], self.scripts)
        own = np.zeros(len(found.ids), np.float32)
        own[slice(*found.own)] = 1
        return {"text": np.array(found.ids, np.int64), "own": own}

    def cache_key(self, sample: Sample) -> str:
        """Hash of all that the encoder reads of a sample."""
        return fingerprint(self(sample))

    def length(self, sample: Sample) -> int:
        """About the number of tokens, by the number of characters: for batches of similar lengths."""
        turns = [sample, *earlier(sample, self.earlier_turns)]
        return sum(len(one.media.get("text", "")) for one in turns)
