"""Values of an encoder's vector with mean 0 and variance 1, as measured in training."""

from jaxtyping import Float
from torch import Tensor, nn


class Standardize(nn.BatchNorm1d):
    """Each value with mean 0 and variance 1 in a batch of training, and as measured there afterwards."""

    def __init__(self, width: int) -> None:
        super().__init__(width, affine=False)

    def forward(self, input: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        if self.training and len(input) == 1:  # one row has no variance, as in a last batch
            return nn.functional.batch_norm(input, self.running_mean, self.running_var, eps=self.eps)
        return super().forward(input)
