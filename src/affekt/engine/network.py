"""Networks of checkpoints, and networks as functions of numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from affekt.core import catalog
from affekt.core.sealed import Sealed
from affekt.engine.checkpoint import model_weights


def checkpoint_model(sealed: Sealed) -> nn.Module:
    """The network of a checkpoint, ready to answer."""
    room = catalog.method(sealed.document["method"])
    model: nn.Module = room.load("model")(room.make_config(sealed.document["config"]))
    model.load_state_dict(model_weights(sealed))
    return model.eval()


class EagerNetwork:
    """A PyTorch network as a function of numpy arrays."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        return self.outputs(batch)["logits"]

    def outputs(self, batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All that the network answers with, by name."""
        with torch.inference_mode():
            answer = self.model(**{name: torch.from_numpy(array) for name, array in batch.items()})
        return {name: value.numpy() for name, value in answer._asdict().items()}


def eager_network(model: nn.Module) -> EagerNetwork:
    """A PyTorch network as a function of numpy arrays."""
    return EagerNetwork(model)
