"""Passes in Jittor as functions of a network's parameters: gradients, several passes, draws."""

import copy
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.errors import AffektError
from affekt.core.spec import InputSpec, TensorSpec
from affekt.deploy.backends.jittor.process import shared_process
from affekt.frameworks.jittor.network import JittorCompute

pytestmark = [pytest.mark.jittor, pytest.mark.xdist_group("jittor")]
SPEC = InputSpec(inputs=(TensorSpec(name="x", axes="b c h w", shape=(1, 4, 4)),))


class Output(NamedTuple):
    logits: Tensor
    beside: Tensor


class Pooled(nn.Module):
    """A plateau of zeros that batch norm lifts before the largest values are taken, as in TSL-Net."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2)
        self.register_buffer("is_known", torch.tensor([True, True, False]))
        self.dropout, self.head, self.other = nn.Dropout(0.5), nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, *, x: Tensor) -> Output:
        rows = F.max_pool2d(self.norm(torch.relu(self.conv(x))), 2).flatten(1)
        logits = torch.where(self.is_known, self.head(rows), -30.0)
        return Output(logits, self.other(self.dropout(rows.detach())))


@pytest.fixture(scope="module")
def compute(jittor):
    return JittorCompute(lambda: shared_process(jittor, 1), SPEC, "the network")


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = Pooled().train()
    nn.init.constant_(made.conv.bias, -0.5)  # most values of the map are on the plateau
    return made


def rows(number, seed=1):
    return {"x": torch.randn(number, 1, 4, 4, generator=torch.Generator().manual_seed(seed))}


def gradients(network):
    found = {name: one.grad for name, one in network.named_parameters()}
    network.zero_grad()
    return found


def test_gradient_of_a_plateau_goes_to_its_first_value_and_other_heads_have_none(compute, network):
    other = copy.deepcopy(network)
    for one in (compute(network, rows(3)), other(**rows(3))):
        one.logits.square().sum().backward()
    found, expected = gradients(network), gradients(other)
    assert found["other.weight"] is None and expected["other.weight"] is None
    for name, one in expected.items():
        if one is not None:
            torch.testing.assert_close(found[name], one, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(dict(network.named_buffers()), dict(other.named_buffers()))


def test_passes_may_follow_each_other_before_one_backward_pass(compute, network):
    other = copy.deepcopy(network)
    passes = [
        sum(call(rows(3, seed)).logits.square().sum() for seed in (1, 2))
        for call in (lambda batch: compute(network, batch), lambda batch: other(**batch))
    ]
    for loss in passes:
        loss.backward()
    torch.testing.assert_close(network.conv.weight.grad, other.conv.weight.grad, rtol=1e-4, atol=1e-5)


def test_dropout_repeats_with_the_generator_and_its_gradient_is_that_of_its_draws(compute, network):
    outputs = []
    for seed in (4, 4, 5):
        torch.manual_seed(seed)
        outputs.append(compute(network, rows(3)).beside)
    assert torch.equal(outputs[0], outputs[1]) and not torch.equal(outputs[0], outputs[2])
    # beside = W (kept * rows) + b: with the gradient g of row i, W has g (kept * rows)[i].
    outputs[0][0, 0].backward()
    row = network.other.weight.grad[0]
    assert (outputs[0][0, 0] - network.other.bias[0]).item() == pytest.approx(
        float(network.other.weight[0].detach() @ row), abs=1e-5
    )


def test_evaluation_draws_nothing_and_leaves_running_statistics_alone(compute, network):
    network.eval()
    before = {name: value.clone() for name, value in network.named_buffers()}
    with torch.no_grad():
        found, expected = compute(network, rows(3)), network(**rows(3))
    torch.testing.assert_close(tuple(found), tuple(expected), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())


def test_weights_that_change_without_a_trace_are_sent(compute, network):
    network.eval()
    with torch.no_grad():
        compute(network, rows(3))
        network.head.weight.data.zero_()  # as an average of weights does it
        network.is_known[2] = True  # as prototypes that are found before validation
        assert torch.equal(compute(network, rows(3)).logits, network.head.bias.expand(3, 3))


def test_gradient_of_an_input_is_refused(compute, network):
    with pytest.raises(AffektError, match="gradients of weights, not of inputs"):
        compute(network, {"x": rows(2)["x"].requires_grad_()})
