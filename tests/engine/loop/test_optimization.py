"""Optimizers and learning rates by name."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from affekt.core.errors import ConfigError
from affekt.core.recipe import OptimizerSettings, Recipe, SAMSettings, ScheduleSettings
from affekt.engine.loop.module import held_statistics
from affekt.engine.loop.optimization import make_optimizer, rate_factor, schedule_limits
from affekt.optim.sam import SAM


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD")])
def test_an_optimizer_has_the_class_of_its_name_and_the_settings(name, kind):
    settings = OptimizerSettings(name=name, lr=0.3, weight_decay=0.2)
    optimizer = make_optimizer(settings, dict(nn.Linear(2, 2).named_parameters()))
    assert type(optimizer).__name__ == kind
    assert optimizer.defaults["lr"] == 0.3
    assert optimizer.defaults["weight_decay"] == 0.2


def test_momentum_nesterov_and_betas_are_passed_on():
    sgd = make_optimizer(
        OptimizerSettings(name="sgd", momentum=0.9, nesterov=True), dict(nn.Linear(2, 2).named_parameters())
    )
    assert (sgd.defaults["momentum"], sgd.defaults["nesterov"]) == (0.9, True)
    adam = make_optimizer(
        OptimizerSettings(name="adam", betas=(0.5, 0.6)), dict(nn.Linear(2, 2).named_parameters())
    )
    assert adam.defaults["betas"] == (0.5, 0.6)


def test_one_step_of_sgd_with_decay_follows_the_formula():
    weight = nn.Parameter(torch.tensor([2.0]))
    optimizer = make_optimizer(OptimizerSettings(name="sgd", lr=0.1, weight_decay=0.5), {"weight": weight})
    weight.grad = torch.tensor([3.0])
    optimizer.step()
    assert weight.item() == pytest.approx(2.0 - 0.1 * (3.0 + 0.5 * 2.0))


def test_adam_adds_weight_decay_to_the_gradient_and_adamw_does_not():
    after = {}
    for name in ("adam", "adamw"):
        weight = nn.Parameter(torch.tensor([2.0]))
        optimizer = make_optimizer(OptimizerSettings(name=name, lr=0.1, weight_decay=0.5), {"weight": weight})
        weight.grad = torch.tensor([3.0])
        optimizer.step()
        after[name] = weight.item()
    assert after["adam"] == pytest.approx(2.0 - 0.1, abs=1e-5)  # the first step of Adam has length lr
    assert after["adamw"] == pytest.approx(2.0 - 0.1 - 0.1 * 0.5 * 2.0, abs=1e-5)


def test_a_part_of_the_network_may_have_its_own_learning_rate():
    net = nn.ModuleDict({"audio": nn.Linear(2, 2), "head": nn.Linear(2, 2), "audio_head": nn.Linear(2, 2)})
    settings = OptimizerSettings(lr=0.1, rates={"audio": 10.0})
    optimizer = make_optimizer(settings, dict(net.named_parameters()))
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert len(rates) == 6
    assert rates[id(net["audio"].weight)] == rates[id(net["audio"].bias)] == pytest.approx(1.0)
    assert rates[id(net["head"].weight)] == rates[id(net["audio_head"].weight)] == pytest.approx(0.1)


def test_the_error_for_a_rate_of_an_unknown_part_lists_the_known_parts():
    settings = OptimizerSettings(rates={"sound": 10.0})
    with pytest.raises(ConfigError, match=r"optimizer\.rates\.sound: .*found bias, weight"):
        make_optimizer(settings, dict(nn.Linear(2, 2).named_parameters()))


def test_sam_wraps_any_optimizer():
    for name in ("adam", "adamw", "sgd"):
        settings = OptimizerSettings(name=name, lr=0.3, sam=SAMSettings(rho=0.2, adaptive=True))
        optimizer = make_optimizer(settings, dict(nn.Linear(2, 2).named_parameters()))
        assert isinstance(optimizer, SAM) and (optimizer.rho, optimizer.adaptive) == (0.2, True)
        assert type(optimizer.base).__name__.lower() == name


@pytest.mark.parametrize(
    ("train", "reason"),
    [({"accumulate": 2}, "train.accumulate"), ({"precision": "16-mixed"}, "loss scaling")],
)
def test_options_that_do_not_go_with_sam_are_refused(train, reason):
    values = {"method": "bpm_gcn", "data": {"name": "walkers"}, "optimizer": {"sam": {}}, "train": train}
    with pytest.raises(ConfigError, match=reason):
        Recipe.from_values(values)


def test_held_statistics_are_constant_and_are_updated_again_afterwards():
    norm = nn.BatchNorm2d(2).train()
    picture = torch.randn(4, 2, 3, 3) + 5
    with held_statistics(norm):
        held = norm(picture)
    assert norm.running_mean.tolist() == [0, 0] and norm.running_var.tolist() == [1, 1]
    assert torch.equal(norm(picture), held), "normalising itself was changed"
    assert norm.running_mean.min() > 0.3


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "constant"}, {0: 1, 5: 1, 10: 1}),
        ({"name": "exponential", "factor": 0.5}, {0: 1, 0.99: 1, 1: 0.5, 3.5: 0.125}),
        ({"name": "step", "factor": 0.1, "milestones": (3, 6)}, {0: 1, 2.99: 1, 3: 0.1, 6: 0.01, 9: 0.01}),
        ({"name": "cosine"}, {0: 1, 5: 0.5, 2.5: (1 + math.sqrt(0.5)) / 2, 10: 0, 12: 0}),
        ({"name": "cosine", "floor": 0.2}, {0: 1, 5: 0.6, 10: 0.2}),
        ({"name": "constant", "warmup_epochs": 4}, {0: 0, 1: 0.25, 4: 1, 9: 1}),
        ({"name": "exponential", "factor": 0.5, "warmup_epochs": 2}, {0: 0, 1: 0.5 * 0.5, 2: 0.25}),
    ],
)
def test_the_learning_rate_follows_the_formula(settings, expected):
    schedule = ScheduleSettings(**settings)
    for epoch, factor in expected.items():
        assert rate_factor(schedule, float(epoch), 10) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize("name", ["constant", "exponential", "step", "cosine"])
def test_the_learning_rate_never_rises_after_the_warm_up_and_stays_in_bounds(name):
    schedule = ScheduleSettings(name=name, milestones=(2, 5), factor=0.7, floor=0.1)
    rates = [rate_factor(schedule, step / 7, 10) for step in range(71)]
    assert all(before >= after for before, after in pairwise(rates))
    assert all(0 <= rate <= 1 for rate in rates)


@pytest.mark.parametrize(
    "schedule, epochs, steps, words",
    [
        ({"warmup_epochs": 3}, 2, 100, ["never reaches optimizer.lr"]),
        ({"name": "cosine"}, 2, 8, ["8 steps"]),
        ({"name": "linear", "warmup_epochs": 1}, 10, 100, []),
        ({"name": "constant"}, 1, 1, []),
    ],
)
def test_a_schedule_that_the_run_is_too_short_for_is_noted(schedule, epochs, steps, words):
    found = schedule_limits(ScheduleSettings(**schedule), epochs, steps)
    assert len(found) == len(words) and all(word in text for word, text in zip(words, found, strict=True))
