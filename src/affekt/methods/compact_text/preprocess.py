"""A line to ids of word pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import DataError, MediaError, UsageError
from affekt.core.notes import note
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec, TensorSpec
from affekt.encoders.source import find_source
from affekt.media.text.clean import to_ascii_punctuation
from affekt.media.text.script import note_unseen_script, seen_scripts
from affekt.media.text.tokens import TOKENIZER_FILE, SpecialTokens, tokenizer_of, trained_tokenizer

from .config import CompactTextConfig

HIDDEN_NAME = "[NAME]"  # GoEmotions, in place of every name
# From several regions; none is also a word for an emotion, so that names say nothing.
NAMES = (
    "James", "Mary", "John", "Linda", "David", "Susan", "Kevin", "Laura", "Brian", "Emma", "Carlos", "Maria",
    "Ahmed", "Fatima", "Wei", "Priya", "Ivan", "Olga", "Kenji", "Yuki",
)  # fmt: skip


class CompactTextPreprocess:
    """Samples with `text`: one line of English. The turns around it are not read.

    Args:
        assets: The tokenizer.
    """

    takes_assets: ClassVar[bool] = True

    def __init__(
        self,
        config: CompactTextConfig,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> None:
        self.config = config
        # A bundle that states no scripts was made before they were measured, from English lines.
        self.scripts: list[str] = (state or {}).get("scripts", ["Latin"])
        self.tokenizer = tokenizer_of(assets, SpecialTokens(), rows=config.pieces)
        if self.tokenizer is not None and self.tokenizer.padding != 0:
            raise ValueError(f"{TOKENIZER_FILE} has the padding id {self.tokenizer.padding}, not 0")
        self.spec = InputSpec(
            inputs=(
                TensorSpec(
                    name="text",
                    axes="b l",
                    shape=(None,),
                    dtype="int64",
                    meaning="ids of word pieces of a line, between the tokens of its begin and end",
                    modality="text",
                    padding=0,
                    high=config.pieces,
                ),
            )
        )

    def fit_assets(self, samples: list[Sample]) -> dict[str, bytes]:
        """The tokenizer of the source, or one that is made from the training lines.

        Raises:
            DataError: It is made from lines, and there are none.
        """
        if self.config.source:
            return {TOKENIZER_FILE: find_source(self.config.source).tokenizer()[0]}
        lines = [one.media["text"] for one in samples if "text" in one.media]
        if not lines:
            raise DataError("word pieces are made from training lines, and there are none")
        return {TOKENIZER_FILE: trained_tokenizer(lines, SpecialTokens(), size=self.config.pieces)}

    def fit(self, samples: list[Sample]) -> dict[str, Any]:
        """The scripts of the training lines."""
        return {"scripts": seen_scripts(one.media["text"] for one in samples if "text" in one.media)}

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """One view."""
        return [self(sample)]

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Ids of one line; with `rng` a varied training view.

        A line that is too long, in another script, or mostly of unknown characters gets a note.

        Raises:
            MediaError: The line has no words.
        """
        if self.tokenizer is None:
            raise UsageError("this preprocessing has no tokenizer yet: fit_assets makes it")
        text = sample.media.get("text")
        if not isinstance(text, str):
            raise MediaError(f"{sample.id} has no text")
        text = to_ascii_punctuation(text)
        if rng is not None and HIDDEN_NAME in text and rng.random() < self.config.augment.names:
            text = text.replace(HIDDEN_NAME, str(rng.choice(NAMES)))
        found = self.tokenizer.ids(text)
        if not found:
            raise MediaError(f"{sample.id}: the line has no words")
        unknown = found.count(self.tokenizer.unknown) / len(found)
        if not note_unseen_script(text, self.scripts) and unknown > 0.5:
            note(
                f"{100 * unknown:.0f} % of it are characters without a meaning to the network, such as emoji"
            )
        kept = found[-self.config.tokens :]
        if len(kept) < len(found):
            note(f"only the last {len(kept)} of its {len(found)} word pieces are read")
        ids = np.array([self.tokenizer.begin, *kept, self.tokenizer.separator], np.int64)
        if rng is not None:
            line = ids[1:-1]
            line[rng.random(len(line)) < self.config.augment.unknown] = self.tokenizer.unknown
        return {"text": ids}

    def length(self, sample: Sample) -> int:
        """About the number of word pieces, by the number of characters: for batches of similar lengths."""
        return len(sample.media.get("text", ""))
