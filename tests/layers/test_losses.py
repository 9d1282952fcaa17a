"""The focal loss, and losses of ratings."""

import math

import numpy as np
import pytest
import torch

from affekt.core.errors import UsageError
from affekt.layers.losses import absolute_error, concordance_error, cross_entropy, focal_cross_entropy
from affekt.metrics.regression import concordance

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


PLAIN = {"weight": None, "smoothing": 0.0}


def test_the_absolute_error_is_the_mean_over_items_and_dimensions():
    said, truth = torch.tensor([[1.0, 0.0], [2.0, 4.0]]), torch.tensor([[0.0, 0.0], [0.0, 3.0]])
    assert absolute_error(said, truth, reduction="mean", **PLAIN).item() == 1.0
    assert absolute_error(said, truth, reduction="none", **PLAIN).tolist() == [0.5, 1.5]


def test_the_concordance_error_is_1_less_the_metric():
    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=(40, 2)), rng.normal(1, 2, size=(40, 2))
    loss = concordance_error(torch.tensor(said), torch.tensor(truth), reduction="mean", **PLAIN)
    assert loss.item() == pytest.approx(1 - concordance(truth, said).mean(), abs=1e-5)


@pytest.mark.parametrize("truth", [[[0.1], [0.1], [0.1]], [[0.1], [0.2], [0.9]]])
def test_the_concordance_error_of_equal_ratings_has_a_small_gradient(truth):
    said = torch.full((3, 1), 0.1, requires_grad=True)
    concordance_error(said, torch.tensor(truth), reduction="mean", **PLAIN).backward()
    assert said.grad.isfinite().all() and said.grad.abs().max() < 10


def test_the_concordance_error_of_one_item_is_1_without_a_gradient():
    said = torch.tensor([[0.3]], requires_grad=True)
    loss = concordance_error(said, torch.tensor([[0.7]]), reduction="mean", **PLAIN)
    loss.backward()
    assert loss.item() == 1 and said.grad.item() == 0


def test_the_concordance_error_of_single_items_is_refused():
    with pytest.raises(UsageError, match="the loss ccc is of a whole batch"):
        concordance_error(torch.ones(2, 1), torch.ones(2, 1), reduction="none", **PLAIN)
