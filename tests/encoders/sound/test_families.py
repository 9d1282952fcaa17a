"""Encoders of sound answer as those of transformers do, whatever stands beside a row."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor, nn

from affekt.core.spec import InputSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.export import TOLERANCE
from affekt.deploy.export.graphs import make_graph, max_difference, random_batch
from affekt.encoders.pretrained import for_export
from affekt.encoders.sound.read import SoundReader
from affekt.engine.network import EagerNetwork
from affekt.testing.media_encoders import SOUND

WAVES = [family for family in SOUND if family != "whisper"]
POOLINGS = ("first", "mean", "max", "last")


def real(rows, columns):
    return torch.ones(rows, columns, dtype=torch.bool)


def pooled_as(encoder, pooling, call):
    before = encoder.settings
    encoder.settings = before.model_copy(update={"pooling": pooling})
    with torch.inference_mode():
        found = call()
    encoder.settings = before
    return found


@pytest.mark.parametrize("family", WAVES)
def test_states_are_those_of_transformers(sound_encoder, sound_folder, family):
    encoder = sound_encoder(family, layers="all")
    theirs = transformers.AutoModel.from_pretrained(sound_folder(family)).eval()
    waveforms = torch.randn(2, 300, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = theirs(waveforms, output_hidden_states=True)
        found = encoder(waveforms, real(2, 300))
    assert found.shape == (2, encoder.width) and encoder.width == 48
    last = expected.last_hidden_state.mean(dim=1)
    assert last.std() > 0.01
    torch.testing.assert_close(found[:, 32:], last, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[:, 16:32], expected.hidden_states[1].mean(dim=1), rtol=1e-4, atol=1e-5)


def test_the_states_of_whisper_are_those_of_the_encoder_of_transformers(sound_encoder, sound_folder):
    encoder = sound_encoder("whisper")
    theirs = transformers.WhisperModel.from_pretrained(sound_folder("whisper")).eval().encoder
    values = torch.randn(2, 8, 80, generator=torch.Generator().manual_seed(0))
    is_real = real(2, 40)
    is_real[1, 7:] = False
    with torch.inference_mode():
        states = theirs(values).last_hidden_state
        found = encoder(values, is_real)
    expected = torch.stack([states[0].mean(dim=0), states[1, :7].mean(dim=0)])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", WAVES)
def test_the_answer_for_a_waveform_does_not_depend_on_its_companions(sound_encoder, family):
    encoder = sound_encoder(family)
    rng = torch.Generator().manual_seed(1)
    rows = [torch.randn(length, generator=rng) for length in (30, 49, 90, 260)]
    batch, is_real = torch.full((4, 300), 5.0), torch.zeros(4, 300, dtype=torch.bool)
    for place, row in enumerate(rows):
        batch[place, : len(row)], is_real[place, : len(row)] = row, True
    for pooling in POOLINGS:
        together = pooled_as(encoder, pooling, lambda: encoder(batch, is_real))
        alone = pooled_as(
            encoder, pooling, lambda: torch.cat([encoder(row[None], real(1, len(row))) for row in rows])
        )
        assert alone.std(dim=0).max() > 0.01, "all rows have one answer: nothing is tested"
        torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", SOUND)
def test_a_row_without_sound_has_a_finite_answer(sound_encoder, family):
    encoder = sound_encoder(family)
    shape, places = ((2, 8, 80), 40) if family == "whisper" else ((2, 1), 1)
    with torch.inference_mode():
        assert encoder(torch.zeros(shape), torch.zeros(2, places, dtype=torch.bool)).isfinite().all()


class Answer(NamedTuple):
    logits: Tensor


class Network(nn.Module):
    """An encoder under the names that a graph has."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, *, audio: Tensor, audio_real: Tensor) -> Answer:
        return Answer(self.encoder(audio, audio_real > 0))

    def for_export(self) -> nn.Module:
        return for_export(self)


@pytest.mark.parametrize("family", SOUND)
def test_the_exported_graph_agrees_with_the_network(sound_encoder, family):
    network = Network(sound_encoder(family))
    spec = InputSpec(inputs=SoundReader(network.encoder.settings).specs)
    graph = graph_network(make_graph(network, spec))
    batches = [random_batch(spec, rows, seed=rows, open_size=size) for rows, size in ((1, 31), (3, 400))]
    batches[1]["audio_real"][1, batches[1]["audio_real"].shape[1] // 3 :] = 0
    assert max_difference(EagerNetwork(network), graph, batches) < TOLERANCE
    assert np.ptp(graph(batches[1]), axis=0).max() > 0.01
