"""The objective of a network that is trained by nothing but its classification loss."""

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor, nn

from affekt.core.settings import Settings


class CrossEntropyObjective(nn.Module):
    """One term: the loss of the logits.

    Args:
        config: The room's config; nothing of it is needed.
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
