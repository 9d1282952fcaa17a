"""What exists only in training: cross-entropy, and what a student learns from the teacher."""

from affekt.encoders.multimodal.objective import MultimodalObjective
from affekt.layers.cross_entropy import Criterion

from .config import TelMEConfig


def make_objective(config: TelMEConfig, criterion: Criterion) -> MultimodalObjective:
    """The objective of a config: whether it takes a teacher depends on the config, not on a class."""
    return MultimodalObjective(config, criterion)
