"""Encoders of sound and picture in the network: modes, rows without a modality, and what is cached."""

from typing import Any

import pytest
import torch

from affekt.core import catalog
from affekt.core.errors import DataError, MediaError
from affekt.core.sample import Sample
from affekt.encoders.multimodal.network import MultimodalNetwork
from affekt.encoders.multimodal.preprocess import MultimodalPreprocess
from affekt.media.features import Features
from affekt.media.sound import Waveform
from affekt.methods.mdn_makd.config import MDNConfig
from affekt.testing.media_encoders import save_tiny_picture_encoder, save_tiny_sound_encoder


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Folders of tiny encoders by letter."""
    root = tmp_path_factory.mktemp("encoders")
    return {
        "A": str(save_tiny_sound_encoder(root / "sound")),
        "V": str(save_tiny_picture_encoder(root / "pictures")),
    }


@pytest.fixture
def make_media_config(sources):
    """A function that makes a config of sound and picture with modes, and other encoders beside them."""

    def make(modes, **others):
        pretrained = {
            letter: {"source": sources[letter], "mode": mode, "projection": 4}
            for letter, mode in modes.items()
        }
        encoders = {**pretrained, **others}
        fusion = {"kind": "vanilla", "width": 6} if len(encoders) > 1 else {"kind": "none"}
        config = MDNConfig.model_validate({"num_classes": 2, "encoders": encoders, "fusion": fusion})
        return config.resolved()

    return make


def trained_voice(mode):
    """A voice network of affekt with batch normalization, as if read from a run."""
    method = catalog.method("compact_voice")
    config: Any = method.make_config(method.card.tiny)
    return {
        "kind": "trained",
        "source": "a-run",
        "mode": mode,
        "projection": 4,
        "method": method.name,
        "config": config.model_dump(mode="json"),
        "state": {"deviation_db": [5.0] * config.mels},
        "width": method.load("model").vector_width(config),
        "weights_sha256": "0" * 64,
    }


def batch_of(config, present):
    spec = MultimodalPreprocess(config).spec
    drawn = torch.Generator().manual_seed(0)
    batch = {}
    for one in spec.inputs:
        shape = (len(present), *(size or 400 for size in one.shape))
        batch[one.name] = torch.ones(shape) if one.mask else torch.randn(shape, generator=drawn)
    batch["present"] = torch.tensor(present, dtype=torch.float32)
    for place, modality in enumerate(spec.modalities):
        for one in spec.inputs:
            if one.modality == modality:
                batch[one.name][batch["present"][:, place] == 0] = 0
    return batch


def test_each_encoder_states_its_part_and_the_frozen_ones_are_cached(make_media_config):
    model = MultimodalNetwork(make_media_config({"A": "frozen", "V": "lora"}))
    assert model.weight_parts == ("encoders.A", "encoders.V", "fusion")
    assert model.cached == ("audio",)
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert not any(name.startswith("encoders.A") for name in trained)
    assert all("lora" in name for name in trained if name.startswith("encoders.V"))


@pytest.mark.parametrize("voice", ["pretrained", "trained"])
def test_rows_without_sound_have_no_influence_on_the_encoder_of_sound(make_media_config, voice):
    if voice == "trained":
        config = make_media_config({"V": "trainable"}, A=trained_voice("trainable"))
    else:
        config = make_media_config({"A": "trainable", "V": "trainable"})
    batch = batch_of(config, [[1, 1], [1, 1], [0, 1]])
    found = []
    for rows in (3, 2):
        torch.manual_seed(0)
        model = MultimodalNetwork(config).train()
        torch.manual_seed(1)
        output = model(**{name: value[:rows] for name, value in batch.items()})
        output.vectors[:, :4][:2].sum().backward()
        assert output.logits.isfinite().all()
        encoder = model.encoders["A"]
        gradients = {name: value.grad for name, value in encoder.named_parameters() if value.grad is not None}
        found.append({**gradients, **dict(encoder.named_buffers())})
    assert found[0]
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("voice", ["pretrained", "trained"])
def test_answers_do_not_depend_on_rows_that_lack_a_modality(make_media_config, voice):
    if voice == "trained":
        config = make_media_config({"V": "frozen"}, A=trained_voice("frozen"))
    else:
        config = make_media_config({"A": "frozen", "V": "frozen"})
    model = MultimodalNetwork(config).eval()
    batch = batch_of(config, [[1, 1], [0, 1], [1, 0]])
    with torch.inference_mode():
        whole = model(**batch).logits
        alone = [
            model(**{name: value[row : row + 1] for name, value in batch.items()}).logits for row in range(3)
        ]
        vectors = {
            name: model.features(**{one: value for one, value in batch.items() if one.startswith(name)})
            for name in model.cached
        }
        split = model.from_features(**{**batch, **vectors}).logits
    assert whole.isfinite().all()
    torch.testing.assert_close(torch.cat(alone), whole, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(split, whole, rtol=1e-4, atol=1e-5)


def test_a_modality_that_no_training_sample_has_is_an_error(make_media_config):
    config = make_media_config({"A": "frozen", "V": "frozen"})
    heard = Sample("one", {"audio": Waveform(torch.zeros(1, 800).numpy(), 16000)})
    with pytest.raises(DataError, match="none of 1 training samples has video"):
        MultimodalPreprocess(config).fit([heard])


def test_vectors_are_refused_where_sound_is_read(make_media_config):
    config = make_media_config({"A": "frozen"})
    shipped = Sample("one", {"audio": Features(torch.zeros(4).numpy())})
    with pytest.raises(MediaError, match=r'set config.encoders.A.kind = "features"'):
        MultimodalPreprocess(config)(shipped)


def test_sound_within_a_video_counts_where_it_is_named(make_media_config):
    preprocess = MultimodalPreprocess(make_media_config({"A": "frozen", "V": "frozen"}))
    heard = Sample("one", {"audio": Waveform(torch.zeros(1, 800).numpy(), 16000)})
    assert set(preprocess(heard)) == {"audio", "audio_real"}
    assert preprocess.cache_key(heard) == preprocess.cache_key(heard)
