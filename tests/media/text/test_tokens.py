"""The tokenizer among the files of a checkpoint or bundle."""

import pytest

from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.media.text.tokens import TOKENIZER_FILE, SpecialTokens, tokenizer_of, trained_tokenizer


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
