"""The score of two vectors that prototypical losses and decisions share."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

EPSILON = 1e-8  # e of the paper's formulas


def score(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """s(x, y) = (1 + cos(x, y)) / 2 + e: 0 for opposite vectors, 1 for parallel ones.

    A zero vector has score 1/2 with all others, and a finite gradient.

    Example:
        >>> score(torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [-3.0, 0.0]])).tolist()
        [[1.0, 0.5, 9.99999993922529e-09]]
    """
    return (1 + cosine(x, y)) / 2 + EPSILON


def distance(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """d(x, y) = (1 - cos(x, y)) / 2 + e: 0 for parallel vectors, 1 for opposite ones.

    Few y are expected. The sums are those of the reference, so that orders of close distances agree.
    """
    return torch.stack([(1 - cosine_similarity(x, row[None], dim=1)) / 2 + EPSILON for row in y], dim=1)


def cosine(x: Float[Tensor, "n d"], y: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Cosine of the angle between vectors; 0 where one is zero."""
    return _unit(x) @ _unit(y).T


def _unit(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return x / torch.where(norm > 0, norm, torch.ones_like(norm))
