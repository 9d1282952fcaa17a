"""Read the model file of SentencePiece: its pieces, their scores, and the table of its normalisation.

The file is a protocol buffer of one message. Only the fields that a Unigram tokenizer needs are read, so that
neither SentencePiece nor a protobuf package is needed. Field numbers: sentencepiece_model.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from affekt.assets.errors import AssetError

_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_MODEL_TYPE, _UNIGRAM = 3, 1
_CHARSMAP, _DUMMY_PREFIX, _REMOVE_SPACES, _ESCAPE_SPACES = 2, 3, 4, 5
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes
_SCORE = struct.Struct("<f")


class PieceType(IntEnum):
    """What a piece is."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


class Piece(NamedTuple):
    """An entry of the vocabulary; its id is its place.

    Attributes:
        score: Natural logarithm of its probability.
    """

    text: str
    score: float
    type: PieceType


class SentencePieceModel(NamedTuple):
    """A Unigram model.

    Attributes:
        charsmap: Replacements of characters, in the binary form that the `tokenizers` package reads as well.
    """

    pieces: list[Piece]
    charsmap: bytes


def read_sentencepiece(content: bytes) -> SentencePieceModel:
    """Read a model file.

    Raises:
        AssetError: It is damaged; it is not a Unigram model; or it treats spaces in another way than by
            default (one before the text, runs of them reduced to one, written as U+2581).
    """
    try:
        return _read(content)
    except (IndexError, TypeError, ValueError, struct.error) as error:  # the values of a damaged file
        raise AssetError(f"not a model file of SentencePiece, or a damaged one: {error}") from None


def _read(content: bytes) -> SentencePieceModel:
    pieces: list[Piece] = []
    charsmap = b""
    model_type = _UNIGRAM
    for field, value in _fields(content):
        if field == _PIECES:
            pieces.append(_piece(_message(value)))
        elif field == _TRAINER:
            for inner, setting in _fields(_message(value)):
                if inner == _MODEL_TYPE:
                    model_type = setting
        elif field == _NORMALIZER:
            for inner, setting in _fields(_message(value)):
                if inner == _CHARSMAP:
                    charsmap = _message(setting)
                elif inner in (_DUMMY_PREFIX, _REMOVE_SPACES, _ESCAPE_SPACES) and setting != 1:
                    raise AssetError("this SentencePiece model treats spaces in a way that is not supported")
    if model_type != _UNIGRAM:
        raise AssetError(f"this SentencePiece model is of type {model_type!r}; only Unigram (1) is supported")
    if not pieces or not charsmap:
        raise ValueError("it has no pieces" if not pieces else "it has no table of characters")
    return SentencePieceModel(pieces, charsmap)


def _piece(content: bytes) -> Piece:
    found: dict[int, Any] = dict(_fields(content))
    (score,) = _SCORE.unpack(found.get(2, bytes(_SCORE.size)))
    return Piece(str(found.get(1, b""), "utf-8"), score, PieceType(found.get(3, PieceType.NORMAL)))


def _message(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where bytes are expected")
    return value


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a message's fields: integers, or the bytes of anything else."""
    place = 0
    while place < len(content):
        # Nearly all numbers have one byte. They are read here, because a file has a million of them.
        key, place = (content[place], place + 1) if content[place] < 0x80 else _varint(content, place)
        wire = key & 7
        if wire in (_VARINT, _LENGTH):
            size, place = (content[place], place + 1) if content[place] < 0x80 else _varint(content, place)
            if wire == _VARINT:
                yield key >> 3, size
                continue
        elif wire in (_FOUR_BYTES, _EIGHT_BYTES):
            size = 4 if wire == _FOUR_BYTES else 8
        else:
            raise ValueError(f"wire type {wire} at byte {place}")
        if place + size > len(content):
            raise ValueError(f"it ends within a field, at byte {len(content)}")
        yield key >> 3, content[place : place + size]
        place += size


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and the place after it."""
    value = 0
    for n in range(_LONGEST_VARINT):
        byte = content[place + n]
        value |= (byte & 0x7F) << (7 * n)
        if byte < 0x80:
            return value, place + n + 1
    raise ValueError(f"a number of more than {_LONGEST_VARINT} bytes at byte {place}")
