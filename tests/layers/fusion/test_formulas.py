"""Fusions against their formulas, written out in NumPy in double precision, for sizes of no shared case."""

import numpy as np
import pytest
import torch
from scipy.special import erf, softmax

from affekt.layers.fusion.make import make_fusion
from affekt.layers.fusion.settings import (
    ConcatMoESettings,
    DeepSettings,
    LowRankSettings,
    MeanSettings,
    MultiHeadMoESettings,
    SelfAttentionSettings,
    ShiftingSettings,
    SparseMoESettings,
    TensorSettings,
    VanillaSettings,
)
from affekt.layers.fusion.simsiam import SimSiam

ROWS = 5


def linear(values, weights, name):
    bias = weights.get(f"{name}.bias")
    return values @ weights[f"{name}.weight"].T + (0 if bias is None else bias)


def gelu(values):
    return values * (1 + erf(values / np.sqrt(2))) / 2


def norm(values, weights, name):
    centred = values - values.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def attention(tokens, weights, name, heads):
    """Self-attention of tokens (n, d)."""
    width = tokens.shape[1]
    inward = tokens @ weights[f"{name}.in_proj_weight"].T + weights[f"{name}.in_proj_bias"]
    results = []
    for part in np.split(np.arange(width), heads):
        query, key, value = (inward[:, part + place * width] for place in range(3))
        results.append(softmax(query @ key.T / np.sqrt(width // heads), axis=1) @ value)
    return linear(np.concatenate(results, axis=1), weights, f"{name}.out_proj")


def made(settings, widths, *, missing=()):
    """The fused vector, the weights, and the inputs with placeholders, in double precision."""
    torch.manual_seed(1)
    fusion = make_fusion(settings, widths).double().eval()
    with torch.no_grad():
        for value in fusion.parameters():
            value.copy_(0.3 * torch.randn_like(value))
    rng = np.random.default_rng(2)
    inputs = {name: rng.standard_normal((ROWS, width)) for name, width in widths.items()}
    present = torch.tensor([name not in missing for name in widths]).expand(ROWS, -1)
    found = fusion({name: torch.tensor(value) for name, value in inputs.items()}, present).vector
    weights = {name: value.detach().numpy() for name, value in fusion.state_dict().items()}
    for name in missing:
        inputs[name] = np.repeat(weights[f"placeholders.{name}"], ROWS, axis=0)
    return found.detach().numpy(), weights, inputs


def agree(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_several_layers():
    found, weights, inputs = made(DeepSettings(width=7, depth=4), {"T": 5, "V": 3}, missing=["V"])
    value = linear(np.concatenate(list(inputs.values()), axis=1), weights, "projector.layers.0")
    for layer in (2, 4, 6):
        value = linear(gelu(value), weights, f"projector.layers.{layer}")
    agree(found, value)


def test_mean():
    found, weights, inputs = made(MeanSettings(width=4), {"T": 6, "A": 6, "V": 6}, missing=["T"])
    agree(found, linear(sum(inputs.values()) / 3, weights, "projector.layers.0"))


def test_low_rank():
    found, weights, inputs = made(LowRankSettings(width=4, rank=3), {"T": 5, "A": 2}, missing=["A"])
    product = np.ones((3, ROWS, 4))
    for name, value in inputs.items():
        product = product * np.stack([value @ factor for factor in weights[f"factors.{name}"]])
    agree(found, np.tensordot(weights["combine.weight"][0], product, axes=1) + weights["combine.bias"])


def test_outer_product():
    found, weights, inputs = made(TensorSettings(inner=None), {"T": 3, "A": 2, "V": 4}, missing=["A"])
    text, audio, video = (
        np.append(value, np.full((ROWS, 1), weights["constant"]), axis=1) for value in inputs.values()
    )
    agree(found, np.einsum("bi,bj,bk->bijk", text, audio, video).reshape(ROWS, -1))


@pytest.mark.parametrize("joint", [True, False])
def test_an_expert_for_each_modality(joint):
    found, weights, inputs = made(ConcatMoESettings(width=4, joint_expert=joint), {"T": 5, "A": 2, "V": 3})
    whole = np.concatenate(list(inputs.values()), axis=1)
    shares = softmax(linear(whole, weights, "router"), axis=1)
    experts = [*inputs.values(), *([whole] if joint else [])]
    answers = [linear(value, weights, f"experts.{place}") for place, value in enumerate(experts)]
    agree(found, sum(shares[:, [place]] * answer for place, answer in enumerate(answers)))


@pytest.mark.parametrize(("experts", "top"), [(5, 3), (3, 1), (4, 4)])
def test_the_best_experts(experts, top):
    settings = SparseMoESettings(width=4, experts=experts, top=top)
    found, weights, inputs = made(settings, {"T": 5, "A": 2})
    whole = np.concatenate(list(inputs.values()), axis=1)
    shares = softmax(linear(whole, weights, "mixture.router.rating"), axis=1)
    for row in range(ROWS):
        best = np.argsort(-shares[row])[:top]
        answers = [linear(whole[[row]], weights, f"mixture.experts.{expert}")[0] for expert in best]
        kept = shares[row, best] / shares[row, best].sum()
        agree(found[row], sum(share * answer for share, answer in zip(kept, answers, strict=True)))


def test_fusions_as_experts():
    experts = (VanillaSettings(width=3), MeanSettings(width=2))
    found, weights, inputs = made(MultiHeadMoESettings(width=4, experts=experts), {"T": 3, "A": 3})
    shares = softmax(sum(linear(value, weights, f"router.{name}") for name, value in inputs.items()), axis=1)
    whole = np.concatenate(list(inputs.values()), axis=1)
    first = linear(whole, weights, "experts.0.projector.layers.0")
    second = linear(sum(inputs.values()) / 2, weights, "experts.1.projector.layers.0")
    answers = [linear(value, weights, f"outward.{place}") for place, value in enumerate((first, second))]
    agree(found, sum(shares[:, [place]] * answer for place, answer in enumerate(answers)))


def test_attention_over_the_batch_is_that_of_the_reference():
    settings = SelfAttentionSettings(width=4, heads=2, axis="batch")
    found, weights, inputs = made(settings, {"T": 5, "A": 3})
    whole = np.concatenate(list(inputs.values()), axis=1)
    agree(found, linear(attention(whole, weights, "attention", 2), weights, "output"))


@pytest.mark.parametrize(("axis", "beta"), [("batch", 0.1), ("row", 0.2), ("token", 5.0), ("none", 0.1)])
def test_shift(axis, beta):
    widths = {"T": 5, "A": 4, "V": 4}
    found, weights, inputs = made(ShiftingSettings(heads=2, beta=beta, attention=axis), widths)
    text, others = inputs["T"], np.concatenate([inputs["A"], inputs["V"]], axis=1)
    attended = {
        "batch": lambda: attention(others, weights, "attention", 2),
        "row": lambda: np.concatenate([attention(row[None], weights, "attention", 2) for row in others]),
        "token": lambda: np.stack(
            [attention(row.reshape(2, 4), weights, "attention", 2).ravel() for row in others]
        ),
        "none": lambda: 0.0,
    }[axis]()
    normed = norm(attended + others, weights, "others_norm")
    gate = np.maximum(linear(np.concatenate([normed, text], axis=1), weights, "gate"), 0)
    shift = gate * linear(normed, weights, "shift")
    length = np.linalg.norm(shift, axis=1)
    alpha = np.minimum(beta * np.linalg.norm(text, axis=1) / (np.where(length == 0, 1, length) + 1e-6), 1)
    agree(found, norm(alpha[:, None] * shift + text, weights, "norm"))


def test_similarity_of_two_vectors():
    torch.manual_seed(0)
    network = SimSiam(4, 3).double()
    first, second = np.random.default_rng(0).standard_normal((2, ROWS, 4))
    second = second[:, :3]
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}

    def through(values, *parts):
        for part in parts:
            values = linear(values, weights, f"{part}.layers.0")
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    expected = (through(first, "projectors.0", "predictors.0") * through(second, "projectors.1")).sum(axis=1)
    expected += (through(second, "projectors.1", "predictors.1") * through(first, "projectors.0")).sum(axis=1)
    agree(network(torch.tensor(first), torch.tensor(second)).detach().numpy(), expected)
