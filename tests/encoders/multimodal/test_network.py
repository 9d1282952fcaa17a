"""The network with words and vectors."""

import numpy as np
import pytest
import torch

from affekt.core import catalog
from affekt.encoders.multimodal.network import MultimodalNetwork


@pytest.fixture
def words_config():
    """A tiny encoder of words beside vectors of the picture."""
    method = catalog.method("mdn_makd")
    return method.make_config(method.card.tiny)


def test_a_row_without_words_has_no_influence_on_gradients(words_config):
    torch.manual_seed(0)
    model = MultimodalNetwork(words_config).train()
    text = torch.tensor([[5, 6, 7], [0, 0, 0]])
    output = model(
        text=text,
        own=(text > 0).float(),
        video_vector=torch.randn(2, 6),
        present=torch.tensor([[1.0, 1.0], [0.0, 1.0]]),
    )
    output.logits.sum().backward()
    gradients = [value.grad for value in model.encoders.parameters() if value.grad is not None]
    assert gradients and all(gradient.isfinite().all() for gradient in gradients)


def test_the_classifier_may_be_a_mixture(make_config):
    model = MultimodalNetwork(make_config(experts=4, top=2)).eval()
    given = {
        "text_vector": torch.randn(3, 5),
        "audio_vector": torch.randn(3, 4),
        "video_vector": torch.randn(3, 3),
    }
    assert model(**given, present=torch.ones(3, 3)).logits.shape == (3, 2)


def test_a_frozen_projection_is_not_trained(make_config):
    encoders = {letter: {"kind": "features", "freeze_projection": letter == "A"} for letter in "TA"}
    model = MultimodalNetwork(make_config(encoders=encoders))
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert "inward.T.projection.weight" in trained and "inward.A.projection.weight" not in trained


def test_the_graph_of_a_single_modality_keeps_the_batch_open(make_config):
    from affekt.core.spec import InputSpec, TensorSpec
    from affekt.deploy.backends.network import graph_network
    from affekt.deploy.export.graphs import make_graph

    spec = InputSpec(inputs=(TensorSpec(name="audio_vector", axes="b d", shape=(4,)),))
    network = graph_network(make_graph(MultimodalNetwork(make_config("A")).eval(), spec))
    assert network({"audio_vector": np.ones((3, 4), np.float32)}).shape == (3, 2)
