"""Every method in training in Jittor: loss and gradients are PyTorch's, or it is refused before any work."""

import copy
import functools
import re
from pathlib import Path

import pytest
import torch
from torch import nn

import affekt
from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.core.recipe import LossSettings
from affekt.deploy.backends.jittor.process import shared_process
from affekt.engine.framework import ComputedNetwork
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.frameworks.jittor.network import JittorCompute
from affekt.testing.contract import tiny

DOCS = Path(__file__).parents[2] / "docs" / "jittor.md"
# Relative; and as a share of the network's largest gradient: those of biases before batch norm are zero.
RELATIVE, OF_LARGEST = 1e-3, 1e-4
SEED = 7  # of weights and inputs with which no rectifier of the tiny networks is within rounding of its edge

pytestmark = pytest.mark.xdist_group("jittor")


class Drawing(nn.Module):
    """A network that takes the number from PyTorch's generator that a pass in Jittor takes for its seed."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, **inputs):
        torch.randint(2**31 - 1, ())
        return self.model(**inputs)


@functools.cache
def network_of(name):
    """A method's tiny network without dropout, which draws other numbers in Jittor, and a batch."""
    it = tiny(name, seed=SEED)
    for part in it.model.modules():
        for rate in ("p", "rate"):  # of dropout, and of stochastic depth
            if isinstance(getattr(part, rate, None), float):
                setattr(part, rate, 0.0)
    for key, value in it.batch.items():
        if value.dtype == torch.uint8:  # pictures of two values have no variance
            it.batch[key] = torch.randint(256, value.shape, dtype=torch.uint8)
    return it


def step(it, objective, network):
    """The terms of one training step, gradients by name, and the network's buffers."""
    torch.manual_seed(5)
    terms = objective(network, it.batch)
    torch.stack(list(terms.values())).sum().backward()
    named = {**dict(network.model.named_parameters()), **dict(objective.named_parameters(prefix="objective"))}
    return (
        {key: float(value.detach()) for key, value in terms.items()},
        {key: one.grad for key, one in named.items()},
        {key: one.clone() for key, one in network.model.named_buffers() if one.is_floating_point()},
    )


@pytest.mark.jittor
@pytest.mark.parametrize("name", affekt.list_methods())
def test_loss_and_gradients_of_a_step_are_those_of_pytorch(name, jittor):
    it = network_of(name)
    compute = JittorCompute(lambda: shared_process(jittor, 1), it.spec, f"the network of {name}")
    if stated()[name] == "no":
        with pytest.raises(ConfigError, match=f"the network of {name} cannot be trained|cannot be traced"):
            compute.prepare(it.model)
        return
    labels = LabelSet.of(*(f"class {number}" for number in range(it.classes)))
    loss = WeightedLoss(
        LossSettings(label_smoothing=0.1), it.task, torch.linspace(0.5, 1.5, it.classes), labels
    )
    networks = [copy.deepcopy(it.model).train() for _ in range(2)]
    torch.manual_seed(7)
    objective = it.method.load("objective")(it.config, loss)
    objectives = [objective, copy.deepcopy(objective)]
    terms, gradients, buffers = step(it, objectives[0], ComputedNetwork(networks[0], compute))
    expected_terms, expected, expected_buffers = step(it, objectives[1], Drawing(networks[1]))
    assert terms == pytest.approx(expected_terms, rel=RELATIVE, abs=1e-6)
    largest = max(float(one.abs().max()) for one in expected.values() if one is not None)
    for key, one in expected.items():
        assert (gradients[key] is None) == (one is None), key
        if one is not None:
            torch.testing.assert_close(
                gradients[key],
                one,
                rtol=RELATIVE,
                atol=OF_LARGEST * largest,
                msg=lambda text, key=key: f"{key}: {text}",
            )
    for key, one in expected_buffers.items():
        torch.testing.assert_close(buffers[key], one, rtol=1e-4, atol=1e-5)


def stated():
    """Which methods train in Jittor, as docs/jittor.md says."""
    rows = re.findall(r"^\| `(\w+)` \| (yes|no) \|", DOCS.read_text(), flags=re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_documentation_states_of_each_method_whether_it_trains():
    assert sorted(stated()) == affekt.list_methods()
