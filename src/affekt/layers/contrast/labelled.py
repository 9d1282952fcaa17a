"""The labelled rows of a batch."""

from jaxtyping import Float, Int
from torch import Tensor

UNLABELLED = -1


def classes_of(target: Tensor) -> Int[Tensor, "b"]:
    """Class of each item; -1 where none is known.

    Args:
        target: Classes (b,) with -1 for unknown, or shares (b, k), of which the largest is the class. A row
            of shares that are all zero has no class.
    """
    if target.ndim == 1:
        return target.long()
    return target.argmax(dim=1).masked_fill(target.amax(dim=1) <= 0, UNLABELLED)


def labelled(
    features: Float[Tensor, "b d"], target: Tensor, *, classes: int, width: int
) -> tuple[Float[Tensor, "n d"], Int[Tensor, "n"]]:
    """Features and classes of the items whose class is known.

    Raises:
        ValueError: The width of the features or a class does not fit the loss.
    """
    if features.shape[1] != width:
        raise ValueError(f"features have width {features.shape[1]}, expected {width}")
    found = classes_of(target)
    if len(found) != len(features):
        raise ValueError(f"{len(features)} features, but {len(found)} labels")
    if len(found) and not UNLABELLED <= int(found.min()) <= int(found.max()) < classes:
        raise ValueError(
            f"labels are {int(found.min())} to {int(found.max())}, expected 0 to {classes - 1} for {classes} "
            "classes, and -1 for items without label"
        )
    is_known = found != UNLABELLED
    return features[is_known], found[is_known]
