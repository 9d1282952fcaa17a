"""The tokenizer among the files of a checkpoint or bundle."""

import json

import pytest

from affekt.core import catalog
from affekt.core.errors import FolderError, MediaError
from affekt.media.text.tokens import (
    TOKENIZER_FILE,
    SpecialTokens,
    Tokenizer,
    stated_tokens,
    tokenizer_of,
    trained_tokenizer,
)


@pytest.fixture(scope="module")
def content():
    return trained_tokenizer(["one two three four"] * 3, SpecialTokens(), size=40)


def test_before_anything_is_fitted_there_is_no_tokenizer():
    assert tokenizer_of(None, SpecialTokens(), rows=40) is None


@pytest.mark.parametrize("method", ["spcl", "compact_text"])
def test_files_without_the_tokenizer_are_refused_by_each_method_of_words(method):
    found = catalog.method(method)
    config = found.make_config(found.card.tiny)
    with pytest.raises(ValueError, match=rf"there is no assets/{TOKENIZER_FILE}"):
        found.make_preprocess(config, {}, {})


def test_more_ids_than_embeddings_are_refused(content):
    assets = {TOKENIZER_FILE: content}
    largest = tokenizer_of(assets, SpecialTokens(), rows=None).largest
    assert tokenizer_of(assets, SpecialTokens(), rows=largest + 1).largest == largest
    with pytest.raises(FolderError, match=f"has ids up to {largest}, the network has {largest} embeddings"):
        tokenizer_of(assets, SpecialTokens(), rows=largest)


def _changed(content, **changes):
    """The tokenizer with other values; those of `model` are added to it."""
    document = json.loads(content)
    model = changes.pop("model", {})
    return json.dumps({**document, **changes, "model": {**document["model"], **model}}).encode()


UNIGRAM = [[word, 0.0] for word in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "one")]
NO_FILE = {
    "no text": b"\xff",
    "nested": b"[" * 100_000,
    "a table of characters that ends early": {
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    },
    "an id above 32 bits": {"model": {"vocab": {"one": 2**40}}},
    "an empty vocabulary": {"model": {"type": "Unigram", "unk_id": 0, "vocab": []}},
}


@pytest.mark.parametrize("kind", NO_FILE)
def test_a_broken_tokenizer_is_a_clean_error_even_where_its_package_panics(content, kind):
    change = NO_FILE[kind]
    with pytest.raises(FolderError, match=f"{TOKENIZER_FILE} is not a tokenizer"):
        Tokenizer(change if isinstance(change, bytes) else _changed(content, **change), SpecialTokens())


NO_TEXT = {
    "another unknown token": {"model": {"unk_token": "nope"}},
    "no unknown token": {"model": {"type": "Unigram", "unk_id": None, "vocab": UNIGRAM}},
    "places beyond its table": {
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "BAAAAP////8AAAAA"}
    },
    "pieces of no length": {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
}


@pytest.mark.parametrize("kind", NO_TEXT)
def test_a_text_that_a_tokenizer_fails_on_is_left_out_with_the_reason(content, kind):
    tokenizer = Tokenizer(_changed(content, **NO_TEXT[kind]), SpecialTokens())
    with pytest.raises(MediaError, match=f"the text cannot be read by {TOKENIZER_FILE}"):
        tokenizer.ids("zebra")


def test_a_special_token_that_is_half_a_character_is_in_no_vocabulary(content):
    with pytest.raises(FolderError, match=r"lacks \\ud800"):
        Tokenizer(content, SpecialTokens(mask="\ud800"))


@pytest.mark.parametrize("word", [3, {"content": 3}, ["a"]])
def test_special_tokens_are_text(word):
    stated = {"pad_token": word, "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    with pytest.raises(FolderError, match="special tokens that are no text"):
        stated_tokens(json.dumps(stated).encode())
