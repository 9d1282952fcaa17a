"""Reading model files of SentencePiece."""

import struct

import pytest

from affekt.assets.errors import AssetError
from affekt.encoders.sentencepiece import PieceType, read_sentencepiece
from affekt.encoders.use_tokenizer import use_tokenizer


def number(field, value):
    return bytes([field << 3, value])


def message(field, content):
    size = len(content)
    return bytes([field << 3 | 2, *([size] if size < 128 else [size & 127 | 128, size >> 7])]) + content


def piece(text, score, kind=None):
    content = message(1, text.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", score)
    return message(1, content + (number(3, kind) if kind else b""))


def model(*, trainer=b"", normalizer=b""):
    pieces = piece("<unk>", 0, 2) + piece("▁hello", -1.5) + piece("好" * 50, -2.25)
    return pieces + message(2, trainer) + message(3, message(2, b"table") + normalizer)


def test_pieces_and_the_table_of_characters_are_read():
    found = read_sentencepiece(model(trainer=message(1, b"a setting that is not needed")))
    assert found.pieces == [
        ("<unk>", 0.0, PieceType.UNKNOWN),
        ("▁hello", -1.5, PieceType.NORMAL),
        ("好" * 50, -2.25, PieceType.NORMAL),
    ]
    assert found.charsmap == b"table"


def test_a_file_that_is_cut_anywhere_is_refused():
    content = model()
    for end in range(len(content)):
        with pytest.raises(AssetError):
            read_sentencepiece(content[:end])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"trainer": number(3, 2)}, "of type 2; only Unigram"),
        ({"normalizer": number(3, 0)}, "treats spaces"),
        ({"normalizer": number(4, 0)}, "treats spaces"),
    ],
)
def test_a_model_of_another_kind_is_refused(changes, problem):
    with pytest.raises(AssetError, match=problem):
        read_sentencepiece(model(**changes))


def test_a_model_with_other_control_pieces_is_not_taken_for_that_of_use():
    pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")
    with pytest.raises(AssetError, match=r"begins with \[\('<unk>'"):
        use_tokenizer(model())
