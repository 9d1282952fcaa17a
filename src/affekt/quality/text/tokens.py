"""Number of tokens of each line, against the number that an encoder reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from affekt.core.errors import DataError, FolderError, UsageError, require
from affekt.core.files.json_file import read_json_object
from affekt.media.text.tokens import tokenizer_errors

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
        with tokenizer_errors(UsageError, f"{file} is not a tokenizer"):
            self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name = name or file.parent.name or place.name
        self.limit = _limit(file.parent)

    def __call__(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text.

        Raises:
            DataError: A text cannot be read by the tokenizer.
        """
        with tokenizer_errors(DataError, f"the texts cannot be read by the tokenizer {self.name}"):
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
        return read_json_object(path)
    except FolderError as error:
        raise UsageError(str(error)) from None
