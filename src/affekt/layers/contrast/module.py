"""What all contrastive losses are to an objective: a module of features and labels."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.layers.contrast.labelled import labelled


class Contrast(nn.Module):
    """A contrastive loss, called as `contrast(features, labels)`; a subclass defines `loss`.

    Calls in training mode update the state of losses with prototypes; in evaluation mode the state stays.
    Scores are computed in single precision also where the network uses a lower one.

    Args:
        classes: Number of classes.
        width: Size of a feature.
        weight: Factor of the loss.
    """

    # Whether `begin_epoch` has to be called with the mean feature of each class.
    needs_centers = False

    def __init__(self, classes: int, width: int, weight: float) -> None:
        super().__init__()
        self.classes, self.width, self.weight = classes, width, weight

    def forward(self, features: Float[Tensor, "b d"], labels: Tensor) -> Float[Tensor, ""]:
        """The loss times its weight; 0, with a gradient of 0, if no item has a label.

        Args:
            labels: Classes (b,), -1 where unknown, or shares (b, k), of which the largest is the class. Items
                without class take no part.
        """
        with torch.autocast(features.device.type, enabled=False):
            features = features.to(torch.promote_types(features.dtype, torch.float32))
            known, classes = labelled(features, labels, classes=self.classes, width=self.width)
            if not len(known):
                return (features * 0).sum()
            return self.weight * self.loss(known, classes)

    def loss(self, features: Float[Tensor, "n d"], labels: Int[Tensor, "n"]) -> Float[Tensor, ""]:
        """The loss of labelled features, of which there is at least one."""
        raise NotImplementedError

    def begin_epoch(self, centers: Float[Tensor, "k d"], has_center: Bool[Tensor, "k"]) -> None:
        """Take the mean feature of each class over the training set; losses without pools ignore it."""
