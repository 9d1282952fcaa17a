"""What exists only in training: cross-entropy."""

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import TinyDialogueConfig


class TinyDialogueObjective(CrossEntropyObjective):
    """Cross-entropy of the logits."""

    def __init__(self, config: TinyDialogueConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=("text", "is_token", "audio", "presence"))
