"""Networks as graphs for training: weights by name, modes, and what is refused. Nothing here needs Jittor."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from affekt.core.errors import ConfigError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.frameworks.jittor.tracing import trace

SPEC = InputSpec(inputs=(TensorSpec(name="x", axes="b t d", shape=(None, 4)),))


class Output(NamedTuple):
    logits: Tensor
    beside: Tensor


class Network(nn.Module):
    """A convolution and a frozen batch norm, a trained one, dropout, and a second head."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 3, 1)
        self.frozen, self.norm = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
        self.dropout = nn.Dropout(0.25)
        self.head, self.other = nn.Linear(3, 2), nn.Linear(3, 2)
        self.zeros = nn.ParameterList(nn.Parameter(torch.zeros(2)) for _ in range(2))

    def train(self, mode: bool = True) -> "Network":
        super().train(mode)
        self.frozen.eval()
        return self

    def vector(self, x: Tensor) -> Tensor:
        return self.dropout(self.norm(self.frozen(self.conv(x.transpose(1, 2))))).mean(dim=2)

    def forward(self, *, x: Tensor) -> Output:
        vector = self.vector(x)
        first, second = self.zeros
        return Output(self.head(vector) + first, self.other(vector) + second)


class Detached(Network):
    """Ends the gradient of one head."""

    def forward(self, *, x: Tensor) -> Output:
        vector = self.vector(x)
        return Output(self.head(vector), self.other(vector.detach()))


class WithoutGradient(Network):
    """Computes a part without gradients."""

    def forward(self, *, x: Tensor) -> Output:
        with torch.no_grad():
            vector = self.vector(x)
        return Output(self.head(vector), self.other(vector))


class Deciding(Network):
    """Asks in training mode for a value of its input."""

    def forward(self, *, x: Tensor) -> Output:
        vector = self.vector(x)
        if self.training and bool((x > 0).all()):
            vector = -vector
        return Output(self.head(vector), self.other(vector))


class Branching(Network):
    """Asks for a size."""

    def forward(self, *, x: Tensor) -> Output:
        vector = self.vector(x)
        if x.shape[1] > 8:
            vector = 2 * vector
        return Output(self.head(vector), self.other(vector))


class InParts(Network):
    """Works through time in parts of a fixed size in training mode."""

    def forward(self, *, x: Tensor) -> Output:
        parts = x.split(4, dim=1) if self.training else [x]
        vector = torch.stack([self.vector(part) for part in parts]).mean(dim=0)
        return Output(self.head(vector), self.other(vector))


def traced(network, length=5, **options):
    return trace(network, {"x": torch.zeros(3, length, 4)}, SPEC, Output._fields, "the network", **options)


def kinds(graph):
    return [node.kind for node in graph.graph.nodes]


@pytest.fixture(scope="module")
def training():
    """The graph in training mode."""
    return traced(Network().train())


def test_every_parameter_is_in_the_graph_under_its_name_also_those_of_equal_values(training):
    assert {name for name, _ in Network().named_parameters()} <= training.weights


def test_batch_norm_stays_apart_and_only_that_in_training_mode_uses_the_batch(training):
    assert kinds(training).count("BatchNormalization") == 2
    assert training.normed == ("norm.running_mean",)


def test_dropout_is_there_in_training_mode_alone(training):
    assert kinds(training).count("Dropout") == 1
    graph = traced(Network().eval())
    assert "Dropout" not in kinds(graph) and graph.normed == ()


def test_an_output_reaches_its_own_head_alone(training):
    reached = training.reached(frozenset({"logits"}))
    assert {"head.weight", "conv.weight", "norm.weight"} <= reached
    assert not [name for name in reached if name.startswith("other")]


def test_tracing_leaves_modes_buffers_and_gradients_alone():
    network = Network().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    traced(network)
    assert network.training and not network.frozen.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_where_a_gradient_ends_the_graph_ends_it_too():
    graph = traced(Detached().train())
    assert kinds(graph).count("StopGradient") == 1
    assert "conv.weight" in graph.reached(frozenset({"logits"}))
    assert "conv.weight" not in graph.reached(frozenset({"beside"}))


def test_a_network_with_a_part_without_gradients_is_refused():
    with pytest.raises(ConfigError, match=r"the network .* without gradients \(torch.no_grad\)"):
        traced(WithoutGradient().train())


def test_a_network_that_decides_by_its_input_is_refused_with_the_line_of_code():
    with pytest.raises(ConfigError, match=r"cannot be traced for Jittor: .* if self.training and bool"):
        traced(Deciding().train())


def test_open_axes_stay_open(training):
    assert all(training.fits({"x": torch.zeros(rows, length, 4)}) for rows, length in ((1, 2), (5, 300)))
    assert not training.fits({"x": torch.zeros(2, 5, 3)})


def test_a_network_that_works_in_parts_is_traced_for_the_size_at_hand():
    graph = traced(InParts().train(), length=6, at_size=True)
    assert graph.fits({"x": torch.zeros(1, 6, 4)}) and not graph.fits({"x": torch.zeros(1, 5, 4)})
    assert not traced(InParts().train()).fits({"x": torch.zeros(1, 5, 4)})


def test_a_trace_states_the_sizes_for_which_a_branch_was_taken():
    graph = traced(Branching().train())  # traced with 12 places
    assert graph.fits({"x": torch.zeros(1, 40, 4)}) and not graph.fits({"x": torch.zeros(1, 8, 4)})


def test_an_operator_that_the_importer_lacks_is_named(monkeypatch):
    from affekt.deploy.backends.jittor.computing.operators.registry import OPERATORS

    monkeypatch.delitem(OPERATORS, "BatchNormalization")
    with pytest.raises(ConfigError, match=r"the network .* operator BatchNormalization"):
        traced(Network().train())
