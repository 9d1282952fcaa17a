"""Three ways to use an encoder: what is trained in each, how fast, and what is merged."""

import pytest
import torch

from affekt.core.recipe import OptimizerSettings
from affekt.encoders.adapters import merged
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.source import resolved
from affekt.encoders.text import TextEncoder
from affekt.engine.loop.optimization import make_optimizer

IDS = torch.tensor([[2, 9, 20, 31, 3], [2, 14, 3, 0, 0]])
OWN = IDS > 3


def make(folder, **settings):
    encoder = TextEncoder(resolved(EncoderSettings(source=str(folder), **settings)))
    encoder.load_pretrained()
    return encoder.train()


def trained(encoder):
    """Names of the parameters that get a gradient."""
    encoder(IDS, OWN).square().sum().backward()
    return {name for name, parameter in encoder.named_parameters() if parameter.grad is not None}


def test_a_trainable_encoder_trains_all_its_weights(encoder_of):
    encoder = make(encoder_of("bert"))
    assert trained(encoder) == {name for name, _ in encoder.named_parameters()}


def test_adapters_alone_are_trained(encoder_of):
    encoder = make(encoder_of("bert"), mode="lora", lora={"rank": 2, "targets": ["query", "value"]})
    found = trained(encoder)
    assert len(found) == 2 * 2 * 2  # layers, targets, matrices
    assert all(".lora_A." in name or ".lora_B." in name for name in found)
    assert all((".query." in name) or (".value." in name) for name in found)


def test_a_frozen_encoder_trains_nothing_and_has_no_dropout_in_training(encoder_of):
    encoder = make(encoder_of("bert"), mode="frozen")
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert torch.equal(encoder(IDS, OWN), encoder(IDS, OWN))


@pytest.mark.parametrize("family", ["bert", "roberta", "modernbert", "deberta-v2"])
def test_merged_adapters_give_the_same_vectors(encoder_of, family):
    encoder = make(encoder_of(family), mode="lora", lora={"rank": 2, "dropout": 0.1}).eval()
    plain = encoder(IDS, OWN)
    for name, parameter in encoder.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    whole = merged(encoder)
    assert not any("lora" in name for name in whole.state_dict())
    with torch.inference_mode():
        adapted = encoder(IDS, OWN)
        assert (adapted - plain).abs().max() > 0.01
        torch.testing.assert_close(whole(IDS, OWN), adapted, rtol=1e-4, atol=1e-5)
    assert any("lora" in name for name in encoder.state_dict())  # the adapted network stays as it is


def test_checkpointing_gives_the_same_gradients(encoder_of):
    gradients = []
    for checkpointing in (False, True):
        encoder = make(encoder_of("bert"), checkpointing=checkpointing)
        torch.manual_seed(0)  # dropout
        trained(encoder)
        gradients.append({name: value.grad for name, value in encoder.named_parameters()})
    assert encoder.backbone.is_activation_checkpointing
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


def test_adapters_and_heads_have_their_own_rates_and_biases_and_norms_no_decay(encoder_of):
    network = torch.nn.ModuleDict(
        {"encoders": make(encoder_of("bert"), mode="lora"), "head": torch.nn.Linear(16, 3)}
    )
    network["encoders"].backbone.embeddings.LayerNorm.requires_grad_(True)
    parameters = {name: value for name, value in network.named_parameters() if value.requires_grad}
    settings = OptimizerSettings(
        lr=0.1, weight_decay=0.02, rates={"*.lora_*": 5.0}, decays={"*.lora_*": 0.3}, decay_all=False
    )
    groups = make_optimizer(settings, parameters).param_groups
    found = {id(one): (group["lr"], group["weight_decay"]) for group in groups for one in group["params"]}
    assert len(found) == len(parameters)
    for name, parameter in parameters.items():
        decay = 0.02 if parameter.ndim > 1 else 0.0
        expected = (0.5, 0.3) if ".lora_" in name else (0.1, decay)
        assert found[id(parameter)] == pytest.approx(expected), name
