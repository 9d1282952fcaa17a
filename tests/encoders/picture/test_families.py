"""Encoders of pictures and video answer as those of transformers do."""

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
from affekt.encoders.picture.read import PictureReader
from affekt.encoders.pretrained import for_export
from affekt.engine.network import EagerNetwork
from affekt.testing.media_encoders import PICTURE

VIDEOS = ("videomae", "timesformer", "vivit")


def frames(count, rows=2):
    return torch.randn(rows, count, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("family", VIDEOS)
def test_states_of_video_are_those_of_transformers(picture_encoder, picture_folder, family):
    encoder = picture_encoder(family, layers="all")
    theirs = transformers.AutoModel.from_pretrained(picture_folder(family)).eval()
    with torch.inference_mode():
        expected = theirs(frames(4), output_hidden_states=True)
        found = encoder(frames(4))
    assert found.shape == (2, encoder.width) and encoder.width == 48
    first = 0 if family == "videomae" else 1  # after the class token
    last = expected.last_hidden_state[:, first:].mean(dim=1)
    assert last.std() > 0.01
    torch.testing.assert_close(found[:, 32:], last, rtol=1e-4, atol=1e-5)
    inner = expected.hidden_states[1][:, first:].mean(dim=1)
    torch.testing.assert_close(found[:, 16:32], inner, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["vit", "clip"])
def test_vectors_of_frames_that_are_read_one_by_one_are_averaged(picture_encoder, picture_folder, family):
    encoder = picture_encoder(family, frames=3, pooling="class")
    kind = transformers.ViTModel if family == "vit" else transformers.CLIPVisionModel
    theirs = kind.from_pretrained(picture_folder(family)).eval()
    with torch.inference_mode():
        output = theirs(frames(3).flatten(0, 1))
        by_frame = output.pooler_output if family == "clip" else output.last_hidden_state[:, 0]
        found = encoder(frames(3))
    torch.testing.assert_close(found, by_frame.unflatten(0, (2, 3)).mean(dim=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", PICTURE)
def test_each_pooling_gives_its_own_vector_and_rows_are_independent(picture_encoder, family):
    poolings = ("first", "mean", "max", "last", *(["class"] if family != "videomae" else []))
    vectors = {}
    for pooling in poolings:
        encoder = picture_encoder(family, pooling=pooling)
        batch = frames(encoder.settings.count)
        with torch.inference_mode():
            vectors[pooling] = encoder(batch)
            alone = torch.cat([encoder(row[None]) for row in batch])
        torch.testing.assert_close(alone, vectors[pooling], rtol=1e-4, atol=1e-5)
    if "class" in vectors:
        assert torch.equal(vectors.pop("class"), vectors["first"])
    for one in vectors:
        assert all(not torch.allclose(vectors[one], vectors[other]) for other in vectors if other != one)


class Answer(NamedTuple):
    logits: Tensor


class Network(nn.Module):
    """An encoder under the names that a graph has."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, *, video: Tensor) -> Answer:
        return Answer(self.encoder(video))

    def for_export(self) -> nn.Module:
        return for_export(self)


@pytest.mark.parametrize("family", PICTURE)
def test_the_exported_graph_agrees_with_the_network(picture_encoder, family):
    network = Network(picture_encoder(family))
    spec = InputSpec(inputs=PictureReader(network.encoder.settings).specs)
    graph = graph_network(make_graph(network, spec))
    batches = [random_batch(spec, rows, seed=rows) for rows in (1, 3)]
    assert max_difference(EagerNetwork(network), graph, batches) < TOLERANCE
    assert np.ptp(graph(batches[1]), axis=0).max() > 0.01
