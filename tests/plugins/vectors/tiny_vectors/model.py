from typing import NamedTuple

from torch import Tensor, nn

from .config import TinyVectorsConfig


class TinyVectorsOutput(NamedTuple):
    logits: Tensor
    embedding: Tensor


class TinyVectors(nn.Module):
    def __init__(self, config: TinyVectorsConfig) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, config.width), nn.Tanh())
        self.head = nn.Linear(config.width, config.num_classes)

    def forward(self, *, vector: Tensor) -> TinyVectorsOutput:
        embedding = self.encoder(vector)
        return TinyVectorsOutput(self.head(embedding), embedding)
