"""Encoders of each family are read from a folder, and answer for a row whatever stands beside it."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from affekt.core import catalog
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.export import TOLERANCE
from affekt.deploy.export.graphs import make_graph, max_difference, random_batch
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import find_source, resolved
from affekt.encoders.text import TextEncoder
from affekt.encoders.width import vector_width
from affekt.engine.network import EagerNetwork
from affekt.media.text.tokens import Tokenizer
from affekt.testing.encoders import FAMILIES, LINES, save_tiny_encoder

POOLINGS = ("first", "mean", "max", "mask", "last", "own", "own mean and max")


def make(folder, **settings):
    encoder = TextEncoder(resolved(EncoderSettings(source=str(folder), **settings)))
    encoder.load_pretrained()
    return encoder.eval()


def rows_of(folder, rng):
    """Inputs of the tokenizer's ids, of random lengths, with a mask token each and their own part."""
    tokenizer = Tokenizer(*find_source(str(folder)).tokenizer())
    rows = []
    for line in LINES:
        ids = list(tokenizer.ids(line))[: rng.integers(1, 40)]
        ids = [tokenizer.begin, *ids, tokenizer.mask, tokenizer.separator]
        own = torch.zeros(len(ids), dtype=torch.bool)
        own[rng.integers(0, len(ids)) :] = True
        rows.append((torch.tensor(ids), own))
    return tokenizer.padding, rows


def padded(padding, rows, side):
    """A batch of rows, filled on one side."""
    longest = max(len(ids) for ids, _ in rows) + 3
    ids = torch.full((len(rows), longest), padding)
    own = torch.zeros(len(rows), longest, dtype=torch.bool)
    for place, (row, kept) in enumerate(rows):
        part = slice(0, len(row)) if side == "right" else slice(longest - len(row), longest)
        ids[place, part], own[place, part] = row, kept
    return ids, own


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_of_a_folder_are_those_that_were_saved(encoder_of, family):
    folder = encoder_of(family)
    saved = load_file(folder / "model.safetensors")
    found = make(folder).backbone.state_dict()
    assert found and all(torch.equal(value, saved[name]) for name, value in found.items())
    left = {name for name in saved if name not in found}
    assert all(name.startswith("pooler.") for name in left)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_answer_for_a_row_depends_on_neither_its_companions_nor_the_side_of_padding(encoder_of, family):
    folder = encoder_of(family)
    for seed, layers in ((0, "last"), (1, "all")):
        padding, rows = rows_of(folder, np.random.default_rng(seed))
        encoder = make(folder, layers=layers)
        for pooling in POOLINGS:
            encoder.settings = encoder.settings.model_copy(update={"pooling": pooling})
            with torch.inference_mode():
                alone = torch.cat([encoder(ids[None], own[None]) for ids, own in rows])
                right, left = (encoder(*padded(padding, rows, side)) for side in ("right", "left"))
            assert alone.shape[1] == vector_width(encoder.settings)
            assert alone.std(dim=0).max() > 0.01, "all rows have one answer: nothing is tested"
            torch.testing.assert_close(right, alone, rtol=1e-4, atol=1e-5)
            torch.testing.assert_close(left, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["roberta", "modernbert", "deberta-v2"])  # the contract exports bert
def test_the_exported_graph_agrees_with_the_network(encoder_of, family):
    method = catalog.method("spcl")
    values = {"source": str(encoder_of(family)), "pooling": "own mean and max", "layers": "all"}
    config = method.make_config({"encoders": {"T": values}, "context": {"tokens": 32}}).resolved()
    model = method.load("model")(config)
    model.load_pretrained()
    torch.nn.init.normal_(model.prototypes)
    model.has_prototype.fill_(True)
    spec = method.fit_preprocess(config, []).preprocess.spec
    network = graph_network(make_graph(model.eval(), spec))
    batches = [random_batch(spec, rows, seed=rows, open_size=size) for rows, size in ((1, 9), (3, 31))]
    assert max_difference(EagerNetwork(model), network, batches, outputs=("logits", "embedding")) < TOLERANCE


def test_weights_below_the_name_of_a_head_and_in_several_files_are_read(encoder_of, tmp_path):
    folder = save_tiny_encoder(tmp_path / "whole")
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    headed = {f"bert.{name}": value for name, value in weights.items()} | {"cls.head": torch.ones(2)}
    names = sorted(headed)
    shards = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, kept in shards.items():
        save_file({name: headed[name] for name in kept}, folder / file, {"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, kept in shards.items() for name in kept}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = make(folder).backbone.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in found.items())
    (folder / "model-2.safetensors").unlink()
    with pytest.raises(Exception, match=r"lacks weights that .* names: model-2.safetensors"):
        find_source(str(folder))


def test_a_sentence_encoder_is_read_up_to_its_pooling_and_further_layers_are_reported(tmp_path, caplog):
    save_tiny_encoder(tmp_path / "sentences" / "0_Transformer")
    modules = [
        {"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"},
    ]
    (tmp_path / "sentences" / "modules.json").write_text(json.dumps(modules))
    assert make(tmp_path / "sentences").width == 16
    assert "layers after its pooling, which are not read: Dense" in caplog.text


def test_vectors_of_new_speaker_tokens_are_added_behind_those_of_the_source(encoder_of):
    folder = encoder_of("roberta")
    saved = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    settings = resolved(EncoderSettings(source=str(folder)), added_tokens=("<s1>", "<s2>"))
    encoder = TextEncoder(settings)
    encoder.load_pretrained()
    rows = encoder.backbone.get_input_embeddings().weight
    assert len(rows) == len(saved) + 2 and torch.equal(rows[: len(saved)], saved)


def test_a_vocabulary_of_an_older_form_is_converted(tmp_path):
    folder = save_tiny_encoder(tmp_path / "old")
    before = Tokenizer(*find_source(str(folder)).tokenizer())
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    (folder / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n")
    (folder / "tokenizer.json").unlink()
    after = Tokenizer(*find_source(str(folder)).tokenizer())
    assert [after.ids(line) for line in LINES] == [before.ids(line) for line in LINES]
    assert after.special == before.special
