"""Random numbers whose state is saved with a module."""

import numpy as np
import torch
from torch import Tensor, nn


class Draws(nn.Module):
    """Generators for the random choices of a module, one after the other.

    The state is a seed, drawn when the module is made, and the number of generators so far. Both are buffers,
    so that a resumed run continues with the same numbers, which are the same on every device.
    """

    seed: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seed", torch.randint(2**31, ()))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    def next(self) -> np.random.Generator:
        """The next generator. In evaluation the state stays, so that evaluating does not change training."""
        generator = np.random.default_rng([int(self.seed), int(self.count)])
        if self.training:
            self.count += 1
        return generator
