"""Number of tokens of each line, against the number that an encoder reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from affekt.core.errors import UsageError, require

TOKENIZER = "tokenizer.json"
_UNLIMITED = 10**6  # larger values of `model_max_length` mean that none was stated


class TokenCounter:
    """A tokenizer file that counts tokens, with those that it puts around a line.

    Attributes:
        name: As messages call it.
        limit: The most tokens that the encoder reads; None if no file beside it states that.
    """

    def __init__(self, place: Path, *, name: str | None = None) -> None:
        """Args:
        place: A `tokenizer.json`, or the folder of an encoder with one.
        name: As messages call it; that of the folder if not given.

        Raises:
            UsageError: There is none, or it is not a tokenizer.
            MissingExtra: The `tokenizers` package is not installed.
        """
        file = place / TOKENIZER if place.is_dir() else place
        if not file.is_file():
            raise UsageError(f"{place} is neither a {TOKENIZER} nor a folder with one")
        tokenizers = require("tokenizers", extra="text", needed_by="counting tokens")
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        except Exception as error:  # the package raises plain Exception
            raise UsageError(f"{file} is not a tokenizer: {error}") from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name = name or file.parent.name or place.name
        self.limit = _limit(file.parent)

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text."""
        return [len(found.ids) for found in self._tokenizer.encode_batch(list(texts))]

    def is_over(self, length: int) -> bool:
        """Whether a text of this length is truncated."""
        return self.limit is not None and length > self.limit


def _limit(folder: Path) -> int | None:
    """The smallest limit that the files of an encoder state; None if they state none."""
    stated: list[int] = []
    config, tokenizer = (_document(folder / name) for name in ("config.json", "tokenizer_config.json"))
    positions, padding = config.get("max_position_embeddings"), config.get("pad_token_id")
    if isinstance(positions, int) and positions > 0:
        # RoBERTa and its relatives count positions from the id of the padding on.
        numbered = "roberta" in str(config.get("model_type")) or config.get("model_type") == "mpnet"
        stated.append(positions - (padding + 1 if numbered and isinstance(padding, int) else 0))
    longest = tokenizer.get("model_max_length")
    if isinstance(longest, int | float) and 0 < longest < _UNLIMITED:
        stated.append(int(longest))
    return min(stated, default=None)


def _document(path: Path) -> dict[str, Any]:
    """A JSON object; empty if there is no such file.

    Raises:
        UsageError: It is not a JSON object.
    """
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not a JSON object")
    return found
