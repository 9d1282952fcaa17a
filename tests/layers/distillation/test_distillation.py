"""Both terms of distillation against their formulas in double precision, and their limits."""

import numpy as np
import pytest
import torch

from affekt.layers.distillation.features import feature_loss, modal_contrast
from affekt.layers.distillation.logits import intra, logit_loss
from affekt.layers.distillation.settings import LogitSettings


def softmax(rows, axis=1):
    shifted = np.exp(rows - rows.max(axis=axis, keepdims=True))
    return shifted / shifted.sum(axis=axis, keepdims=True)


def expected_logit_loss(student, teacher, temperature, beta, gamma):
    ours, theirs = softmax(student / temperature), softmax(teacher / temperature)

    def disagreement(first, second):
        total = 0.0
        for one, other in zip(first, second, strict=True):
            one, other = one - one.mean(), other - other.mean()
            total += one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-8)
        return 1 - total / len(first)

    relation = beta * disagreement(ours, theirs) + gamma * disagreement(ours.T, theirs.T)
    return temperature**2 * relation


def expected_feature_loss(student, teacher):
    ours = student / np.linalg.norm(student, axis=1, keepdims=True)
    theirs = teacher / np.linalg.norm(teacher, axis=1, keepdims=True)
    target, found = softmax(theirs @ theirs.T), softmax(theirs @ ours.T)
    return (target * (np.log(target) - np.log(found))).sum() / len(ours)


@pytest.mark.parametrize(("rows", "classes"), [(5, 3), (1, 4), (16, 28), (2, 2)])
@pytest.mark.parametrize(("temperature", "beta", "gamma"), [(4.0, 1.0, 1.0), (2.0, 0.5, 3.0)])
def test_logit_loss_is_its_formula(rows, classes, temperature, beta, gamma):
    rng = np.random.default_rng(rows)
    student, teacher = rng.standard_normal((2, rows, classes)) * [[[2.0]], [[3.0]]]
    settings = LogitSettings(temperature=temperature, beta=beta, gamma=gamma)
    found = logit_loss(torch.tensor(student), torch.tensor(teacher), settings)
    assert float(found) == pytest.approx(
        expected_logit_loss(student, teacher, temperature, beta, gamma), rel=1e-9
    )


@pytest.mark.parametrize("rows", [1, 2, 9])
def test_feature_loss_is_its_formula(rows):
    student, teacher = np.random.default_rng(rows).standard_normal((2, rows, 6))
    found = feature_loss(torch.tensor(student), torch.tensor(teacher))
    assert float(found) == pytest.approx(expected_feature_loss(student, teacher), abs=1e-12)


def test_scale_and_shift_of_the_logits_of_a_teacher_do_not_matter_much_but_order_does():
    logits = torch.randn(8, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    settings = LogitSettings()
    assert float(logit_loss(logits, logits + 3, settings)) == pytest.approx(0, abs=1e-3)  # the small constant
    assert float(logit_loss(logits, -logits, settings)) > 20


def test_a_single_row_has_no_gradient_within_classes_and_none_of_features():
    student = torch.randn(1, 4, dtype=torch.float64, requires_grad=True)
    value = intra(student.softmax(dim=1), torch.randn(1, 4, dtype=torch.float64).softmax(dim=1))
    value.backward()
    assert value.item() == 1 and student.grad is not None and not student.grad.any()
    hidden = torch.randn(1, 4, dtype=torch.float64, requires_grad=True)
    feature_loss(hidden, torch.randn(1, 4, dtype=torch.float64)).backward()
    assert hidden.grad is not None and float(hidden.grad.abs().max()) < 1e-12


def test_no_gradient_reaches_the_teacher():
    teacher = torch.randn(4, 3, requires_grad=True)
    student = torch.randn(4, 3, requires_grad=True)
    (logit_loss(student, teacher, LogitSettings()) + feature_loss(student, teacher)).backward()
    assert teacher.grad is None and student.grad is not None


def test_contrast_of_modalities_counts_samples_that_have_both():
    rng = torch.Generator().manual_seed(1)
    features = {name: torch.randn(6, 4, generator=rng, requires_grad=True) for name in "TAV"}
    present = torch.tensor([[1, 1, 0]] * 3 + [[1, 0, 0]] * 2 + [[0, 1, 1]], dtype=torch.bool)
    found = modal_contrast(features, present, main="T")
    torch.testing.assert_close(found, feature_loss(features["A"][:3], features["T"][:3]))
    found.backward()
    assert features["T"].grad is not None and not features["T"].grad.any()
    assert (
        features["A"].grad is not None and features["A"].grad[:3].any() and not features["A"].grad[3:].any()
    )


def test_contrast_of_modalities_without_a_pair_is_zero():
    features = {name: torch.randn(2, 4, requires_grad=True) for name in "TA"}
    found = modal_contrast(features, torch.tensor([[True, False], [False, True]]), main="T")
    found.backward()
    assert found.item() == 0
