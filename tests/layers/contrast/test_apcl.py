"""APCL: how prototypes move, and that they keep their direction."""

import pytest
import torch

from affekt.layers.contrast.apcl import AdaptiveContrast, move_momenta, orthonormal
from affekt.layers.contrast.settings import APCLSettings


def test_momenta_by_hand():
    features, labels = torch.tensor([[2.0], [5.0], [4.0]]), torch.tensor([0, 1, 0])
    found = move_momenta(
        torch.tensor([[8.0], [0.0], [3.0]]), torch.tensor([[1.0], [1.0], [1.0]]), features, labels,
        rate=0.25, decay=0.5,
    )  # fmt: skip
    # Class 0: 8 / 2 + (2 - 1) / 4 = 4.25, then 4.25 / 2 + (4 - 1) / 4; class 2 has no sample.
    assert found.tolist() == [[2.875], [1.0], [3.0]]


@pytest.mark.parametrize("decay", [0.0, 0.1, 0.9])
def test_momenta_are_those_of_one_sample_after_the_other(decay):
    momenta, prototypes, features = torch.randn(3, 5), torch.randn(3, 5), torch.randn(20, 5)
    labels = torch.randint(3, (20,))
    expected = momenta.clone()
    for x, y in zip(features, labels, strict=True):
        expected[y] = decay * expected[y] + 0.3 * (x - prototypes[y])
    found = move_momenta(momenta, prototypes, features, labels, rate=0.3, decay=decay)
    assert torch.allclose(found, expected, atol=1e-5)


def test_prototypes_move_before_the_loss():
    contrast = AdaptiveContrast(APCLSettings(kind="apcl"), 3, 8)
    features, labels = torch.randn(6, 8), torch.tensor([0, 1, 2, 0, 1, 2])
    loss = contrast(features, labels)
    assert contrast.eval()(features, labels).item() == loss.item()


@pytest.mark.parametrize("form", ["polar", "qr_sign"])
def test_prototypes_stay_orthonormal_and_keep_their_direction(form):
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        rows = torch.linalg.qr(torch.randn(32, 7, generator=generator)).Q.T
        target = rows + 0.05 * torch.randn(7, 32, generator=generator)
        found = orthonormal(target, form)
        assert torch.allclose(found @ found.T, torch.eye(7), atol=1e-5)
        assert ((found * target).sum(dim=1) > 0).all()


def test_the_raw_qr_differs_by_signs_alone():
    rows = torch.randn(4, 9)
    raw, signed = orthonormal(rows, "qr_raw"), orthonormal(rows, "qr_sign")
    assert torch.allclose((raw * signed).sum(dim=1).abs(), torch.ones(4), atol=1e-5)


def test_the_polar_form_does_not_depend_on_the_order_of_the_classes():
    rows, order = torch.randn(4, 9), torch.tensor([2, 0, 3, 1])
    assert torch.allclose(orthonormal(rows, "polar")[order], orthonormal(rows[order], "polar"), atol=1e-5)


def test_more_classes_than_dimensions_are_refused():
    with pytest.raises(ValueError, match="8 classes need features of at least that width, not 4"):
        AdaptiveContrast(APCLSettings(kind="apcl"), 8, 4)
