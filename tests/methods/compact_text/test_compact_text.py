"""Properties that are special to the small text network."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from affekt.core import catalog
from affekt.core.errors import ConfigError, DataError, FolderError, MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.methods.compact_text.config import AugmentConfig, CompactTextConfig
from affekt.methods.compact_text.model import ByteTable, CompactText, StoredTable
from affekt.methods.compact_text.preprocess import HIDDEN_NAME, NAMES, CompactTextPreprocess
from affekt.methods.compact_text.pretrained import read_embeddings

METHOD = catalog.method("compact_text")
TINY = CompactTextConfig.model_validate(METHOD.card.tiny)
LINES = ("what a lovely day", "I hate this rain", f"{HIDDEN_NAME} is here", *NAMES)


def line(text):
    return Sample(id="said", media={"text": text})


def preprocess(**config):
    settings = TINY.model_copy(update={"pieces": 400, **config})
    assets = CompactTextPreprocess(settings).fit_assets([line(text) for text in LINES])
    return CompactTextPreprocess(settings, {}, assets)


def network(**config):
    torch.manual_seed(0)
    return CompactText(TINY.model_copy(update=config)).eval()


def notes_of(text, **config):
    with collect_notes() as notes:
        preprocess(**config).views(line(text))
    return list(notes)


def test_storing_the_table_in_8_bits_changes_no_answer():
    model, ids = network(), torch.randint(1, TINY.pieces, (5, 9))
    stored = model.for_export()
    assert isinstance(stored.words, StoredTable) and stored.words.codes.dtype == torch.int8
    torch.testing.assert_close(stored(text=ids), model(text=ids), rtol=0, atol=1e-5)
    assert "words.weight" in model.state_dict(), "the network itself was changed"


def test_embeddings_are_rounded_by_less_than_a_step_of_their_row():
    table = network().words
    assert isinstance(table, ByteTable)
    with torch.no_grad():
        table.weight[7] *= 100  # a large row does not coarsen the others
    codes = table.stored()
    step = table.weight.detach().abs().amax(dim=1, keepdim=True) / 127
    error = (codes(torch.arange(TINY.pieces)[None])[0] - table.weight.detach()).abs()
    assert (error <= 0.5 * step + 1e-6).all() and error.max() > 0


def test_padding_does_not_change_an_answer():
    model = network()
    ids = torch.randint(1, TINY.pieces, (1, 6))
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    torch.testing.assert_close(model(text=padded), model(text=ids))


def test_a_long_line_is_read_from_its_end_and_the_note_says_so():
    ready = preprocess()
    end = ready(line("what a lovely day"))["text"][1:-1]
    found = ready(line("I hate this rain " * 500 + "what a lovely day"))["text"]
    assert len(found) == TINY.tokens + 2
    np.testing.assert_array_equal(found[-1 - len(end) : -1], end)
    (note,) = notes_of("rain " * 2000)
    assert note.startswith("only the last 16 of its ")


def test_another_script_and_unknown_characters_are_noted():
    assert notes_of("what a lovely day") == [] == notes_of("what a lovely caf\u00e9")
    assert "Han script" in notes_of("\u4f60\u597d\u5417")[0]
    assert notes_of("\U0001f600 \U0001f622") == [
        "100 % of it are characters without a meaning to the network, such as emoji"
    ]


@pytest.mark.parametrize("text", ["", "   ", "\u200b"])
def test_a_line_without_words_is_refused(text):
    with pytest.raises(MediaError, match="said: the line has no words"):
        preprocess()(line(text))


def test_typographic_punctuation_is_read_as_ascii():
    ready = preprocess()
    plain, typographic = (ready(line(text))["text"] for text in ("it's a day...", "it\u2019s a day\u2026"))
    np.testing.assert_array_equal(plain, typographic)


def test_training_views_fill_in_names_and_hide_pieces():
    said = line(f"{HIDDEN_NAME} is here")
    names = preprocess(augment=AugmentConfig(names=1, unknown=0))
    filled = {tuple(names(said, rng=np.random.default_rng(seed))["text"]) for seed in range(20)}
    assert len(filled) > 5 and tuple(names(said)["text"]) not in filled
    hidden = preprocess(augment=AugmentConfig(names=0, unknown=0.5))
    assert hidden.tokenizer is not None
    unknown = hidden.tokenizer.unknown
    views = [hidden(said, rng=np.random.default_rng(seed))["text"] for seed in range(40)]
    assert np.mean([view[1:-1] == unknown for view in views]) == pytest.approx(0.5, abs=0.1)
    assert all(view[0] == hidden(said)["text"][0] for view in views), "the tokens around a line stay"


def test_word_pieces_cannot_be_made_without_lines():
    with pytest.raises(DataError, match="there are none"):
        CompactTextPreprocess(TINY).fit_assets([])


def test_heads_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(ConfigError, match="not a multiple"):
        METHOD.make_config({"channels": 10, "heads": 4})


@pytest.fixture
def encoder(tmp_path):
    """A folder with the embeddings of an encoder of 30 pieces."""
    table = torch.randn(30, 6) * torch.tensor([5.0, 3.0, 2.0, 0.1, 0.1, 0.1]) + 4
    save_file({"bert.embeddings.word_embeddings.weight": table}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", "vocab_size": 30}))
    return str(tmp_path), table


def test_pretrained_embeddings_keep_distances_in_fewer_dimensions(encoder):
    source, table = encoder
    found = read_embeddings(source, 30, 3)
    assert found.square().mean() == pytest.approx(1, rel=1e-4)
    ratio = torch.pdist(found) / torch.pdist(table)
    assert ratio.std() / ratio.mean() < 0.05
    model = CompactText(CompactTextConfig(source=source, pieces=30, width=3, channels=8))
    assert model.load_pretrained() == {"words.weight"}
    torch.testing.assert_close(model.state_dict()["words.weight"], found)


def test_an_encoder_whose_table_does_not_fit_is_refused(encoder, tmp_path):
    source, _ = encoder
    with pytest.raises(FolderError, match=r"set config.pieces = 30, and config.width to 6 at most"):
        read_embeddings(source, 31, 3)
    save_file({"other": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(FolderError, match="not an encoder of the BERT family"):
        read_embeddings(source, 30, 3)


def test_a_few_steps_lower_the_loss():
    ready = preprocess(augment=AugmentConfig(unknown=0.0))
    rows = [ready(line(text)) for text in LINES[:2] * 4]
    batch = {"text": torch.from_numpy(ready.spec.stack(rows)["text"]), "label": torch.tensor([0, 1] * 4)}
    model = network(pieces=400, dropout=0.0)
    objective = METHOD.load("objective")(model.config, torch.nn.functional.cross_entropy)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(10):
        loss = objective(model, batch)["cross_entropy"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
