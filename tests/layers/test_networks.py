"""Blocks that several methods use."""

import pytest
import torch

from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.resnet_3d import SnippetResNet, cells_of
from affekt.layers.temporal_attention import TemporalAttention

SMALL = (1, 1, 1, 1)


@pytest.mark.parametrize("size", [32, 40, 64, 112])
def test_cells_of_the_last_map_are_as_many_as_stated(size):
    maps = SnippetResNet(blocks=SMALL, width=2).eval()(torch.zeros(1, 1, 3, 4, size, size))
    assert maps.shape[3] * maps.shape[4] == cells_of(size)


def test_the_published_network_has_the_published_size():
    with torch.device("meta"):
        network = SnippetResNet()
    assert sum(p.numel() for p in network.parameters()) == pytest.approx(85.245e6, rel=1e-4)


def test_snippets_are_independent_of_each_other():
    network = SnippetResNet(blocks=SMALL, width=4).eval()
    clips = torch.randn(2, 3, 3, 4, 32, 32)
    alone = torch.stack([network(clips[:, s : s + 1])[:, 0] for s in range(3)], dim=1)
    torch.testing.assert_close(network(clips), alone)


def test_a_chunk_of_any_size_becomes_one_vector():
    network = SpectrogramResNet(blocks=SMALL, width=4).eval()
    assert network(torch.randn(5, 40, 17)).shape == (5, 32)


def test_even_attention_starts_with_each_segments_own_score():
    attention = TemporalAttention(4, 3, even=True).eval()
    features = torch.randn(2, 3, 4)
    own = 1 + torch.tanh(attention.bn(attention.score(features.transpose(1, 2)))).squeeze(1)
    torch.testing.assert_close(attention(features), own)


def test_normalised_attention_sums_to_one():
    weights = TemporalAttention(4, 3, normalised=True).eval()(torch.randn(2, 3, 4))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(2))
