"""Networks of checkpoints, and networks as functions of numpy arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from affekt.core import catalog
from affekt.core.answering import Network
from affekt.core.sealed import Sealed
from affekt.engine.checkpoint import model_weights


def checkpoint_model(sealed: Sealed) -> nn.Module:
    """The network of a checkpoint, ready to answer."""
    room = catalog.method(sealed.document["method"])
    model: nn.Module = room.load("model")(room.make_config(sealed.document["config"]))
    model.load_state_dict(model_weights(sealed))
    return model.eval()


def eager_network(model: nn.Module) -> Network:
    """A PyTorch network as a function of numpy arrays."""

    def network(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        with torch.inference_mode():
            return model(**{name: torch.from_numpy(array) for name, array in batch.items()}).logits.numpy()

    return network
