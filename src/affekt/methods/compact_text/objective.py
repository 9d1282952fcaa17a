"""The training objective: cross-entropy."""

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import CompactTextConfig


class CompactTextObjective(CrossEntropyObjective):
    """Cross-entropy of the line's label."""

    def __init__(self, config: CompactTextConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=("text",))
