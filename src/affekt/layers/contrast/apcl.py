"""Prototypical contrastive loss whose prototypes move with momentum: APCL."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from affekt.layers.contrast.anchors import make_pairs, spdcl
from affekt.layers.contrast.module import Contrast
from affekt.layers.contrast.settings import APCLSettings


class AdaptiveContrast(Contrast):
    """APCL: each class has a prototype and a momentum, which its samples move; both are buffers.

    A step moves the prototypes first and then computes the decoupled loss with the new ones. The initial
    prototypes are orthonormal.

    Raises:
        ValueError: There are more classes than dimensions, so that prototypes cannot be orthonormal.
    """

    prototypes: Tensor
    momenta: Tensor

    def __init__(self, settings: APCLSettings, classes: int, width: int) -> None:
        super().__init__(classes, width, settings.weight)
        if classes > width:
            raise ValueError(
                f"APCL starts from orthonormal prototypes: {classes} classes need features of at least that "
                f"width, not {width}"
            )
        self.settings = settings
        start = torch.linalg.qr(torch.randn(width, classes)).Q.T.contiguous()
        self.register_buffer("prototypes", start)
        self.register_buffer("momenta", torch.zeros(classes, width))

    def loss(self, features: Float[Tensor, "n d"], labels: Int[Tensor, "n"]) -> Float[Tensor, ""]:
        if self.training:
            self.move(features.detach(), labels)
        pairs = make_pairs(
            features,
            labels,
            self.prototypes.to(features),
            torch.arange(self.classes, device=labels.device),
            temperature=self.settings.temperature,
            prototypes_are_anchors=self.settings.rows == "all",
        )
        return spdcl(pairs, threshold=self.settings.threshold).mean()

    @torch.no_grad()
    def move(self, features: Float[Tensor, "n d"], labels: Int[Tensor, "n"]) -> None:
        """Update the momenta with the samples in their order, then the prototypes."""
        momenta = move_momenta(
            self.momenta,
            self.prototypes,
            features.to(self.momenta),
            labels,
            rate=self.settings.rate,
            decay=self.settings.gamma,
        )
        self.momenta.copy_(momenta)
        self.prototypes.copy_(orthonormal(self.prototypes + momenta, self.settings.orthogonal))


def move_momenta(
    momenta: Float[Tensor, "k d"],
    prototypes: Float[Tensor, "k d"],
    features: Float[Tensor, "n d"],
    labels: Int[Tensor, "n"],
    *,
    rate: float,
    decay: float,
) -> Float[Tensor, "k d"]:
    """Momenta after m <- decay * m + rate * (x - p) for each sample in order; prototypes p are fixed.

    Classes without samples keep their momentum. The sequence is computed at once: a sample's contribution has
    decayed by the number of later samples of its class.
    """
    is_of = one_hot(labels, len(momenta)).to(features.dtype)  # (n, k)
    counts = is_of.sum(dim=0)
    later = torch.triu(is_of @ is_of.T, diagonal=1).sum(dim=1)
    pull = (decay**later * rate)[:, None] * (features - prototypes[labels])
    return (decay**counts)[:, None] * momenta + is_of.T @ pull


def orthonormal(rows: Float[Tensor, "k d"], form: str) -> Float[Tensor, "k d"]:
    """Orthonormal rows near `rows`; `form` as in `APCLSettings.orthogonal`."""
    if form == "none":
        return rows
    if form == "polar":
        left, _, right = torch.linalg.svd(rows, full_matrices=False)
        return left @ right
    columns, upper = torch.linalg.qr(rows.T)
    if form == "qr_sign":
        # LAPACK's signs are arbitrary: without this a prototype may become its opposite.
        columns = columns * torch.where(upper.diagonal() < 0, -1.0, 1.0).to(columns)
    return columns.T
