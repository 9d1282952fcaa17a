"""Remembered graphs are those of equal networks only."""

import numpy as np
import pytest
import torch
from torch import nn

from affekt.deploy.export import graphs
from affekt.testing.quick_exports import remember_graphs

ARRAYS = {"x": np.zeros((2, 3), np.float32)}


@pytest.fixture
def traced(monkeypatch):
    """Networks that were traced, in order."""
    found = []
    monkeypatch.setattr(graphs, "_graph", lambda model, arrays, places: found.append(model) or b"graph")
    remember_graphs(monkeypatch)
    return found


def network(slope=0.1):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 2), nn.LeakyReLU(slope))


def test_an_equal_network_is_not_traced_again(traced):
    assert graphs._graph(network(), ARRAYS, {}) == graphs._graph(network(), ARRAYS, {}) == b"graph"
    assert len(traced) == 1


def test_other_weights_settings_places_and_examples_are_traced(traced):
    changed = network()
    with torch.no_grad():
        changed[0].bias[0] += 1e-6
    for model in (network(), changed, network(slope=0.2)):
        graphs._graph(model, ARRAYS, {})
    graphs._graph(network(), {"x": np.zeros((3, 3), np.float32)}, {})
    graphs._graph(network(), ARRAYS, {"x": "b d"})
    assert len(traced) == 5
