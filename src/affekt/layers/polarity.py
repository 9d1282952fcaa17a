"""Errors across polarity, such as joy for fear, weigh more than others."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from affekt.core.labels import LabelSet
from affekt.layers.cross_entropy import Criterion

_SIGNS = {"positive": 1, "neutral": 0, "negative": -1}
_UNKNOWN = 2  # no polarity is stated: an error with such a label is not across polarity


class PolarityLoss(nn.Module):
    """Polarity-consistent cross-entropy (PCCE) as two terms: the plain loss and what polarity adds.

    Args:
        criterion: The plain loss; its labels state the polarity of each class.
        penalty: Additional weight of an error across polarity; lambda_0 of the paper.

    Source: VAANet (AAAI 2020), with 0.5.
    """

    signs: Tensor

    def __init__(self, criterion: Criterion, *, penalty: float) -> None:
        super().__init__()
        self.criterion, self.penalty = criterion, penalty
        self.register_buffer("signs", polarity_signs(criterion.labels), persistent=False)

    def forward(self, logits: Float[Tensor, "b k"], target: Tensor) -> dict[str, Float[Tensor, ""]]:
        terms = {"cross_entropy": self.criterion(logits, target)}
        if self.penalty:
            extra = polarity_weights(logits, target, self.signs, penalty=self.penalty) - 1
            terms["polarity"] = (extra * self.criterion(logits, target, reduction="none")).mean()
        return terms


def polarity_signs(labels: LabelSet) -> Int[Tensor, "k"]:
    """Polarity of each label as a number, for `polarity_weights`."""
    return torch.tensor([_SIGNS[sign] if sign else _UNKNOWN for sign in labels.polarity])


def polarity_weights(
    logits: Float[Tensor, "b k"], target: Tensor, signs: Int[Tensor, "k"], *, penalty: float
) -> Float[Tensor, "b"]:
    """Weight of each item's loss: 1, or 1 + `penalty` where the predicted class has another polarity.

    The weight has no gradient.

    Args:
        target: Class indices (b,), or shares (b, k), of which the largest is the class.
        signs: From `polarity_signs`.
        penalty: Additional weight of an error across polarity.

    Example:
        >>> signs = polarity_signs(LabelSet.of("joy", "trust", "fear"))
        >>> polarity_weights(torch.eye(3), torch.tensor([1, 2, 2]), signs, penalty=0.5).tolist()
        [1.0, 1.5, 1.0]
    """
    truth = signs[target.argmax(dim=1) if target.ndim == 2 else target]
    guess = signs[logits.detach().argmax(dim=1)]
    crosses = (truth != guess) & (truth != _UNKNOWN) & (guess != _UNKNOWN)
    return 1 + penalty * crosses.to(logits.dtype)
