"""The training objective: cross-entropy with one label or a distribution of annotator votes."""

from collections.abc import Callable

from torch import Tensor

from affekt.layers.cross_entropy import CrossEntropyObjective

from .config import CompactFaceConfig


class CompactFaceObjective(CrossEntropyObjective):
    """Cross-entropy with the distribution of votes.

    Source: Barsoum et al., Training Deep Networks for Facial Expression Recognition with Crowd-Sourced Label
    Distribution, ICMI 2016.
    """

    def __init__(self, config: CompactFaceConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(config, criterion, inputs=("image",))
