"""Easy-to-hard curriculum: which training samples an epoch uses."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.layers.contrast.labelled import classes_of
from affekt.layers.contrast.prototypes import class_means
from affekt.layers.contrast.settings import CurriculumSettings
from affekt.layers.contrast.similarity import distance


def difficulties(
    features: Float[Tensor, "n d"],
    labels: Int[Tensor, "n"],
    centers: Float[Tensor, "k d"],
    has_center: Bool[Tensor, "k"],
) -> Float[Tensor, "n"]:
    """Distance from the mean of a sample's own class, as a share of the distances from all.

    Args:
        labels: All known, of classes with a centre.
        has_center: Classes without a centre are not part of the sum.
    """
    distances = distance(features, centers) * has_center
    return distances.gather(1, labels[:, None])[:, 0] / distances.sum(dim=1)


def easy_first(difficulty: Float[Tensor, "n"]) -> Int[Tensor, "n"]:
    """Indices in ascending order of difficulty; equal ones in the order of the samples."""
    return torch.argsort(difficulty, stable=True)


def keep_probability(epoch: int, epochs: int, count: int) -> Float[Tensor, "n"]:
    """Probability that the sample of rank r = 0..count - 1 (easy first) is used in an epoch.

    (1 - e/E) + (2e/E - 1) r/(count - 1): easy ones in the first epoch, hard ones in the last.

    Raises:
        ValueError: The epoch is not one of 0..epochs - 1.

    Example:
        >>> keep_probability(0, 4, 3).tolist(), keep_probability(3, 4, 3).tolist()
        ([1.0, 0.5, 0.0], [0.25, 0.5, 0.75])
    """
    if not 0 <= epoch < epochs:
        raise ValueError(f"epoch {epoch} is not one of 0 to {epochs - 1}")
    progress = epoch / epochs
    rank = np.arange(count) / max(count - 1, 1)
    return torch.from_numpy(((1 - progress) + (2 * progress - 1) * rank).astype(np.float32))


class Curriculum(nn.Module):
    """Chooses the training samples of each epoch; its order and its choice are buffers.

    The choice of an epoch follows from the seed, the order and the epoch's number alone.
    """

    seed: Tensor
    order: Tensor
    chosen: Tensor

    def __init__(self, settings: CurriculumSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("seed", torch.randint(2**31, ()))
        self.register_buffer("order", torch.zeros(0, dtype=torch.long))
        self.register_buffer("chosen", torch.zeros(0, dtype=torch.long))
        self.register_load_state_dict_pre_hook(type(self)._resize)

    @property
    def needs_features(self) -> bool:
        """Whether `choose` reads the features, so that a pass over the training set is needed."""
        return self.settings.order == "easy_to_hard"

    @torch.no_grad()
    def choose(
        self,
        labels: Tensor,
        features: Float[Tensor, "n d"] | None,
        *,
        classes: int,
        epoch: int,
        epochs: int,
    ) -> Int[Tensor, "m"]:
        """Indices of the samples of an epoch, ascending; at least one.

        Samples without label (-1) are never chosen by a curriculum.

        Args:
            labels: Of all training samples; classes (n,) or shares (n, k).
            features: Of all training samples, from the current network in evaluation mode; not needed unless
                `needs_features`.
            epochs: Number of epochs of the whole training.

        Raises:
            ValueError: No sample has a label, or features are needed and missing.
        """
        device = self.seed.device
        labels = classes_of(labels.to(device))
        known = (labels >= 0).nonzero()[:, 0]
        if not len(known):
            raise ValueError("no training sample has a label: there is nothing to choose")
        if self.settings.order == "easy_to_hard":
            if features is None:
                raise ValueError("an easy-to-hard curriculum needs the features of all training samples")
            rows, truth = features.to(device)[known], labels[known]
            centers, has_center = class_means(rows, truth, classes)
            self.order = known[easy_first(difficulties(rows, truth, centers, has_center))]
            probability = keep_probability(epoch, epochs, len(known))
        else:
            self.order = known
            share = 1.0 if self.settings.order == "off" else self.settings.probability
            probability = torch.full((len(known),), share)
        chance = np.random.default_rng([int(self.seed), epoch])
        is_kept = torch.from_numpy(chance.random(len(known))) < probability
        if not is_kept.any():
            is_kept[probability.argmax()] = True
        self.chosen = self.order[is_kept.to(device)].sort().values
        return self.chosen

    def _resize(self, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        """Give the buffers the size of the file's: how many samples there are is not known before."""
        for name in ("order", "chosen"):
            if (saved := state_dict.get(prefix + name)) is not None:
                setattr(self, name, torch.zeros_like(saved, device=self.seed.device))
