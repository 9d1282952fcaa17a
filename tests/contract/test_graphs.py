"""Every method's graph agrees with its network; Jittor knows its operators and answers as ONNX Runtime."""

import functools

import numpy as np
import pytest

import affekt
from affekt.deploy.backends.jittor.computing.operators.catalogue import OPERATORS
from affekt.deploy.backends.jittor.computing.operators.registry import unknown_operator
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.deploy.backends.network import StagedGraphNetwork
from affekt.deploy.export.graphs import make_graphs, random_batch
from affekt.testing.contract import check_graphs, tiny

SIZES = ((2, 12), (1, 7))  # rows, and places along axes of any size
# Of each output: relative, and as a share of its largest value.
RELATIVE, OF_SCALE = 1e-4, 1e-5

# One worker exports each network once, and asks one process of Jittor.
pytestmark = pytest.mark.xdist_group("graphs")


@functools.cache
def exported(name):
    """A method's tiny network, and its graphs."""
    it = tiny(name)
    return it, make_graphs(it.model, it.preprocess, it.task)


@pytest.mark.parametrize("name", affekt.list_methods())
def test_the_graph_agrees_with_the_network(name):
    check_graphs(*exported(name))


@pytest.mark.parametrize("name", affekt.list_methods())
def test_importer_knows_the_operators_of_each_method(name):
    _, graphs = exported(name)
    for graph in (graphs.main, graphs.encoder):
        if graph is not None:
            assert OPERATORS and unknown_operator(read_graph(graph)) is None


@pytest.mark.jittor
@pytest.mark.parametrize("name", affekt.list_methods())
def test_jittor_answers_like_onnx_runtime(name, jittor):
    it, graphs = exported(name)
    engines = [graphs.network(engine) for engine in ("onnxruntime", "jittor")]
    for rows, places in SIZES:
        batch = random_batch(it.spec, rows, seed=rows, open_size=places)
        expected, found = (_answers(engine, batch) for engine in engines)
        assert expected.keys() == found.keys()
        for key, value in expected.items():
            _check_close(found[key], value, f"{key} of {rows} rows")


def _answers(network, batch):
    """All outputs, and features where the encoder is apart; the head gets the features of its own encoder."""
    if not isinstance(network, StagedGraphNetwork):
        return dict(network.outputs(batch))
    features = np.stack([network.encode(cells) for cells in batch[network.encoded]])
    return {"features": features, **network.outputs({**batch, network.encoded: features})}


def _check_close(found, expected, what):
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype), what
    scale = float(np.abs(expected).max(initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=OF_SCALE * scale, err_msg=what)
