"""The objective of a network that is trained by nothing but its classification loss."""

from collections.abc import Callable
from typing import Literal, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.labels import LabelSet
from affekt.core.settings import Settings


@runtime_checkable
class Criterion(Protocol):
    """Classification loss that the engine brings to an objective, with its class weights and smoothing.

    Attributes:
        labels: What the columns of the logits are called.
    """

    labels: LabelSet

    def __call__(
        self, logits: Tensor, target: Tensor, *, reduction: Literal["mean", "none"] = "mean"
    ) -> Tensor: ...


class PlainCrossEntropy:
    """The criterion without the engine: no class weights, no smoothing."""

    def __init__(self, labels: LabelSet) -> None:
        self.labels = labels

    def __call__(
        self, logits: Tensor, target: Tensor, *, reduction: Literal["mean", "none"] = "mean"
    ) -> Tensor:
        return F.cross_entropy(logits, target, reduction=reduction)


class CrossEntropyObjective(nn.Module):
    """One term: the loss of the logits.

    Args:
        config: The method's config; nothing of it is needed.
        criterion: Classification loss of (logits, target); the engine brings it with its class weights and
            smoothing.
        inputs: Names of the batch's entries that the network is called with.
    """

    def __init__(
        self, config: Settings, criterion: Callable[[Tensor, Tensor], Tensor], *, inputs: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.criterion, self.inputs = criterion, inputs

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = model(**{name: batch[name] for name in self.inputs})
        return {"cross_entropy": self.criterion(output.logits, batch["label"])}
