"""Modalities that are left out at random in training, so that any subset can be answered."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool
from torch import Tensor


def drop_modalities(present: Bool[Tensor, "b m"], probabilities: Sequence[float]) -> Bool[Tensor, "b m"]:
    """Each modality of each row is left out with its probability; a row that would lose all keeps all.

    Example:
        >>> drop_modalities(torch.tensor([[True, True], [False, True]]), (1.0, 0.0)).tolist()
        [[False, True], [False, True]]
    """
    chances = torch.tensor(list(probabilities), device=present.device)
    kept = present & (torch.rand(present.shape, device=present.device) >= chances)
    return torch.where(kept.any(dim=1, keepdim=True), kept, present)
