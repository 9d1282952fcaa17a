"""Averaged weights: validation and checkpoints use the average, training the current weights."""

from __future__ import annotations

from collections.abc import Sequence

import lightning.pytorch as pl
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class RunningWeightAverage(WeightAveraging):
    """Exponential moving average of the weights, with a decay that grows up to `decay`.

    With a constant decay the average still contains `decay ** n` of the first weights after n steps: with .99
    and 30 steps per epoch, validation scores stay at chance for more than ten epochs. Here the decay of
    update n is `averaging_decay(decay, n)`: the average covers about n / 9 updates, and at most
    `1 / (1 - decay)`.

    Floating-point buffers, such as the running statistics of batch norm, are averaged like the weights;
    integers are copied. A tensor that training does not change keeps its exact value. Checkpoints contain the
    number of updates, so that a resumed run continues with the same decay.

    Of the objective nothing is averaged: its state, such as pools of features, may change its size.
    """

    def __init__(self, decay: float) -> None:
        """Args:
        decay: Limit of the share of the average that an update keeps, 0 to below 1.
        """

        def update(averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
            share = 1 - averaging_decay(decay, int(updates))
            for average, value in zip(averaged, current, strict=True):
                if average.is_floating_point():
                    # Unlike decay * a + (1 - decay) * b, lerp is exact if a equals b.
                    average.lerp_(value, share)
                else:
                    average.copy_(value)

        super().__init__(use_buffers=True, multi_avg_fn=update)

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Make the average, which shares the objective."""
        super().setup(trainer, pl_module, stage)
        if self._average_model is not None:
            self._average_model.module.objective = pl_module.objective


def averaging_decay(decay: float, updates: int) -> float:
    """Share of the average that is kept at the next update, after `updates` updates.

    Example:
        >>> [round(averaging_decay(0.99, n), 2) for n in (0, 10, 100, 1000)]
        [0.1, 0.55, 0.92, 0.99]
    """
    return min(decay, (1 + updates) / (10 + updates))
