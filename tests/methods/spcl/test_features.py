"""Cached vectors of a frozen encoder: a change invalidates what depends on it, and nothing else."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from affekt.core import catalog
from affekt.core.dialogues import link_dialogues
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.engine.features import filling
from affekt.engine.features.fill_ahead import fill_ahead
from affekt.engine.features.keys import Views, describe_network, digest_of, sample_digest
from affekt.engine.train import train

pytestmark = pytest.mark.xdist_group("spcl-runs")

SAID = [
    ("Ann", "hello ben"),
    ("Ben", "it rains"),
    ("Ann", "oh no"),
    ("Ben", "well well"),
    ("Ann", "so it is"),
]


def dialogue(**words):
    """Turns of a dialogue; `t1="..."` changes the words of turn 1."""
    return [
        Sample(f"t{n}", {"text": words.get(f"t{n}", text)}, "joy", dialogue="d", turn=n, speaker=speaker)
        for n, (speaker, text) in enumerate(SAID)
    ]


def keys(source, samples=None, *, precision="32", encoder=(), **config):
    """The key of the network, and that of each sample, as a run would make them."""
    method = catalog.method("spcl")
    values = {
        "num_classes": 3,
        "encoders": {"T": {"source": str(source), "mode": "frozen", **dict(encoder)}},
        "context": {"tokens": 40, "turns": 2},
        "projection": True,
        **config,
    }
    found = method.make_config(values).resolved()
    preprocess, state, assets = method.fit_preprocess(found, [])
    model = method.load("model")(found)
    model.load_pretrained()
    document = describe_network(
        method, model, found, preprocess, state, "float16", assets=assets, precision=precision
    )
    linked = link_dialogues(dialogue() if samples is None else samples)
    each = {one.id: sample_digest(one, Views(), content=preprocess.cache_key(one)) for one in linked}
    return digest_of(document), each


def changed(before, after):
    """Ids of the samples whose key is another one."""
    return [name for name in before if before[name] != after[name]]


@pytest.fixture
def copied(encoder, tmp_path):
    """A copy of the encoder, to be changed."""
    return shutil.copytree(encoder, tmp_path / "encoder")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"t1": "it rained"}, ["t1", "t2", "t3"]),  # the line, and lines whose window of two turns holds it
        ({"t0": "hello bob"}, ["t0", "t1", "t2"]),  # outside the window of t3 and t4
        ({"t4": "so it was"}, ["t4"]),  # a later turn of all others
    ],
)
def test_a_changed_character_invalidates_the_lines_that_read_it(encoder, words, expected):
    network, before = keys(encoder)
    same, after = keys(encoder, dialogue(**words))
    assert network == same and changed(before, after) == expected


def test_another_name_of_a_speaker_counts_and_a_corrected_label_does_not(encoder):
    _, before = keys(encoder)
    renamed = [replace(one, speaker="Eve") if one.id == "t4" else one for one in dialogue()]
    assert changed(before, keys(encoder, renamed)[1]) == ["t4"]
    corrected = [replace(one, label="anger") for one in dialogue()]
    assert changed(before, keys(encoder, corrected)[1]) == []


def one_weight(folder):
    weights = load_file(folder / "model.safetensors")
    weights["encoder.layer.1.output.dense.weight"][0, 0] += 1e-3
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def one_token(folder):
    """Exchange two words, so that ids of some lines change."""
    content = json.loads((folder / "tokenizer.json").read_text())
    vocabulary = content["model"]["vocab"]
    vocabulary["well"], vocabulary["hello"] = vocabulary["hello"], vocabulary["well"]
    (folder / "tokenizer.json").write_text(json.dumps(content))


def other_heads(folder):
    """The same tensors, read in another way."""
    content = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**content, "num_attention_heads": 4}))


@pytest.mark.parametrize("change", [one_weight, other_heads])
def test_another_network_invalidates_all_vectors_and_no_key_of_a_line(encoder, copied, change):
    network, lines = keys(encoder)
    assert keys(copied) == (network, lines)  # a copy elsewhere has the same keys
    change(copied)
    other, same = keys(copied)
    assert other != network and changed(lines, same) == []


def test_another_tokenizer_invalidates_all_vectors(encoder, copied):
    network, lines = keys(encoder)
    one_token(copied)
    other, after = keys(copied)
    assert other != network
    assert changed(lines, after) == ["t0", "t1", "t2", "t3", "t4"]  # each window holds one of the two words


@pytest.mark.parametrize(
    "other",
    [
        {"encoder": {"pooling": "max"}},
        {"encoder": {"layers": "all"}},
        {"precision": "bf16-mixed"},
    ],
)
def test_pooling_layers_and_precision_invalidate_all_vectors_and_no_key_of_a_line(encoder, other):
    network, lines = keys(encoder)
    assert keys(encoder, **other)[0] != network and keys(encoder, **other)[1] == lines


@pytest.mark.parametrize(
    "other",
    [
        {"losses": {"contrast": {"kind": "apcl"}}},
        {"decision": "classifier"},
        {"dropout": 0.5, "projection": True},
        {"curriculum": {"order": "easy_to_hard"}},
        {"num_classes": 2},
    ],
)
def test_losses_and_heads_invalidate_nothing(encoder, other):
    assert keys(encoder, **other) == keys(encoder)


def frozen(words_recipe, encoder, **changes):
    return words_recipe(
        encoder, config__encoders__T__mode="frozen", config__projection=True, train__cached_views=1, **changes
    )


def test_vectors_computed_ahead_are_those_that_training_reads(encoder, talks, words_recipe, tmp_path):
    recipe = frozen(words_recipe, encoder, train__epochs=1)
    filled = fill_ahead(recipe, data_root=talks, cache=tmp_path / "cache")
    assert (filled.computed, filled.reused) == (52, 0)
    train(recipe, data_root=talks, runs=tmp_path / "runs", cache=tmp_path / "cache", progress=False)
    assert list((tmp_path / "cache").iterdir()) == [filled.folder]
    again = fill_ahead(recipe, data_root=talks, cache=tmp_path / "cache")
    assert (again.computed, again.reused) == (0, 52)


def test_cached_vectors_give_the_weights_that_uncached_ones_give(encoder, talks, words_recipe, tmp_path):
    recipes = [
        frozen(words_recipe, encoder),
        words_recipe(encoder, config__encoders__T__mode="frozen", config__projection=True),
    ]
    found = [
        load_file(
            train(one, data_root=talks, runs=tmp_path / str(n), progress=False).last / "model.safetensors"
        )
        for n, one in enumerate(recipes)
    ]
    for name in ("classifier.weight", "prototypes"):
        torch.testing.assert_close(found[0][name], found[1][name], rtol=1e-2, atol=2e-3)


def test_vectors_in_memory_are_bounded(encoder, talks, words_recipe, tmp_path, monkeypatch):
    made = []
    cached = filling.CachedDataset.__init__

    def recorded(self, *args, **kwargs):
        cached(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(filling.CachedDataset, "__init__", recorded)
    monkeypatch.setattr("affekt.engine.loading._HELD_BYTES", 1000)
    train(frozen(words_recipe, encoder, train__epochs=1), data_root=talks, runs=tmp_path, progress=False)
    held = [sum(value.nbytes for row in one._held.views.values() for value in row.values()) for one in made]
    assert all(0 < size <= 1000 for size in held), held


def test_a_line_in_a_script_that_training_had_not_is_noted(encoder):
    method = catalog.method("spcl")
    config = method.make_config(
        {"num_classes": 3, "encoders": {"T": {"source": str(encoder)}}, "context": {"tokens": 40}}
    ).resolved()
    ready = method.fit_preprocess(config, dialogue()).preprocess
    for words, expected in (("hello ben", 0), ("\u043c\u0438\u0440 \u0432\u0430\u043c", 1)):
        with collect_notes() as notes:
            ready(Sample("said", {"text": words}))
        assert sum("Cyrillic script" in one for one in notes) == expected
