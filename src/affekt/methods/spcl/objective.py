"""What exists only in training: contrast with prototypes, curriculum, and the classifier's loss."""

from affekt.layers.cross_entropy import Criterion
from affekt.layers.decision.objective import DecisionObjective

from .config import SPCLConfig


class SPCLObjective(DecisionObjective):
    """The classifier's loss and a contrastive loss on the vector of a line."""

    def __init__(self, config: SPCLConfig, criterion: Criterion) -> None:
        super().__init__(config, criterion, inputs=("text", "own"))
