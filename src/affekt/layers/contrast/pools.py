"""Pools of past features, one for each class, and the prototypes drawn from them."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.layers.contrast.draws import Draws


class Prototypes(NamedTuple):
    """A prototype for each class; a row of zeros where `is_present` is false."""

    vectors: Float[Tensor, "k d"]
    is_present: Bool[Tensor, "k"]

    def present(self) -> tuple[Float[Tensor, "p d"], Int[Tensor, "p"]]:
        """The prototypes that exist, and their classes."""
        return self.vectors[self.is_present], self.is_present.nonzero()[:, 0]


class RepresentationPools(nn.Module):
    """Past features of each class, without gradient.

    All state is in buffers: pools, means, and the state of the random choices are saved, resumed and moved
    with the module. In distributed training each process fills its own pools; the trainer's synchronisation
    of buffers keeps those of the first process.

    Args:
        classes: Number of classes.
        width: Size of a feature.
        pool_size: The most members of a pool.
        support: Members whose mean is the prototype; with fewer members it is the mean of the class.
        choice: `random`, or `first` for comparison with a reference whose random choices are switched off:
            the first members are the support, and the oldest are dropped.

    Source: Song et al., EMNLP 2022. As in the reference a pool is shuffled before it is cut, so that random
    members are dropped, and the mean of the class is a member until it is dropped.
    """

    members: Tensor
    fill: Tensor
    centers: Tensor
    has_center: Tensor

    def __init__(
        self,
        classes: int,
        width: int,
        *,
        pool_size: int,
        support: int,
        choice: Literal["random", "first"] = "random",
    ) -> None:
        super().__init__()
        self.pool_size, self.support, self.choice = pool_size, support, choice
        self.register_buffer("members", torch.zeros(classes, pool_size, width))
        self.register_buffer("fill", torch.zeros(classes, dtype=torch.long))
        self.register_buffer("centers", torch.zeros(classes, width))
        self.register_buffer("has_center", torch.zeros(classes, dtype=torch.bool))
        self.draws = Draws()

    @torch.no_grad()
    def begin_epoch(self, centers: Float[Tensor, "k d"], has_center: Bool[Tensor, "k"]) -> None:
        """Empty the pools and put the mean of each class in as the first member.

        Args:
            centers: Mean feature of each class over the training set.
            has_center: False for classes without training samples; their row is not used.
        """
        self.has_center.copy_(has_center)
        self.centers.copy_(torch.where(self.has_center[:, None], centers.to(self.centers), 0.0))
        self.members[:, 0] = self.centers
        self.fill.copy_(self.has_center)

    @torch.no_grad()
    def prototypes(self) -> Prototypes:
        """Mean of random members for pools with at least `support`, otherwise the mean of the class.

        A class that has neither is absent.
        """
        chance = self.draws.next()
        vectors, is_present = self.centers.clone(), self.has_center.clone()
        for label, fill in enumerate(self.fill.tolist()):
            if fill < self.support:
                continue
            chosen = chance.permutation(fill) if self.choice == "random" else range(fill)
            rows = torch.as_tensor(list(chosen[: self.support]), device=self.members.device)
            vectors[label] = self.members[label, rows].mean(dim=0)
            is_present[label] = True
        return Prototypes(vectors, is_present)

    @torch.no_grad()
    def add(self, features: Float[Tensor, "b d"], labels: Int[Tensor, "b"]) -> None:
        """Append features to the pools of their classes and cut these to the pool size."""
        chance = self.draws.next()
        fills = self.fill.tolist()
        for label in labels.unique().tolist():
            old, new = self.members[label, : fills[label]], features[labels == label].to(self.members)
            rows = torch.cat([old, new])
            count = len(rows)
            if count > self.pool_size:
                drawn = chance.permutation(count) if self.choice == "random" else range(count)
                rows = rows[torch.as_tensor(list(drawn[-self.pool_size :]), device=rows.device)]
            self.members[label, : len(rows)] = rows
            self.fill[label] = len(rows)
