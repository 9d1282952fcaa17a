"""Optimizers and learning rates by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from affekt.core.errors import ConfigError
from affekt.core.recipe import OptimizerSettings, ScheduleSettings
from affekt.optim.sam import SAM


def make_optimizer(settings: OptimizerSettings, parameters: Mapping[str, nn.Parameter]) -> Optimizer:
    """The optimizer of a recipe, for parameters by name.

    Raises:
        ConfigError: The recipe sets the rate of parameters that do not exist.
    """
    base = _make_base(settings, _groups(settings, parameters))
    return SAM(base, rho=settings.sam.rho, adaptive=settings.sam.adaptive) if settings.sam else base


def _groups(settings: OptimizerSettings, parameters: Mapping[str, nn.Parameter]) -> list[dict[str, Any]]:
    """Groups of parameters with one rate: each part that the recipe names, and all others."""
    groups: list[dict[str, Any]] = []
    left = dict(parameters)
    for part, factor in settings.rates.items():
        chosen = [name for name in left if name == part or name.startswith(f"{part}.")]
        if not chosen:
            parts = sorted({name.partition(".")[0] for name in parameters})
            raise ConfigError(
                "recipe", [f"optimizer.rates.{part}: no parameter has this name; found {', '.join(parts)}"]
            )
        groups.append({"params": [left.pop(name) for name in chosen], "lr": settings.lr * factor})
    return [{"params": list(left.values())}, *groups] if left else groups


def _make_base(settings: OptimizerSettings, parameters: list[dict[str, Any]]) -> Optimizer:
    if settings.name == "sgd":
        return SGD(
            parameters,
            lr=settings.lr,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
        )
    kind = {"adam": Adam, "adamw": AdamW}[settings.name]
    return kind(parameters, lr=settings.lr, betas=settings.betas, weight_decay=settings.weight_decay)


def rate_factor(settings: ScheduleSettings, epoch: float, epochs: int) -> float:
    """Factor on the learning rate at a time of the run.

    A pure function of time: it has no state to save for resuming.

    Args:
        epoch: Epochs that have passed, including the fraction of the current one.
        epochs: Length of the run.

    Example:
        >>> rate_factor(ScheduleSettings(name="exponential", factor=0.5), epoch=2.9, epochs=10)
        0.25
        >>> round(rate_factor(ScheduleSettings(name="cosine"), epoch=5.0, epochs=10), 6)
        0.5
    """
    rise = min(1.0, epoch / settings.warmup_epochs) if settings.warmup_epochs else 1.0
    match settings.name:
        case "exponential":
            fall = settings.factor ** math.floor(epoch)
        case "step":
            fall = settings.factor ** sum(epoch >= milestone for milestone in settings.milestones)
        case "cosine":
            passed = min(1.0, epoch / epochs)
            fall = settings.floor + (1 - settings.floor) * (1 + math.cos(math.pi * passed)) / 2
        case _:
            fall = 1.0
    return rise * fall
