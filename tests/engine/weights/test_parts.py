"""How a network is divided into files of weights."""

from typing import ClassVar

import pytest
import torch
from torch import nn

from affekt.core.errors import FolderError
from affekt.engine.weights.parts import divide, files_of, join


class Encoder(nn.Module):
    """A layer with running statistics, and a table that is no parameter."""

    def __init__(self, frozen):
        super().__init__()
        self.layer, self.norm = nn.Linear(2, 2), nn.BatchNorm1d(2)
        self.register_buffer("positions", torch.arange(3))
        self.requires_grad_(not frozen)
        self.frozen = frozen

    def train(self, mode=True):
        return super().train(mode and not self.frozen)


class Network(nn.Module):
    """Two encoders, one of them frozen, and a head."""

    def __init__(self):
        super().__init__()
        self.encoders = nn.ModuleDict({"T": Encoder(frozen=True), "A": Encoder(frozen=False)})
        self.head, self.scale = nn.Linear(4, 3), nn.Parameter(torch.ones(1))
        self.standardize = nn.BatchNorm1d(4, affine=False)
        self.train()


class Stated(Network):
    """It states its parts."""

    weight_parts: ClassVar[tuple[str, ...]] = ("encoders.T", "encoders.A", "head")


def test_frozen_parts_are_apart_from_all_that_is_trained():
    files = files_of(Network())
    assert {name for name, file in files.items() if file == "frozen/encoders.T.safetensors"} == {
        name for name in files if name.startswith("encoders.T.")
    }
    assert set(files.values()) == {"frozen/encoders.T.safetensors", "model.safetensors"}


def test_a_network_may_state_parts_that_are_trained():
    files = files_of(Stated())
    assert files["encoders.A.layer.weight"] == "trained/encoders.A.safetensors"
    assert files["head.bias"] == "trained/head.safetensors"
    assert files["encoders.T.norm.running_mean"] == "frozen/encoders.T.safetensors"
    assert files["scale"] == files["standardize.running_mean"] == "model.safetensors"


def test_a_part_of_which_only_some_weights_are_trained_has_two_files():
    network = Network()
    network.encoders["T"].layer.bias.requires_grad_()
    files = files_of(network)
    assert files["encoders.T.layer.bias"] == "model.safetensors"
    assert files["encoders.T.layer.weight"] == "frozen/encoders.T.safetensors"


def test_statistics_that_drift_in_a_frozen_part_are_not_frozen():
    network = Network()
    network.encoders["T"].norm.training = True
    files = files_of(network)
    assert files["encoders.T.norm.running_mean"] == "model.safetensors"
    assert files["encoders.T.norm.weight"] == "frozen/encoders.T.safetensors"


def test_a_stated_part_that_does_not_exist_is_named():
    network = Stated()
    network.weight_parts = ("encoders.V",)  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(ValueError, match=r"encoders\.V: no such module"):
        files_of(network)


@pytest.mark.parametrize("network", [Network, Stated, lambda: nn.Linear(2, 2)])
def test_what_was_divided_is_joined_again(network):
    made = network()
    weights = made.state_dict()
    parts = divide(weights, files_of(made))
    assert next(iter(parts)) == "model.safetensors"
    back = join(parts)
    assert back.keys() == weights.keys() and all(back[name] is weights[name] for name in weights)


def test_equal_encoders_under_other_names_have_equal_files():
    torch.manual_seed(0)
    one = Network()
    other = nn.ModuleDict({"text": one.encoders["T"], "head": nn.Linear(1, 1)})
    ours = divide(one.state_dict(), files_of(one))["frozen/encoders.T.safetensors"]
    theirs = divide(other.state_dict(), files_of(other))["frozen/text.safetensors"]
    assert ours.keys() == theirs.keys()


def test_a_tensor_in_two_files_is_refused():
    one = torch.zeros(1)
    with pytest.raises(FolderError, match=r"head\.weight is in"):
        join({"model.safetensors": {"head.weight": one}, "trained/head.safetensors": {"weight": one}})
