"""The training objective: cross-entropy."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import CHFENConfig
from .inputs import input_spec


class CHFENObjective(CrossEntropyObjective):
    """Cross-entropy of the video's label."""

    def __init__(self, config: CHFENConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=input_spec(config).names)
