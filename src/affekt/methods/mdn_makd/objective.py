"""What exists only in training: classification, contrast, reconstruction, and distillation in one run."""

from affekt.encoders.multimodal.objective import MultimodalObjective
from affekt.layers.cross_entropy import Criterion

from .config import MDNConfig


def make_objective(config: MDNConfig, criterion: Criterion) -> MultimodalObjective:
    """The objective of a config: whether it takes a teacher depends on the config, not on a class."""
    return MultimodalObjective(config, criterion)
