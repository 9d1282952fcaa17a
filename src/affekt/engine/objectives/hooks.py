"""What an objective may do beside giving the terms of a training step.

An objective is an `nn.Module`, constructed as `Objective(config, criterion)` and called as
`objective(model, batch)`. What it must keep for `--resume` lies in its parameters and buffers. Each further
method is optional; the engine asks whether it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from affekt.layers.objectives import Validated

if TYPE_CHECKING:
    from affekt.engine.teaching.teacher import Teacher


@runtime_checkable
class Objective(Protocol):
    """All that an objective must be."""

    def __call__(self, model: nn.Module, batch: dict[str, Any]) -> dict[str, Tensor]:
        """Terms of the loss by name, scalars; their sum is minimised."""
        ...


@runtime_checkable
class ValidatingObjective(Protocol):
    """An objective that scores validation itself, as for networks that are trained without labels."""

    def validate(self, model: nn.Module, batch: dict[str, Any]) -> Validated:
        """Terms and the network's output for a validation batch; called in eval mode without gradient.

        Random draws are the same in every epoch, so that epochs can be compared. `selection.metric` may be
        `loss`, their sum, or the name of a term; lower is better.
        """
        ...


@runtime_checkable
class PreparingObjective(Protocol):
    """An objective that passes over the training set before each epoch, as curricula and memory banks do."""

    def before_epoch(
        self, epoch: int, network: nn.Module, batches: Iterator[dict[str, Any]], *, epochs: int
    ) -> np.ndarray | None:
        """Prepare an epoch; called with the network in eval mode, without gradient.

        The result has to depend on weights, buffers and epoch alone: a resumed run computes it again. In
        distributed training every process does so.

        Args:
            epoch: Counted from 0.
            batches: All training samples without augmentation, in a fixed order, on the network's device;
                `number` is the place of each. Samples that cannot be read are absent. Of cached features the
                first view of each sample. Nothing is computed unless it is iterated.
            epochs: Number of epochs of the run.

        Returns:
            Numbers of the samples that the epoch visits, once each; the engine draws their order. None visits
            all.
        """
        ...


@runtime_checkable
class ReviewingObjective(Protocol):
    """An objective that passes over the training set before validation, as prototypes do."""

    def before_validation(
        self, model: nn.Module, network: nn.Module, batches: Iterator[dict[str, Any]]
    ) -> None:
        """Set buffers of the network that follow from its weights and the training set.

        Called before the validation of each epoch, in eval mode without gradient; with averaged weights where
        the recipe averages them. In distributed training every process does so.

        Args:
            model: The network, whose buffers may be set.
            network: What is called with a batch: the network, or its part behind cached features.
            batches: As in `PreparingObjective.before_epoch`.
        """
        ...


@runtime_checkable
class TaughtObjective(Protocol):
    """An objective that learns from another network: `takes_teacher = True`.

    The teacher is given to `train` and is not saved with the student; the recipe states its digest.

    With `teacher_outputs`, names of the outputs that it reads, these are computed once for each training
    sample where they cannot vary (`teaching.answers`); `teacher(batch)` then has no others, and
    `teacher.answered(batch)` says which samples have them.
    """

    takes_teacher: bool

    def set_teacher(self, teacher: Teacher) -> None:
        """Called once before training."""
        ...
