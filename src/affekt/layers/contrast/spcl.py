"""Prototypical contrastive losses with pools: SPCL, SPDCL."""

from typing import Literal

from jaxtyping import Bool, Float, Int
from torch import Tensor

from affekt.layers.contrast.anchors import make_pairs, spcl, spdcl
from affekt.layers.contrast.module import Contrast
from affekt.layers.contrast.pools import RepresentationPools
from affekt.layers.contrast.settings import SPCLSettings, SPDCLSettings


class PooledContrast(Contrast):
    """SPCL or SPDCL: samples against each other and against a prototype of each class.

    The prototypes of a step come from the pools as they were before it.

    Args:
        choice: Random choices of the pools; see `RepresentationPools`.
    """

    needs_centers = True

    def __init__(
        self,
        settings: SPCLSettings | SPDCLSettings,
        classes: int,
        width: int,
        *,
        choice: Literal["random", "first"] = "random",
    ) -> None:
        super().__init__(classes, width, settings.weight)
        self.settings = settings
        self.pools = RepresentationPools(
            classes, width, pool_size=settings.pool_size, support=settings.support, choice=choice
        )

    def begin_epoch(self, centers: Float[Tensor, "k d"], has_center: Bool[Tensor, "k"]) -> None:
        """Empty the pools; the means of the classes become their first members."""
        self.pools.begin_epoch(centers, has_center)

    def loss(self, features: Float[Tensor, "n d"], labels: Int[Tensor, "n"]) -> Float[Tensor, ""]:
        vectors, classes = self.pools.prototypes().present()
        pairs = make_pairs(
            features,
            labels,
            vectors.to(features),
            classes,
            temperature=self.settings.temperature,
            prototypes_are_anchors=self.settings.rows == "all",
        )
        per_anchor = spcl if self.settings.kind == "spcl" else spdcl
        loss = per_anchor(pairs, threshold=self.settings.threshold).mean()
        if self.training:
            self.pools.add(features.detach(), labels)
        return loss
