from typing import NamedTuple

from torch import Tensor, nn

from .config import TinyVectorsConfig


class TinyVectorsOutput(NamedTuple):
    logits: Tensor
    embedding: Tensor


class TinyVectors(nn.Module):
    def __init__(self, config: TinyVectorsConfig) -> None:
        super().__init__()
        # A convolution over the whole vector is the same layer, and one that int8 knows.
        conv = [nn.Unflatten(1, (1, 4)), nn.Conv1d(1, config.width, 4), nn.Flatten(1)]
        layers = conv if config.convolution else [nn.Linear(4, config.width)]
        self.encoder = nn.Sequential(*layers, nn.Tanh())
        self.head = nn.Linear(config.width, config.num_classes)

    def forward(self, *, vector: Tensor) -> TinyVectorsOutput:
        embedding = self.encoder(vector)
        return TinyVectorsOutput(self.head(embedding), embedding)
