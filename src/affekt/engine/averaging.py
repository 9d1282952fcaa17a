"""Averaged weights: what is validated and kept while training goes on with the weights themselves."""

from __future__ import annotations

from collections.abc import Sequence

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor


class RunningWeightAverage(WeightAveraging):
    """Exponential moving average of the weights, whose memory grows to `decay` from the first step on.

    With a constant decay the average still holds `decay ** n` of the first weights after n steps: with .99
    and 30 steps an epoch, validation scores stay at chance for ten epochs and more. Here the decay of update
    n is `averaging_decay(decay, n)`: the average reaches back about n / 9 updates, and at most
    `1 / (1 - decay)`.

    Buffers of floating point, such as batch norm's running statistics, are averaged like the weights; whole
    numbers are copied. A tensor that training does not change keeps its exact value. The number of updates is
    saved with a checkpoint, so a resumed run continues with the same decay.
    """

    def __init__(self, decay: float) -> None:
        """Args:
        decay: Share of the average that an update keeps in the long run, 0 to below 1.
        """

        def update(averaged: Sequence[Tensor], current: Sequence[Tensor], updates: Tensor | int) -> None:
            share = 1 - averaging_decay(decay, int(updates))
            for average, value in zip(averaged, current, strict=True):
                if average.is_floating_point():
                    # Unlike decay * a + (1 - decay) * b, lerp is exact where a equals b.
                    average.lerp_(value, share)
                else:
                    average.copy_(value)

        super().__init__(use_buffers=True, multi_avg_fn=update)


def averaging_decay(decay: float, updates: int) -> float:
    """Share of the average that is kept when `updates` sets of weights are in it already.

    Example:
        >>> [round(averaging_decay(0.99, n), 2) for n in (0, 10, 100, 1000)]
        [0.1, 0.55, 0.92, 0.99]
    """
    return min(decay, (1 + updates) / (10 + updates))
