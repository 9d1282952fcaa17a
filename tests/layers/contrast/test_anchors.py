"""SPCL and SPDCL of single anchors: by hand, against the formulas as written, and at the edges."""

import math

import pytest
import torch
from torch.nn import functional as F

from affekt.layers.contrast.anchors import make_pairs, spcl, spdcl

E = 1e-8
PER_ANCHOR = {"spcl": spcl, "spdcl": spdcl}


@pytest.fixture
def corner():
    """Two samples at a right angle, each on the prototype of its class; temperature 1/2."""
    rows, labels = torch.eye(2), torch.tensor([0, 1])
    return make_pairs(rows, labels, rows, labels, temperature=0.5)


def as_written(kind, features, labels, prototypes, *, temperature, all_rows=False):
    """The formulas without any care for numbers, in double precision."""
    rows = torch.cat([features, prototypes]).double()
    names = torch.cat([labels, torch.arange(len(prototypes))])
    count = len(rows) if all_rows else len(features)
    losses = []
    for i in range(count):
        a = (1 + F.cosine_similarity(rows[i][None], rows)) / 2 / temperature + E / temperature
        a[i] = 0
        losses.append(a)
    a = torch.stack(losses)
    a = a - a.max().detach()
    losses = []
    for i in range(count):
        positives = [a[i, j] for j in range(len(rows)) if j != i and names[j] == names[i]]
        negatives = sum((a[i, j].exp() for j in range(len(rows)) if names[j] != names[i]), torch.tensor(0.0))
        if kind == "spcl":
            mass = sum(value.exp() for value in positives)
            losses.append(-torch.log(mass / (mass + negatives) / (len(positives) + E) + E))
        else:
            losses.append(-sum(positives) / (len(positives) + E) + torch.log(negatives + E))
    return torch.stack(losses)


def test_the_scores_of_the_corner(corner):
    # Other sample, own prototype, other prototype: (1 + cos) / 2 / t = 1, 2, 1, minus the maximum of 2.
    assert torch.allclose(corner.scores, torch.tensor([[-2.0, -1, 0, -1], [-1, -2, -1, 0]]), atol=1e-6)
    assert corner.positive.tolist() == [[False, False, True, False], [False, False, False, True]]
    assert corner.negative.tolist() == [[False, True, False, True], [True, False, True, False]]


def test_the_losses_of_the_corner(corner):
    assert spcl(corner).losses.tolist() == pytest.approx([math.log(1 + 2 / math.e)] * 2, rel=1e-6)
    assert spdcl(corner).losses.tolist() == pytest.approx([math.log(2) - 1] * 2, rel=1e-6)


def test_only_losses_above_the_threshold_count(corner):
    assert spcl(corner).is_kept.tolist() == [True, True]
    assert spcl(corner, threshold=0.6).is_kept.tolist() == [False, False]
    assert not spdcl(corner).is_kept.any() and float(spdcl(corner).mean()) == 0


@pytest.mark.parametrize("kind", PER_ANCHOR)
@pytest.mark.parametrize(("count", "classes", "width"), [(1, 2, 4), (9, 4, 6), (16, 1, 3)])
@pytest.mark.parametrize("temperature", [0.05, 0.3])
def test_losses_and_gradients_are_those_of_the_formulas(kind, count, classes, width, temperature):
    generator = torch.Generator().manual_seed(count)
    labels = torch.randint(classes, (count,), generator=generator)
    prototypes = torch.randn(classes, width, generator=generator)
    features = prototypes[labels] + 0.7 * torch.randn(count, width, generator=generator)
    features.requires_grad_()
    expected = as_written(kind, features, labels, prototypes, temperature=temperature)
    pairs = make_pairs(features, labels, prototypes, torch.arange(classes), temperature=temperature)
    found = PER_ANCHOR[kind](pairs).losses
    assert torch.allclose(found.double(), expected, rtol=1e-4, atol=1e-5)
    (wanted,) = torch.autograd.grad(expected.sum(), features, retain_graph=True)
    (gradient,) = torch.autograd.grad(found.sum(), features)
    assert torch.allclose(gradient, wanted, rtol=0, atol=2e-5 * float(wanted.abs().max()) + 1e-7)


def test_an_anchor_without_positives_repels_in_spdcl_and_does_not_count_in_spcl():
    features, labels, prototypes = torch.randn(3, 8), torch.tensor([0, 0, 1]), torch.randn(3, 8)
    pairs = make_pairs(
        features, labels, prototypes, torch.arange(3), temperature=0.1, prototypes_are_anchors=True
    )
    expected = as_written("spdcl", features, labels, prototypes, temperature=0.1, all_rows=True)
    assert pairs.positive.any(dim=1).tolist() == [True] * 5 + [False]
    assert torch.allclose(spdcl(pairs).losses.double(), expected, rtol=1e-4, atol=1e-5)
    assert not spcl(pairs).is_kept[-1]


def test_an_anchor_with_two_positives_never_falls_below_log_2():
    features = torch.tensor([[1.0, 0.0]] * 2)  # equal to each other and to their prototype
    labels = torch.tensor([0, 0])
    pairs = make_pairs(features, labels, torch.tensor([[1.0, 0], [-1, 0]]), torch.arange(2), temperature=0.05)
    assert spcl(pairs).losses.tolist() == pytest.approx([math.log(2)] * 2, rel=1e-5)


def test_the_gradient_is_exact_where_the_positives_are_almost_certain():
    generator = torch.Generator().manual_seed(0)
    labels, centers = torch.tensor([0, 0, 1, 1, 0]), torch.randn(2, 32, generator=generator)
    features = centers[labels] + 0.2 * torch.randn(5, 32, generator=generator)

    def gradient(dtype):
        rows = features.to(dtype).requires_grad_()
        pairs = make_pairs(rows, labels, centers.to(dtype), torch.arange(2), temperature=0.03)
        return torch.autograd.grad(spcl(pairs).mean(), rows)[0].double()

    wanted = gradient(torch.float64)
    assert torch.allclose(gradient(torch.float32), wanted, rtol=0, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.parametrize("kind", PER_ANCHOR)
def test_a_feature_that_is_not_a_number_is_not_filtered_out(kind):
    features = torch.randn(3, 4)
    features[1, 2] = torch.nan
    pairs = make_pairs(features, torch.tensor([0, 0, 1]), torch.randn(2, 4), torch.arange(2), temperature=0.1)
    assert PER_ANCHOR[kind](pairs).mean().isnan()
