"""Optimizers and learning rates by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from affekt.core.errors import ConfigError
from affekt.core.recipe import OptimizerSettings, ScheduleSettings
from affekt.core.wording import counted
from affekt.optim.sam import SAM

FEW_STEPS = 20  # below this a decay is a few jumps, not a curve


def make_optimizer(settings: OptimizerSettings, parameters: Mapping[str, nn.Parameter]) -> Optimizer:
    """The optimizer of a recipe, for parameters by name.

    Raises:
        ConfigError: The recipe sets the rate of parameters that do not exist.
    """
    base = _make_base(settings, _groups(settings, parameters))
    return SAM(base, rho=settings.sam.rho, adaptive=settings.sam.adaptive) if settings.sam else base


def _groups(settings: OptimizerSettings, parameters: Mapping[str, nn.Parameter]) -> list[dict[str, Any]]:
    """Groups of parameters that have one learning rate and one weight decay."""
    rate_parts = _parts("rates", tuple(settings.rates), parameters)
    decay_parts = _parts("decays", tuple(settings.decays), parameters)
    # By part and not by rate: the order of parameters in a saved optimizer must not depend on equal rates.
    groups: dict[tuple[int, float], list[nn.Parameter]] = {}
    for name, parameter in parameters.items():
        part = decay_parts.get(name)
        decay = settings.weight_decay if part is None else list(settings.decays.values())[part]
        if parameter.ndim <= 1 and not settings.decay_all:
            decay = 0.0
        groups.setdefault((rate_parts.get(name, -1), decay), []).append(parameter)
    factors = [*settings.rates.values(), 1.0]  # the last one for -1
    return [
        {"params": members, "lr": settings.lr * factors[part], "weight_decay": decay}
        for (part, decay), members in sorted(groups.items(), key=lambda group: group[0][0])
    ]


def _parts(option: str, parts: tuple[str, ...], parameters: Mapping[str, nn.Parameter]) -> dict[str, int]:
    """Number of the first part that fits each parameter; parameters that none fits are left out.

    Raises:
        ConfigError: A part fits no parameter.
    """
    found: dict[str, int] = {}
    for number, part in enumerate(parts):
        chosen = [name for name in parameters if _fits(name, part)]
        if not chosen:
            known = ", ".join(sorted({name.partition(".")[0] for name in parameters}))
            raise ConfigError(
                "recipe", [f"optimizer.{option}.{part}: no parameter has this name; found {known}"]
            )
        for name in chosen:
            found.setdefault(name, number)
    return found


def _fits(name: str, part: str) -> bool:
    """Whether a part is the beginning of a parameter's name, or a pattern that matches it."""
    return fnmatchcase(name, part) if "*" in part else name == part or name.startswith(f"{part}.")


def _make_base(settings: OptimizerSettings, parameters: list[dict[str, Any]]) -> Optimizer:
    if settings.name == "sgd":
        return SGD(
            parameters,
            lr=settings.lr,
            momentum=settings.momentum,
            nesterov=settings.nesterov,
            weight_decay=settings.weight_decay,
            fused=settings.fused or None,
        )
    kind = {"adam": Adam, "adamw": AdamW}[settings.name]
    return kind(
        parameters,
        lr=settings.lr,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=settings.fused or None,
    )


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
        case "linear":
            begun = settings.warmup_epochs
            passed = min(1.0, max(0.0, epoch - begun) / max(epochs - begun, 1e-9))
            fall = settings.floor + (1 - settings.floor) * (1 - passed)
        case _:
            fall = 1.0
    return rise * fall


def schedule_limits(settings: ScheduleSettings, epochs: int, steps: int) -> list[str]:
    """Why a schedule cannot do what it states in a run of this length, a sentence each.

    Args:
        epochs: Length of the run.
        steps: Of the optimizer, in the whole run.

    Example:
        >>> schedule_limits(ScheduleSettings(warmup_epochs=2), epochs=2, steps=100)
        ['the warm-up lasts 2 of 2 epochs: the learning rate never reaches optimizer.lr']
    """
    found: list[str] = []
    if settings.warmup_epochs >= epochs:
        found.append(
            f"the warm-up lasts {settings.warmup_epochs:g} of {counted(epochs, 'epoch')}: the learning "
            "rate never "
            "reaches optimizer.lr"
        )
    if steps < FEW_STEPS and (settings.warmup_epochs or settings.name in ("cosine", "linear")):
        found.append(
            f"the whole run has {counted(steps, 'step')} of the optimizer, so the learning rate of a "
            f"{settings.name} "
            "schedule changes in large jumps: take smaller batches, more epochs or a constant rate"
        )
    return found
