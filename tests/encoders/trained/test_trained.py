"""Networks that affekt trained are encoders by their folders."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.errors import ConfigError, FolderError, UsageError
from affekt.core.files.sealed import write_sealed
from affekt.core.sample import Sample
from affekt.core.spec import InputSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.export import TOLERANCE
from affekt.deploy.export.graphs import make_graph, max_difference, random_batch
from affekt.encoders.trained.encoder import TrainedEncoder
from affekt.encoders.trained.facts import resolved
from affekt.encoders.trained.read import TrainedReader
from affekt.encoders.trained.settings import TrainedEncoderSettings
from affekt.engine.network import EagerNetwork
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames

# Method, modality that is read, and what its tiny config must change to read one input.
NETWORKS = {
    "compact_face": ("video", {}),
    "compact_voice": ("audio", {}),
    "vaanet video": ("video", {"streams": "video"}),
    "vaanet audio": ("audio", {"streams": "audio"}),
    "tsl_net": ("video", {"streams": "video"}),
}


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory):
    """A function that gives the folder of a run of a network with random weights."""
    root = tmp_path_factory.mktemp("runs")

    def folder(name):
        modality, more = NETWORKS.get(name, ("video", {}))
        place = root / name.replace(" ", "-") / "checkpoints" / "best"
        if place.exists():
            return root / name.replace(" ", "-"), modality
        method = catalog.method(name.split()[0])
        config = method.make_config({**method.card.tiny, **more})
        torch.manual_seed(0)
        model = method.load("model")(config)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
        state = {"deviation_db": [5.0] * config.mels} if method.name == "compact_voice" else {}
        document = {
            "kind": "checkpoint",
            "method": method.name,
            "config": config.model_dump(mode="json"),
            "preprocessing": state,
        }
        place.parent.mkdir(parents=True)
        with write_sealed(place, document) as work:
            save_file(model.state_dict(), work / "model.safetensors")
        return root / name.replace(" ", "-"), modality

    return folder


def settings_of(folder_of, name, **values):
    folder, modality = folder_of(name)
    found = resolved(TrainedEncoderSettings(kind="trained", source=str(folder), **values), modality=modality)
    return found, modality


def load(folder_of, name, **values):
    settings, modality = settings_of(folder_of, name, **values)
    encoder = TrainedEncoder(settings)
    encoder.load_pretrained()
    return encoder.eval(), TrainedReader(settings, name=modality, modality=modality)


def clip():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 70, 70, 3), dtype=np.uint8)
    tone = 0.3 * np.sin(np.arange(32000) * 0.2)
    sound = Waveform((tone + 0.05 * np.random.default_rng(1).standard_normal(32000))[None], 16000)
    return Sample("one", {"video": VideoFrames(pixels, np.arange(40) / 20, 2.0), "audio": sound})


def read(reader, rows=1):
    arrays = reader(clip())
    for spec in reader.specs:
        spec.check(arrays[spec.name])
    batch = InputSpec(inputs=reader.specs).stack([arrays] * rows)
    found = [torch.from_numpy(batch[spec.name]) for spec in reader.specs]
    return [found[0], *(one > 0 for one in found[1:])]


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "tsl_net"])
def test_the_head_of_the_network_answers_from_the_vector(folder_of, name):
    encoder, reader = load(folder_of, name, frames=1)
    method = catalog.method(encoder.settings.method)
    config = method.make_config(encoder.settings.config)
    whole = method.load("model")(config).eval()
    stored = load_file(folder_of(name)[0] / "checkpoints" / "best" / "model.safetensors")
    whole.load_state_dict(stored)
    assert all(torch.equal(stored[key], value) for key, value in encoder.network.state_dict().items())
    (values,) = read(reader)
    (entry,) = method.make_preprocess(config).spec.names
    with torch.inference_mode():
        vector = encoder(values)
        expected = whole(**{entry: values[:, 0] if name == "compact_face" else values}).logits
        torch.testing.assert_close(whole.head(vector), expected, rtol=1e-4, atol=1e-5)
    assert vector.shape == (1, encoder.width)


def test_the_cells_of_a_localization_network_are_averaged_without_padding(folder_of):
    encoder, reader = load(folder_of, "tsl_net")
    values, is_real = read(reader, rows=2)
    longer = torch.cat([values, torch.full_like(values, 9.0)], dim=1)
    real = torch.cat([is_real, torch.zeros_like(is_real)], dim=1)
    with torch.inference_mode():
        found, alone = encoder(longer, real), encoder(values, is_real)
        torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)
        expected = encoder.network.features(values).mean(dim=1)
        torch.testing.assert_close(alone, expected, rtol=1e-4, atol=1e-5)
    assert found.shape == (2, encoder.width)


def test_vectors_of_the_frames_of_a_face_are_averaged(folder_of):
    encoder, reader = load(folder_of, "compact_face", frames=3)
    (values,) = read(reader)
    assert values.shape == (1, 3, 1, 16, 16)
    with torch.inference_mode():
        alone = torch.stack([encoder(values[:, place : place + 1]) for place in range(3)])
        torch.testing.assert_close(encoder(values), alone.mean(dim=0), rtol=1e-4, atol=1e-5)
    picture = reader(Sample("one", {"image": np.full((20, 20, 3), 60, np.uint8)}))
    assert picture["video"].shape == (3, 1, 16, 16)


@pytest.mark.parametrize("name", ["compact_voice", "compact_face"])
def test_a_frozen_network_trains_nothing_and_a_trainable_one_all(folder_of, name):
    encoder, reader = load(folder_of, name)
    assert not any(one.requires_grad for one in encoder.parameters())
    assert not encoder.train().network.training
    encoder, reader = load(folder_of, name, mode="trainable")
    encoder.train()(*read(reader, rows=3)).square().sum().backward()
    assert all(one.grad is not None for one in encoder.parameters())


class Answer(NamedTuple):
    logits: Tensor


class Network(nn.Module):
    """An encoder under the names that a graph has."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, *, audio: Tensor) -> Answer:
        return Answer(self.encoder(audio))


def test_the_exported_graph_agrees_with_the_network(folder_of):
    encoder, reader = load(folder_of, "compact_voice")
    network, spec = Network(encoder), InputSpec(inputs=reader.specs)
    graph = graph_network(make_graph(network, spec))
    batches = [random_batch(spec, rows, seed=rows) for rows in (1, 3)]
    assert max_difference(EagerNetwork(network), graph, batches) < TOLERANCE


def test_settings_hold_all_that_the_network_is_made_from(folder_of):
    settings, _ = settings_of(folder_of, "compact_voice")
    again = TrainedEncoderSettings.model_validate(settings.model_dump(mode="json"))
    assert again == settings and settings.state["deviation_db"]
    assert settings.width == TrainedEncoder(again).width == 8


def test_what_is_no_encoder_is_refused(folder_of, tmp_path):
    with pytest.raises(ConfigError, match="compact_voice reads audio, not video"):
        source = str(folder_of("compact_voice")[0])
        resolved(TrainedEncoderSettings(kind="trained", source=source), modality="video")
    with pytest.raises(ConfigError, match=r"vaanet reads clips, mfcc: an encoder of video reads one input"):
        resolved(TrainedEncoderSettings(kind="trained", source=str(folder_of("vaanet")[0])), modality="video")
    with pytest.raises(ConfigError, match="poster_v2 gives no vector"):
        resolved(
            TrainedEncoderSettings(kind="trained", source=str(folder_of("poster_v2")[0])), modality="video"
        )
    with pytest.raises(UsageError, match="neither the folder of a run nor of a checkpoint"):
        resolved(TrainedEncoderSettings(kind="trained", source=str(tmp_path)), modality="video")


def test_a_checkpoint_that_was_replaced_is_refused(folder_of):
    settings, _ = settings_of(folder_of, "compact_face")
    with pytest.raises(FolderError, match="was changed while it was in use"):
        TrainedEncoder(settings.model_copy(update={"weights_sha256": "0" * 64})).load_pretrained()
