"""The training objective: cross-entropy that depends on the polarity of emotions."""

from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.cross_entropy import Criterion
from affekt.layers.polarity import PolarityLoss

from .config import VAANetConfig

INPUTS = {"video+audio": ("clips", "mfcc"), "video": ("clips",), "audio": ("mfcc",)}


class VAANetObjective(nn.Module):
    """Polarity-consistent cross-entropy of a clip."""

    def __init__(self, config: VAANetConfig, criterion: Criterion) -> None:
        super().__init__()
        self.inputs = INPUTS[config.streams]
        self.loss = PolarityLoss(criterion, penalty=config.polarity_penalty)

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        logits = model(**{name: batch[name] for name in self.inputs}).logits
        return self.loss(logits, batch["label"])
