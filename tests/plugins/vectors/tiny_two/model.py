from typing import NamedTuple

from torch import Tensor, nn

from .config import TinyTwoConfig


class TinyTwoOutput(NamedTuple):
    logits: Tensor
    valence: Tensor


class TinyTwo(nn.Module):
    def __init__(self, config: TinyTwoConfig) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, config.width), nn.Tanh())
        self.emotion = nn.Linear(config.width, config.num_classes)
        self.valence = nn.Linear(config.width, 1)

    def forward(self, *, vector: Tensor) -> TinyTwoOutput:
        embedding = self.encoder(vector)
        return TinyTwoOutput(self.emotion(embedding), self.valence(embedding))
