"""Classification loss: what an objective requires of it, and the objective that has no other term."""

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.labels import LabelSet
from affekt.core.settings import Settings


@runtime_checkable
class Criterion(Protocol):
    """The classification loss that the engine passes to an objective, with its class weights and smoothing.

    Attributes:
        labels: Names of the columns of the logits.
        has_several: Whether a sample can have several labels at once.
        weight: Of each class (k,); None if all count the same.
        smoothing: Of the labels, 0 to below 1.
    """

    labels: LabelSet
    has_several: bool
    weight: Tensor | None
    smoothing: float

    def __call__(
        self, logits: Tensor, target: Tensor, *, reduction: Literal["mean", "none"] = "mean"
    ) -> Tensor:
        """The mean loss, or the loss of each item (b,)."""
        ...


class PlainCrossEntropy:
    """A criterion without class weights and smoothing."""

    has_several = False
    weight: Tensor | None = None
    smoothing = 0.0

    def __init__(self, labels: LabelSet) -> None:
        self.labels = labels

    def __call__(
        self, logits: Tensor, target: Tensor, *, reduction: Literal["mean", "none"] = "mean"
    ) -> Tensor:
        return F.cross_entropy(logits, target, reduction=reduction)


class CrossEntropyObjective(nn.Module):
    """One term: the classification loss of the logits.

    Args:
        config: The method's config; not used.
        criterion: Classification loss of (logits, target).
        inputs: Names of the batch entries that are passed to the network.
    """

    def __init__(
        self, config: Settings, criterion: Callable[[Tensor, Tensor], Tensor], *, inputs: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.criterion, self.inputs = criterion, inputs

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = model(**{name: batch[name] for name in self.inputs})
        return {"cross_entropy": self.criterion(output.logits, batch["label"])}
