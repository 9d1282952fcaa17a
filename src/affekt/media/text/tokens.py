"""Words to token ids, by a tokenizer file of the `tokenizers` package (`tokenizer.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from affekt.core.errors import AffektError, FolderError, MediaError, require
from affekt.core.settings import Settings

TOKENIZER_FILE = "tokenizer.json"
_KNOWN_LINES = 4096  # neighbours in a dialogue share their context: each line is tokenized once


class SpecialTokens(Settings):
    """How a vocabulary spells the tokens that are not words.

    Attributes:
        padding: Fills a batch.
        unknown: Stands for a word that the vocabulary lacks.
        begin: Begins a line.
        separator: Ends a line, and separates two.
        mask: The token that masked language models predict; None if the vocabulary has none.
    """

    padding: str = "[PAD]"
    unknown: str = "[UNK]"
    begin: str = "[CLS]"
    separator: str = "[SEP]"
    mask: str | None = "[MASK]"


@contextmanager
def tokenizer_errors(kind: type[AffektError], said: str) -> Iterator[None]:
    """Errors of the `tokenizers` package as ours: it raises plain `Exception`, and ends in panics of Rust.

    Args:
        said: The message, before the reason.
    """
    try:
        yield
    except BaseException as error:
        # A panic is no `Exception`, and the package does not export its class.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise kind(f"{said}: {str(error)[:300]}") from None


class Tokenizer:
    """A tokenizer and the ids of its special tokens.

    Padding and truncation that the file asks for are switched off: both depend on the method. A special token
    that is spelled out in a text, such as `[PAD]`, is read as the characters it consists of, or as an unknown
    token: it has no effect.
    """

    def __init__(self, content: bytes, special: SpecialTokens) -> None:
        """Args:
        content: The tokenizer file.

        Raises:
            FolderError: It is not a tokenizer, or lacks one of the special tokens.
            MissingExtra: The `tokenizers` package is not installed.
        """
        tokenizers = require("tokenizers", extra="text", needed_by="reading text")
        with tokenizer_errors(FolderError, f"{TOKENIZER_FILE} is not a tokenizer"):
            self._tokenizer = tokenizers.Tokenizer.from_str(content.decode())
        self._tokenizer.encode_special_tokens = True
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.largest: int = max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
        lacking = [word for word in special.model_dump().values() if word and self.id_of(word) is None]
        if lacking:
            shown = ", ".join(lacking).encode(errors="backslashreplace").decode()
            raise FolderError(f"{TOKENIZER_FILE} lacks {shown}")
        self.special = special
        self.padding, self.unknown = self._id(special.padding), self._id(special.unknown)
        self.begin, self.separator = self._id(special.begin), self._id(special.separator)
        self.mask = self._id(special.mask) if special.mask else None
        added = self._tokenizer.get_added_tokens_decoder().items()
        reserved = {number for number, token in added if token.special}
        reserved |= {self.padding, self.begin, self.separator}
        self._reserved = (reserved | ({self.mask} if self.mask is not None else set())) - {self.unknown}
        self.ids = lru_cache(maxsize=_KNOWN_LINES)(self._ids)

    def id_of(self, token: str) -> int | None:
        """Id of a token; None if the vocabulary lacks it."""
        try:
            return self._tokenizer.token_to_id(token)
        except UnicodeEncodeError:  # half of a surrogate pair, as JSON may hold it
            return None

    def tokens_of(self, ids: Iterable[int]) -> list[str]:
        """Tokens as the vocabulary spells them."""
        return [self._tokenizer.id_to_token(number) for number in ids]

    def _ids(self, text: str) -> tuple[int, ...]:
        """Ids of a text, without tokens around it."""
        # Half of a surrogate pair cannot be passed on.
        text = text if text.isascii() else text.encode(errors="replace").decode()
        with tokenizer_errors(MediaError, f"the text cannot be read by {TOKENIZER_FILE}"):
            found = self._tokenizer.encode(text, add_special_tokens=False).ids
        # A Unigram model holds its special tokens as pieces, and matches them as it matches words.
        return tuple(self.unknown if number in self._reserved else number for number in found)

    def _id(self, token: str) -> int:
        found = self.id_of(token)
        assert found is not None
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return Tokenizer, (self._tokenizer.to_str().encode(), self.special)


def tokenizer_of(
    assets: Mapping[str, bytes] | None, special: SpecialTokens, *, rows: int | None
) -> Tokenizer | None:
    """The tokenizer among the assets of preprocessing; None before they are fitted.

    Args:
        rows: Number of embeddings of the network; None if it is not known.

    Raises:
        FolderError: It has more ids than there are embeddings, or is not a tokenizer.
        ValueError: There are assets, and it is not one of them.
    """
    if assets is None:
        return None
    if TOKENIZER_FILE not in assets:
        raise ValueError(f"there is no assets/{TOKENIZER_FILE}")
    found = Tokenizer(assets[TOKENIZER_FILE], special)
    if rows is not None and found.largest >= rows:
        raise FolderError(
            f"{TOKENIZER_FILE} has ids up to {found.largest}, the network has {rows} embeddings"
        )
    return found


def with_tokens(content: bytes, added: Sequence[str]) -> bytes:
    """A tokenizer file with further special tokens, such as those of speakers; known ones are kept."""
    tokenizers = require("tokenizers", extra="text", needed_by="reading text")
    with tokenizer_errors(FolderError, f"{TOKENIZER_FILE} takes no further tokens"):
        tokenizer = tokenizers.Tokenizer.from_str(content.decode())
        tokenizer.add_special_tokens(list(added))
        return tokenizer.to_str().encode()


def trained_tokenizer(lines: Iterable[str], special: SpecialTokens, *, size: int) -> bytes:
    """A tokenizer of word pieces that is made from text, for encoders without a vocabulary of their own.

    The special tokens have the ids 0 to 4: padding, unknown, begin, separator, mask.
    """
    tokenizers = require("tokenizers", extra="text", needed_by="reading text")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token=special.unknown))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    words = [special.padding, special.unknown, special.begin, special.separator, special.mask]
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=[word for word in words if word], show_progress=False
    )
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer.to_str().encode()


def stated_tokens(config: bytes) -> SpecialTokens:
    """The special tokens that a `tokenizer_config.json` or `special_tokens_map.json` states.

    Raises:
        FolderError: It states no padding or unknown token.
    """
    names = {
        "padding": ("pad_token",),
        "unknown": ("unk_token",),
        "begin": ("cls_token", "bos_token"),
        "separator": ("sep_token", "eos_token"),
        "mask": ("mask_token",),
    }
    stated = json.loads(config)
    found: dict[str, Any] = {}
    for role, keys in names.items():
        values = [stated[key] for key in keys if stated.get(key)]
        word = values[0] if values else None
        found[role] = word.get("content") if isinstance(word, dict) else word
    lacking = [role for role in ("padding", "unknown", "begin", "separator") if not found[role]]
    if lacking:
        raise FolderError(f"the tokenizer states no token for {', '.join(lacking)}")
    try:
        return SpecialTokens(**found)
    except ValidationError:
        raise FolderError(f"the tokenizer states special tokens that are no text: {found}") from None
