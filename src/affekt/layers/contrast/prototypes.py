"""The class whose prototype is nearest."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from affekt.layers.contrast.labelled import labelled
from affekt.layers.contrast.similarity import score

_ABSENT = 2.0  # more than scores differ
_TEMPERATURE = 0.05  # of scores as logits, so that they spread alike


def prototype_scores(
    features: Float[Tensor, "b d"], prototypes: Float[Tensor, "k c d"], is_present: Bool[Tensor, "k c"]
) -> Float[Tensor, "b k"]:
    """Score of each class: that of the nearest of its c prototypes.

    Prototypes that are not present score 2 less, so that a class without any is never the largest while
    another one has some. The order of the scores is that of the cosines.
    """
    count, centers, width = prototypes.shape
    scores = score(features, prototypes.reshape(-1, width)).reshape(-1, count, centers)
    return (scores - _ABSENT * (~is_present).to(scores.dtype)).amax(dim=2)


def prototype_logits(
    features: Float[Tensor, "b d"], prototypes: Float[Tensor, "k d"], is_present: Bool[Tensor, "k"]
) -> Float[Tensor, "b k"]:
    """Scores of one prototype for each class, spread by a temperature; absent classes are never largest."""
    return prototype_scores(features, prototypes[:, None], is_present[:, None]) / _TEMPERATURE


def class_means(
    features: Float[Tensor, "n d"], target: Tensor, classes: int
) -> tuple[Float[Tensor, "k d"], Bool[Tensor, "k"]]:
    """Mean feature of each class, and whether it has any; the row of a class without items is zero.

    Args:
        target: Classes (n,), -1 where unknown, or shares (n, k), of which the largest is the class. Items
            without class take no part.

    Raises:
        ValueError: A label is not one of the classes.
    """
    width = features.shape[1]
    features = features.to(torch.promote_types(features.dtype, torch.float32))
    features, labels = labelled(features, target, classes=classes, width=width)
    centers = features.new_zeros(classes, width)
    has_center = torch.zeros(classes, dtype=torch.bool, device=features.device)
    for label in labels.unique().tolist():
        centers[label] = features[labels == label].mean(dim=0)
        has_center[label] = True
    return centers, has_center
