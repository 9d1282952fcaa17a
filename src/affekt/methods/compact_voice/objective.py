"""The training objective: cross-entropy."""

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import CompactVoiceConfig


class CompactVoiceObjective(CrossEntropyObjective):
    """Cross-entropy of the weighted mean over chunks."""

    def __init__(self, config: CompactVoiceConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=("mel",))
