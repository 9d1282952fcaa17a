"""DIST: a student agrees with its teacher up to scale and shift of each row and of each class."""

import torch
from jaxtyping import Float
from torch import Tensor

from affekt.layers.distillation.settings import LogitSettings

_EPSILON = 1e-8  # beside the product of the lengths, as in the reference


def logit_loss(
    student: Float[Tensor, "*m b k"], teacher: Float[Tensor, "b k"], settings: LogitSettings
) -> Float[Tensor, ""]:
    """Weighted sum of both terms, times the square of the temperature and `settings.weight`.

    Args:
        student: Logits of one student or, in a further first axis, of several, whose losses are added.
        teacher: No gradient reaches it.

    Source: Huang et al., Knowledge Distillation from a Stronger Teacher, NeurIPS 2022.
    """
    ours = (student / settings.temperature).softmax(dim=-1)
    theirs = (teacher.detach() / settings.temperature).softmax(dim=-1)
    relation = settings.beta * inter(ours, theirs) + settings.gamma * intra(ours, theirs)
    return settings.weight * settings.temperature**2 * relation.sum()


def inter(ours: Float[Tensor, "*m b k"], theirs: Float[Tensor, "b k"]) -> Float[Tensor, "*m"]:
    """One minus the mean correlation of the rows."""
    return 1 - correlation(ours, theirs).mean(dim=-1)


def intra(ours: Float[Tensor, "*m b k"], theirs: Float[Tensor, "b k"]) -> Float[Tensor, "*m"]:
    """One minus the mean correlation of the columns; 1, without gradient, for a single row."""
    return 1 - correlation(ours.mT, theirs.mT).mean(dim=-1)


def correlation(first: Float[Tensor, "*m n l"], second: Float[Tensor, "n l"]) -> Float[Tensor, "*m n"]:
    """Pearson correlation of each row; 0 for a constant row."""
    first = first - first.mean(dim=-1, keepdim=True)
    second = second - second.mean(dim=-1, keepdim=True)
    lengths = torch.linalg.vector_norm(first, dim=-1) * torch.linalg.vector_norm(second, dim=-1)
    return (first * second).sum(dim=-1) / (lengths + _EPSILON)
