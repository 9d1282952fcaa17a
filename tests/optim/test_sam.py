"""SAM: worked examples, and other base optimizers."""

import copy

import pytest
import torch
from torch import nn

from affekt.optim.sam import SAM


def quadratic(optimizer, weight, scale=1.0):
    def closure():
        optimizer.zero_grad()
        loss = (scale * weight**2).sum()
        loss.backward()
        return loss

    return closure


def test_a_step_agrees_with_a_worked_example():
    weight = nn.Parameter(torch.tensor([3.0, 4.0]))
    optimizer = SAM(torch.optim.SGD([weight], lr=0.1), rho=0.5)
    loss = optimizer.step(quadratic(optimizer, weight))
    # Gradient (6, 8) of norm 10; moved to (3.3, 4.4), where the gradient is (6.6, 8.8).
    assert loss.item() == 25.0
    assert optimizer.gradient_norm.item() == pytest.approx(10.0)
    torch.testing.assert_close(weight.detach(), torch.tensor([3.0 - 0.66, 4.0 - 0.88]))


def test_an_adaptive_step_agrees_with_a_worked_example():
    weight = nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = SAM(torch.optim.SGD([weight], lr=0.1), rho=1.0, adaptive=True)
    optimizer.step(quadratic(optimizer, weight))
    # |w| * g = (2, 8), norm sqrt(68); e = w^2 * g / norm = (2, 16) / sqrt(68).
    moved = torch.tensor([1.0, 2.0]) + torch.tensor([2.0, 16.0]) / 68**0.5
    torch.testing.assert_close(weight.detach(), torch.tensor([1.0, 2.0]) - 0.1 * 2 * moved)


def test_without_radius_it_is_the_base_optimizer():
    ours, theirs = (nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    sam, plain = SAM(torch.optim.Adam([ours], lr=0.1), rho=0.0), torch.optim.Adam([theirs], lr=0.1)
    for _ in range(5):
        sam.step(quadratic(sam, ours))
        plain.step(quadratic(plain, theirs))
    assert torch.equal(ours, theirs)


def test_weights_are_restored_bit_for_bit_when_the_second_pass_fails():
    weight = nn.Parameter(torch.tensor([0.1, 0.7]))
    optimizer = SAM(torch.optim.SGD([weight], lr=0.1))
    before = weight.detach().clone()

    def closure():
        if optimizer.perturbed:
            assert not torch.equal(weight, before)
            raise RuntimeError("no memory")
        return quadratic(optimizer, weight)()

    with pytest.raises(RuntimeError, match="no memory"):
        optimizer.step(closure)
    assert torch.equal(weight, before) and not optimizer.perturbed


def test_state_survives_saving_and_the_schedule_reaches_the_base():
    def make():
        weight = nn.Parameter(torch.tensor([1.0, -2.0]))
        return weight, SAM(torch.optim.Adam([weight], lr=0.1), rho=0.05)

    weight, optimizer = make()
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(3):
        optimizer.step(quadratic(optimizer, weight))
        schedule.step()
    assert optimizer.base.param_groups[0]["lr"] == pytest.approx(0.0125)
    other, resumed = make()
    with torch.no_grad():
        other.copy_(weight)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert resumed.base.param_groups[0]["lr"] == pytest.approx(0.0125)
    for each, parameter in ((optimizer, weight), (resumed, other)):
        each.step(quadratic(each, parameter))
    assert torch.equal(weight, other), "the base's moments were lost"


def test_a_step_needs_a_closure():
    weight = nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match="call step"):
        SAM(torch.optim.SGD([weight], lr=0.1)).step()
