"""What all fusions are: modules of vectors by modality and of what is present."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class Fused(NamedTuple):
    """The result of a fusion.

    Attributes:
        vector: One row for each sample.
        terms: Auxiliary terms of the loss by name, a value for each sample, 0 for a sample that takes no
            part; their means are minimised. Empty outside of training.
    """

    vector: Float[Tensor, "b o"]
    terms: dict[str, Float[Tensor, "b"]]


class Fusion(nn.Module):
    """A fusion, called as `fusion(features, present)`; a subclass defines `fuse`.

    A row of the result depends on its own sample only, whatever the batch.

    Args:
        widths: Width of each modality's vector, in the order of the columns of `present`.
        placeholders: Whether a missing modality is replaced by a learned vector before `fuse`.
    """

    def __init__(self, widths: Mapping[str, int], *, placeholders: bool = True) -> None:
        super().__init__()
        self.widths, self.names = dict(widths), tuple(widths)
        rows = {name: nn.Parameter(torch.randn(1, width)) for name, width in widths.items()}
        self.placeholders = nn.ParameterDict(rows if placeholders else {})

    def forward(self, features: Mapping[str, Float[Tensor, "b _"]], present: Bool[Tensor, "b m"]) -> Fused:
        """Fuse vectors; what stands in the place of a missing one has no influence."""
        parts: dict[str, Tensor] = {}
        for place, name in enumerate(self.names):
            stand_in = self.placeholders.get(name, 0.0)
            parts[name] = torch.where(present[:, place, None], features[name], stand_in)
        return self.fuse(parts, present)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        """The result from vectors in which missing modalities are replaced already."""
        raise NotImplementedError


def joined(parts: Mapping[str, Float[Tensor, "b _"]]) -> Float[Tensor, "b d"]:
    """All vectors one after the other."""
    return torch.cat(list(parts.values()), dim=1)
