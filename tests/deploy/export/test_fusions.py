"""Every fusion as a graph answers every subset of modalities as in PyTorch."""

from collections import namedtuple
from itertools import product
from typing import get_args

import numpy as np
import pytest
import torch
from torch import nn

from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph
from affekt.engine.network import eager_network
from affekt.layers.fusion import settings as kinds
from affekt.layers.fusion.make import make_fusion

WIDTH = 24
SETTINGS = {
    "vanilla": kinds.VanillaSettings(width=6),
    "deep": kinds.DeepSettings(width=6),
    "mean": kinds.MeanSettings(width=6),
    "mean_of_the_present": kinds.MeanSettings(width=6, missing="skip"),
    "self_attention": kinds.SelfAttentionSettings(width=6, heads=2, inner=8),
    "self_attention_of_rows": kinds.SelfAttentionSettings(width=6, heads=2, axis="row"),
    "cross_attention": kinds.CrossAttentionSettings(heads=4),
    "tensor": kinds.TensorSettings(inner=3),
    "tensor_with_the_constant": kinds.TensorSettings(inner=3, missing="constant"),
    "low_rank": kinds.LowRankSettings(width=6, rank=2),
    "concat_mixture": kinds.ConcatMoESettings(width=6),
    "dense_mixture": kinds.DenseMoESettings(width=6, experts=3),
    "sparse_mixture": kinds.SparseMoESettings(width=6, experts=4, top=2),
    "text_guided_mixture": kinds.TextGuidedMoESettings(width=6, inner=8, heads=2, experts=3, top=2),
    "multi_head_mixture": kinds.MultiHeadMoESettings(
        width=6, experts=(kinds.VanillaSettings(width=4), kinds.LowRankSettings(width=4, rank=2))
    ),
    "disentanglement": kinds.DisentangleSettings(private=4, shared=4, cross_heads=2),
    "shifting": kinds.ShiftingSettings(heads=3),
    "shifting_by_one_token": kinds.ShiftingSettings(heads=3, attention="row"),
    "shifting_without_attention": kinds.ShiftingSettings(attention="none"),
}


SUBSETS = [flags for flags in product([0.0, 1.0], repeat=3) if any(flags)]
pytestmark = pytest.mark.xdist_group("fusion graph")


class AllFusions(nn.Module):
    """All fusions on the same vectors, an output each: one export costs much less than one for each kind."""

    def __init__(self):
        super().__init__()
        self.fusions = nn.ModuleDict(
            {name: make_fusion(one, dict.fromkeys("TAV", WIDTH)) for name, one in SETTINGS.items()}
        )
        outputs = namedtuple("Outputs", SETTINGS)

        def forward(*, vectors, present):
            parts = {name: vectors[:, place] for place, name in enumerate("TAV")}
            return outputs(*(fusion(parts, present > 0.5).vector for fusion in self.fusions.values()))

        self.forward = forward


@pytest.fixture(scope="module")
def networks():
    """The graph and the eager network."""
    torch.manual_seed(0)
    model = AllFusions().eval()
    spec = InputSpec(
        inputs=(
            TensorSpec(name="vectors", axes="b m d", shape=(3, WIDTH)),
            TensorSpec(name="present", axes="b m", shape=(3,)),
        ),
    )
    return graph_network(make_graph(model, spec)), eager_network(model)


@pytest.fixture(scope="module")
def answers(networks):
    """Outputs of both for a batch of all subsets, and those of the graph for each subset alone."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((len(SUBSETS), 3, WIDTH)).astype(np.float32)
    batch = {"vectors": vectors, "present": np.array(SUBSETS, np.float32)}
    graph, eager = (one.outputs(batch) for one in networks)
    rows = [{name: values[row : row + 1] for name, values in batch.items()} for row in range(len(SUBSETS))]
    return graph, eager, [networks[0].outputs(row) for row in rows]


def test_every_kind_is_exported():
    # A single modality is not fused: its vector is handed on.
    known = set(get_args(get_args(kinds.FusionSettings)[0])) - {kinds.NoFusion}
    assert {type(one) for one in SETTINGS.values()} == known


@pytest.mark.parametrize("name", SETTINGS)
def test_a_graph_answers_every_subset_as_pytorch_does(answers, name):
    graph, eager, alone = answers
    np.testing.assert_allclose(graph[name], eager[name], rtol=1e-4, atol=1e-6)
    assert len(np.unique(graph[name].round(4), axis=0)) == len(SUBSETS)
    for row, one in enumerate(alone):
        np.testing.assert_allclose(one[name][0], graph[name][row], rtol=1e-4, atol=1e-6)
