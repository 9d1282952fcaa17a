"""A line and its context as token ids of a text encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from affekt.core.dialogues import earlier
from affekt.core.errors import DataError, UsageError
from affekt.core.sample import Sample
from affekt.core.spec import TensorSpec
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import find_source
from affekt.media.features import words_of
from affekt.media.text.context import ContextSettings, window
from affekt.media.text.tokens import TOKENIZER_FILE, tokenizer_of, trained_tokenizer, with_tokens


class WordsInput:
    """Words of a sample, of a dialogue or alone.

    Args:
        assets: The tokenizer; None before it is fitted.
        optional: Whether a sample may have no words.
    """

    def __init__(
        self,
        encoder: EncoderSettings,
        context: ContextSettings,
        assets: Mapping[str, bytes] | None = None,
        *,
        optional: bool = False,
    ) -> None:
        self.encoder, self.context = encoder, context
        rows = encoder.architecture.get("vocab_size")
        self.tokenizer = tokenizer_of(assets, encoder.tokens, rows=rows)
        self.specs = (
            TensorSpec(
                name="text",
                axes="b l",
                shape=(None,),
                dtype="int64",
                meaning="token ids of the line and its context",
                modality="text",
                padding=encoder.padding_id,
                high=rows,
                optional=optional,
            ),
            TensorSpec(
                name="own",
                axes="b l",
                shape=(None,),
                meaning="1 for tokens of the line itself, 0 for its context",
                modality="text",
                padding=0,
                mask=True,
                optional=optional,
            ),
        )

    def fit_assets(self, samples: Sequence[Sample]) -> dict[str, bytes]:
        """The tokenizer of the encoder, or one that is made from the training lines, with speaker tokens.

        Raises:
            DataError: It is made from lines, and there are none.
        """
        added = self.context.added_tokens
        if self.encoder.source:
            content, _ = find_source(self.encoder.source).tokenizer()
        else:
            lines = [words for one in samples if (words := words_of(one.media.get("text")))]
            if not lines:
                raise DataError("the tokenizer is made from training lines, and there are none")
            size = self.encoder.architecture["vocab_size"] - len(added)
            content = trained_tokenizer(lines, self.encoder.tokens, size=size)
        return {TOKENIZER_FILE: with_tokens(content, added)}

    def __call__(self, sample: Sample) -> dict[str, np.ndarray]:
        """Token ids, and which of them are the line itself.

        Raises:
            MediaError: The line has no words.
        """
        if self.tokenizer is None:
            raise UsageError("this preprocessing has no tokenizer yet: fit_assets makes it")
        found = window(sample, self.tokenizer, self.context)
        own = np.zeros(len(found.ids), np.float32)
        own[slice(*found.own)] = 1
        return {"text": np.array(found.ids, np.int64), "own": own}

    def length(self, sample: Sample) -> int:
        """About the number of tokens, by the number of characters: for batches of similar lengths."""
        turns = [sample, *earlier(sample, self.context.earlier_turns)]
        return sum(len(words_of(one.media.get("text"))) for one in turns)


def words_problems(encoder: EncoderSettings, context: ContextSettings) -> list[str]:
    """Why an encoder cannot read a context, a sentence each."""
    problems: list[str] = []
    name = encoder.source or "the encoder"
    if encoder.positions is not None and context.tokens > encoder.positions:
        problems.append(
            f"config.context.tokens = {context.tokens}: {name} reads {encoder.positions} tokens at most"
        )
    if encoder.mask_id is None and (context.needs_mask or encoder.pooling == "mask"):
        problems.append(f"{name} has no mask token; config.context or pooling needs one")
    if encoder.pooling == "mask" and not context.needs_mask:
        problems.append(
            "config.encoders.T.pooling = 'mask': the input has no mask token; set "
            "config.context.query = true, or a form that has one"
        )
    return problems
