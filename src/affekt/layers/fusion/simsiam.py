"""Similarity of two vectors of one sample through predictors (Chen and He, CVPR 2021)."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.layers.fusion.projector import Projector


class SimSiam(nn.Module):
    """Cosine of each vector's prediction with the projection of the other, which has no gradient.

    Args:
        first, second: Widths of the two vectors; projections are as wide as both together.
    """

    def __init__(self, first: int, second: int) -> None:
        super().__init__()
        inner = first + second
        self.projectors = nn.ModuleList(Projector(width, inner) for width in (first, second))
        self.predictors = nn.ModuleList(Projector(inner, inner) for _ in range(2))

    def forward(self, first: Float[Tensor, "b d"], second: Float[Tensor, "b e"]) -> Float[Tensor, "b"]:
        """Sum of both cosines for each row, from -2 to 2, the most similar rows highest."""
        ours, theirs = self.projectors[0](first), self.projectors[1](second)
        one = F.cosine_similarity(self.predictors[0](ours), theirs.detach())
        other = F.cosine_similarity(self.predictors[1](theirs), ours.detach())
        return one + other
