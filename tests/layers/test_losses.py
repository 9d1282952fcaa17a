"""The focal loss."""

import math

import pytest
import torch

from affekt.layers.losses import cross_entropy, focal_cross_entropy

LOGITS = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
CLASSES = torch.tensor([0, 1, 2, 2, 1, 0])
SHARES = torch.tensor([[0.5, 0.5, 0.0]] * 6)


@pytest.mark.parametrize("target", [CLASSES, SHARES], ids=["classes", "shares"])
@pytest.mark.parametrize("weight", [None, torch.tensor([0.5, 1.0, 3.0])], ids=["plain", "weighted"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_without_focus_it_is_the_cross_entropy(target, weight, smoothing, reduction):
    options = {"weight": weight, "smoothing": smoothing, "reduction": reduction}
    found = focal_cross_entropy(LOGITS, target, gamma=0.0, **options)
    assert torch.allclose(found, cross_entropy(LOGITS, target, **options), atol=1e-6)


def test_a_focal_loss_by_hand():
    logits = torch.tensor([[math.log(3.0), 0.0], [0.0, 0.0]])  # probabilities 3/4 and 1/2
    found = focal_cross_entropy(logits, torch.tensor([0, 1]), weight=None, smoothing=0.0, reduction="none")
    assert found.tolist() == pytest.approx([math.log(4 / 3) / 16, math.log(2) / 4])


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_a_certain_item_has_a_finite_gradient(gamma):
    logits = torch.tensor([[200.0, 0.0], [-200.0, 0.0]]).requires_grad_()
    loss = focal_cross_entropy(
        logits, torch.tensor([0, 0]), weight=None, smoothing=0.0, reduction="mean", gamma=gamma
    )
    assert loss.isfinite() and torch.autograd.grad(loss, logits)[0].isfinite().all()
