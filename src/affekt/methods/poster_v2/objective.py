"""The training objective: cross-entropy, without smoothing by default."""

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import PosterV2Config


class PosterV2Objective(CrossEntropyObjective):
    """Cross-entropy. The released code parses a smoothing coefficient and does not use it."""

    def __init__(self, config: PosterV2Config, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=("image",))
