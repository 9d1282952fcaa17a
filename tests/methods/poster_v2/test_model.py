"""Properties that are special to this network."""

import pytest
import torch

import affekt
from affekt.methods.poster_v2.config import PosterV2Config
from affekt.methods.poster_v2.model import CrossAttention, DropPath, PosterV2, relative_places

TINY = {
    "size": 32,
    "width": 8,
    "image_units": (1, 1, 1),
    "landmark_units": (1, 1, 1),
    "token_blocks": 1,
}


def tiny(**changes):
    torch.manual_seed(0)
    return PosterV2(PosterV2Config(**(TINY | changes)))


def test_parameters_are_those_that_the_logits_depend_on():
    model = affekt.create("poster_v2")
    # 43.75 M in the reference reach the logits; 14.47 M more are registered and never used.
    assert sum(p.numel() for p in model.parameters()) == pytest.approx(43.75e6, rel=2e-4)


@pytest.mark.parametrize("num_classes", [7, 8])
def test_classes_come_from_the_config(num_classes):
    assert tiny(num_classes=num_classes).eval()(image=torch.zeros(2, 3, 32, 32)).logits.shape == (
        2,
        num_classes,
    )


def test_a_frozen_landmark_branch_keeps_weights_and_statistics():
    model = tiny().train()
    before = {key: value.clone() for key, value in model.landmarks.state_dict().items()}
    model(image=torch.randn(4, 3, 32, 32)).logits.sum().backward()
    assert all(p.grad is None for p in model.landmarks.parameters())
    assert all(torch.equal(value, before[key]) for key, value in model.landmarks.state_dict().items())
    assert model.image.training and not model.landmarks.training


def test_the_reference_lets_the_statistics_of_the_frozen_branch_drift():
    model = tiny(drift_statistics=True).train()
    before = model.landmarks.stem.norm.running_mean.clone()
    model(image=torch.randn(4, 3, 32, 32))
    assert not torch.equal(model.landmarks.stem.norm.running_mean, before)
    assert all(not p.requires_grad for p in model.landmarks.parameters())


def test_a_landmark_branch_that_is_not_frozen_learns():
    model = tiny(freeze_landmarks=False).train()
    model(image=torch.randn(4, 3, 32, 32)).logits.sum().backward()
    assert all(p.grad is not None for p in model.landmarks.parameters())


def test_relative_places_of_two_by_two_by_hand():
    # Pairs with the same offset share a row: offset zero is in the middle, row 4 of 9.
    assert relative_places(2).tolist() == [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]]


def test_position_bias_moves_attention():
    torch.manual_seed(0)
    attention = CrossAttention(8, side=2, heads=2)
    queries, tokens = torch.randn(1, 4, 8), torch.randn(1, 4, 8)
    plain = attention(queries, tokens)
    with torch.no_grad():
        attention.position[4] += 50.0  # each position attends to itself only
    own = attention.projection(attention.key_value(tokens)[..., 8:])
    torch.testing.assert_close(attention(queries, tokens), own, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(plain, own, atol=1e-3)


def test_drop_path_skips_whole_samples_and_keeps_the_mean():
    torch.manual_seed(0)
    drop = DropPath(0.25).train()
    out = drop(torch.ones(4000, 2, 3))
    assert out.unique().tolist() == [0.0, pytest.approx(1 / 0.75)]
    assert (out.flatten(1).std(dim=1) == 0).all(), "a sample was dropped in part"
    assert out.mean().item() == pytest.approx(1.0, abs=0.05)
    assert torch.equal(drop.eval()(out), out)


def test_both_branches_of_a_scale_have_little_influence_at_the_start():
    scale = tiny().scales[0]
    for weights in (scale.attention_scale, scale.mlp_scale):
        assert weights.tolist() == [pytest.approx(1e-5)] * 8
